"""Cluster files on a node: what the master may write, and what is left when it is over."""

import os

from ganetix.errors import ConfigurationError, NotMasterError, OpPrereqError
from ganetix.node.files import CANDIDATES
from ganetix.paths import VIRTUAL_PREFIX
from ganetix.rpc.tables.files import FileUpload, LeaveCluster, SsconfUpdate
from ganetix.rpc.tables.roles import Demote
from ganetix.rpc.tables.sessions import MasterInfo
from ganetix.testing.cases import AwaitingTestCase
from ganetix_test.node.made import CONTEXT, MadeNode, make


class SsconfTests(AwaitingTestCase):
    """Simple configuration values."""

    def setUp(self) -> None:
        """Make a node."""
        self.node = make(self)
        self.files = self.node.services.cluster_files

    def update(self, **values: str) -> None:
        """Send *values*."""
        self.awaited(self.files.write_ssconf(SsconfUpdate(values), CONTEXT))

    def test_written(self) -> None:
        """A value is a file that everybody may read and nobody may write."""
        self.update(master_node="node1.example.com")
        path = self.node.paths.ssconf("master_node")
        with open(path, encoding="utf-8") as source:
            self.assertEqual(source.read(), "node1.example.com")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o444)

    def test_unchanged(self) -> None:
        """A value that is the same is not written again."""
        self.update(master_node="node1", cluster_name="c")
        before = os.stat(self.node.paths.ssconf("cluster_name")).st_ino
        self.update(master_node="node2", cluster_name="c")
        self.assertEqual(os.stat(self.node.paths.ssconf("cluster_name")).st_ino, before)

    def test_refused(self) -> None:
        """Neither other files nor endless values."""
        for values in ({"../x": ""}, {"A": ""}, {"cluster_name": "x" * (128 * 1024 + 1)}):
            self.refusal(self.files.write_ssconf(SsconfUpdate(values), CONTEXT), ConfigurationError)

    def test_candidates(self) -> None:
        """Who may command is known from the value, told when it changes, read at start."""
        self.update(**{CANDIDATES: "uuid-1=aa\nuuid-2=bb"})
        self.update(**{CANDIDATES: "uuid-1=aa\nuuid-2=bb"})
        self.assertEqual(self.node.told, ["candidates changed"])
        self.assertEqual(self.files.candidates(), {"uuid-1": "aa", "uuid-2": "bb"})
        again = MadeNode(self.node.paths).services.cluster_files
        self.awaited(again.start())
        self.assertEqual(again.candidates(), {"uuid-1": "aa", "uuid-2": "bb"})


class UploadTests(AwaitingTestCase):
    """Files that the master sends."""

    def setUp(self) -> None:
        """Make a node."""
        self.node = make(self)
        self.files = self.node.services.cluster_files

    def test_allowed(self) -> None:
        """A cluster file is written on this node, whatever node the path came from."""
        request = FileUpload(f"{VIRTUAL_PREFIX}/var/lib/ganeti/known_hosts", b"keys", 0o644)
        self.awaited(self.files.upload(request, CONTEXT))
        with open(self.node.paths.known_hosts_file, "rb") as source:
            self.assertEqual(source.read(), b"keys")

    def test_refused(self) -> None:
        """Any other path, and a mode that lets too many at a secret."""
        for path, mode in (
            ("/etc/passwd", 0o644),
            ("/var/lib/ganeti/../../../etc/passwd", 0o644),
            ("/var/lib/ganeti/config.data", 0o640),
            ("/var/lib/ganeti/authority.key", 0o644),
        ):
            request = FileUpload(path, b"x", mode)
            self.refusal(self.files.upload(request, CONTEXT), OpPrereqError)
            self.assertFalse(os.path.exists(self.node.paths.at(path)))


class RoleTests(AwaitingTestCase):
    """Whom the node obeys, and what it loses with its role."""

    def setUp(self) -> None:
        """Make a node with the files of a candidate."""
        self.node = make(self)
        self.paths = self.node.paths
        for path in (
            self.paths.config_file,
            self.paths.journal_file,
            self.paths.authority_key_file,
            self.paths.job(1),
            self.paths.node_cert_file,
            self.paths.ssconf("cluster_name"),
        ):
            self.node.write(path, "x")

    def left(self) -> list[str]:
        """Return what is in the node's directory of cluster state."""
        return sorted(os.listdir(self.paths.data_dir))

    def test_demote(self) -> None:
        """A demoted node has no configuration, journal, jobs or authority key any more."""
        for _ in range(2):
            self.awaited(self.node.services.roles.demote(Demote(), CONTEXT))
        self.assertEqual(self.left(), ["server.pem", "ssconf_cluster_name"])

    def test_demote_master(self) -> None:
        """The master is not demoted."""
        self.node.write(self.paths.ssconf("master_node"), self.paths.hostname)
        demote = self.node.services.roles.demote(Demote(), CONTEXT)
        self.assertIn("is the master", self.refusal(demote, OpPrereqError).message)
        self.assertIn("config.data", self.left())

    def test_leave(self) -> None:
        """A node that has left knows nothing of the cluster, and its daemon is told."""
        mastership = self.node.services.mastership
        self.awaited(mastership.raise_to(3, "node2"))
        leave = LeaveCluster(False)
        self.awaited(self.node.services.cluster_files.leave_cluster(leave, CONTEXT))
        self.assertEqual(self.left(), [])
        self.assertEqual(self.node.told, ["left"])
        self.assertEqual(mastership.get().epoch, 0)

    def test_epochs(self) -> None:
        """The highest epoch is obeyed, also after a restart; older ones and doubles are not."""
        mastership = self.node.services.mastership
        self.awaited(mastership.raise_to(3, "node2"))
        self.awaited(mastership.raise_to(3, "node2"))
        for epoch, name in ((2, "node2"), (3, "node1")):
            error = self.refusal(mastership.raise_to(epoch, name), NotMasterError)
            self.assertIn("node2", error.message)
        again = MadeNode(self.paths).services.mastership
        self.awaited(again.start())
        self.assertEqual(again.get(), MasterInfo("node2", 3))

    def test_damaged_epoch_file(self) -> None:
        """A damaged file keeps the daemon from starting, in words that name it."""
        self.node.write(self.paths.epoch_file, "{")
        error = self.refusal(self.node.services.mastership.start(), ConfigurationError)
        self.assertIn(self.paths.epoch_file, error.message)
