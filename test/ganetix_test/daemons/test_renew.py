"""Tests of `ganetix.daemons.renew`."""

import contextlib
import io
import os
import pathlib

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.daemons import layout, rapi_certificate
from ganetix.daemons.renew import Renew, renew
from ganetix.paths import Paths


class RenewTests(SynchronousTestCase):
    """A master without daemons."""

    def setUp(self) -> None:
        """Make it."""
        self.paths = Paths(f"{os.path.realpath(self.mktemp())}/node1.x", "node1.x")
        layout.make_directories(self.paths)
        layout.write_ssconf(self.paths, "master_node", "node1.x\n")
        layout.write_ssconf(self.paths, "cluster_name", "c.x\n")
        for name in ("rapi.pem", "hmac.key", "cluster-domain-secret"):
            layout.write(self.paths, name, b"old\n")

    def renewed(self, **fields: object) -> None:
        """Renew."""
        with contextlib.redirect_stdout(io.StringIO()):
            renew(self.paths, Renew(**fields))  # type: ignore[arg-type]  # from keywords

    def file(self, name: str) -> bytes:
        """Return the content of a cluster file."""
        return pathlib.Path(f"{self.paths.data_dir}/{name}").read_bytes()

    def test_made(self) -> None:
        """What is asked for is new, the rest is as it was."""
        self.renewed(new_rapi_cert=True, new_confd_hmac_key=True)
        self.assertIn(b"PRIVATE KEY", self.file("rapi.pem"))
        self.assertNotEqual(self.file("hmac.key"), b"old\n")
        self.assertEqual(self.file("cluster-domain-secret"), b"old\n")
        self.renewed(new_cluster_domain_secret=True)
        self.assertEqual(len(self.file("cluster-domain-secret").split()), 1)

    def test_given(self) -> None:
        """Files that are given are taken as they are."""
        secret, pem = pathlib.Path(self.mktemp()), pathlib.Path(self.mktemp())
        secret.write_bytes(b"shared\n")
        pem.write_bytes(rapi_certificate.self_signed("c.x", 0.0))
        self.renewed(rapi_cert=str(pem), cluster_domain_secret=str(secret))
        self.assertEqual(self.file("rapi.pem"), pem.read_bytes())
        self.assertEqual(self.file("cluster-domain-secret"), b"shared\n")

    def test_spice(self) -> None:
        """A made certificate is its own authority; given ones are taken as they are."""
        self.renewed(new_spice_cert=True)
        self.assertIn(b"PRIVATE KEY", self.file("spice.pem"))
        self.assertTrue(self.file("spice.pem").endswith(self.file("spice-ca.pem")))
        pem, authority = pathlib.Path(self.mktemp()), pathlib.Path(self.mktemp())
        pem.write_bytes(rapi_certificate.self_signed("c.x", 0.0))
        authority.write_bytes(rapi_certificate.self_signed("a.x", 0.0))
        self.renewed(spice_cert=str(pem), spice_cacert=str(authority))
        self.assertEqual(self.file("spice.pem"), pem.read_bytes())
        self.assertEqual(self.file("spice-ca.pem"), authority.read_bytes())

    def test_refused(self) -> None:
        """Nothing is written when one of the files is no good, or this is not the master."""
        bad = pathlib.Path(self.mktemp())
        bad.write_bytes(b"nonsense")
        empty = pathlib.Path(self.mktemp())
        empty.write_bytes(b"")
        for fields in (
            {"rapi_cert": str(bad)}, {"rapi_cert": "/nowhere"},
            {"cluster_domain_secret": str(empty)}, {"spice_cert": str(bad), "spice_cacert": "x"},
        ):  # fmt: skip
            with self.assertRaises(errors.GanetiError):
                self.renewed(new_confd_hmac_key=True, **fields)
            self.assertEqual(self.file("hmac.key"), b"old\n")
        layout.write_ssconf(self.paths, "master_node", "node2.x\n")
        with self.assertRaises(errors.NotMasterError):
            self.renewed(new_confd_hmac_key=True)
