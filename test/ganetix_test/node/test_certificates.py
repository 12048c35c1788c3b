"""A node changes its certificate, and goes back."""

import os
import stat

from cryptography import x509

from ganetix import errors
from ganetix.node.certificates import Certificates
from ganetix.rpc.call import Nothing
from ganetix.rpc.tables.crypto import NewAuthority, NewCertificate
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.dice import seeded
from ganetix.testing.workers import InlineWorker
from ganetix.tls.authority import Authority
from ganetix.tls.credentials import Credentials, certificate_to_pem, make_key
from ganetix.tls.identity import NODE
from ganetix.toolkit.files import FileSystem
from ganetix_test.node.made import CONTEXT, make

UUID = "00000000-0000-4000-8000-000000000001"


class CertificateTests(AwaitingTestCase):
    """A node with a certificate of an authority."""

    def setUp(self) -> None:
        """Make both."""
        self.paths = make(self).paths
        self.authority = Authority.create("c", 0.0, seeded(1))
        self.before = self.authority.credentials_for(UUID, [NODE], 0.0).to_pem()
        self.write(self.paths.node_cert_file, self.before, 0o440)
        certificate = certificate_to_pem(self.authority.certificate)
        self.write(self.paths.authority_cert_file, certificate, 0o444)
        self.told = 0
        self.certificates = Certificates(self.paths, FileSystem(), InlineWorker(), self.tell)

    def write(self, path: str, data: bytes, mode: int) -> None:
        """Write a file."""
        FileSystem().replace(path, data, mode, False)

    def tell(self) -> None:
        """Count."""
        self.told += 1

    def content(self) -> bytes:
        """Return what the daemon would show."""
        return FileSystem().read(self.paths.node_cert_file)

    def signed(self, uuid: str = UUID, authority: Authority | None = None) -> NewCertificate:
        """Let a new key be made and signed."""
        asked = self.awaited(self.certificates.request(Nothing(), CONTEXT))
        made = (authority or self.authority).sign_request(asked.request.encode(), uuid, [NODE], 0.0)
        return NewCertificate(certificate_to_pem(made).decode())

    def left(self) -> list[str]:
        """Return files with keys beside the one in use."""
        return [
            name
            for name in os.listdir(self.paths.data_dir)
            if name == "renewing.key" or name.endswith(".old")
        ]

    def test_installed(self) -> None:
        """The new key is in use with the mode of the old one, which is kept until told."""
        self.awaited(self.certificates.install(self.signed(), CONTEXT))
        now = self.content()
        self.assertNotEqual(now, self.before)
        Credentials.from_pem(now, "now")
        self.assertEqual(stat.S_IMODE(os.stat(self.paths.node_cert_file).st_mode), 0o440)
        self.assertEqual((self.told, self.left()), (1, ["server.pem.old"]))
        self.awaited(self.certificates.keep(Nothing(), CONTEXT))
        self.assertEqual((self.content(), self.left()), (now, []))

    def new_authority(self, key: str = "", again: Authority | None = None) -> Authority:
        """Bring a new authority."""
        fresh = again or Authority.create("c", 0.0, seeded(3))
        pem = certificate_to_pem(fresh.certificate).decode()
        self.awaited(self.certificates.install_authority(NewAuthority(pem, key), CONTEXT))
        return fresh

    def authorities(self) -> list[x509.Certificate]:
        """Return whom the node trusts."""
        return x509.load_pem_x509_certificates(FileSystem().read(self.paths.authority_cert_file))

    def test_authority(self) -> None:
        """A new authority is trusted beside the old one, signs, and then stands alone."""
        self.write(self.paths.authority_key_file, b"old", 0o600)
        fresh = self.new_authority("new key", self.new_authority("new key"))
        self.assertEqual(self.authorities(), [fresh.certificate, self.authority.certificate])
        self.refusal(self.certificates.install(self.signed(), CONTEXT), errors.OpPrereqError)
        self.awaited(self.certificates.install(self.signed(authority=fresh), CONTEXT))
        self.awaited(self.certificates.keep(Nothing(), CONTEXT))
        self.assertEqual((self.authorities(), self.left()), ([fresh.certificate], []))
        self.assertEqual(FileSystem().read(self.paths.authority_key_file), b"new key")
        self.assertEqual(FileSystem().mode(self.paths.authority_cert_file), 0o444)
        self.assertEqual(self.told, 4)

    def test_authority_restored(self) -> None:
        """Going back trusts the old one alone; its key is the one that was, as often as asked."""
        self.write(self.paths.authority_key_file, b"old", 0o600)
        fresh = self.new_authority("new key")
        self.awaited(self.certificates.install(self.signed(authority=fresh), CONTEXT))
        self.awaited(self.certificates.restore(Nothing(), CONTEXT))
        self.assertEqual(len(self.authorities()), 2)
        for _ in range(2):
            self.awaited(self.certificates.restore_authority(Nothing(), CONTEXT))
            self.assertEqual(self.authorities(), [self.authority.certificate])
            self.assertEqual(FileSystem().read(self.paths.authority_key_file), b"old")
            self.assertEqual((self.content(), self.left()), (self.before, []))

    def test_first_key(self) -> None:
        """A candidate that lacks the old key gets the new one; others get none."""
        self.new_authority()
        self.assertFalse(FileSystem().exists(self.paths.authority_key_file))
        self.new_authority("key")
        self.assertEqual(FileSystem().mode(self.paths.authority_key_file), 0o600)

    def test_restored(self) -> None:
        """Going back brings the old one, from any point, and as often as asked."""
        self.awaited(self.certificates.restore(Nothing(), CONTEXT))
        self.awaited(self.certificates.request(Nothing(), CONTEXT))
        self.awaited(self.certificates.restore(Nothing(), CONTEXT))
        self.awaited(self.certificates.install(self.signed(), CONTEXT))
        for _ in range(2):
            self.awaited(self.certificates.restore(Nothing(), CONTEXT))
            self.assertEqual((self.content(), self.left()), (self.before, []))

    def test_refused(self) -> None:
        """Without a new key, for another node, another key, or by another authority: refused."""
        other = self.authority.issue(make_key().public_key(), UUID, [NODE], 0.0)
        pem = NewCertificate(certificate_to_pem(other).decode())
        self.refusal(self.certificates.install(pem, CONTEXT), errors.OpPrereqError)
        strange = Authority.create("other", 0.0, seeded(2))
        for wrong in (self.signed("another"), self.signed(authority=strange)):
            self.refusal(self.certificates.install(wrong, CONTEXT), errors.OpPrereqError)
        self.signed()
        self.refusal(self.certificates.install(pem, CONTEXT), errors.OpPrereqError)
        self.assertEqual((self.content(), self.told), (self.before, 0))
