"""Operations on machines: power, health, allowed commands, storage units."""

from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from ganetix import errors
from ganetix.model.cluster import Cluster
from ganetix.opcodes.node import OpNodePowercycle, OpOobCommand, OpRestrictedCommand
from ganetix.opcodes.node_storage import (
    OpNodeModifyStorage,
    OpNodeQueryStorage,
    OpNodeQueryvols,
    OpRepairNodeStorage,
)
from ganetix.rpc.call import Done
from ganetix.rpc.tables.node_care import (
    OobRun,
    Output,
    PlacedVolume,
    PlacedVolumes,
    StorageChange,
    StorageQuery,
    StorageUnitInfo,
    StorageUnits,
)
from ganetix.testing.logic import LogicContext, node_uuid, run, three_nodes
from ganetix_test.master.logic.cases import UnitTestCase, changed_node

HELPER = "/usr/local/sbin/oob"


class CareTestCase(UnitTestCase):
    """Nodes that answer what `said` has for the call; node 2 and 3 have a helper program."""

    def setUp(self) -> None:
        """Let nodes answer, and keep what they are told."""
        super().setUp()
        self.said: dict[str, Any] = {"node_powercycle": Done("It reboots."), "run_oob": Output("")}
        self.told: list[tuple[str, str, Any]] = []
        handlers = {
            name: self.handler(name)
            for name in (
                "node_powercycle", "run_oob", "restricted_command", "storage_list",
                "storage_modify", "storage_execute", "node_volumes",
            )
        }  # fmt: skip
        self.context = LogicContext(self.cluster(), handlers=handlers)

    def handler(self, name: str) -> Any:
        """Return the handler of one call."""

        async def handler(node: str, request: Any) -> Any:
            self.told.append((name, node, request))
            answer = self.said.get(name, Done())
            if isinstance(answer, errors.GanetiError):
                raise answer
            return answer

        return handler

    def cluster(self) -> Cluster:
        """Give two nodes a helper."""
        state = three_nodes()
        for number in (2, 3):
            state = changed_node(state, number, ndparams={"oob_program": HELPER})
        return state


class PowercycleTests(CareTestCase):
    """A node reboots."""

    def test_told(self) -> None:
        """The node is told; its note is the result."""
        self.assertEqual(self.run_op(OpNodePowercycle(node_name="node2")), "It reboots.")
        self.assertEqual(self.told[0][1], node_uuid(2))

    def test_master(self) -> None:
        """The master reboots only with force."""
        self.assertIn("--force", self.refusal(OpNodePowercycle(node_name="node1")))
        self.run_op(OpNodePowercycle(node_name="node1", force=True))


