"""Instance allocators that are programs: found, run, and their answers used."""

import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable
from typing import Any

import attrs
import msgspec
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SkipTest, TestCase

import ganetix
from ganetix import errors
from ganetix.htools.reasons import answer_with_reasons
from ganetix.master.allocation.programs import SearchedPrograms, find_program
from ganetix.master.allocation.request import gather, request_of
from ganetix.master.allocator import Allocator
from ganetix.master.logic import instance_allocation
from ganetix.master.logic.instance_draft import draft_of
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.table import units
from ganetix.master.logic.unit import ALL, Want
from ganetix.model.changes import Change, apply
from ganetix.model.objects import Instance, NodeGroup
from ganetix.paths import Paths
from ganetix.process.runner import ProcessRunner
from ganetix.testing.dice import seeded
from ganetix.testing.logic import LogicContext, node_uuid, run, three_nodes
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem
from ganetix_test.master.logic.cases import OUTSIDE, creation

REFERENCE = "/usr/lib/ganeti/iallocators/hail"
"""Where Debian has the reference's allocator."""
PLANNER = """\
import sys
sys.path.insert(0, {path!r})
from ganetix.daemons.planner import main
sys.exit(main())
"""
"""Starts the planner's process where the package is not installed."""
_PACKAGE = os.path.dirname(os.path.abspath(ganetix.__file__))


