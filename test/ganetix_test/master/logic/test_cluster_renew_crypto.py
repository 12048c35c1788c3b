"""New certificates reach every node, and the master commands all the while; or nothing changes."""

import itertools
from typing import Any

import attrs
from cryptography import x509
from twisted.internet.defer import Deferred

from ganetix import errors
from ganetix.master.logic.outside import Outside
from ganetix.opcodes.cluster import OpClusterRenewCrypto
from ganetix.rpc.call import Done
from ganetix.rpc.tables.crypto import SigningRequest
from ganetix.testing.dice import seeded
from ganetix.testing.logic import LogicContext, node_uuid, run, three_nodes
from ganetix.tls.authority import Authority
from ganetix.tls.credentials import (
    certificate_to_pem,
    key_from_pem,
    key_to_pem,
    make_key,
    make_request,
)
from ganetix.tls.identity import NODE, digest_of, identity_of
from ganetix_test.master.logic.cases import OUTSIDE, UnitTestCase, changed_node

RENEW = OpClusterRenewCrypto(node_certificates=True)
WHOLE = OpClusterRenewCrypto(cluster_certificate=True)
CERTS = {node_uuid(number): f"digest {number}" for number in (1, 2)}
CALLS = ("node_certificate_request", "node_certificate_install", "node_certificate_restore",
         "node_certificate_keep", "write_ssconf_files", "node_authority_install",
         "node_authority_restore")  # fmt: skip