class OobTests(CareTestCase):
    """The helper program."""

    def test_status(self) -> None:
        """Every node has a row: what the helper says, or that there is none."""
        self.said["run_oob"] = Output('{"powered": true}')
        found = self.run_op(OpOobCommand(command="power-status"))
        self.assertEqual(
            found,
            [
                [[0, "node1.example.com"], [3, None]],
                [[0, "node2.example.com"], [0, {"powered": True}]],
                [[0, "node3.example.com"], [0, {"powered": True}]],
            ],
        )
        name, node, request = self.told[0]
        self.assertEqual((name, node), ("run_oob", node_uuid(1)))
        self.assertEqual(request, OobRun(HELPER, "power-status", "node2.example.com", 60.0))

    def test_status_differs(self) -> None:
        """A status that is not the recorded one is told with what corrects it."""
        self.said["run_oob"] = Output('{"powered": false}')
        self.run_op(OpOobCommand(command="power-status", node_names=["node2"]))
        self.assertIn("--node-powered=no node2", self.context.logged[0])

    def test_off_and_on(self) -> None:
        """Power is written down; only offline nodes are powered off, and never the master."""
        off = OpOobCommand(command="power-off", node_names=["node2"])
        self.assertIn("--ignore-status", self.refusal(off))
        self.set_node(2, offline=True, master_candidate=False)
        self.assertEqual(self.run_op(off), [[[0, "node2.example.com"], [0, None]]])
        self.assertFalse(self.context.cluster.node_named("node2").powered)
        self.run_op(OpOobCommand(command="power-on", node_names=["node2"]))
        self.assertTrue(self.context.cluster.node_named("node2").powered)
        for command in ("power-off", "power-cycle"):
            op = OpOobCommand(command=command, node_names=["node1"], ignore_status=True)
            self.assertIn("master", self.refusal(op))
        rows = self.run_op(OpOobCommand(command="power-off", ignore_status=True))
        self.assertEqual([row[0][1] for row in rows], ["node2.example.com", "node3.example.com"])

    def test_pause(self) -> None:
        """Between two nodes that are powered on there is a pause."""
        op = OpOobCommand(command="power-on", node_names=["node2", "node3"], power_delay=7.0)
        self.context.wants = self.unit(op).locks(op, self.context.cluster)
        work = Deferred.fromCoroutine(run(self.unit(op), op, self.context))
        self.assertEqual(len(self.told), 1)
        self.context.reactor.advance(7.0)
        self.successResultOf(work)
        self.assertEqual(len(self.told), 2)

    def test_health(self) -> None:
        """Health is a list of items with known states."""
        self.said["run_oob"] = Output('[["fan", "OK"], ["disk", "CRITICAL"]]')
        [[_, row]] = self.run_op(OpOobCommand(command="health", node_names=["node2"]))
        self.assertEqual(row, [0, [["fan", "OK"], ["disk", "CRITICAL"]]])

    def test_nonsense(self) -> None:
        """What a helper should not say, and a helper that fails, make a row without data."""
        for command, said in (
            ("health", Output('[["fan", "GOOD"]]')), ("health", Output("{")),
            ("power-status", Output('{"powered": 1}')),
            ("power-status", errors.OpExecError("It hangs.")),
        ):  # fmt: skip
            self.said["run_oob"] = said
            op = OpOobCommand(command=command, node_names=["node2"])  # type: ignore[arg-type]  # from a table
            [[_, [status, told]]] = self.run_op(op)
            self.assertEqual(status, 2)
            self.assertTrue(told.endswith("."), told)

    def test_locks(self) -> None:
        """The named nodes are locked, or all."""
        named = self.locks(OpOobCommand(command="health", node_names=["node2"]))
        self.assertIn(("node", (node_uuid(2),), "exclusive"), named)
        every = self.locks(OpOobCommand(command="health"))
        self.assertIn(("node", ("[lockset]",), "exclusive"), every)


class RestrictedTests(CareTestCase):
    """Commands that nodes allow."""

    def test_rows(self) -> None:
        """Each node's output, or what is wrong there, in the order of the nodes."""
        self.said["restricted_command"] = Output("tidy\n")
        self.context.fake.down = {node_uuid(2)}
        op = OpRestrictedCommand(nodes=["node3", "node2"], command="tidy")
        good, bad = self.run_op(op)
        self.assertEqual(good, [True, "tidy\n"])
        self.assertFalse(bad[0])
        self.assertIn("can't be reached", bad[1])

    def test_locks(self) -> None:
        """Node locks are shared, exclusive when asked for."""
        op = OpRestrictedCommand(nodes=["node2"], command="x")
        self.assertIn(("node", (node_uuid(2),), "shared"), self.locks(op))
        op = OpRestrictedCommand(nodes=["node2"], command="x", use_locking=True)
        self.assertIn(("node", (node_uuid(2),), "exclusive"), self.locks(op))


UNIT = StorageUnitInfo("/srv/ganeti/file-storage", 100, 60, 40)


