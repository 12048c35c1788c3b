"""Values of every kind in every parameter: taken or refused, and the configuration stays readable.

What clients send beyond the opcodes' own types is anything that JSON has, above all null, which a
command line writes as ``-key``.
"""

from collections.abc import Iterator
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.logic.table import units
from ganetix.model.codec import decode_data, encode_config, indexed
from ganetix.opcodes.codec import decode_submitted
from ganetix.testing.logic import LogicContext, run, three_nodes
from ganetix_test.master.logic.cases import OUTSIDE

STRANGE: Final[tuple[Any, ...]] = (None, True, False, 3, "x", "default", "auto", [], {}, 1.5)
VM: Final = {
    "OP_ID": "OP_INSTANCE_CREATE", "instance_name": "vm.example.com", "mode": "create",
    "disk_template": "file", "disks": [{"size": 2048}], "nics": [{}], "os_type": "tiny",
    "pnode": "node1.example.com", "start": False, "name_check": False, "ip_check": False,
    "reason": [],
}  # fmt: skip


def for_all(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield parameters that cluster, groups and nodes have, with *value* somewhere in each."""
    yield "ndparams", {"oob_program": value}
    yield "ndparams", {"spindle_count": value}
    yield "hv_state", {"fake": value}
    yield "hv_state", {"fake": {"mem_node": value}}
    yield "disk_state", {"plain": {"xenvg": value}}


def for_groups(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield parameters that the cluster and groups have."""
    yield from for_all(value)
    yield "diskparams", {"drbd": value}
    yield "diskparams", {"drbd": {"resync-rate": value}}
    for key in ("vcpu-ratio", "std", "minmax", "disk-templates"):
        yield "ipolicy", {key: value}


def for_cluster(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield parameters of the cluster."""
    yield from for_groups(value)
    for name, key in (("beparams", "vcpus"), ("beparams", "auto_balance"), ("beparams", "memory"),
                      ("nicparams", "link"), ("nicparams", "mode"), ("hvparams", "fake"),
                      ("osparams", "tiny"), ("os_hvp", "tiny"), ("disk_state", "plain"),
                      ("default_iallocator_params", "x"), ("enabled_data_collectors", "lv"),
                      ("data_collector_interval", "lv")):  # fmt: skip
        yield name, {key: value}
    yield "hvparams", {"fake": {"migration_mode": value}}
    yield "os_hvp", {"tiny": {"fake": value}}
    yield "os_hvp", {"tiny": {"fake": {"migration_mode": value}}}
    yield "osparams", {"tiny": {"a": value}}
    yield "osparams_private_cluster", {"tiny": {"a": value}}
    yield "reserved_lvs", [value]
    yield "compression_tools", [value, "gzip"]
    for name in ("master_netdev", "mac_prefix", "file_storage_dir", "install_image", "vg_name"):
        yield name, value


def for_instances(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield parameters of an instance."""
    yield "beparams", {"vcpus": value}
    yield "hvparams", {"migration_mode": value}
    yield "osparams", {"a": value}
    yield "osparams_private", {"a": value}
    for key in ("name", "link", "mode", "vlan", "ip", "mac", "network", "bridge"):
        yield "nics", [["modify", 0, {key: value}]]
        yield "nics", [["add", -1, {key: value}]]
    for key in ("name", "mode"):
        yield "disks", [["modify", 0, {key: value}]]
    for key in ("size", "spindles", "access", "mode", "name"):
        yield "disks", [["add", -1, {"size": 2048, key: value}]]


PLACES: Final = (
    ({"OP_ID": "OP_CLUSTER_SET_PARAMS"}, for_cluster),
    ({"OP_ID": "OP_GROUP_SET_PARAMS", "group_name": "default"}, for_groups),
    ({"OP_ID": "OP_NODE_SET_PARAMS", "node_name": "node2.example.com"}, for_all),
    ({"OP_ID": "OP_INSTANCE_SET_PARAMS", "instance_name": "vm.example.com"}, for_instances),
)


class StrangeValueTests(SynchronousTestCase):
    """A cluster with an instance, made anew for each value."""

    def setUp(self) -> None:
        """Make the units."""
        self.units = units(OUTSIDE)

    def outcome(self, context: LogicContext, request: dict[str, Any]) -> Any:
        """Run *request* and return its result, or its failure; None for what is no opcode."""
        try:
            op = decode_submitted(request)
        except errors.GanetiError:
            return None
        ended: list[Any] = []
        work = Deferred.fromCoroutine(run(self.units[type(op)], op, context))
        self.assertTrue(work.addBoth(ended.append).called)
        return ended[0]

    def tried(self, request: dict[str, Any]) -> None:
        """Check that *request* meets no defect, and that the configuration can be read then."""
        context = LogicContext(three_nodes())
        self.assertEqual(self.outcome(context, VM), ["node1.example.com"])
        found = self.outcome(context, {**request, "reason": []})
        if isinstance(found, Failure):
            self.assertIsInstance(found.value, errors.GanetiError, request)
        indexed(decode_data(encode_config(context.cluster), "config.data"))

    def test_all(self) -> None:
        """Whatever the value and the parameter."""
        for opcode, parameters in PLACES:
            for value in STRANGE:
                for name, given in parameters(value):
                    self.tried({**opcode, name: given})
