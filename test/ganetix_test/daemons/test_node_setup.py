"""Tests of `ganetix.daemons.node_setup`: how a machine takes its certificate."""

import os
import stat

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.daemons import cluster_files, layout, node_setup
from ganetix.master.bootstrap.join import Prepare, Setup
from ganetix.paths import Paths
from ganetix.testing.dice import seeded
from ganetix.tls.authority import Authority
from ganetix.tls.credentials import Credentials, certificate_to_pem
from ganetix.tls.identity import NODE

NOW = 1700000000.0
SSCONF = {"cluster_name": "cluster.x\n", "master_node": "node1.x\n"}


class JoiningTests(SynchronousTestCase):
    """Both steps, in a directory of a virtual node."""

    def setUp(self) -> None:
        """Make a node's directory and a cluster's authority."""
        self.paths = Paths(f"{os.path.realpath(self.mktemp())}/node2.x", "node2.x")
        self.authority = Authority.create("cluster.x", NOW, seeded(1))

    def prepare(self, cluster: str = "cluster.x", readd: bool = False) -> bytes:
        """Take the first step; return the signing request."""
        request = Prepare(cluster, "node2.x", readd)
        return node_setup.prepare(self.paths, request).request.encode()

    def signed(self, request: bytes) -> Setup:
        """Return the second step's request with a certificate for *request*."""
        certificate = self.authority.sign_request(request, "uuid2", [NODE], NOW)
        return Setup(
            "cluster.x",
            "node2.x",
            certificate_to_pem(certificate).decode(),
            certificate_to_pem(self.authority.certificate).decode(),
            SSCONF,
            {"hmac.key": "secret\n"},
            start_node_daemon=False,
        )

    def refused(self, setup: Setup) -> str:
        """Return the sentence with which *setup* is refused; nothing was put in place."""
        with self.assertRaises(errors.OpPrereqError) as caught:
            node_setup.setup(self.paths, setup)
        self.assertFalse(os.path.exists(self.paths.node_cert_file))
        return str(caught.exception.message)

    def test_joined(self) -> None:
        """Afterwards key and certificate belong together, and the cluster's files are there."""
        node_setup.setup(self.paths, self.signed(self.prepare()))
        with open(self.paths.node_cert_file, "rb") as source:
            Credentials.from_pem(source.read(), "server.pem")
        self.assertEqual(cluster_files.cluster_name(self.paths), "cluster.x")
        self.assertEqual(cluster_files.read_text(f"{self.paths.data_dir}/hmac.key"), "secret\n")
        self.assertFalse(os.path.exists(f"{self.paths.data_dir}/joining.key"))
        mode = stat.S_IMODE(os.stat(self.paths.node_cert_file).st_mode)
        self.assertEqual(mode, layout.FILES["server.pem"].mode)

    def test_key_is_secret(self) -> None:
        """Between the steps the key can be read by its owner alone."""
        self.prepare()
        path = f"{self.paths.data_dir}/joining.key"
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

    def test_another_key(self) -> None:
        """A certificate for another key than the one made last is refused."""
        before = self.prepare()
        self.prepare()
        self.assertIn("not for the key", self.refused(self.signed(before)))

    def test_foreign_authority(self) -> None:
        """A certificate that another authority signed is refused."""
        setup = self.signed(self.prepare())
        other = Authority.create("other.x", NOW, seeded(2)).certificate
        forged = msgspec.structs.replace(setup, authority=certificate_to_pem(other).decode())
        self.assertIn("not signed", self.refused(forged))

    def test_files_of_another_cluster(self) -> None:
        """Files whose cluster is not the one that was named are refused."""
        setup = self.signed(self.prepare())
        mixed = msgspec.structs.replace(setup, ssconf={"cluster_name": "other.x\n"})
        self.assertIn("other.x", self.refused(mixed))

    def test_no_first_step(self) -> None:
        """Without a key of its own the node takes nothing."""
        request = self.prepare()
        os.unlink(f"{self.paths.data_dir}/joining.key")
        self.assertIn("no key", self.refused(self.signed(request)))

    def test_another_name(self) -> None:
        """A machine that calls itself otherwise than the master does is refused."""
        with self.assertRaises(errors.OpPrereqError) as caught:
            node_setup.prepare(self.paths, Prepare("cluster.x", "node3.x"))
        self.assertIn("node3.x", caught.exception.message)

    def test_part_of_a_cluster(self) -> None:
        """A node of a cluster is left alone, unless that same cluster takes it in again."""
        node_setup.setup(self.paths, self.signed(self.prepare()))
        for cluster, readd in (("cluster.x", False), ("other.x", True)):
            with self.assertRaises(errors.OpPrereqError) as caught:
                self.prepare(cluster, readd)
            self.assertIn("already part of cluster cluster.x", caught.exception.message)
        node_setup.setup(self.paths, self.signed(self.prepare(readd=True)))

    def test_forced(self) -> None:
        """Told to, a node leaves the cluster that it is part of; a master does not."""
        node_setup.setup(self.paths, self.signed(self.prepare()))
        forced = Prepare("other.x", "node2.x", force=True)
        layout.write_ssconf(self.paths, "master_node", "node2.x\n")
        with self.assertRaises(errors.OpPrereqError) as caught:
            node_setup.prepare(self.paths, forced)
        self.assertIn("gnt-cluster destroy", caught.exception.message)
        layout.write_ssconf(self.paths, "master_node", "node1.x\n")
        node_setup.prepare(self.paths, forced)
        self.assertIsNone(cluster_files.cluster_name(self.paths))
        self.assertFalse(os.path.exists(self.paths.node_cert_file))

    def test_files_that_are_not_given(self) -> None:
        """Only the files that every node has are written, whatever the request names."""
        setup = self.signed(self.prepare())
        more = msgspec.structs.replace(setup, files={"config.data": "{}"})
        with self.assertRaises(errors.OpPrereqError):
            node_setup.setup(self.paths, more)
        self.assertFalse(os.path.exists(self.paths.config_file))

    def test_left(self) -> None:
        """Cleaned, nothing of the cluster is left, and the machine can join another."""
        node_setup.setup(self.paths, self.signed(self.prepare()))
        cluster_files.remove_cluster(self.paths)
        left = [
            name
            for name in os.listdir(self.paths.data_dir)
            if os.path.isfile(f"{self.paths.data_dir}/{name}")
        ]
        self.assertEqual(left, [])
        self.prepare("other.x")