class StorageTests(CareTestCase):
    """Storage units and volumes."""

    def cluster(self) -> Cluster:
        """Let logical volumes be used too."""
        state = super().cluster()
        settings = state.cluster
        enabled = [*settings.enabled_disk_templates, "plain"]
        settings = msgspec.structs.replace(settings, enabled_disk_templates=enabled)
        return msgspec.structs.replace(state, cluster=settings)

    def test_not_used(self) -> None:
        """Storage that no enabled template uses is not looked at, changed or repaired."""
        self.context = LogicContext(super().cluster())
        given: dict[str, Any] = {"node_name": "node2", "name": "x"}
        changes = {"allocatable": False}
        for op in (
            OpNodeQueryStorage(output_fields=["name"], storage_type="lvm-vg"),
            OpNodeModifyStorage(**given, storage_type="lvm-pv", changes=changes),
            OpRepairNodeStorage(**given, storage_type="lvm-vg"),
        ):
            self.assertIn("file, sharedfile", self.refusal(op))

    def test_list(self) -> None:
        """Wanted fields in order; silent nodes are warned of, offline ones left out."""
        self.said["storage_list"] = StorageUnits([UNIT])
        self.context.fake.down = {node_uuid(2)}
        self.set_node(3, offline=True)
        fields = ["node", "type", "size", "used", "free", "allocatable", "name"]
        rows = self.run_op(OpNodeQueryStorage(output_fields=fields))
        self.assertEqual(rows, [["node1.example.com", "file", 100, 40, 60, True, UNIT.name]])
        self.assertIn("node2", self.context.logged[0])
        _, _, request = self.told[0]
        self.assertEqual(request, StorageQuery("file", "", ["/srv/ganeti/file-storage"]))

    def test_list_refused(self) -> None:
        """Unknown fields, and types that have no units to list."""
        self.refusal(OpNodeQueryStorage(output_fields=["colour"]))
        told = self.refusal(OpNodeQueryStorage(output_fields=["name"], storage_type="rados"))
        self.assertIn("lvm-vg", told)
        self.refusal(OpNodeQueryStorage(output_fields=["name"], nodes=["node9"]))

    def test_modify(self) -> None:
        """Only whether a physical volume takes new volumes can be changed."""
        given: dict[str, Any] = {"node_name": "node2", "storage_type": "lvm-pv", "name": "/dev/b"}
        self.run_op(OpNodeModifyStorage(**given, changes={"allocatable": False}))
        self.assertEqual(self.told[0][1:], (node_uuid(2), StorageChange("/dev/b", False)))
        for changes in ({}, {"size": 1}, {"allocatable": "x"}):
            self.refusal(OpNodeModifyStorage(**given, changes=changes))
        wrong = {**given, "storage_type": "lvm-vg"}
        self.refusal(OpNodeModifyStorage(**wrong, changes={"allocatable": True}))
        self.set_node(2, offline=True)
        self.refusal(OpNodeModifyStorage(**given, changes={"allocatable": True}))

    def test_repair(self) -> None:
        """A volume group that is named is repaired."""
        given: dict[str, Any] = {"node_name": "node2", "storage_type": "lvm-vg", "name": "xenvg"}
        self.run_op(OpRepairNodeStorage(**given))
        self.assertEqual(self.told[0][0], "storage_execute")
        self.refusal(OpRepairNodeStorage(**{**given, "name": None}))
        self.refusal(OpRepairNodeStorage(**{**given, "storage_type": "file"}))

    def test_volumes(self) -> None:
        """Volumes with their owners; a node without LVM is warned of."""
        self.said["node_volumes"] = PlacedVolumes([PlacedVolume("/dev/b", "xenvg", "x.disk0", 9)])
        fields = ["node", "phys", "vg", "name", "size", "instance"]
        rows = self.run_op(OpNodeQueryvols(output_fields=fields, nodes=["node2"]))
        self.assertEqual(rows, [["node2.example.com", "/dev/b", "xenvg", "x.disk0", 9, "-"]])
        self.said["node_volumes"] = errors.BlockDeviceError("There is no lvs.")
        self.assertEqual(self.run_op(OpNodeQueryvols(output_fields=fields)), [])
        self.assertEqual(len(self.context.logged), 3)
