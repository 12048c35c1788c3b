"""OP_BACKUP_EXPORT, OP_BACKUP_REMOVE, OP_BACKUP_PREPARE, and what clusters show each other."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.logic import remote_export
from ganetix.master.logic.export_config import parse
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.opcodes.backup import OpBackupExport, OpBackupPrepare, OpBackupRemove
from ganetix.opcodes.instance import OpInstanceCreate
from ganetix.opcodes.instance_state import OpInstanceShutdown
from ganetix.testing.dice import seeded
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix.testing.transfers import TransferWorld
from ganetix_test.master.logic.cases import UnitTestCase

NAME = "vm1.example.com"
SECRET = "content of /var/lib/ganeti/cluster-domain-secret"


class BackupTestCase(UnitTestCase):
    """An instance with two file disks on node1, which is down."""

    def cluster(self) -> Cluster:
        """See `UnitTestCase`."""
        return three_nodes(compression_tools=["gzip"])

    def setUp(self) -> None:
        """Create it."""
        super().setUp()
        self.transfers = TransferWorld()
        self.context = LogicContext(self.cluster(), handlers=dict(self.transfers.handlers()))
        self.vm = self.add(
            NAME, disks=[{"size": 1024}, {"size": 2048, "name": "data"}], disk_template="file"
        )

    def export(self, target: Any = "node2", **fields: Any) -> OpBackupExport:
        """Return an export to node2."""
        return OpBackupExport(instance_name=NAME, target_node=target, **fields)

    def stop(self) -> None:
        """Stop the instance."""
        self.run_op(OpInstanceShutdown(instance_name=NAME))

    def calls(self, name: str) -> list[str]:
        """Return the nodes on which call *name* was made, in order."""
        return [made.node for made in self.context.fake.made if made.call == name]


class ExportTests(BackupTestCase):
    """Exports to a node of this cluster."""

    def test_export(self) -> None:
        """Each disk goes through the OS script into a dump of its own."""
        self.stop()
        result = self.run_op(self.export(compress="gzip"))
        self.assertEqual(result, [True, [True, True]])
        uuids = [disk.uuid for disk in self.context.cluster.disks_of(self.instance())]
        self.assertEqual(
            [(node, place.kind, place.file, tool) for node, place, tool in self.transfers.received],
            [(node_uuid(2), "file", uuid, "gzip") for uuid in uuids],
        )
        self.assertEqual(
            [(node, request.place.kind, request.place.index, request.host)
             for node, request in self.transfers.sent],
            [(node_uuid(1), "script", 0, "127.0.0.12"), (node_uuid(1), "script", 1, "127.0.0.12")],
        )  # fmt: skip
        self.assertEqual(self.transfers.open, set())

    def test_config(self) -> None:
        """What was written is read again: names, sizes, parameters, dumps."""
        self.stop()
        self.run_op(self.export())
        found = parse(self.transfers.exports[node_uuid(2), NAME], "it")
        self.assertEqual((found.name, found.os), (NAME, self.vm.os))
        self.assertEqual([disk["size"] for disk in found.disks], [1024, 2048])
        self.assertEqual(found.disks[1]["name"], "data")
        self.assertEqual(list(found.dumps), list(self.vm.disks))
        self.assertEqual(found.instance["disk_template"], "file")
        self.assertEqual(found.nics[0]["mac"], self.vm.nics[0].mac)

    def test_older_ones_go(self) -> None:
        """An export on another node is removed when the new one is there."""
        self.stop()
        self.transfers.exports[node_uuid(3), NAME] = "old"
        self.run_op(self.export())
        self.assertEqual(list(self.transfers.exports), [(node_uuid(2), NAME)])

    def test_running(self) -> None:
        """Without snapshots a running instance is stopped for the export, and runs afterwards."""
        self.assertIn("--long-sleep", self.refusal(self.export()))
        self.run_op(self.export(long_sleep=True))
        self.assertEqual(self.calls("instance_shutdown")[-1:], [node_uuid(1)])
        self.assertEqual(self.calls("instance_start")[-1:], [node_uuid(1)])
        self.assertEqual(len(self.transfers.exports), 1)

    def test_removed(self) -> None:
        """With remove_instance it is gone afterwards, and its export is there."""
        self.run_op(self.export(remove_instance=True))
        with self.assertRaises(errors.OpPrereqError):
            self.instance()
        self.assertEqual(list(self.transfers.exports), [(node_uuid(2), NAME)])

    def test_breaks_off(self) -> None:
        """A transfer that fails fails the export: no config.ini, nothing removed, running again."""
        self.transfers.breaks = "the disk is full"
        words = self.refusal(self.export(long_sleep=True, remove_instance=True), errors.OpExecError)
        self.assertIn("the disk is full", words)
        self.assertEqual(self.transfers.exports, {})
        self.assertEqual(self.instance().name, NAME)
        self.assertEqual(self.transfers.open, set())

    def test_short(self) -> None:
        """An end that has fewer bytes than the other has no copy."""
        self.stop()
        self.transfers.arrived -= 1
        self.assertIn("arrived", self.refusal(self.export(), errors.OpExecError))

    def test_refused(self) -> None:
        """What can't be is refused before anything is stopped."""
        for fields, words in (
            ({"target": "node9"}, "not known"),
            ({"compress": "rar"}, "rar"),
            ({"remove_instance": True, "shutdown": False}, "--noshutdown"),
        ):
            self.assertIn(words, self.refusal(self.export(**fields)))
        self.set_node(2, offline=True)
        self.assertIn("offline", self.refusal(self.export()))
        self.assertEqual(self.calls("instance_shutdown"), [])

    def test_diskless(self) -> None:
        """An instance without disks has nothing to export."""
        self.add("empty.example.com", disks=[], disk_template="diskless")
        op = OpBackupExport(instance_name="empty", target_node="node2")
        self.assertIn("diskless", self.refusal(op))

    def test_hooks(self) -> None:
        """The variables of the hook table, on master, primary and target."""
        self.stop()
        hooks = self.hooks(self.export())
        assert hooks is not None
        self.assertEqual(hooks.path, "instance-export")
        self.assertEqual(hooks.env["EXPORT_NODE"], "node2.example.com")
        self.assertEqual(hooks.pre_nodes, (node_uuid(1), node_uuid(2)))


