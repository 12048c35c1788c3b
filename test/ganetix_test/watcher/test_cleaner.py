"""The nightly cleaner."""

from datetime import UTC, datetime

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from ganetix.watcher.cleaner import KEEP, clean_master, clean_node, new_log
from ganetix.watcher.world import World
from ganetix_test.watcher.scripted import DATA, NOW, WatcherCase

CRYPTO = "/var/run/ganeti/crypto"


def _certificate(until: int) -> str:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "export")])
    made = x509.CertificateBuilder(
        name, name, key.public_key(), 7, datetime.fromtimestamp(0, UTC),
        datetime.fromtimestamp(until, UTC),
    ).sign(key, None)  # fmt: skip
    return made.public_bytes(serialization.Encoding.PEM).decode()


class CleanerTests(WatcherCase):
    """What is taken away, and what is kept."""

    def setUp(self) -> None:
        """Know when each file was written; by default now."""
        super().setUp()
        self.written: dict[str, float] = {}

    def world(self) -> World:
        """Return the outside."""
        return attrs.evolve(super().world(), modified=lambda path: self.written.get(path, NOW))

    def _old(self, path: str, age: int = KEEP + 1) -> str:
        self.files.make_dirs(path.rpartition("/")[0], 0o755)
        self.put(path, "x")
        self.written[path] = NOW - age
        return path

    def test_watcher_files(self) -> None:
        """Watcher files go after 21 days without use; the pause and all else stays."""
        gone = [self._old(f"{DATA}/watcher.a.{end}") for end in ("data", "instance-status")]
        kept = [
            self._old(f"{DATA}/watcher.b.data", KEEP),
            self._old(f"{DATA}/watcher.pause"),
            self._old(f"{DATA}/config.data"),
        ]
        clean_node(self.world())
        self.assertEqual([self.files.exists(path) for path in gone], [False] * 2)
        self.assertEqual([self.files.exists(path) for path in kept], [True] * 3)

    def test_certificates(self) -> None:
        """A directory whose certificate has expired goes; one without a usable one stays."""
        for name, text in (
            ("expired", _certificate(NOW - 1)), ("valid", _certificate(NOW + 1)), ("odd", "x"),
        ):  # fmt: skip
            self.files.make_dirs(f"{CRYPTO}/{name}", 0o700)
            self.put(f"{CRYPTO}/{name}/cert", text)
        self.files.make_dirs(f"{CRYPTO}/empty", 0o700)
        clean_node(self.world())
        self.assertEqual(self.files.entries(CRYPTO), ["empty", "odd", "valid"])

    def test_archived_jobs(self) -> None:
        """On the master, and only there, archived jobs go after 21 days; live ones never do."""
        old = self._old(f"{DATA}/queue/archive/0/job-7")
        new = self._old(f"{DATA}/queue/archive/1/job-10007", KEEP)
        live = self._old(f"{DATA}/queue/job-8")
        for master, kept in (("node2", True), (None, True), ("node1", False)):
            clean_master(self.world(), master)
            self.assertEqual(self.files.exists(old), kept, master)
        self.assertTrue(self.files.exists(new))
        self.assertTrue(self.files.exists(live))

    def test_gone_meanwhile(self) -> None:
        """A file that somebody else removes first is no failure."""

        def gone(path: str) -> float:
            raise FileNotFoundError(2, "No such file or directory", path)

        self._old(f"{DATA}/watcher.a.data")
        clean_node(attrs.evolve(self.world(), modified=gone))

    def test_logs(self) -> None:
        """Each run has a log of its own; with the newest there are 50 at the most."""
        made = []
        for _ in range(60):
            made.append(new_log(self.world(), "node"))
            self.put(made[-1], "")
            self.now += 1
        found = self.files.entries("/var/log/ganeti/cleaner")
        self.assertEqual([f"/var/log/ganeti/cleaner/{name}" for name in found], made[-50:])
        self.assertTrue(new_log(self.world(), "master").startswith("/var/log/ganeti/master-cle"))