class ProgramTests(TestCase):
    """Programs in a node's own directory."""

    def setUp(self) -> None:
        """Make the directory, and what runs programs in it."""
        top = os.path.realpath(tempfile.mkdtemp(prefix="alloc"))
        self.addCleanup(shutil.rmtree, top)
        self.paths = Paths(f"{top}/node1", "node1", f"{top}/share")
        self.directory = self.paths.iallocator_search_path[0]
        os.makedirs(self.directory)
        os.makedirs(self.paths.run_dir)
        loop: Any = reactor
        runner = ProcessRunner(loop, Clock(loop, loop.seconds))
        built_in = (sys.executable, "-c", PLANNER.format(path=os.path.dirname(_PACKAGE)))
        self.programs = SearchedPrograms(
            self.paths, FileSystem(), InlineWorker(), runner, seeded(1), built_in
        )
        self.outside = attrs.evolve(OUTSIDE, programs=self.programs)
        self.context = LogicContext(three_nodes())

    def program(self, name: str, text: str) -> None:
        """Put a shell script on the search path."""
        path = f"{self.directory}/{name}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{text}\n")
        os.chmod(path, 0o755)

    def create(self, allocator: str) -> Deferred[Any]:
        """Create an instance whose node *allocator* chooses."""
        op = creation(pnode=None, iallocator=allocator)
        return Deferred.fromCoroutine(run(units(self.outside)[type(op)], op, self.context))

    async def refusal(self, wait: Awaitable[Any]) -> str:
        """Return the sentence with which *wait* fails."""
        try:
            await wait
        except errors.OpPrereqError as error:
            return str(error.message)
        self.fail("It was not refused.")

    async def test_chosen(self) -> None:
        """The program gets a file with the request, and options; its node is taken."""
        self.program(
            "dice",
            'grep -q \'"type":"allocate"\' "$1" || exit 3\n[ "$2" = --deep=2 ] || exit 4\n'
            'echo \'{"success":true,"info":"","result":["node3.example.com"]}\'',
        )
        options = {"deep": 2}
        self.context = LogicContext(three_nodes(default_iallocator_params=options))
        self.assertEqual(await self.create("dice"), ["node3.example.com"])
        self.assertEqual(os.listdir(self.paths.run_dir), [])

    async def test_failed(self) -> None:
        """A program that fails, or prints no answer, is named with what it said."""
        self.program("broken", "echo out of dice >&2; exit 1")
        self.assertIn("out of dice", await self.refusal(self.create("broken")))
        self.program("mute", "true")
        self.assertIn("JSON", await self.refusal(self.create("mute")))
        self.assertEqual(os.listdir(self.paths.run_dir), [])

    async def test_unknown(self) -> None:
        """A name without a program, and one that is a path, are refused."""
        for name in ("nosuch", "../dice", "/bin/true"):
            self.assertIn("not available", await self.refusal(self.create(name)))
        with self.assertRaises(errors.OpPrereqError):
            await Allocator(self.outside).require_known("nosuch")
        await Allocator(self.outside).require_known("hail")

    def test_not_executable(self) -> None:
        """A file that may not be executed is no allocator."""
        self.program("dice", "true")
        os.chmod(f"{self.directory}/dice", 0o644)
        self.assertIsNone(find_program(self.paths, FileSystem(), "dice"))

    async def test_built_in(self) -> None:
        """The built-in allocator in a process answers as the function does, with its reasons."""
        cluster = three_nodes()
        names = [f"vm{number}.example.com" for number in range(3)]
        for name in names:
            op = creation(name, disk_template="sharedfile")
            await run(units(self.outside)[type(op)], op, self.context)
        live = await gather(self.context, "sharedfile")
        cluster = self.context.cluster
        asked = {"type": "node-evacuate", "instances": names, "evac_mode": "primary-only"}
        request = request_of(cluster, live, asked)
        raw = await self.programs.run("hail", msgspec.json.encode(request), ["--ignore-dynu"])
        theirs = msgspec.json.decode(raw)
        ours = answer_with_reasons(request, {"ignore-dynu": None})
        self.assertEqual(theirs, msgspec.json.decode(msgspec.json.encode(ours)))
        self.assertTrue(theirs["reasons"])
        with self.assertRaises(errors.CommandError):
            await self.programs.run("hail", b"{}", [])

    async def test_long_work(self) -> None:
        """An evacuation of many instances is planned by a process, not by the master."""

        def never(request: Any, options: Any) -> Any:
            self.fail("The master planned itself.")

        names = [f"vm{number:04d}.example.com" for number in range(1200)]
        instances = [Instance(f"{name}-uuid", name, node_uuid(1), "tiny", "fake") for name in names]
        state = apply(self.context.cluster, Change(instances=tuple(instances)), 0.0)
        self.context.state = state
        allocator = Allocator(attrs.evolve(self.outside, hail=never))
        rows = [state.instance_named(name) for name in names]
        found = await allocator.evacuate(self.context, "hail", rows, "primary-only")
        self.assertEqual(len(found.moved) + len(found.failed), 1200)

    async def test_reference(self) -> None:
        """The reference's own hail understands requests of all modes, and answers as ours does."""
        if not os.access(REFERENCE, os.X_OK):
            raise SkipTest(f"{REFERENCE} is not here: install Debian's ganeti-htools.")
        self.program("reference", f'exec {REFERENCE} "$@"')
        outside = attrs.evolve(self.outside, hail=answer_with_reasons)
        asked = Allocator(outside)
        await self.inhabited(outside)
        cluster = self.context.cluster
        first, second = (cluster.instance_named(f"vm{number}") for number in (1, 2))
        every = list(cluster.nodes)
        self.context.wants = [Want("node", (ALL,))]
        body, more = (self.body(f"new{number}.example.com") for number in (1, 2))
        for work in (
            lambda name: asked.allocate(self.context, name, body, every),
            lambda name: asked.allocate_many(self.context, name, [body, more], every),
            lambda name: asked.relocate(self.context, first, name),
            lambda name: asked.evacuate(self.context, name, [first, second], "primary-only"),
            lambda name: asked.change_group(self.context, name, [first, second], []),
        ):
            self.assertEqual(await work("reference"), await work("hail"))
        moved = await asked.change_group(self.context, "reference", [first, second], [])
        self.assertEqual([one.group for one in moved.moved], ["rack2", "rack2"])

    async def inhabited(self, outside: Outside) -> None:
        """Make two groups of two nodes, and two instances on shared disks in the first."""
        nodes = self.context.cluster.nodes
        fourth = msgspec.structs.replace(
            nodes[node_uuid(3)], uuid=node_uuid(4), name="node4.example.com", group="rack2-uuid"
        )
        third = msgspec.structs.replace(nodes[node_uuid(3)], group="rack2-uuid")
        change = Change(nodegroups=(NodeGroup("rack2-uuid", "rack2"),), nodes=(third, fourth))
        self.context.state = apply(self.context.cluster, change, 0.0)
        for number in (1, 2):
            op = creation(f"vm{number}.example.com", disk_template="sharedfile")
            await run(units(outside)[type(op)], op, self.context)

    def body(self, name: str) -> dict[str, Any]:
        """Return what is asked for a new instance."""
        op = creation(name, pnode=None)
        cluster = self.context.cluster
        return instance_allocation.body(cluster, op, draft_of(cluster, op, name))
