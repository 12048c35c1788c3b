"""Opcodes that verify the cluster."""

from typing import ClassVar

from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import NonEmpty, OptionalCheck, VerifyCode


class OpClusterVerify(OpCode, frozen=True, kw_only=True, tag="OP_CLUSTER_VERIFY"):
    """Submit jobs that verify the cluster, or one group of it."""

    debug_simulate_errors: bool = False
    error_codes: bool = False
    skip_checks: list[OptionalCheck] = []
    ignore_errors: list[VerifyCode] = []
    verbose: bool = False
    group_name: NonEmpty | None = None
    verify_clutter: bool = False


class OpClusterVerifyConfig(OpCode, frozen=True, kw_only=True, tag="OP_CLUSTER_VERIFY_CONFIG"):
    """Verify the configuration."""

    debug_simulate_errors: bool = False
    error_codes: bool = False
    ignore_errors: list[VerifyCode] = []
    verbose: bool = False


class OpClusterVerifyGroup(OpCode, frozen=True, kw_only=True, tag="OP_CLUSTER_VERIFY_GROUP"):
    """Verify the nodes and instances of a group."""

    summary_field: ClassVar[str] = "group_name"

    group_name: NonEmpty
    debug_simulate_errors: bool = False
    error_codes: bool = False
    skip_checks: list[OptionalCheck] = []
    ignore_errors: list[VerifyCode] = []
    verbose: bool = False
    verify_clutter: bool = False


class OpClusterVerifyDisks(OpCode, frozen=True, kw_only=True, tag="OP_CLUSTER_VERIFY_DISKS"):
    """Submit jobs that verify the disks of every group."""

    group_name: NonEmpty | None = None


class OpGroupVerifyDisks(OpCode, frozen=True, kw_only=True, tag="OP_GROUP_VERIFY_DISKS"):
    """Find the instances of a group with disks that are down or gone."""

    summary_field: ClassVar[str] = "group_name"

    group_name: NonEmpty
