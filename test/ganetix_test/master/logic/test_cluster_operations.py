"""Operations on the cluster as a whole: name, address, sizes of disks, disks that are gone."""

from typing import Any

import msgspec

from ganetix import errors
from ganetix.master.logic.outside import Outside
from ganetix.model.changes import Change, apply
from ganetix.opcodes.cluster import (
    OpClusterActivateMasterIp,
    OpClusterDeactivateMasterIp,
    OpClusterRename,
    OpClusterRepairDiskSizes,
)
from ganetix.opcodes.verify import OpClusterVerifyDisks, OpGroupVerifyDisks
from ganetix.rpc.tables.cluster import MasterIp
from ganetix.rpc.tables.files import FileUpload
from ganetix.testing.logic import node_uuid
from ganetix_test.master.logic.cases import OUTSIDE, UnitTestCase

KNOWN = b"cluster.example.com ssh-rsa AAAA\nother.host ssh-rsa BBBB\n"


async def resolve(name: str) -> tuple[str, str]:
    """Resolve one name to an address that is in use."""
    return ("taken.example.com", "192.0.2.99") if name == "taken" else await OUTSIDE.resolve(name)


class MasterIpTests(UnitTestCase):
    """The master IP goes up and down on the master's node."""

    def test_turned(self) -> None:
        """The master's node is told the cluster's address; its note is in the log."""
        self.run_op(OpClusterActivateMasterIp())
        self.run_op(OpClusterDeactivateMasterIp())
        up, down = self.context.fake.made
        self.assertEqual((up.call, down.call),
                         ("node_activate_master_ip", "node_deactivate_master_ip"))  # fmt: skip
        self.assertEqual((up.node, up.request), (node_uuid(1), MasterIp("127.0.0.1", "lo", 8)))
        self.assertEqual(self.context.logged, ["It is up.", "It is down."])


class RenameTests(UnitTestCase):
    """The cluster gets another name."""

    def outside(self) -> Outside:
        """Have a file of known hosts, which can be read unless the disk fails."""
        self.disk_fails = False

        async def read_file(path: str) -> bytes | None:
            if self.disk_fails:
                raise errors.OpExecError("The disk fails.")
            return KNOWN if path.endswith("known_hosts") else None

        return Outside(
            resolve, OUTSIDE.answers, read_file, OUTSIDE.checkpoint, OUTSIDE.hail, OUTSIDE.facts
        )

    def test_renamed(self) -> None:
        """Name, address and known hosts are the new ones; the address goes down, then up."""
        self.assertEqual(self.run_op(OpClusterRename(name="New")), "new.example.com")
        own = self.context.cluster.cluster
        self.assertEqual((own.cluster_name, own.master_ip), ("new.example.com", "192.0.2.7"))
        calls = [made.call for made in self.context.fake.made]
        self.assertEqual(calls, ["node_deactivate_master_ip", *["upload_file"] * 3,
                                 "node_activate_master_ip"])  # fmt: skip
        upload = self.context.fake.made[1].request
        assert isinstance(upload, FileUpload)
        self.assertEqual(upload.data, b"new.example.com ssh-rsa AAAA\nother.host ssh-rsa BBBB\n")

    def test_hooks(self) -> None:
        """Before on the master, after on all nodes, with both names."""
        hooks = self.hooks(OpClusterRename(name="new"))
        assert hooks is not None
        self.assertEqual(hooks.env, {"OP_TARGET": "cluster.example.com",
                                     "NEW_NAME": "new.example.com"})  # fmt: skip
        self.assertEqual((hooks.pre_nodes, len(hooks.post_nodes)), ((node_uuid(1),), 3))

    def test_refused(self) -> None:
        """No host name, a name that does not resolve, the same one, an address in use."""
        self.assertIn("host name", self.refusal(OpClusterRename(name="no name")))
        self.refusal(OpClusterRename(name="unknown"), errors.ResolverError)
        self.run_op(OpClusterRename(name="new"))
        self.assertIn("already", self.refusal(OpClusterRename(name="new")))

    def test_address_in_use(self) -> None:
        """Nothing may answer at the new address."""
        self.assertIn("must be free", self.refusal(OpClusterRename(name="taken")))

    def test_node_that_does_not_take_it(self) -> None:
        """A node that misses the known hosts is told of; the address comes up in any case."""
        self.context.fake.down = {node_uuid(3)}
        self.run_op(OpClusterRename(name="new"))
        self.assertTrue(any("redist-conf" in line for line in self.context.logged))

    def test_address_after_failure(self) -> None:
        """When something fails in between, the address still comes up."""
        self.disk_fails = True
        self.refusal(OpClusterRename(name="new"), errors.OpExecError)
        self.assertEqual(self.context.fake.made[-1].call, "node_activate_master_ip")


