"""Promises of cfgupgrade: old configurations are taken over whole, or nothing is touched."""

import contextlib
import io
import json
import os
import pathlib
import shutil
import tempfile

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.daemons import cfgupgrade, cluster_files
from ganetix.model.codec import decode_config
from ganetix.model.upgrades import DOWNGRADED
from ganetix.paths import Paths
from ganetix.tls.credentials import certificate_from_pem
from ganetix.tls.identity import digest_of
from ganetix.toolkit.files import FileSystem

OLD = pathlib.Path(__file__).parents[1] / "model/data/config-2.16.json"
NOW = 1_700_000_000.0


class UpgradeTests(SynchronousTestCase):
    """The data directory of a stopped master of Ganeti 2.16."""

    def setUp(self) -> None:
        """Put the old configuration in place."""
        raw = json.loads(OLD.read_text("utf-8"))
        self.master = raw["nodes"][raw["cluster"]["master_node"]]["name"]
        self.others = sorted(
            node["name"] for node in raw["nodes"].values()
            if node["name"] != self.master and not node["offline"]
        )  # fmt: skip
        top = tempfile.mkdtemp(prefix="cfg")
        self.addCleanup(shutil.rmtree, top)
        self.paths = Paths(f"{top}/{self.master}", self.master)
        os.makedirs(self.paths.data_dir)
        shutil.copy(OLD, self.paths.config_file)

    def upgrade(self, *words: str, answer: str = "", paths: Paths | None = None) -> str:
        """Run the program with *words*; return what it prints."""
        options = cfgupgrade.parser().parse_args(words)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            cfgupgrade.run(paths or self.paths, options, NOW, lambda _: answer)
        return out.getvalue()

    def config(self) -> bytes:
        """Return config.data as it is now."""
        return pathlib.Path(self.paths.config_file).read_bytes()

    def test_taken_over(self) -> None:
        """The configuration is of this version; the master has an authority and a certificate."""
        out = self.upgrade("-f")
        cluster = decode_config(self.config())
        self.assertEqual(cluster.version, 3000000)
        self.assertEqual(json.loads(self.config())["version"], 3000000)
        pem = FileSystem().read(self.paths.node_cert_file)
        digest = digest_of(certificate_from_pem(pem, "server.pem"))
        self.assertEqual(cluster.cluster.candidate_certs, {cluster.cluster.master_node: digest})
        self.assertTrue(os.path.exists(self.paths.authority_key_file))
        self.assertEqual(cluster_files.read_cluster(self.paths).master.name, self.master)
        for name in self.others:
            self.assertIn(f"gnt-node add --readd {name}", out)
        kept = pathlib.Path(f"{self.paths.config_file}.backup-{NOW:.0f}")
        self.assertEqual(kept.read_bytes(), OLD.read_bytes())

    def test_again(self) -> None:
        """Once taken over, a second run changes neither the authority nor the certificate."""
        self.upgrade("-f")
        before = (self.config(), FileSystem().read(self.paths.authority_key_file))
        self.upgrade("-f")
        self.assertEqual((self.config(), FileSystem().read(self.paths.authority_key_file)), before)

    def test_dry_run(self) -> None:
        """A dry run writes nothing."""
        self.assertIn("nothing was written", self.upgrade("--dry-run"))
        self.assertEqual(os.listdir(self.paths.data_dir), ["config.data"])
        self.assertEqual(self.config(), OLD.read_bytes())

    def test_asked(self) -> None:
        """Without --force the answer must be yes."""
        with self.assertRaises(errors.OpPrereqError):
            self.upgrade(answer="no")
        self.assertEqual(self.config(), OLD.read_bytes())
        self.upgrade(answer="yes")
        self.assertNotEqual(self.config(), OLD.read_bytes())

    def test_another_host(self) -> None:
        """Elsewhere than on the master it is refused, naming the master, unless insisted on."""
        elsewhere = f"{os.path.dirname(self.paths.root)}/other.example.com"
        os.rename(self.paths.root, elsewhere)
        paths = Paths(elsewhere, "other.example.com")
        with self.assertRaises(errors.OpPrereqError) as caught:
            self.upgrade("-f", paths=paths)
        self.assertIn(self.master, caught.exception.message)
        self.upgrade("-f", "--ignore-hostname", paths=paths)

    def test_directory(self) -> None:
        """With --path only that configuration changes: no certificates are made."""
        self.upgrade("-f", "--path", self.paths.data_dir)
        self.assertEqual(json.loads(self.config())["version"], 3000000)
        self.assertFalse(os.path.exists(self.paths.authority_key_file))

    def test_back(self) -> None:
        """A downgrade is what 2.16 had, and comes up again."""
        self.upgrade("-f", "--path", self.paths.data_dir)
        there = decode_config(self.config())
        self.upgrade("-f", "--downgrade", "--path", self.paths.data_dir)
        raw = json.loads(self.config())
        self.assertEqual(raw["version"], DOWNGRADED)
        self.assertNotIn("epoch", raw["cluster"])
        self.assertEqual(decode_config(self.config()).instances, there.instances)

    def test_torn(self) -> None:
        """A torn configuration is refused and left as it is."""
        pathlib.Path(self.paths.config_file).write_bytes(OLD.read_bytes()[:500])
        with self.assertRaises(errors.ConfigurationError):
            self.upgrade("-f")
        self.assertEqual(os.listdir(self.paths.data_dir), ["config.data"])

    def test_nothing_there(self) -> None:
        """Without a configuration: where it was looked for."""
        os.unlink(self.paths.config_file)
        with self.assertRaises(errors.OpPrereqError) as caught:
            self.upgrade("-f")
        self.assertIn(self.paths.config_file, caught.exception.message)
