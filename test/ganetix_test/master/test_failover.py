"""Tests of `ganetix.master.failover`."""

from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.failover import (
    Own,
    Request,
    Standing,
    announce,
    ask,
    check,
    check_again,
    command,
    stop_old_master,
)
from ganetix.model.changes import Change, apply
from ganetix.model.cluster import Cluster
from ganetix.rpc.call import Done
from ganetix.rpc.tables.cluster import NODE_STOP_MASTER
from ganetix.rpc.tables.files import SSCONF_UPDATE
from ganetix.rpc.tables.journal import STORE_POSITION, StorePosition
from ganetix.rpc.tables.sessions import MASTER_INFO, MasterInfo
from ganetix.testing.masters import cluster, node
from ganetix.testing.nodes import FakeNodes

HERE, OLD = "node2.example.com", "node1.example.com"
NOBODY = errors.RemoteError("Nothing listens there.")


def configuration(nodes: int = 3, **fields: Any) -> Cluster:
    """Return a cluster of candidates whose master is node 1, in epoch 1."""
    return cluster(nodes, epoch=1, **fields)


def own(state: Cluster | None = None, serial: int = 7, behind: tuple[str, ...] = ()) -> Own:
    """Return node 2's copy: epoch 1, up to *serial*."""
    return Own(state or configuration(), StorePosition(1, serial), frozenset(behind))


def standing(*votes: MasterInfo | None, positions: tuple[int | None, ...] = ()) -> Standing:
    """Return votes of node 1, node 2, ...; None: silent. Positions likewise, of epoch 1."""
    given = positions or tuple(None if vote is None else 7 for vote in votes)
    return Standing(
        {f"node{n}-uuid": NOBODY if v is None else v for n, v in enumerate(votes, 1)},
        {
            f"node{n}-uuid": NOBODY if at is None else StorePosition(1, at)
            for n, at in enumerate(given, 1)
        },
    )


FOR_OLD = MasterInfo(OLD, 1)
ALL = standing(FOR_OLD, FOR_OLD, FOR_OLD)


class CheckTests(SynchronousTestCase):
    """Who may become the master."""

    def refusal(self, found: Standing, mine: Own | None = None, **asked: Any) -> str:
        """Return the sentence with which node 2 is refused."""
        with self.assertRaises(errors.OpPrereqError) as caught:
            check(mine or own(), HERE, found, Request(**asked))
        return str(caught.exception.message)

    def test_dead_master(self) -> None:
        """Two of three nodes that name the dead master are enough; the dead one is told of."""
        [warning] = check(own(), HERE, standing(None, FOR_OLD, FOR_OLD), Request())
        self.assertIn(OLD, warning)

    def test_living_master(self) -> None:
        """A master that is well hands over without a warning."""
        self.assertEqual(check(own(), HERE, standing(FOR_OLD, FOR_OLD, FOR_OLD), Request()), [])

    def test_too_few(self) -> None:
        """Without most of the nodes the sentence names the way on, and that way works."""
        alone = standing(None, FOR_OLD, None)
        self.assertIn("--no-voting", self.refusal(alone))
        check(own(), HERE, alone, Request(voting=False, insist=True))

    def test_two_nodes(self) -> None:
        """With two nodes a dead master means going on without a vote."""
        mine = own(configuration(2))
        self.assertIn("--no-voting", self.refusal(standing(None, FOR_OLD), mine))

    def test_old_copy(self) -> None:
        """Nodes that name a third node show that this copy is old."""
        third = MasterInfo("node3.example.com", 2)
        told = self.refusal(standing(third, FOR_OLD, third))
        self.assertIn("node3.example.com (2)", told)

    def test_second_attempt(self) -> None:
        """Nodes that obey this node already, from an attempt that got stuck, stand by it."""
        mine = MasterInfo(HERE, 2)
        check(own(), HERE, standing(None, mine, mine), Request())

    def test_already_master(self) -> None:
        """The master itself is refused, unless the nodes have obeyed another since."""
        state = configuration(master_node="node2-uuid")
        vote = MasterInfo(HERE, 1)
        told = self.refusal(standing(vote, vote, vote), own(state))
        self.assertIn("is the master already", told)
        third = MasterInfo("node3.example.com", 2)
        self.assertIn("--no-voting", self.refusal(standing(third, vote, third), own(state)))

    def test_no_candidate(self) -> None:
        """A node that is no candidate is told who is."""
        plain = msgspec.structs.replace(node(2), master_candidate=False)
        state = apply(configuration(), Change(nodes=(plain,)), 0.0)
        told = self.refusal(standing(FOR_OLD, FOR_OLD, FOR_OLD), own(state))
        self.assertIn("not a master candidate", told)
        self.assertIn("node3.example.com", told)

    def test_behind(self) -> None:
        """A candidate that lacks changes is told how many, and who has them; insisting helps."""
        found = standing(None, FOR_OLD, FOR_OLD, positions=(None, 7, 10))
        told = self.refusal(found)
        self.assertIn("lacks 3 changes that node3.example.com has", told)
        self.assertIn("--yes-do-it", told)
        warnings = check(own(), HERE, found, Request(insist=True))
        self.assertTrue(any("3 changes" in warning for warning in warnings))

    def test_behind_by_its_own_journal(self) -> None:
        """A copy whose own journal says that it was behind is not whole."""
        mine = own(behind=("node2-uuid",))
        found = standing(None, FOR_OLD, FOR_OLD)
        self.assertIn("was behind", self.refusal(found, mine))

    def test_silent_candidate(self) -> None:
        """A candidate that says nothing may have more than this one; one behind may not."""
        found = standing(FOR_OLD, FOR_OLD, None)
        self.assertIn("node3.example.com", self.refusal(found))
        check(own(behind=("node3-uuid",)), HERE, found, Request())

    def test_offline_nodes(self) -> None:
        """Nodes that are marked offline have no vote, unless that is asked for."""
        gone = msgspec.structs.replace(node(1), offline=True, master_candidate=True)
        mine = own(apply(configuration(2), Change(nodes=(gone,)), 0.0))
        check(mine, HERE, standing(None, FOR_OLD), Request())
        self.assertIn("1 of 2", self.refusal(standing(None, FOR_OLD), mine, ignore_offline=False))


