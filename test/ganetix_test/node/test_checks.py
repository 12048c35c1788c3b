"""What a node tells of itself."""

import hashlib
import os

import msgspec
from twisted.internet.defer import Deferred

from ganetix.model.objects import Disk
from ganetix.node.handlers import BY_SERVER, handlers
from ganetix.rpc.calls import TABLE
from ganetix.rpc.tables.blockdev import DiskRequest, DiskResize
from ganetix.rpc.tables.checks import (
    AddressQuery,
    Delay,
    NodeInfoRequest,
    StorageUnit,
    VerifyFacts,
    VerifyRequest,
)
from ganetix.rpc.tables.instances import InstanceStart
from ganetix.testing.cases import AwaitingTestCase
from ganetix_test.node.made import BASE, CONTEXT, disk, make, spec


class CheckTests(AwaitingTestCase):
    """Figures and facts."""

    def setUp(self) -> None:
        """Make a node."""
        self.node = make(self)
        self.checks = self.node.services.checks

    def facts(self, **given: object) -> VerifyFacts:
        """Return the facts for a request with these fields."""
        request = msgspec.convert({"hypervisors": ["fake"], **given}, VerifyRequest)
        return self.awaited(self.checks.node_verify(request, CONTEXT))

    def test_every_call(self) -> None:
        """Each call of the table has a handler, here or in the server, and none has two."""
        mine = set(handlers(self.node.services))
        others = {call.name for call in BY_SERVER}
        self.assertEqual(mine | others, set(TABLE))
        self.assertEqual(mine & others, set())

    def test_node_info(self) -> None:
        """Memory, processors, boot id and the room of storage units; unknown units are none."""
        units = [StorageUnit("file", BASE), StorageUnit("file", "/srv/no"), StorageUnit("rbd", "x")]
        info = self.awaited(self.checks.node_info(NodeInfoRequest(units, ["fake"]), CONTEXT))
        self.assertEqual(info.memory_total, info.memory_dom0 + info.memory_free)
        self.assertEqual(len(info.boot_id), 36)
        first, *others = info.storage
        self.assertTrue(first.size and first.free is not None and first.free <= first.size)
        self.assertEqual([unit.size for unit in others], [None, None])

    def test_delay(self) -> None:
        """A delay ends when its time is over, and not before."""
        work = Deferred.fromCoroutine(self.checks.delay(Delay(5), CONTEXT))
        self.node.time.advance(4.9)
        self.assertNoResult(work)
        self.node.time.advance(0.1)
        self.successResultOf(work)

    def test_address(self) -> None:
        """The node knows its own address."""
        for address, own in (("127.1.2.3", True), ("127.1.2.4", False)):
            query = AddressQuery(address)
            answer = self.awaited(self.checks.has_ip_address(query, CONTEXT))
            self.assertEqual(answer.value, own)

    def test_files(self) -> None:
        """Files have their SHA-1, or none."""
        self.node.write(self.node.paths.known_hosts_file, "keys")
        found = self.facts(files=["/var/lib/ganeti/known_hosts", "/var/lib/ganeti/none"]).files
        wanted = hashlib.sha1(b"keys").hexdigest()
        self.assertEqual(
            found, {"/var/lib/ganeti/known_hosts": wanted, "/var/lib/ganeti/none": None}
        )

    def test_disks(self) -> None:
        """Disks that should be here and are not, and those that nobody owns."""
        self.awaited(self.node.services.disks.create(DiskRequest(disk(0), "vm1"), CONTEXT))
        self.awaited(self.node.services.disks.create(DiskRequest(disk(1), "vm1"), CONTEXT))
        asked = [msgspec.to_builtins(one) for one in (disk(0), disk(2))]
        facts = self.facts(instance_disks=asked)
        self.assertEqual(facts.missing_disks, ["uuid-2"])
        self.assertEqual(
            facts.orphan_disks,
            [self.node.paths.outgoing(self.node.paths.at(disk(1).logical_id[1]))],
        )

    def test_shared_disks(self) -> None:
        """What other nodes keep in a shared directory is no orphan."""
        self.node.write(self.node.paths.ssconf("shared_file_storage_dir"), f"{BASE}\n")
        self.awaited(self.node.services.disks.create(DiskRequest(disk(0), "vm1"), CONTEXT))
        self.assertEqual(self.facts().orphan_disks, [])

    def test_instances_and_hypervisors(self) -> None:
        """Running instances are told; a hypervisor in trouble does not hide the others."""
        start = InstanceStart(spec())
        self.awaited(self.node.services.instances.start(start, CONTEXT))
        facts = self.facts(hypervisors=["kvm", "fake"])
        self.assertEqual([state.name for state in facts.instances], ["vm1.example.com"])
        self.assertEqual(set(facts.hypervisor_errors), {"kvm"})

    def test_storage_paths(self) -> None:
        """Only directories with something wrong are told."""
        found = self.facts(storage_paths=[BASE, "/srv/other"]).storage_paths
        self.assertEqual(set(found), {"/srv/other"})

    def test_permissions(self) -> None:
        """A secret that others may read is told with what mends it."""
        path = self.node.write(self.node.paths.authority_key_file, "secret", 0o644)
        (told,) = self.facts().permissions
        self.assertIn(f"chmod 600 {path}", told)
        os.chmod(path, 0o600)
        self.assertEqual(self.facts().permissions, [])

    def test_position(self) -> None:
        """A node that is no candidate says so; it names the epoch that it obeys."""
        self.awaited(self.node.services.mastership.raise_to(7, "node2"))
        facts = self.facts()
        self.assertEqual((facts.epoch, facts.serial), (7, -1))


class DiskTests(AwaitingTestCase):
    """The disk calls."""

    def setUp(self) -> None:
        """Make a node with one disk."""
        self.node = make(self)
        self.disks = self.node.services.disks
        self.request = DiskRequest(disk(), "vm1.example.com")
        self.awaited(self.disks.create(self.request, CONTEXT))

    def path(self, one: Disk) -> str:
        """Return where *one* is on the node."""
        return self.node.paths.at(one.logical_id[1])

    def test_assemble(self) -> None:
        """The primary gets a link to the disk, which goes with the shutdown."""
        info = self.awaited(self.disks.assemble(self.request, CONTEXT))
        self.assertEqual((info.path, info.size), (self.path(disk()), 4))
        link = f"{self.node.paths.run_dir}/instance-disks/vm1.example.com:0"
        self.assertEqual(os.readlink(link), self.path(disk()))
        for _ in range(2):
            self.awaited(self.disks.shutdown(self.request, CONTEXT))
        self.assertFalse(os.path.lexists(link))
        self.assertTrue(os.path.exists(self.path(disk())))

    def test_grow_and_find(self) -> None:
        """A grown disk is found with its new size; a removed one is not found."""
        self.awaited(self.disks.grow(DiskResize(disk(), "vm1", 6, False), CONTEXT))
        self.assertEqual(self.awaited(self.disks.find(self.request, CONTEXT)).size, 10)
        self.awaited(self.disks.remove(self.request, CONTEXT))
        self.assertIsNone(self.awaited(self.disks.find(self.request, CONTEXT)).path)