class RemoveTests(BackupTestCase):
    """Removing exports."""

    def test_remove(self) -> None:
        """The export goes from every node; a short name is that of the instance."""
        self.transfers.exports = {(node_uuid(n), NAME): "" for n in (2, 3)}
        self.run_op(OpBackupRemove(instance_name="vm1"))
        self.assertEqual(self.transfers.exports, {})

    def test_of_nobody(self) -> None:
        """The export of an instance that is no more is named in full; an unknown one is told."""
        self.transfers.exports = {(node_uuid(2), "gone.example.com"): ""}
        self.run_op(OpBackupRemove(instance_name="gone.example.com"))
        self.assertEqual(self.transfers.exports, {})
        self.run_op(OpBackupRemove(instance_name="gone.example.com"))
        self.assertIn("No node has an export", self.context.logged[-1])


class RemoteTests(BackupTestCase):
    """Exports to another cluster."""

    def shown(self) -> dict[str, Any]:
        """Return what OP_BACKUP_PREPARE answers."""
        op = OpBackupPrepare(instance_name=NAME, mode="remote")
        found: dict[str, Any] = self.run_op(op)
        return found

    def remote(self, shown: dict[str, Any], **fields: Any) -> OpBackupExport:
        """Return the export that the other cluster waits for."""
        rows = [
            remote_export.disk_info(SECRET, index, "192.0.2.9", 30000 + index, "word", seeded(2))
            for index in range(2)
        ]
        given = {
            "mode": "remote",
            "target_node": rows,
            "x509_key_name": shown["x509_key_name"],
            "destination_x509_ca": remote_export.sign_certificate(SECRET, "theirs", seeded(3)),
            **fields,
        }
        return OpBackupExport(instance_name=NAME, **given)

    def test_prepared(self) -> None:
        """The handshake and the certificate hold in the eyes of the other cluster."""
        shown = self.shown()
        remote_export.check_handshake(SECRET, shown["handshake"])
        self.assertIn("certificate", remote_export.check_certificate(SECRET, shown["x509_ca"]))
        self.assertIsNone(self.run_op(OpBackupPrepare(instance_name=NAME, mode="local")))

    def test_sent(self) -> None:
        """Each disk goes where the other cluster waits for it, with its word and certificate."""
        self.stop()
        self.run_op(self.remote(self.shown(), shutdown=True, remove_instance=True))
        self.assertEqual(
            [(r.host, r.port, r.peer.magic, r.peer.other) for _, r in self.transfers.sent],
            [("192.0.2.9", 30000, "word", "theirs"), ("192.0.2.9", 30001, "word", "theirs")],
        )
        self.assertEqual(self.transfers.exports, {})

    def test_made_up(self) -> None:
        """What the other cluster did not sign is refused."""
        self.stop()
        shown = self.shown()
        forged = self.remote(shown).target_node
        assert isinstance(forged, list)
        forged[0][1] = 30009
        made_up: tuple[dict[str, Any], ...] = (
            {"target_node": forged},
            {"target_node": []},
            {"x509_key_name": ["x509-other", *shown["x509_key_name"][1:]]},
            {"destination_x509_ca": "X-Ganeti-Signature: aa/bb\n\ntheirs"},
        )
        for fields in made_up:
            self.refusal(self.remote(shown, **fields))
        self.assertEqual(self.transfers.sent, [])


