"""Numbers that fit nowhere are refused in words, before the master daemon hears of them."""

import json
import pathlib
from typing import Final

from ganetix_test.cli.scripted import CommandCase

HUGE: Final = ("9" * 30, "9" * 5000)
LINES: Final = (
    "gnt-job cancel {}",
    "gnt-job info {}",
    "gnt-job list {}",
    "gnt-job watch {}",
    "gnt-job change-priority --priority=low {}",
    "gnt-job autoarchive {}d",
    "gnt-cluster watcher pause {}h",
    "gnt-cluster modify --uid-pool={}",
    "gnt-cluster modify --data-collector-interval=lv={}",
    "gnt-debug delay 1e{}",
    "gnt-instance grow-disk web {} 1g",
    "gnt-instance grow-disk web 0 {}g",
    "gnt-instance replace-disks -p --disks={} web",
    "gnt-instance add -t file -o dummy -n node1 -s {}g web",
    "gnt-instance add -t file -o dummy -n node1 --disk {}:size=1g web",
    "gnt-instance add -t file -o dummy -n node1 -s 1g --net {}:ip=pool web",
    "gnt-instance list -F oper_ram>{}",
    "gnt-filter add --action=RATE_LIMIT_{}",
    "gnt-node add --node-parameters=ssh_port={} node9",
)
OTHERS: Final = (
    "gnt-debug delay nan",
    "gnt-debug delay inf",
    "gnt-cluster watcher pause 999999999999h",
    "gnt-cluster modify --enabled-data-collectors=lv=maybe",
    "gnt-instance add -t file -o dummy -n node1 --disk 100:size=1g web",
    f"gnt-instance list -F {'(' * 5000}",
)


class HugeTests(CommandCase):
    """One line for each place that reads a number."""

    def refused(self, line: str) -> None:
        """Check that *line* is refused by this end alone."""
        ran = self.run_command(line, [])
        self.assertEqual(ran.code, 1, line[:80])
        self.assertTrue(ran.err.startswith("Failure: "), ran.err[:200])
        self.assertEqual([call for call in ran.calls() if call != "QueryNodes"], [], line[:80])

    def test_refused(self) -> None:
        """Whatever the place, it is one sentence and exit code 1."""
        for line in (*(line.format(number) for line in LINES for number in HUGE), *OTHERS):
            with self.subTest(line[:80]):
                self.refused(line)

    def test_devices(self) -> None:
        """What is not the number of a device is its name, which the master looks for."""
        ran = self.run_command(f"gnt-instance modify --submit --disk={HUGE[0]}:mode=ro web", 7)
        [op] = ran.opcodes()
        self.assertEqual(op["disks"], [["modify", HUGE[0], {"mode": "ro"}]])

    def test_repeated(self) -> None:
        """A job is not repeated until the memory is full."""
        path = pathlib.Path(self.top) / "job.json"
        path.write_text(json.dumps([{"OP_ID": "OP_CLUSTER_REDIST_CONF"}]), "ascii")
        for options in (f"--op-repeat={HUGE[0]}", "--job-repeat=0", "--op-repeat=-1"):
            self.refused(f"gnt-debug submit-job {options} {path}")

    def test_files(self) -> None:
        """A file with brackets in one another without end is not JSON."""
        path = pathlib.Path(self.top) / "deep.json"
        path.write_text("[" * 100_000, "ascii")
        self.refused(f"gnt-debug submit-job {path}")
        self.refused(f"gnt-instance batch-create {path}")
