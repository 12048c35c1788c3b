"""New ssh keys are let in before they are used, and known where the next node asks; or nothing."""

import itertools
from typing import Any

import attrs
from twisted.internet.defer import Deferred

from ganetix import errors
from ganetix.master.logic.outside import Outside
from ganetix.node.ssh_keys import changed
from ganetix.opcodes.cluster import OpClusterRenewCrypto
from ganetix.paths import Paths
from ganetix.rpc.call import Done
from ganetix.rpc.tables.ssh import SshPublicKeys
from ganetix.testing.logic import LogicContext, node_uuid, run, three_nodes
from ganetix_test.master.logic.cases import OUTSIDE, UnitTestCase, changed_node

RENEW = OpClusterRenewCrypto(renew_ssh_keys=True)
UUIDS = tuple(node_uuid(number) for number in (1, 2, 3))
OLD = {uuid: f"ssh-rsa old{number} root@node{number}" for number, uuid in enumerate(UUIDS, 1)}
KNOWN = "".join(f"{uuid} {key}\n" for uuid, key in OLD.items()) + "gone ssh-rsa gone\n"
CALLS = ("node_ssh_key_make", "node_ssh_let_in", "node_ssh_key_install", "upload_file",
         "node_ssh_key_restore", "node_ssh_key_keep")  # fmt: skip


class SshRenewalTests(UnitTestCase):
    """Three nodes; node 3 is no candidate, and node 1 alone lets it in."""

    def outside(self) -> Outside:
        """Have the list of keys on the master."""

        async def read_file(path: str) -> bytes | None:
            return KNOWN.encode() if path.endswith("ganeti_pub_keys") else None

        return attrs.evolve(OUTSIDE, read_file=read_file)

    def setUp(self) -> None:
        """Make the cluster."""
        super().setUp()
        self.context = self.make()

    def make(self) -> LogicContext:
        """Return a context in which nodes have their old keys."""
        candidates = f"{OLD[UUIDS[0]]}\n{OLD[UUIDS[1]]}\nssh-rsa mine me@home\n"
        self.authorised = dict.fromkeys(UUIDS, candidates)
        self.authorised[UUIDS[0]] += f"{OLD[UUIDS[2]]}\n"
        self.before = dict(self.authorised)
        self.used, self.lists = dict(OLD), dict.fromkeys(UUIDS[:2], KNOWN)
        self.failing: tuple[str, str] | None = None
        self.ending: tuple[str, str] | None = None
        state = changed_node(three_nodes(), 3, master_candidate=False)
        return LogicContext(state, handlers={name: self.handler(name) for name in CALLS})

    def handler(self, name: str) -> Any:
        """Return what nodes do for the call *name*."""

        async def handler(node: str, request: Any) -> Any:
            if self.failing == (name, node):
                self.failing = None
                raise errors.RemoteError("It burns.")
            if self.ending == (name, node):
                await Deferred()
            if name == "node_ssh_key_make":
                return SshPublicKeys(f"ssh-{request.kind} {request.bits}of{node}", self.used[node])
            self.act(name, node, request)
            # Whatever happens, the master may log in everywhere.
            for text in self.authorised.values():
                assert self.used[UUIDS[0]].split()[1] in text, (name, node)
            return Done()

        return handler

    def act(self, name: str, node: str, request: Any) -> None:
        """Do what a node does."""
        if name == "node_ssh_let_in":
            self.authorised[node] = changed(self.authorised[node], request)
        elif name == "node_ssh_key_install":
            self.used[node] = f"ssh-{request.kind} {request.bits}of{node}"
        elif name == "node_ssh_key_restore":
            self.used[node] = OLD[node]
        elif name == "upload_file":
            self.lists[node] = request.data.decode()

    def test_renewed(self) -> None:
        """Who was let in still is, with the new key alone; what is another's stays."""
        self.run_op(RENEW)
        one, two, three = (f"ssh-rsa 2048of{uuid}" for uuid in UUIDS)
        self.assertEqual(list(self.used.values()), [one, two, three])
        others = ["ssh-rsa mine me@home", one, two]
        self.assertEqual(
            [sorted(text.splitlines()) for text in self.authorised.values()],
            [sorted([*others, three]), sorted(others), sorted(others)],
        )
        rows = ["gone ssh-rsa gone", *(f"{uuid} {key}" for uuid, key in self.used.items())]
        self.assertEqual(self.lists, {uuid: "\n".join(rows) + "\n" for uuid in UUIDS[:2]})
        self.assertEqual(self.context.pending, [])

    def test_kind(self) -> None:
        """Another kind has its own size, and is the cluster's from then on."""
        self.run_op(OpClusterRenewCrypto(renew_ssh_keys=True, ssh_key_type="ecdsa"))
        settings = self.context.cluster.cluster
        self.assertEqual((settings.ssh_key_type, settings.ssh_key_bits), ("ecdsa", 384))
        self.run_op(OpClusterRenewCrypto(renew_ssh_keys=True, ssh_key_bits=521))
        self.assertEqual(self.used[UUIDS[0]].split()[1], f"521of{UUIDS[0]}")

    def test_failures(self) -> None:
        """Whatever fails on whatever node, keys, doors and lists are the old ones."""
        for name, number in itertools.product(CALLS[:4], (0, 1, 2)):
            if (name, number) == ("upload_file", 2):
                continue  # it is no candidate
            with self.subTest(f"{name} {number}"):
                self.context = self.make()
                self.failing = (name, UUIDS[number])
                work = Deferred.fromCoroutine(run(self.unit(RENEW), RENEW, self.context))
                self.failureResultOf(work, errors.GanetiError)
                self.assert_as_before()

    def assert_as_before(self) -> None:
        """Check that nothing of a renewal is left."""
        self.assertEqual((self.used, self.authorised), (OLD, self.before))
        self.assertEqual(self.lists, dict.fromkeys(UUIDS[:2], KNOWN))
        self.assertEqual(self.context.cluster.cluster.ssh_key_type, "rsa")

    def test_master_ends(self) -> None:
        """Wherever the master ends, the next one brings all back by what was journalled."""
        for name, number in itertools.product(CALLS[:4], (0, 1)):
            with self.subTest(f"{name} {number}"):
                self.context = self.make()
                self.ending = (name, UUIDS[number])
                work = Deferred.fromCoroutine(run(self.unit(RENEW), RENEW, self.context))
                self.assertNoResult(work)
                self.ending = None
                self.successResultOf(Deferred.fromCoroutine(self.context.run_undo()))
                self.assert_as_before()

    def test_left_over(self) -> None:
        """A node that keeps the old key is told of; the new ones hold."""
        self.failing = ("node_ssh_key_keep", UUIDS[1])
        self.run_op(RENEW)
        [warning] = [line for line in self.context.logged if "WARNING" in line]
        self.assertIn("node2.example.com still has its old ssh key", warning)

    def test_refused(self) -> None:
        """A size that no such key has, and clusters that leave ssh alone."""
        bad = OpClusterRenewCrypto(renew_ssh_keys=True, ssh_key_type="ecdsa", ssh_key_bits=2048)
        self.assertIn("256, 384 or 521", self.refusal(bad))
        self.context.paths = Paths("/x/node1", "node1")
        self.assertIn("is virtual", self.refusal(RENEW))
        self.context = LogicContext(three_nodes(modify_ssh_setup=False))
        self.assertIn("--no-ssh-init", self.refusal(RENEW))
