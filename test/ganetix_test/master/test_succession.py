"""Tests of `ganetix.master.succession`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import msgspec

from ganetix import errors
from ganetix.master.failover import Own, Request
from ganetix.master.succession import Succession, own_copy
from ganetix.model.cluster import Cluster
from ganetix.paths import Paths
from ganetix.rpc.call import Done, INodes
from ganetix.rpc.interfaces import Claim
from ganetix.rpc.tables.cluster import NODE_STOP_MASTER
from ganetix.rpc.tables.files import SSCONF_UPDATE
from ganetix.rpc.tables.journal import STORE_POSITION, StorePosition
from ganetix.rpc.tables.sessions import MASTER_INFO, MasterInfo
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.files import FakeFileSystem
from ganetix.testing.masters import cluster
from ganetix.testing.nodes import FakeNodes

HERE, OLD = "node2.example.com", "node1.example.com"


@attrs.define(eq=False)
class Candidate:
    """Node 2 of three candidates; what happens is in `course`. *serial*: where its journal ends."""

    fake: FakeNodes
    serial: int = 7
    course: list[str] = attrs.field(factory=list)

    @property
    def name(self) -> str:
        """See `Successor`."""
        return HERE

    @asynccontextmanager
    async def nodes(self, cluster: Cluster, claim: Claim | None) -> AsyncIterator[INodes]:
        """See `Successor`."""
        self.course.append("asks" if claim is None else f"claims {claim.epoch}")
        yield self.fake

    async def own(self) -> Own:
        """See `Successor`."""
        return Own(cluster(3, epoch=1), StorePosition(1, self.serial), frozenset())

    async def release_ip(self, nodes: INodes, cluster: Cluster) -> None:
        """See `Successor`."""
        self.course.append("releases the address")

    async def take_over(self, epoch: int) -> Cluster:
        """See `Successor`."""
        self.course.append("takes over")
        return cluster(3, epoch=epoch, master_node="node2-uuid")

    def say(self, text: str) -> None:
        """See `Successor`."""
        self.course.append(f"says: {text}")

    def warn(self, text: str) -> None:
        """See `Successor`."""
        self.course.append(f"warns: {text}")


class SuccessionTests(AwaitingTestCase):
    """Node 2 becomes master of a cluster whose three nodes name node 1."""

    def setUp(self) -> None:
        """Let all nodes be well."""
        self.candidate = Candidate(FakeNodes(dict.fromkeys(
            (MASTER_INFO.name, STORE_POSITION.name, NODE_STOP_MASTER.name, SSCONF_UPDATE.name),
            self.answer,
        )))  # fmt: skip
        self.named: dict[str, str] = {}
        self.master_writes = 0
        """How many records the old master writes each time somebody looks."""

    async def answer(self, uuid: str, request: Any) -> Any:
        """Answer any call."""
        call = self.candidate.fake.made[-1].call
        if call == MASTER_INFO.name:
            return MasterInfo(OLD, 1)
        if call == STORE_POSITION.name:
            self.candidate.serial += self.master_writes
            return StorePosition(1, self.candidate.serial)
        if call == SSCONF_UPDATE.name:
            self.named[uuid] = request.values["master_node"]
        else:
            self.candidate.course.append("stops the old master")
            self.master_writes = 0
        return Done()

    def work(self, **asked: Any) -> Any:
        """Return the command at work."""
        return Succession(self.candidate, Request(**asked)).run()

    def test_order(self) -> None:
        """Look, stop, look again, obey, address, take over: and in the end every node knows."""
        after = self.awaited(self.work())
        self.assertEqual(
            [step for step in self.candidate.course if not step.startswith("says")],
            ["asks", "asks", "stops the old master", "asks", "claims 2", "releases the address",
             "takes over"],
        )  # fmt: skip
        self.assertEqual(after.cluster.epoch, 2)
        self.assertEqual(self.named, dict.fromkeys(after.nodes, HERE))

    def test_busy_master(self) -> None:
        """What the old master writes while the others answer has come here: it is no lack."""
        self.master_writes = 3
        self.awaited(self.work())

    def test_dead_master(self) -> None:
        """With a dead old master there is nothing to stop, so nothing to look at again."""
        self.candidate.fake.down = {"node1-uuid"}
        self.awaited(self.work())
        course = self.candidate.course
        self.assertEqual(course.count("asks"), 1)
        self.assertTrue(any("so its daemons are not stopped" in step for step in course))
        self.assertTrue(any(f"Node {OLD} does not obey" in step for step in course))
        self.assertEqual(self.named, {"node2-uuid": HERE, "node3-uuid": HERE})

    def test_refused(self) -> None:
        """A candidate that lacks changes stops nothing; found out later, it says what it did."""
        lacks = Candidate(self.candidate.fake, serial=5)
        error = self.refusal(Succession(lacks, Request()).run(), errors.OpPrereqError)
        self.assertIn("lacks 2 changes", error.message)
        self.assertEqual(lacks.course, ["asks"])

        async def stopped(uuid: str, request: msgspec.Struct) -> Done:
            lacks.serial = 5
            return Done()

        lacks.serial = 7
        self.candidate.fake.handlers[NODE_STOP_MASTER.name] = stopped
        late = self.refusal(Succession(lacks, Request()).run(), errors.OpExecError)
        self.assertIn(f"daemons on {OLD} were stopped", late.message)

    def test_unaware_node(self) -> None:
        """A node that does not take the master's name is told of."""

        async def full(uuid: str, request: msgspec.Struct) -> Done:
            raise errors.StorageError("No space is left.")

        self.candidate.fake.handlers[SSCONF_UPDATE.name] = full
        self.awaited(self.work())
        told = [step for step in self.candidate.course if "No space is left" in step]
        self.assertEqual(len(told), 3)
        self.assertIn(f"does not know yet that {HERE} is the master", told[0])

    def test_no_copy(self) -> None:
        """A node without a journal is told to type the command elsewhere."""
        with self.assertRaises(errors.OpPrereqError) as caught:
            own_copy(FakeFileSystem(lambda: 0.5), Paths("", HERE))
        self.assertIn("on another candidate", caught.exception.message)
