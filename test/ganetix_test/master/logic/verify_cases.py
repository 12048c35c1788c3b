"""A cluster that can be broken in every way that verify has a code for."""

from collections.abc import Callable
from typing import Any

import attrs
import msgspec

from ganetix.ids import Randomness
from ganetix.master.logic.outside import Outside
from ganetix.model.changes import Change, apply
from ganetix.model.objects import Disk, Instance, NodeGroup
from ganetix.opcodes.verify import OpClusterVerifyConfig, OpClusterVerifyGroup
from ganetix.rpc.tables.hooks import HookResult, HookResults
from ganetix.rpc.tables.instances import InstanceState
from ganetix.rpc.tables.storage import MirrorState, MirrorStates
from ganetix.rpc.tables.verify import DrbdFacts, Inspected, VolumeFacts
from ganetix.testing.dice import seeded
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix.tls.authority import Authority
from ganetix.tls.credentials import certificate_to_pem
from ganetix_test.master.logic.cases import OUTSIDE, UnitTestCase, creation

NODE1, NODE2, NODE3 = (node_uuid(number) for number in (1, 2, 3))
CERTS = {node_uuid(number): f"digest {number}" for number in (1, 2, 3)}
VM = "vm1.example.com"


def drbd(instance: Instance, minor: int = 3) -> tuple[Disk, Instance]:
    """Return a mirrored disk on node 1 and 2, and *instance* with it alone."""
    children = [
        Disk(f"child-{part}", "plain", ["xenvg", f"x.{part}"], 128, part)
        for part in ("data", "meta")
    ]
    ident = [NODE1, NODE2, 11000, minor, minor + 1, "secret"]
    disk = Disk("drbd-uuid", "drbd", ident, 1024, "disk/0", children=children)
    return disk, msgspec.structs.replace(instance, disks=[disk.uuid])


class BreakingTestCase(UnitTestCase):
    """A healthy cluster with a running instance, and a way to break it for each code."""

    def outside(self) -> Outside:
        """Have certificates that hold for as long as the authority gives."""
        self.files: dict[str, bytes | None] = {}
        dice: Randomness = seeded(1)
        good = certificate_to_pem(Authority.create("c", 0.0, dice).certificate)

        async def read_file(path: str) -> bytes | None:
            return self.files.get(path.rpartition("/")[2], good)

        return attrs.evolve(OUTSIDE, read_file=read_file)

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
