"""Every code of verify: raised by breaking that thing, or with the reason why it can't be."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ganetix import errors
from ganetix.ids import Randomness
from ganetix.master.logic.outside import Outside
from ganetix.master.verify import config
from ganetix.master.verify.codes import CODES
from ganetix.model.changes import Change, apply
from ganetix.model.objects import Disk, Instance, NodeGroup
from ganetix.opcodes.verify import OpClusterVerifyConfig, OpClusterVerifyGroup
from ganetix.rpc.tables.hooks import HookResult, HookResults
from ganetix.rpc.tables.instances import InstanceState
from ganetix.rpc.tables.storage import MirrorState, MirrorStates
from ganetix.rpc.tables.verify import DrbdFacts, Inspect, Inspected, VolumeFacts
from ganetix.testing.dice import seeded
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix.tls.authority import Authority
from ganetix.tls.credentials import certificate_to_pem
from ganetix_test import spec
from ganetix_test.master.logic.cases import OUTSIDE, UnitTestCase, creation

NODE1, NODE2, NODE3 = (node_uuid(number) for number in (1, 2, 3))
CERTS = {node_uuid(number): f"digest {number}" for number in (1, 2, 3)}
VM = "vm1.example.com"

REASONS = {
    "EINSTANCEMISSINGCFGPARAMETER": (
        "values that an instance lacks are filled from the schema when the configuration is read, "
        "and one whose structure lacks something is refused then"
    ),
}
"""Codes that nothing here can raise, and why."""


def drbd(instance: Instance, minor: int = 3) -> tuple[Disk, Instance]:
    """Return a mirrored disk on node 1 and 2, and *instance* with it alone."""
    children = [
        Disk(f"child-{part}", "plain", ["xenvg", f"x.{part}"], 128, part)
        for part in ("data", "meta")
    ]
    ident = [NODE1, NODE2, 11000, minor, minor + 1, "secret"]
    disk = Disk("drbd-uuid", "drbd", ident, 1024, "disk/0", children=children)
    return disk, msgspec.structs.replace(instance, disks=[disk.uuid])


class CodeTests(UnitTestCase):
    """A healthy cluster with a running instance; each test breaks it in one way."""

    def outside(self) -> Outside:
        """Have certificates that hold for as long as the authority gives."""
        self.files: dict[str, bytes | None] = {}
        dice: Randomness = seeded(1)
        good = certificate_to_pem(Authority.create("c", 0.0, dice).certificate)

        async def read_file(path: str) -> bytes | None:
            return self.files.get(path.rpartition("/")[2], good)

        return Outside(
            OUTSIDE.resolve, OUTSIDE.answers, read_file, OUTSIDE.checkpoint, OUTSIDE.hail,
            OUTSIDE.facts,
        )  # fmt: skip

    def setUp(self) -> None:
        """Make the cluster."""
        super().setUp()
        self.begin()

    def begin(self, **fields: Any) -> None:
        """Make a cluster with those settings, and an instance in it."""
        self.context = LogicContext(three_nodes(candidate_certs=CERTS, **fields))
        self.run_op(creation())
        self.files.clear()

    def lines(self) -> list[str]:
        """Verify configuration and group; return the lines."""
        self.context.entries.clear()
        self.run_op(OpClusterVerifyConfig(error_codes=True))
        self.run_op(OpClusterVerifyGroup(group_name="default", error_codes=True))
        return [line for _, lines in self.context.entries for line in lines]

    def sees(self, **fields: Any) -> None:
        """Let node 1 find that around it."""
        self.context.world.inspected[NODE1] = Inspected(**fields)

    def answers(self, **fields: Any) -> None:
        """Let node 2 answer node_verify with other facts."""
        original = self.context.fake.handlers["node_verify"]

        async def handler(node: str, request: Any) -> Any:
            facts = await original(node, request)
            return msgspec.structs.replace(facts, **fields) if node == NODE2 else facts

        self.context.fake.handlers["node_verify"] = handler

    def changes(self, change: Change) -> None:
        """Change the configuration behind everybody's back."""
        self.context.state = apply(self.context.state, change, 0.0)

    def instance_with(self, **fields: Any) -> None:
        """Change the instance."""
        self.changes(Change(instances=(msgspec.structs.replace(self.instance(), **fields),)))

    def mirrored(self, **fields: Any) -> None:
        """Give the instance a mirrored disk, in a cluster that has DRBD."""
        self.begin(
            enabled_disk_templates=["file", "drbd"], volume_group_name="xenvg",
            drbd_usermode_helper="/bin/true", **fields,
        )  # fmt: skip
        disk, instance = drbd(self.instance())
        self.changes(Change(instances=(instance,), disks=(disk,)))

    def mirror(self, state: MirrorState | None) -> None:
        """Let the mirrors be in *state*."""

        async def handler(node: str, request: Any) -> MirrorStates:
            return MirrorStates([state for _ in request.disks])

        self.context.fake.handlers["blockdev_getmirrorstatus"] = handler

    def hook(self, status: int) -> None:
        """Let a hook of verify end with *status*."""

        async def handler(node: str, request: Any) -> HookResults:
            assert (request.path, request.phase) == ("cluster-verify", "post")
            return HookResults([HookResult("check", status, "it smells")])

        self.context.fake.handlers["hooks_runner"] = handler

    # ------------------------------------------------------------ breaking things

    def break_certificate(self) -> None:
        """Let the remote API's certificate be none."""
        self.files["rapi.pem"] = b"no certificate"

    def break_plan(self) -> None:
        """Take the candidates away that there should be."""
        self.set_node(2, master_candidate=False)

    def break_digests(self) -> None:
        """List the certificate of a node that is no candidate."""
        self.set_node(2, master_candidate=False, drained=True)

    def break_tags(self) -> None:
        """Put two instances together that exclude each other."""
        self.run_op(creation("vm2.example.com"))
        own = msgspec.structs.replace(self.context.cluster.cluster, tags=["htools:iextags:service"])
        tagged = [
            msgspec.structs.replace(one, tags=["service:web"])
            for one in self.context.cluster.instances.values()
        ]
        self.changes(Change(cluster=own, instances=tuple(tagged)))

    def break_sizes(self) -> None:
        """Have physical volumes of several sizes under exclusive storage."""
        group = next(iter(self.context.cluster.nodegroups.values()))
        fresh = msgspec.structs.replace(group, ndparams={"exclusive_storage": True})
        self.changes(Change(nodegroups=(fresh,)))
        self.sees(volumes=VolumeFacts("", 30000, [10000, 20000], []))

    def break_layout(self) -> None:
        """Mix the disks of the instance."""
        more = Disk("plain-uuid", "plain", ["xenvg", "x"], 1024, "disk/1")
        both = [*self.instance().disks, more.uuid]
        fresh = msgspec.structs.replace(self.instance(), disks=both)
        self.changes(Change(instances=(fresh,), disks=(more,)))

    def break_groups(self) -> None:
        """Put the nodes of a mirrored instance into two groups."""
        self.mirrored()
        self.changes(Change(nodegroups=(NodeGroup("rack2-uuid", "rack2"),)))
        self.set_node(2, group="rack2-uuid")

    def break_place(self) -> None:
        """Give a mirrored instance nodes with exclusive storage."""
        self.mirrored()
        self.set_node(2, ndparams={"exclusive_storage": True})

    def break_memory(self) -> None:
        """Have a secondary without memory."""
        self.mirrored()
        self.context.world.memory[NODE2] = 64

    def break_minors(self) -> None:
        """Have minors that nobody uses, and lack one that is needed."""
        self.mirrored()
        self.sees(drbd=DrbdFacts("8.4.11", "/bin/true", [9]))

    def break_helper(self) -> None:
        """Have another helper."""
        self.mirrored()
        self.sees(drbd=DrbdFacts("8.4", "/sbin/other", []))

    def break_version(self) -> None:
        """Have different versions of DRBD."""
        self.mirrored()
        for node, version in ((NODE1, "8.4.11"), (NODE2, "8.4.11"), (NODE3, "8.4.5")):
            found = Inspected(drbd=DrbdFacts(version, "/bin/true", []))
            self.context.world.inspected[node] = found

    def break_guest(self) -> None:
        """Stop the guest behind the cluster's back."""
        self.context.world.guests.clear()

    def break_disk(self) -> None:
        """Remove the disk behind the cluster's back."""
        self.context.world.disks.clear()

    def break_side(self) -> None:
        """Let the guest run on another node."""
        self.context.world.guests = {(NODE2, VM): InstanceState(VM, 128, 1, "running")}

    def break_copy(self) -> None:
        """Degrade a mirror."""
        self.mirrored()
        self.mirror(MirrorState(True, "faulty"))

    def break_script(self) -> None:
        """Lack the set-up script of the master IP."""
        self.sees(scripts={"/etc/ganeti/scripts/master-ip-setup": "is not there"})

    def rows(self) -> dict[str, Callable[[], object]]:
        """Return for each code what raises it."""
        path = "/srv/ganeti/file-storage"
        files = {"/var/lib/ganeti/hmac.key": "x", "/var/lib/ganeti/authority.pem": None}
        stray = [InstanceState("stray", 1, 1, "running")]
        return {
            "ECLUSTERCERT": self.break_certificate,
            "ECLUSTERCFG": self.break_plan,
            "ECLUSTERCLIENTCERT": self.break_digests,
            "ECLUSTERFILECHECK": lambda: self.answers(files=files),
            "EEXTAGS": self.break_tags,
            "EGROUPDIFFERENTPVSIZE": self.break_sizes,
            "EINSTANCEBADNODE": lambda: self.set_node(1, offline=True),
            "EINSTANCEDOWN": self.break_guest,
            "EINSTANCEFAULTYDISK": self.break_copy,
            "EINSTANCELAYOUT": self.break_layout,
            "EINSTANCEMISSINGDISK": self.break_disk,
            "EINSTANCEPOLICY": lambda: self.instance_with(beparams={"vcpus": 99}),
            "EINSTANCESPLITGROUPS": self.break_groups,
            "EINSTANCEUNSUITABLENODE": self.break_place,
            "EINSTANCEWRONGNODE": self.break_side,
            "ENODEDRBD": self.break_minors,
            "ENODEDRBDHELPER": self.break_helper,
            "ENODEDRBDVERSION": self.break_version,
            "ENODEFILECHECK": lambda: self.context.world.stale.add(NODE1),
            "ENODEFILESTORAGEPATHS": lambda: self.sees(forbidden=["Path /bin can't have disks"]),
            "ENODEFILESTORAGEPATHUNUSABLE": lambda: self.answers(
                storage_paths={path: "is gone; create it."}
            ),
            "ENODEGLUSTERSTORAGEPATHUNUSABLE": lambda: self.answers(
                storage_paths={"/var/run/ganeti/gluster": "is gone; create it."}
            ),
            "ENODESHAREDFILESTORAGEPATHUNUSABLE": lambda: self.answers(
                storage_paths={"/srv/ganeti/shared-file-storage": "is gone; create it."}
            ),
            "ENODEHOOKS": lambda: self.hook(1),
            "ENODEHV": lambda: self.answers(hypervisor_errors={"fake": "has no directory; mkdir"}),
            "ENODELVM": lambda: self.sees(volumes=VolumeFacts()),
            "ENODEN1": self.break_memory,
            "ENODENET": lambda: self.sees(unreachable={"node2.example.com": "refused"}),
            "ENODEOOBPATH": lambda: self.sees(programs={"/sbin/oob": "is not there"}),
            "ENODEORPHANINSTANCE": lambda: self.answers(instances=stray),
            "ENODEORPHANLV": lambda: self.sees(volumes=VolumeFacts("", 99999, [], ["stray"])),
            "ENODEOS": lambda: self.answers(oses=[]),
            "ENODERPC": lambda: self.context.fake.down.add(NODE2),
            "ENODESETUP": lambda: self.answers(permissions=["x has mode 0777; 'chmod' it."]),
            "ENODESSH": lambda: self.sees(ssh={"node2.example.com": "no key"}),
            "ENODETIME": lambda: self.answers(clock=1000.0),
            "ENODEUSERSCRIPTS": self.break_script,
            "ENODEVERSION": lambda: self.answers(version="0.0.1"),
        }  # fmt: skip

    # ------------------------------------------------------------ tests

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
