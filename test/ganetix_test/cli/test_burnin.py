"""Promises of burnin: valid opcodes in a sensible order, and nothing left behind but on demand."""

from argparse import Namespace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.cli.burnin.options import COMMAND
from ganetix.cli.burnin.plan import placed, steps
from ganetix.cli.main import tool
from ganetix.cli.parser import parse
from ganetix.opcodes.codec import decode_submitted
from ganetix_test import spec
from ganetix_test.cli.scripted import CommandCase, Ran, followed, job_done, job_failed

NODES = [["node1", False, False, True], ["node2", False, False, True]]
SYSTEMS = [["dummy", [], True]]


def options(*words: str) -> Namespace:
    """Return the options of a command line."""
    return parse("burnin", COMMAND, ["-o", "dummy", *words, "web"])[0]


class TableTests(SynchronousTestCase):
    """The command line is that of the interface tables."""

    def test_options(self) -> None:
        """The same flags, destinations and defaults."""
        ours = {max(o.flags, key=len): o for o in COMMAND.options}
        rows = spec.load("cli")["other_programs"]["burnin"]["options"]
        theirs = {row["long"]: row for row in rows if row["long"] not in {"--debug", "--reason"}}
        self.assertEqual(sorted(ours), sorted(theirs))
        for flag, row in theirs.items():
            self.assertEqual(ours[flag].dest, row["dest"], flag)
            if row["short"]:
                self.assertIn(row["short"], ours[flag].flags)


class PlanTests(SynchronousTestCase):
    """The steps as data."""

    def planned(self, *words: str, nodes: int = 3) -> dict[str, list[dict[str, Any]]]:
        """Return the opcodes of one instance by step, each checked as the master does."""
        given = options(*words)
        [one] = placed(["web"], [f"node{n + 1}" for n in range(nodes)], given.iallocator)
        found = {step.title: step.ops(given, one) for step in steps(given, nodes)}
        for ops in found.values():
            for op in ops:
                decode_submitted({**op, "reason": []})
        return found

    def test_every_template(self) -> None:
        """Whatever the template and the placement, every opcode is a valid one."""
        for template in ("drbd", "plain", "file", "sharedfile", "diskless", "rbd"):
            for more in ((), ("-I", "hail"), ("--rename", "other")):
                self.planned("-t", template, *more)

    def test_mirrored(self) -> None:
        """Only mirrored disks are replaced; the new secondary is a third node."""
        found = self.planned("-t", "drbd")
        [op] = found["Replacing the secondary node"]
        self.assertEqual(op["remote_node"], "node3")
        self.assertNotIn("Replacing the secondary node", self.planned("-t", "drbd", nodes=2))
        self.assertNotIn("Replacing disks on the same nodes", self.planned("-t", "plain"))

    def test_there_and_back(self) -> None:
        """An instance whose disks are copied goes to another node and comes back."""
        moves = self.planned("-t", "plain")["Moving to another node"]
        self.assertEqual([op["target_node"] for op in moves], ["node2", "node1"])

    def test_exported_while_it_is_down(self) -> None:
        """Disks without snapshots are exported while their instance is stopped."""
        for template, sleeps in (("plain", False), ("drbd", False), ("file", True)):
            out = self.planned("-t", template)["Exporting and importing"][0]
            self.assertEqual(out.get("long_sleep", False), sleeps, template)

    def test_left_out(self) -> None:
        """Each --no-... leaves its step out."""
        every = [o.flags[0] for o in COMMAND.options if o.dest.startswith("do_")]  # --no-confd too
        self.assertEqual(
            list(self.planned("-t", "drbd", "--disk-growth", "0", *every)), ["Creating instances"]
        )

    def test_turns(self) -> None:
        """Nodes are taken in turn, each instance on other ones than the one before."""
        rows = placed(["a", "b", "c", "d"], ["n1", "n2", "n3"], None)
        self.assertEqual([row[1:] for row in rows[:2]], [("n1", "n2", "n3"), ("n2", "n3", "n1")])
        self.assertEqual(rows[3][1:], rows[0][1:])


class RunTests(CommandCase):
    """Runs against canned answers."""

    SHORT = (
        "-o dummy -t diskless --no-failover --no-migrate --no-reinstall --no-reboot "
        "--no-renamesame --no-add-nics --no-activate-disks"
    )

    def burn(self, line: str, *answers: Any) -> Ran:
        """Run burnin with the words of *line*."""
        return self.run_words(["burnin", *line.split()], NODES, *answers, program=tool)

    def test_success(self) -> None:
        """Created, stopped and started, removed: exit code 0."""
        jobs = (*job_done(["node1"]), *job_done(None, number=8), *job_done(None, number=9))
        ran = self.burn(f"{self.SHORT} web", *job_done(SYSTEMS), *jobs)
        self.assertEqual((ran.code, ran.err), (0, ""))
        done = [op["OP_ID"] for op in ran.opcodes()[1:]]
        self.assertEqual(
            done,
            ["OP_INSTANCE_CREATE", "OP_INSTANCE_SHUTDOWN", "OP_INSTANCE_STARTUP",
             "OP_INSTANCE_REMOVE"],
        )  # fmt: skip

    def test_failure(self) -> None:
        """A step that fails ends it with its sentence and 1; what was made is removed."""
        broken = job_failed(errors.OpExecError("It does not stop."), number=8)
        ran = self.burn(
            f"{self.SHORT} web", *job_done(SYSTEMS), *job_done(["node1"]), *broken,
            *job_done(None, number=9),
        )  # fmt: skip
        self.assertEqual(ran.code, 1)
        self.assertIn("It does not stop.", ran.err)
        self.assertEqual(ran.opcodes()[-1]["OP_ID"], "OP_INSTANCE_REMOVE")

    def test_not_made(self) -> None:
        """An instance that burnin did not make is not removed: its name may be somebody's."""
        taken = job_failed(errors.OpPrereqError("It exists.", errors.EXISTS))
        ran = self.burn(f"{self.SHORT} web", *job_done(SYSTEMS), *taken)
        self.assertEqual(ran.code, 1)
        self.assertNotIn("OP_INSTANCE_REMOVE", [op["OP_ID"] for op in ran.opcodes()])

    def test_parallel(self) -> None:
        """All at once: one call submits all, each is followed."""
        many: list[Any] = []
        for numbers in ([7, 8], [9, 10]):
            many += [[[True, n] for n in numbers], *followed(["node1"]), *followed(["node1"])]
        removals = (*job_done(None, number=11), *job_done(None, number=12))
        ran = self.burn(f"{self.SHORT} -p web db", *job_done(SYSTEMS), *many, *removals)
        self.assertEqual((ran.code, ran.err), (0, ""))
        self.assertEqual(ran.calls().count("SubmitManyJobs"), 2)

    def test_refused(self) -> None:
        """What can't work is refused before anything is made."""
        for words, told in (
            ("-t diskless web", "-o OS"),
            ("-o dummy -t diskless -n node9 web", "node9"),
            ("-o dummy -n node1 -I hail web", "not both"),
            ("-o dummy web web", "named twice"),
            ("-o dummy --rename new web db", "exactly one"),
            ("-o dummy -C --no-name-check web", "-C"),
            ("-o dummy -n node1 web", "two nodes"),
        ):
            ran = self.burn(words)
            self.assertEqual(ran.code, 1, words)
            self.assertIn(told, ran.err)
        ran = self.burn("-o other -t diskless web", *job_done(SYSTEMS))
        self.assertIn("there are: dummy", ran.err)