class DiskSizeTests(UnitTestCase):
    """Recorded sizes follow the real ones."""

    def test_repaired(self) -> None:
        """Only what differs is written; the rows say what."""
        self.add("vm1.example.com", disks=[{"size": 1024}, {"size": 2048}])
        self.add("vm2.example.com")
        place = next(where for where, size in self.context.world.disks.items() if size == 2048)
        self.context.world.disks[place] = 2176
        found = self.run_op(OpClusterRepairDiskSizes())
        self.assertEqual(found, [["vm1.example.com", 1, "size", 2176]])
        disks = self.context.cluster.disks_of(self.instance("vm1.example.com"))
        self.assertEqual([disk.size for disk in disks], [1024, 2176])
        self.assertEqual(self.run_op(OpClusterRepairDiskSizes(instances=["vm1"])), [])

    def test_what_can_not_be_asked(self) -> None:
        """Missing disks, silent and offline nodes are told of, and nothing is changed."""
        self.add()
        self.context.world.disks.clear()
        self.assertEqual(self.run_op(OpClusterRepairDiskSizes()), [])
        self.context.fake.down = {node_uuid(1)}
        self.assertEqual(self.run_op(OpClusterRepairDiskSizes()), [])
        self.set_node(1, offline=True)
        self.assertEqual(self.run_op(OpClusterRepairDiskSizes()), [])
        told = " ".join(self.context.logged)
        for part in ("recreate-disks", "can't be reached", "is offline"):
            self.assertIn(part, told)

    def test_locks(self) -> None:
        """The named instances are locked, and the storage of their nodes is shared."""
        self.add()
        found = self.locks(OpClusterRepairDiskSizes(instances=["vm1"]))
        self.assertIn(("instance", ("vm1.example.com",), "exclusive"), found)
        self.assertIn(("node-res", (node_uuid(1),), "shared"), found)


class VerifyDisksTests(UnitTestCase):
    """Disks that should be active and are not."""

    def test_jobs(self) -> None:
        """One job for each group, or for the group that was named."""
        self.assertEqual(self.run_op(OpClusterVerifyDisks()), {"jobs": [[True, 100]]})
        [[op]] = self.context.submitted
        self.assertEqual(getattr(op, "group_name", None), "default")
        self.run_op(OpClusterVerifyDisks(group_name="default"))
        self.refusal(OpClusterVerifyDisks(group_name="nowhere"))

    def found(self) -> Any:
        """Look at the group."""
        return self.run_op(OpGroupVerifyDisks(group_name="default"))

    def test_well(self) -> None:
        """Nothing is wrong with disks that are there, or that need not be active."""
        self.add()
        self.assertEqual(self.found(), [{}, [], {}])
        fresh = msgspec.structs.replace(self.instance(), disks_active=False)
        self.context.state = apply(self.context.state, Change(instances=(fresh,)), 0.0)
        self.context.world.disks.clear()
        self.assertEqual(self.found(), [{}, [], {}])

    def test_missing(self) -> None:
        """A disk that is gone is named with its node and place."""
        self.add()
        [(_, path)] = self.context.world.disks
        self.context.world.disks.clear()
        missing = {"vm1.example.com": [["node1.example.com", path]]}
        self.assertEqual(self.found(), [{}, [], missing])

    def test_silent_node(self) -> None:
        """A node that does not answer is named; one that is offline is not asked."""
        self.add()
        self.context.fake.down = {node_uuid(1)}
        trouble, down, missing = self.found()
        self.assertEqual((list(trouble), down, missing), (["node1.example.com"], [], {}))
        self.set_node(1, offline=True)
        self.assertEqual(self.found(), [{}, [], {}])