class RenewTests(UnitTestCase):
    """Three nodes that keep keys; node 3 is no candidate."""

    def outside(self) -> Outside:
        """Have an authority."""
        self.authority = Authority.create("cluster.example.com", 0.0, seeded(9))
        self.missing = ""

        async def read_file(path: str) -> bytes | None:
            name = path.rpartition("/")[2]
            if name == self.missing:
                return None
            if name == "authority.key":
                return key_to_pem(self.authority.credentials.key)
            return certificate_to_pem(self.authority.certificate)

        return attrs.evolve(OUTSIDE, read_file=read_file)

    def setUp(self) -> None:
        """Make the cluster."""
        super().setUp()
        self.context = self.make()

    def make(self) -> LogicContext:
        """Return a context in which nodes have their old keys."""
        self.used: dict[str, str] = {}
        self.signers: dict[str, x509.Certificate] = {}
        self.trusted = {node_uuid(n): [self.authority.certificate] for n in (1, 2, 3)}
        self.keys: dict[str, str] = {}
        self.failing: tuple[str, str] | None = None
        self.ending: tuple[str, str] | None = None
        state = changed_node(three_nodes(candidate_certs=CERTS), 3, master_candidate=False)
        return LogicContext(state, handlers={name: self.handler(name) for name in CALLS})

    def handler(self, name: str) -> Any:
        """Return what nodes do for the call *name*."""

        async def handler(node: str, request: Any) -> Any:
            if self.failing == (name, node):
                raise errors.RemoteError("It burns.")
            if self.ending == (name, node):
                await Deferred()
            # Whoever calls must be allowed to: with the certificate that the master shows.
            own = self.used.get(node_uuid(1), CERTS[node_uuid(1)])
            allowed = self.context.cluster.cluster.candidate_certs[node_uuid(1)]
            assert own in allowed.split(","), (name, own, allowed)
            # And both ends must trust what the other shows.
            shown = [self.signers.get(uuid, self.authority.certificate)
                     for uuid in (node_uuid(1), node)]  # fmt: skip
            assert shown[0] in self.trusted[node], (name, node)
            assert shown[1] in self.trusted[node_uuid(1)], (name, node)
            return self.answer(name, node, request)

        return handler

    def answer(self, name: str, node: str, request: Any) -> Any:
        """Keep what the node has now."""
        if name == "node_certificate_request":
            return SigningRequest(make_request(make_key(), node).decode())
        if name == "node_certificate_install":
            certificate = x509.load_pem_x509_certificate(request.certificate.encode())
            who = identity_of(certificate)
            assert (who.uuid, who.roles) == (node, frozenset({NODE}))
            [self.signers[node]] = [
                one for one in self.trusted[node] if one.subject == certificate.issuer
            ]
            self.used[node] = digest_of(certificate)
        elif name == "node_certificate_restore":
            self.used.pop(node, None)
            self.signers.pop(node, None)
        elif name == "node_certificate_keep":
            del self.trusted[node][1:]
        elif name == "node_authority_install":
            self.keys[node] = request.key
            self.trusted[node].insert(0, x509.load_pem_x509_certificate(
                request.certificate.encode()))  # fmt: skip
        elif name == "node_authority_restore":
            self.keys.pop(node, None)
            self.trusted[node] = [self.authority.certificate]
        return Done()

    def test_renewed(self) -> None:
        """Every node uses a new one; the list has the candidates' new digests and no old ones."""
        self.run_op(RENEW)
        self.assertEqual(len(self.used), 3)
        listed = self.context.cluster.cluster.candidate_certs
        self.assertEqual(listed, {uuid: self.used[uuid] for uuid in CERTS})
        self.assertEqual(self.context.pending, [])
        self.assertEqual(self.keys, {})

    def test_new_authority(self) -> None:
        """All trust the new one alone in the end; its key is with the candidates only."""
        self.set_node(3, offline=True)
        self.trusted.pop(node_uuid(3))
        self.run_op(WHOLE)
        [trusted] = {tuple(found) for found in self.trusted.values()}
        self.assertNotIn(self.authority.certificate, trusted)
        self.assertEqual(set(self.used), set(CERTS))
        [key] = set(self.keys.values())
        self.assertEqual(key_from_pem(key.encode(), "").public_key(), trusted[0].public_key())
        [warning] = [line for line in self.context.logged if "WARNING" in line]
        self.assertIn("node3.example.com is offline", warning)

    def test_key_for_candidates(self) -> None:
        """Who is no candidate trusts the new authority and does not get its key."""
        self.run_op(WHOLE)
        self.assertEqual([uuid for uuid, key in self.keys.items() if not key], [node_uuid(3)])

    def test_failures(self) -> None:
        """Whatever fails on whatever node, all go back, and the list is the old one."""
        calls = (*CALLS[:2], *CALLS[4:5])
        for op, names in ((RENEW, calls), (WHOLE, (*calls, "node_authority_install"))):
            for name, number in itertools.product(names, (1, 2, 3)):
                with self.subTest(f"{name} {number}"):
                    self.context = self.make()
                    self.failing = (name, node_uuid(number))
                    work = Deferred.fromCoroutine(run(self.unit(op), op, self.context))
                    self.failureResultOf(work, errors.GanetiError)
                    self.assert_as_before()

    def assert_as_before(self) -> None:
        """Check that nothing of a renewal is left."""
        self.assertEqual((self.used, self.keys), ({}, {}))
        for trusted in self.trusted.values():
            self.assertEqual(trusted, [self.authority.certificate])
        self.assertEqual(self.context.cluster.cluster.candidate_certs, CERTS)

    def test_master_ends(self) -> None:
        """Wherever the master ends, the next one brings all back by what was journalled."""
        calls = (*CALLS[:2], *CALLS[4:6])
        for name, number in itertools.product(calls, (1, 2, 3)):
            with self.subTest(f"{name} {number}"):
                self.context = self.make()
                self.ending = (name, node_uuid(number))
                work = Deferred.fromCoroutine(run(self.unit(WHOLE), WHOLE, self.context))
                self.assertNoResult(work)
                self.ending = None
                self.successResultOf(Deferred.fromCoroutine(self.context.run_undo()))
                self.assert_as_before()

    def test_old_key_left(self) -> None:
        """A node that does not forget its old key is told of; the new ones hold."""
        self.failing = ("node_certificate_keep", node_uuid(2))
        self.run_op(RENEW)
        self.assertIn("server.pem.old", self.context.logged[-1])

    def test_offline(self) -> None:
        """Offline nodes keep what they have."""
        self.set_node(3, offline=True)
        self.run_op(RENEW)
        self.assertEqual(set(self.used), set(CERTS))

    def test_refused(self) -> None:
        """Nothing to do, and an authority that is not here."""
        self.refusal(OpClusterRenewCrypto())
        for self.missing in ("authority.key", "authority.pem"):
            self.assertIn(self.missing, self.refusal(RENEW))

    def test_locks(self) -> None:
        """All nodes are locked."""
        self.assertEqual(self.locks(RENEW)[1], ("node", ("[lockset]",), "exclusive"))