class NodesTests(SynchronousTestCase):
    """What is asked of the nodes."""

    def setUp(self) -> None:
        """Make three nodes that name node 1; each call of each is kept."""

        async def vote(uuid: str, request: Any) -> MasterInfo:
            return FOR_OLD

        async def position(uuid: str, request: Any) -> StorePosition:
            return StorePosition(1, 7)

        async def stop(uuid: str, request: Any) -> Done:
            return Done()

        self.nodes = FakeNodes(
            {
                MASTER_INFO.name: vote,
                STORE_POSITION.name: position,
                NODE_STOP_MASTER.name: stop,
            }
        )
        self.told: list[str] = []

    def awaited(self, work: Any) -> Any:
        """Return what the coroutine *work* returns."""
        return self.successResultOf(Deferred.fromCoroutine(work))

    def test_ask(self) -> None:
        """All nodes vote; candidates that answer say what they have."""
        self.nodes.down = {"node1-uuid"}
        found = self.awaited(ask(self.nodes, configuration(), Request()))
        self.assertEqual(set(found.answered()), {"node2-uuid", "node3-uuid"})
        self.assertEqual(set(found.positions), {"node2-uuid", "node3-uuid"})
        self.assertEqual(found.epoch(), 1)

    def stopped(self) -> list[str]:
        """Let the old master be stopped; return the nodes that were told to."""
        self.awaited(stop_old_master(self.nodes, own(), self.told.append))
        return [made.node for made in self.nodes.made if made.call == NODE_STOP_MASTER.name]

    def test_old_master_stops(self) -> None:
        """An old master whose node answers ends in good order."""
        self.assertEqual(self.stopped(), ["node1-uuid"])

    def test_old_master_refuses(self) -> None:
        """One that can't be stopped is told of; the epoch keeps it from commanding."""
        del self.nodes.handlers[NODE_STOP_MASTER.name]
        self.stopped()
        self.assertIn("were not stopped", self.told[-1])

    def obey(self, found: Standing, request: Request) -> dict[str, str]:
        """Return why nodes do not obey node 2."""
        return dict(self.awaited(command(self.nodes, own(), HERE, found, request)))

    def refuses(self, found: Standing, request: Request) -> str:
        """Return the sentence with which the command breaks off."""
        work = Deferred.fromCoroutine(command(self.nodes, own(), HERE, found, request))
        return str(self.failureResultOf(work, errors.OpExecError).value.message)

    def test_command(self) -> None:
        """The own node obeys first; those that do not obey are named."""
        self.nodes.down = {"node1-uuid"}
        refusing = self.obey(ALL, Request())
        self.assertEqual(self.nodes.made[0].node, "node2-uuid")
        self.assertEqual(list(refusing), [OLD])

    def test_command_without_the_silent(self) -> None:
        """A node that has no vote because it is silent is not waited for again."""
        self.assertEqual(list(self.obey(standing(None, FOR_OLD, FOR_OLD), Request())), [OLD])
        self.assertEqual([made.node for made in self.nodes.made], ["node2-uuid", "node3-uuid"])

    def test_command_fails(self) -> None:
        """Too few that obey are an error in words; without a vote the own node is enough."""
        self.nodes.down = {"node1-uuid", "node3-uuid"}
        self.assertIn("Only 1 of 3", self.refuses(ALL, Request()))
        unasked = Request(voting=False)
        self.assertEqual(len(self.obey(ALL, unasked)), 2)
        self.nodes.down = {"node2-uuid"}
        self.refuses(ALL, unasked)

    def looked_again(self, *serials: int) -> Any:
        """Return the last look at the candidates, which have these serials."""

        async def position(uuid: str, request: Any) -> StorePosition:
            return StorePosition(1, serials[int(uuid[4]) - 1])

        self.nodes.handlers[STORE_POSITION.name] = position
        return check_again(self.nodes, own(), HERE, Request(), [OLD])

    def test_written_meanwhile(self) -> None:
        """What a master that still lived wrote to another candidate is not given up for lost."""
        self.awaited(self.looked_again(7, 7, 7))
        work = Deferred.fromCoroutine(self.looked_again(7, 7, 9))
        told = self.failureResultOf(work, errors.OpExecError).value.message
        self.assertIn("lacks 2 changes that node3.example.com has", told)
        self.assertIn("run the command again", told)

    def test_announce(self) -> None:
        """Every node that obeys gets the new master's name; who does not take it is named."""
        taken: dict[str, str] = {}

        async def take(uuid: str, request: Any) -> Done:
            if uuid == "node3-uuid":
                raise errors.StorageError("No space is left.")
            taken[uuid] = request.values["master_node"]
            return Done()

        self.nodes.handlers[SSCONF_UPDATE.name] = take
        after = configuration(master_node="node2-uuid")
        missed = self.awaited(announce(self.nodes, after, [OLD]))
        self.assertEqual(taken, {"node2-uuid": HERE})
        self.assertEqual(missed, {"node3.example.com": "No space is left."})