class ImportTests(BackupTestCase):
    """Instances made of exports."""

    def setUp(self) -> None:
        """Export vm1 to node2."""
        super().setUp()
        self.stop()
        self.run_op(self.export())
        self.transfers.sent.clear()
        self.transfers.received.clear()

    def imported(self, name: str = "new.example.com", **fields: Any) -> OpInstanceCreate:
        """Return an import onto node3."""
        given: dict[str, Any] = {
            "mode": "import", "disks": [], "nics": [], "pnode": "node3", "start": False,
            "src_path": NAME, **fields,
        }  # fmt: skip
        return OpInstanceCreate(instance_name=name, **given)

    def test_as_it_was(self) -> None:
        """Sizes, parameters, OS and tags are the export's; a MAC address in use is another one."""
        self.run_op(self.imported())
        new, old = self.instance("new.example.com"), self.instance()
        disks = self.context.cluster.disks_of(new)
        self.assertEqual([(d.size, d.name) for d in disks], [(1024, None), (2048, "data")])
        self.assertEqual((new.os, new.hypervisor), (old.os, old.hypervisor))
        self.assertNotEqual(new.nics[0].mac, old.nics[0].mac)
        self.assertEqual(params.of_backend(self.context.cluster, new)["maxmem"],
                         params.of_backend(self.context.cluster, old)["maxmem"])  # fmt: skip

    def test_contents(self) -> None:
        """Each dump goes from the node that has it through the import script, which is renamed."""
        self.run_op(self.imported(compress="gzip"))
        self.assertEqual(
            [(node, request.place.file) for node, request in self.transfers.sent],
            [(node_uuid(2), uuid) for uuid in self.vm.disks],
        )
        self.assertEqual(
            [
                (node, place.kind, place.index, tool)
                for node, place, tool in self.transfers.received
            ],
            [(node_uuid(3), "script", 0, "gzip"), (node_uuid(3), "script", 1, "gzip")],
        )
        renames = [m for m in self.context.fake.made if m.call == "instance_run_rename"]
        self.assertEqual([made.request.old_name for made in renames], [NAME])  # type: ignore[attr-defined]  # an OsScript
        self.assertEqual(self.calls("instance_os_add"), [node_uuid(1)])

    def test_other_shape(self) -> None:
        """What the request says counts; fewer disks than the export has are refused."""
        self.run_op(self.imported(beparams={"vcpus": 3}, tags=["restored"]))
        new = self.instance("new.example.com")
        self.assertEqual(params.of_backend(self.context.cluster, new)["vcpus"], 3)
        self.assertEqual(new.tags, ["restored"])
        words = self.refusal(self.imported("x.example.com", disks=[{"size": 1024}]))
        self.assertIn("2 disks", words)

    def test_defaults(self) -> None:
        """With identify_defaults nothing is kept that the cluster has anyway."""
        self.run_op(self.imported(identify_defaults=True))
        new = self.instance("new.example.com")
        self.assertEqual((new.beparams, new.hvparams), ({}, {}))

    def test_missing(self) -> None:
        """An export that no node has is refused, and nothing is made."""
        self.assertIn("gnt-backup list", self.refusal(self.imported(src_path="/srv/other")))
        with self.assertRaises(errors.OpPrereqError):
            self.instance("new.example.com")

    def test_breaks_off(self) -> None:
        """A transfer that fails leaves no instance and no disk."""
        seen = self.context.world.seen()
        self.transfers.breaks = "no route to host"
        self.assertIn("no route", self.refusal(self.imported(), errors.OpExecError))
        self.assertEqual(self.context.world.seen(), seen)

    def test_no_description(self) -> None:
        """A config.ini that is none is refused, naming it."""
        for text in ("", "[export]\nversion = 7\n", "no ini at all"):
            self.transfers.exports[node_uuid(2), NAME] = text
            self.assertIn("config.ini", self.refusal(self.imported(src_node="node2")))


