"""Every code of verify: raised by breaking that thing, or with the reason why it can't be."""

from collections.abc import Iterable
from typing import Any

import msgspec

from ganetix import errors
from ganetix.master.verify import config
from ganetix.master.verify.codes import CODES
from ganetix.model.changes import Change
from ganetix.model.objects import NodeGroup
from ganetix.opcodes.verify import OpClusterVerifyConfig, OpClusterVerifyGroup
from ganetix.rpc.tables.hooks import HookResult, HookResults
from ganetix.rpc.tables.storage import MirrorState
from ganetix.rpc.tables.verify import DrbdFacts, Inspect, Inspected, VolumeFacts
from ganetix_test import spec
from ganetix_test.master.logic.verify_cases import NODE1, NODE2, NODE3, VM, BreakingTestCase

REASONS = {
    "EINSTANCEMISSINGCFGPARAMETER": (
        "values that an instance lacks are filled from the schema when the configuration is read, "
        "and one whose structure lacks something is refused then"
    ),
}
"""Codes that nothing here can raise, and why."""


class CodeTests(BreakingTestCase):
    """Each test breaks the cluster in one way."""

    def test_healthy(self) -> None:
        """Nothing is wrong, with mirrors too."""
        self.assertEqual(self.lines(), [])
        self.mirrored()
        self.mirror(MirrorState(False, "ok"))
        for node, minors in ((NODE1, [3]), (NODE2, [4]), (NODE3, [])):
            self.context.world.inspected[node] = Inspected(
                drbd=DrbdFacts("8.4", "/bin/true", minors),
                volumes=VolumeFacts("", 30000, [30000], ["x.data", "x.meta"][: len(minors) * 2]),
            )
        self.context.world.disks.clear()
        self.context.world.directories.clear()
        lines = [line for line in self.lines() if "EINSTANCEMISSINGDISK" not in line]
        self.assertEqual(lines, [])

    def test_every_code(self) -> None:
        """Each code of the table is raised here, or carries its reason."""
        dangling = {"ECLUSTERDANGLINGINST", "ECLUSTERDANGLINGNODES"}
        table = spec.load("constants")["verify"]["codes"]
        self.assertEqual(set(self.rows()) | set(REASONS) | dangling, set(table))
        self.assertEqual(dict(CODES), {code: row["object"] for code, row in table.items()})

    def test_raised(self) -> None:
        """Breaking a thing raises its code, about the right kind of object, with a remedy."""
        for code in self.rows():
            with self.subTest(code):
                self.setUp()
                self.rows()[code]()
                lines = [line for line in self.lines() if f":{code}:" in line]
                self.assertTrue(lines, code)
                for line in lines:
                    _, _, kind, _, text = line.split(":", 4)
                    self.assertEqual(kind, CODES[code], line)
                    self.assertTrue(_has_remedy(text), line)

    def test_dangling(self) -> None:
        """A configuration whose parts don't belong together is told; it would not be loaded."""
        whole = self.context.cluster
        nodes = {
            uuid: msgspec.structs.replace(node, group="nowhere") if uuid == NODE3 else node
            for uuid, node in whole.nodes.items()
            if uuid != NODE1
        }
        found = config.findings(msgspec.structs.replace(whole, nodes=nodes))
        self.assertLessEqual(
            {"ECLUSTERDANGLINGINST", "ECLUSTERDANGLINGNODES"}, {one.code for one in found}
        )

    def test_simulated(self) -> None:
        """--debug-simulate-errors shows every code once; the result is false."""
        shown: set[str] = set()
        for op in (
            OpClusterVerifyConfig(error_codes=True, debug_simulate_errors=True),
            OpClusterVerifyGroup(
                group_name="default", error_codes=True, debug_simulate_errors=True
            ),
        ):
            self.context.entries.clear()
            self.assertFalse(self.run_op(op))
            lines: Iterable[str] = (line for _, rows in self.context.entries for line in rows)
            shown |= {line.split(":")[1] for line in lines}
        self.assertEqual(shown, set(CODES))

    def test_without_codes(self) -> None:
        """Without --error-codes a line has the severity and the object only."""
        self.break_guest()
        self.run_op(OpClusterVerifyGroup(group_name="default"))
        [(_, [line])] = self.context.entries
        self.assertTrue(line.startswith(f"  - ERROR: instance {VM}: is not running"), line)

    def test_hooks(self) -> None:
        """The hooks of verify get the tags; one that works, or is skipped, is no finding."""
        asked: list[Any] = []

        async def handler(node: str, request: Any) -> HookResults:
            asked.append(request)
            return HookResults([HookResult("good", 2, ""), HookResult("skipped", 0, "")])

        self.context.fake.handlers["hooks_runner"] = handler
        self.set_node(2, tags=["ssd"])
        self.assertEqual(self.lines(), [])
        env = asked[0].env
        self.assertEqual(env["GANETI_NODE_TAGS_node2.example.com"], "ssd")
        self.assertEqual(env["GANETI_CLUSTER_TAGS"], "")
        self.assertEqual((env["GANETI_HOOKS_PATH"], len(asked)), ("cluster-verify", 3))

    def test_silent_hooks(self) -> None:
        """Hooks that can't be run are a finding."""

        async def handler(node: str, request: Any) -> HookResults:
            raise errors.HooksFailure("No.")

        self.context.fake.handlers["hooks_runner"] = handler
        self.assertEqual(len([line for line in self.lines() if "ENODEHOOKS" in line]), 3)

    def test_certificates(self) -> None:
        """Missing: an error. Under 30 days: a warning; under 7 days: an error."""
        self.files["server.pem"] = None
        self.assertIn("missing", self.lines()[0])
        self.files.clear()
        day = 86400.0
        for left, severity in ((40, ""), (20, "WARNING"), (5, "ERROR"), (-1, "ERROR")):
            self.context.reactor.rightNow = (3650 - left) * day
            self.context.fake.handlers.pop("node_verify", None)
            found = [line for line in self.lines() if "ECLUSTERCERT" in line]
            self.assertEqual(len(found), 3 if severity else 0, found)
            self.assertTrue(all(line.startswith(f"  - {severity}") for line in found), found)

    def test_syncing(self) -> None:
        """A mirror that is being synchronised is a warning with its progress."""
        self.mirrored()
        self.mirror(MirrorState(True, "syncing", 42.0, 60))
        [line] = [line for line in self.lines() if "EINSTANCEFAULTYDISK" in line]
        self.assertIn("WARNING", line)
        self.assertIn("42.0 %", line)

    def test_stopped(self) -> None:
        """Minors of an instance that is stopped may be there, and need not."""
        self.mirrored()
        self.mirror(None)
        self.instance_with(disks_active=False, admin_state="down")
        for minors in ([3], []):
            self.sees(drbd=DrbdFacts("8.4", "/bin/true", minors))
            self.assertFalse(any("ENODEDRBD:" in line for line in self.lines()))

    def test_request(self) -> None:
        """What is looked for follows from the cluster's parameters."""
        asked: list[Inspect] = []

        async def handler(node: str, request: Inspect) -> Inspected:
            asked.append(request)
            return Inspected(ssconf=self.context.world.digests())

        self.begin(
            enabled_disk_templates=["file", "drbd"], volume_group_name="xenvg",
            use_external_mip_script=True, ndparams={"oob_program": "/sbin/oob"},
        )  # fmt: skip
        self.context.fake.handlers["node_verify_light"] = handler
        self.run_op(OpClusterVerifyGroup(group_name="default", verify_clutter=True))
        request = asked[0]
        self.assertEqual([peer.name for peer in request.peers],
                         [f"node{n}.example.com" for n in (1, 2, 3)])  # fmt: skip
        self.assertEqual((request.vg_name, request.drbd, request.clutter, request.ssh),
                         ("xenvg", True, True, True))  # fmt: skip
        self.assertEqual(request.programs, ["/sbin/oob"])
        self.assertEqual(request.scripts, ["/etc/ganeti/scripts/master-ip-setup"])

    def test_ssh(self) -> None:
        """Only of candidates it is told whom they can't reach: nobody lets in another node."""
        self.context.world.inspected = {
            uuid: Inspected(ssh={"node1.example.com": "no key"}) for uuid in (NODE2, NODE3)
        }
        self.set_node(3, master_candidate=False)
        [told] = [line for line in self.lines() if "ENODESSH" in line]
        self.assertIn("node2.example.com", told)

    def test_other_group(self) -> None:
        """Of another group one node is tried."""
        self.changes(Change(nodegroups=(NodeGroup("rack2-uuid", "rack2"),)))
        self.set_node(2, group="rack2-uuid")
        self.set_node(3, group="rack2-uuid")
        self.assertEqual(self.lines(), [])
        [made] = [m for m in self.context.fake.made if m.call == "node_verify_light"]
        assert isinstance(made.request, Inspect)
        self.assertEqual(len(made.request.peers), 2)


def _has_remedy(text: str) -> bool:
    return any(part in text for part in (";", "'gnt-", "run ", "can't be reached"))
