"""Opcodes of OS definitions and external storage providers."""

from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import NonEmpty


class OpOsDiagnose(OpCode, frozen=True, kw_only=True, tag="OP_OS_DIAGNOSE"):
    """Tell the state of OS definitions on all nodes."""

    output_fields: list[NonEmpty]
    names: list[NonEmpty] = []


class OpExtStorageDiagnose(OpCode, frozen=True, kw_only=True, tag="OP_EXT_STORAGE_DIAGNOSE"):
    """Tell the state of external storage providers on all nodes."""

    output_fields: list[NonEmpty]
    names: list[NonEmpty] = []