class RemoteImportTests(BackupTestCase):
    """Instances that another cluster sends."""

    def op(self, **fields: Any) -> OpInstanceCreate:
        """Return the import of an instance of another cluster."""
        given: dict[str, Any] = {
            "mode": "remote-import",
            "disks": [{"size": 1024}],
            "disk_template": "file",
            "nics": [{}],
            "os_type": self.vm.os,
            "pnode": "node3",
            "source_instance_name": "theirs.example.org",
            "source_handshake": remote_export.handshake(SECRET, seeded(5)),
            "source_x509_ca": remote_export.sign_certificate(SECRET, "their PEM", seeded(6)),
            **fields,
        }
        return OpInstanceCreate(instance_name="moved.example.com", **given)

    def test_told(self) -> None:
        """The job's log tells the source where each disk is waited for, signed."""
        self.run_op(self.op())
        [(kind, told)] = self.context.entries
        self.assertEqual(kind, "remote-import")
        host, port, _ = remote_export.check_disk_info(SECRET, 0, told["disks"][0])
        self.assertEqual((host, port), ("127.0.0.13", 20001))
        self.assertIn("certificate", remote_export.check_certificate(SECRET, told["x509_ca"]))
        [(node, place, _)] = self.transfers.received
        self.assertEqual((node, place.kind), (node_uuid(3), "script"))
        self.assertEqual(self.transfers.open, set())

    def test_stranger(self) -> None:
        """A cluster without the secret gets no port."""
        for fields in (
            {"source_handshake": remote_export.handshake("other", seeded(5))},
            {"source_handshake": None},
            {"source_x509_ca": "their PEM"},
            {"source_instance_name": None},
        ):
            self.refusal(self.op(**fields))
        self.assertEqual(self.transfers.received, [])


class HandshakeTests(SynchronousTestCase):
    """Signatures."""

    def test_other_secret(self) -> None:
        """A cluster with another secret is refused, with the command that makes them equal."""
        shown = remote_export.handshake("theirs", seeded(1))
        with self.assertRaises(errors.OpPrereqError) as caught:
            remote_export.check_handshake("ours", shown)
        self.assertIn("renew-crypto", caught.exception.message)

    def test_known_value(self) -> None:
        """The signature is HMAC-SHA1 of salt and text, as every release of Ganeti has it."""
        self.assertEqual(
            remote_export.signature("key", "The quick brown fox jumps over the lazy dog", ""),
            "de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9",
        )
