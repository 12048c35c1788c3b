"""Candidates' ssh keys open all nodes, and no other node's any: as nodes come, change, and go."""

from collections.abc import Iterable
from typing import Any

import attrs

from ganetix import errors
from ganetix.master.logic.outside import Outside
from ganetix.node.ssh_keys import changed
from ganetix.opcodes.node import OpNodeAdd, OpNodeRemove, OpNodeSetParams
from ganetix.paths import Paths
from ganetix.rpc.call import Done
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix.testing.nodes import FakeHandler
from ganetix_test.master.logic.cases import OUTSIDE, UnitTestCase

UUIDS = tuple(node_uuid(number) for number in (1, 2, 3, 4))
KEYS = {uuid: f"ssh-rsa key{number} root@node{number}" for number, uuid in enumerate(UUIDS, 1)}
MINE = "ssh-rsa mine me@home"
ADD = OpNodeAdd(
    node_name="node4.example.com", node_uuid=UUIDS[3], certificate_digest="digest",
    ssh_public_key=KEYS[UUIDS[3]],
)  # fmt: skip


def rows(*numbers: int) -> str:
    """Return the list of the keys of these nodes."""
    return "".join(f"{node_uuid(number)} {KEYS[node_uuid(number)]}\n" for number in numbers)


class AccessTests(UnitTestCase):
    """Three candidates that let each other in, and the administrator; node4 is to come."""

    def outside(self) -> Outside:
        """Have the list of keys on the master."""

        async def read_file(path: str) -> bytes | None:
            return self.lists[UUIDS[0]].encode() if path.endswith("ganeti_pub_keys") else None

        async def answers(address: str) -> bool:
            return True

        return attrs.evolve(OUTSIDE, answers=answers, read_file=read_file)

    def setUp(self) -> None:
        """Make the cluster."""
        super().setUp()
        self.failing: set[str] = set()
        self.lists = dict.fromkeys(UUIDS[:3], rows(1, 2, 3))
        inside = "".join(f"{key}\n" for key in (*map(KEYS.__getitem__, UUIDS[:3]), MINE))
        self.doors = dict.fromkeys(UUIDS, inside)
        self.with_pool(10)

    def with_pool(self, size: int) -> None:
        """Begin with a pool of *size* candidates."""
        handlers: dict[str, FakeHandler] = {
            "node_ssh_let_in": self.let_in,
            "upload_file": self.upload,
        }
        self.context = LogicContext(three_nodes(candidate_pool_size=size), handlers=handlers)

    async def let_in(self, node: str, request: Any) -> Done:
        """Change whom *node* lets in."""
        if node in self.failing:
            raise errors.RemoteError("It burns.")
        self.doors[node] = changed(self.doors[node], request)
        return Done()

    async def upload(self, node: str, request: Any) -> Done:
        """Keep the list of keys."""
        if request.path.endswith("ganeti_pub_keys"):
            self.lists[node] = request.data.decode()
        return Done()

    def open_to(self, node: int) -> set[str]:
        """Return the keys that open *node*."""
        return set(self.doors[node_uuid(node)].splitlines())

    def assert_open(self, nodes: Iterable[int], candidates: Iterable[int]) -> None:
        """Check that exactly *candidates* and the administrator may come in on *nodes*."""
        wanted = {MINE, *(KEYS[node_uuid(number)] for number in candidates)}
        for node in nodes:
            self.assertEqual(self.open_to(node), wanted, f"node{node}")

    def test_candidate(self) -> None:
        """A new candidate is let in everywhere and lets in all, and every candidate has its key."""
        self.doors[UUIDS[3]] = f"{MINE}\n"
        self.run_op(ADD)
        self.assert_open((1, 2, 3, 4), (1, 2, 3, 4))
        self.assertEqual(self.lists, dict.fromkeys(UUIDS, rows(1, 2, 3, 4)))

    def test_no_candidate(self) -> None:
        """Another new node is let in nowhere; candidates know its key, as it may become one."""
        self.with_pool(3)
        self.run_op(ADD)
        self.assert_open((1, 2, 3, 4), (1, 2, 3))
        self.assertEqual(self.lists, dict.fromkeys(UUIDS[:3], rows(1, 2, 3, 4)))
        self.run_op(OpNodeSetParams(node_name="node2", offline=True, auto_promote=True))
        self.assert_open((1, 3, 4), (1, 3, 4))
        self.assertEqual(self.lists[UUIDS[3]], rows(1, 2, 3, 4))

    def test_again(self) -> None:
        """The key that a node had before it was set up again opens nothing any more."""
        again = OpNodeAdd(
            node_name="node3.example.com", node_uuid=UUIDS[2], certificate_digest="digest",
            readd=True, ssh_public_key="ssh-rsa new root@node3",
        )  # fmt: skip
        self.run_op(again)
        wanted = {MINE, KEYS[UUIDS[0]], KEYS[UUIDS[1]], "ssh-rsa new root@node3"}
        self.assertEqual([self.open_to(number) for number in (1, 2, 3)], [wanted] * 3)
        fresh = rows(1, 2) + f"{UUIDS[2]} ssh-rsa new root@node3\n"
        self.assertEqual(set(self.lists.values()), {fresh})

    def test_demoted(self) -> None:
        """Who is a candidate no more is let in nowhere, until it is one again."""
        self.run_op(OpNodeSetParams(node_name="node3", master_candidate=False, auto_promote=False,
                                    force=True))  # fmt: skip
        self.assert_open((1, 2, 3), (1, 2))
        self.run_op(OpNodeSetParams(node_name="node3", master_candidate=True))
        self.assert_open((1, 2, 3), (1, 2, 3))

    def test_removed(self) -> None:
        """The node that leaves and the others let each other in no more; its key is forgotten."""
        self.run_op(OpNodeRemove(node_name="node3"))
        self.assert_open((1, 2), (1, 2))
        self.assert_open((3,), ())
        self.assertEqual([self.lists[uuid] for uuid in UUIDS[:2]], [rows(1, 2)] * 2)

    def test_silent(self) -> None:
        """A node that does not follow is named, and the others follow."""
        self.failing = {UUIDS[1]}
        self.run_op(OpNodeRemove(node_name="node3"))
        self.assert_open((1,), (1, 2))
        [told] = [line for line in self.context.logged if "WARNING" in line]
        self.assertIn("Node node2.example.com lets in", told)

    def test_left_alone(self) -> None:
        """Where the cluster leaves ssh alone, nobody's doors are touched."""
        before = (dict(self.doors), dict(self.lists))
        self.context.state = three_nodes(modify_ssh_setup=False)
        self.run_op(ADD)
        self.context.paths = Paths("/x/node1.example.com", "node1.example.com")
        self.run_op(OpNodeRemove(node_name="node3"))
        self.assertEqual((self.doors, self.lists), before)
