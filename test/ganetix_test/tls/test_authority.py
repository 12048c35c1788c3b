"""Keys, certificates and the authority that signs them."""

from random import Random

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from twisted.trial.unittest import SynchronousTestCase

from ganetix.errors import GenericError
from ganetix.ids import Randomness
from ganetix.tls import credentials
from ganetix.tls.authority import Authority
from ganetix.tls.credentials import Credentials, CredentialsError, make_key, make_request
from ganetix.tls.identity import NODE, NotIdentified, digest_of, identity_of
from ganetix.tls.plain import require_loopback

NOW = 1_700_000_000.0


class AuthorityTests(SynchronousTestCase):
    """What the authority signs, and what it does not."""

    def setUp(self) -> None:
        """One authority."""
        source = Random(1)
        self.authority = Authority.create("c.example.com", NOW, _randomness(source))

    def test_identity(self) -> None:
        """A certificate says the node's uuid, its roles and its digest."""
        made = self.authority.credentials_for("uuid-1", ["rapi", NODE], NOW)
        who = identity_of(made.certificate)
        self.assertEqual((who.uuid, who.roles), ("uuid-1", {"node", "rapi"}))
        self.assertRegex(who.digest, r"^([0-9A-F]{2}:){19}[0-9A-F]{2}$")
        self.assertEqual(who.digest, digest_of(made.certificate))

    def test_request(self) -> None:
        """A node's request gives a certificate for its key, under the name that we choose."""
        key = make_key()
        request = make_request(key, "somebody else")
        certificate = self.authority.sign_request(request, "uuid-2", [NODE], NOW)
        self.assertEqual(certificate.public_key(), key.public_key())
        self.assertEqual(identity_of(certificate).uuid, "uuid-2")
        certificate.verify_directly_issued_by(self.authority.certificate)

    def test_bad_requests(self) -> None:
        """What is no request, or not signed by its own key, is refused by the node's name."""
        good = make_request(make_key(), "x")
        der = bytearray(x509.load_pem_x509_csr(good).public_bytes(Encoding.DER))
        der[-1] ^= 1
        for bad in (b"", b"nonsense", _pem(bytes(der))):
            error = self.assertRaises(
                CredentialsError, self.authority.sign_request, bad, "uuid-3", [NODE], NOW
            )
            self.assertIn("uuid-3", error.message)

    def test_no_name(self) -> None:
        """The authority's own certificate is nobody's identity."""
        self.assertRaises(NotIdentified, identity_of, self.authority.certificate)


class CredentialsTests(SynchronousTestCase):
    """The one PEM file."""

    def setUp(self) -> None:
        """Two pairs of key and certificate."""
        authority = Authority.create("c", NOW, _randomness(Random(2)))
        self.one = authority.credentials_for("one", [NODE], NOW)
        self.two = authority.credentials_for("two", [NODE], NOW)

    def test_round_trip(self) -> None:
        """What was written is read again, and the key does not show."""
        again = Credentials.from_pem(self.one.to_pem(), "server.pem")
        self.assertEqual(again.certificate, self.one.certificate)
        self.assertNotIn("key", repr(again).split("certificate=")[0])

    def test_damaged(self) -> None:
        """A file that holds something else is refused by its name."""
        mixed = credentials.key_to_pem(self.one.key) + credentials.certificate_to_pem(
            self.two.certificate
        )
        other = ed25519.Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        key = credentials.key_to_pem(self.one.key)
        for pem in (b"", mixed, key, other + mixed[len(key) :], self.one.to_pem()[len(key) :]):
            error = self.assertRaises(CredentialsError, Credentials.from_pem, pem, "/x/server.pem")
            self.assertIn("/x/server.pem", error.message)


class PlainTests(SynchronousTestCase):
    """Without TLS only loopback will do."""

    def test_loopback(self) -> None:
        """Any other address than loopback is refused in words."""
        for fine in ("127.0.0.1", "127.3.2.1", "::1"):
            require_loopback(fine)
        for wrong in ("0.0.0.0", "192.0.2.1", "::", "", "node1"):
            error = self.assertRaises(GenericError, require_loopback, wrong)
            self.assertIn("--no-ssl", error.message)


def _randomness(source: Random) -> Randomness:
    return Randomness(source.randbytes, source.random)


def _pem(der: bytes) -> bytes:
    return x509.load_der_x509_csr(der).public_bytes(Encoding.PEM)
