"""Every command that submits jobs: its reason trail, priority, dry run, and what is printed.

One line a command: the words that it needs. A master that answers by method stands behind; each
command is run with each of the options that the interface tables give it.
"""

import io
import json
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, Final

from ganetix.cli.context import World
from ganetix.cli.main import run
from ganetix.luxi import messages
from ganetix.luxi.server import encode_result
from ganetix_test import spec
from ganetix_test.cli.scripted import NOW, CommandCase
from ganetix_test.cli.test_commands import commands

WORDS: Final[dict[tuple[str, str], str]] = {
    ("gnt-backup", "export"): "-n node2 vm1",
    ("gnt-backup", "import"): "-n node1 --src-node=node2 -t diskless vm1",
    ("gnt-cluster", "add-tags"): "x",
    ("gnt-cluster", "epo"): "-f node1",
    ("gnt-cluster", "modify"): "-C 3",
    ("gnt-cluster", "remove-tags"): "x",
    ("gnt-cluster", "renew-crypto"): "-f --new-node-certificates",
    ("gnt-cluster", "search-tags"): "x",
    ("gnt-debug", "delay"): "1",
    ("gnt-group", "add-tags"): "rack1 x",
    ("gnt-group", "assign-nodes"): "rack1 node2",
    ("gnt-group", "evacuate"): "--to rack2 rack1",
    ("gnt-group", "modify"): "--alloc-policy preferred rack1",
    ("gnt-group", "remove-tags"): "rack1 x",
    ("gnt-group", "rename"): "rack1 rack2",
    ("gnt-instance", "add"): "-t diskless -o tiny -n node1 vm1",
    ("gnt-instance", "add-tags"): "vm1 x",
    ("gnt-instance", "batch-create"): "BATCH",
    ("gnt-instance", "change-group"): "--to rack2 vm1",
    ("gnt-instance", "failover"): "-f vm1",
    ("gnt-instance", "grow-disk"): "vm1 0 1g",
    ("gnt-instance", "migrate"): "-f vm1",
    ("gnt-instance", "info"): "vm1",
    ("gnt-instance", "modify"): "-B vcpus=2 vm1",
    ("gnt-instance", "move"): "-f -n node2 vm1",
    ("gnt-instance", "reboot"): "vm1",
    ("gnt-instance", "reinstall"): "-f vm1",
    ("gnt-instance", "remove"): "-f vm1",
    ("gnt-instance", "remove-tags"): "vm1 x",
    ("gnt-instance", "rename"): "vm1 vm2",
    ("gnt-instance", "replace-disks"): "-p vm1",
    ("gnt-instance", "shutdown"): "-f vm1",
    ("gnt-instance", "startup"): "-f vm1",
    ("gnt-network", "add"): "--network=192.0.2.0/24 lan",
    ("gnt-network", "add-tags"): "lan x",
    ("gnt-network", "connect"): "lan rack1",
    ("gnt-network", "disconnect"): "lan rack1",
    ("gnt-network", "modify"): "--gateway=192.0.2.1 lan",
    ("gnt-network", "remove-tags"): "lan x",
    ("gnt-node", "add-tags"): "node1 x",
    ("gnt-node", "evacuate"): "-f -p node1",
    ("gnt-node", "failover"): "-f node1",
    ("gnt-node", "migrate"): "-f node1",
    ("gnt-node", "modify-storage"): "--allocatable=yes node1 lvm-pv /dev/vdb",
    ("gnt-node", "power"): "-f on node1",
    ("gnt-node", "powercycle"): "--yes node1",
    ("gnt-node", "modify"): "--drained=yes node2",
    ("gnt-node", "remove-tags"): "node1 x",
    ("gnt-os", "modify"): "--hidden=yes tiny",
}
"""What a command needs; without a line here the names of its arguments will do."""
ELSEWHERE: Final = frozenset(
    {
        ("gnt-cluster", "init"),
        ("gnt-cluster", "destroy"),
        ("gnt-cluster", "upgrade"),
        ("gnt-node", "add"),
    }
)
"""Commands that run another program before or after, or refuse; their own tests look at this."""
RESULTS: Final[dict[str, Any]] = {
    "OP_BACKUP_EXPORT": [True, [True]],
    "OP_CLUSTER_VERIFY": {"jobs": []},
    "OP_GROUP_EVACUATE": {"jobs": []},
    "OP_GROUP_SET_PARAMS": [],
    "OP_INSTANCE_ACTIVATE_DISKS": [],
    "OP_INSTANCE_CHANGE_GROUP": {"jobs": []},
    "OP_INSTANCE_CREATE": ["node1"],
    "OP_INSTANCE_MULTI_ALLOC": {"jobs": [], "allocatable": [], "failed": []},
    "OP_INSTANCE_QUERY_DATA": {},
    "OP_INSTANCE_RENAME": "vm2",
    "OP_INSTANCE_SET_PARAMS": [],
    "OP_NODE_EVACUATE": {"jobs": []},
    "OP_NODE_MIGRATE": {"jobs": []},
    "OP_NODE_SET_PARAMS": [],
    "OP_OOB_COMMAND": [],
    "OP_RESTRICTED_COMMAND": [],
    "OP_OS_DIAGNOSE": [],
    "OP_TAGS_SEARCH": [["/cluster", "x"]],
}
"""What an opcode's job ends with, where that is looked at."""
CELLS: Final[dict[str, Any]] = {
    "name": "vm1", "pinst_list": ["vm1"], "sinst_list": [], "snodes": [], "pnode": "node1",
    "os": "tiny", "status": "running", "role": "R", "group": "rack1", "node_list": ["node1"],
}  # fmt: skip


class Master:
    """Answers as a master would whose jobs are done at once."""

    def __init__(self) -> None:
        self.jobs: list[list[dict[str, Any]]] = []
        self.methods: list[str] = []

    def answer(self, method: str, args: list[Any]) -> Any:
        """Answer one request."""
        self.methods.append(method)
        return getattr(self, f"answer_{method}")(*args)

    def answer_SubmitJob(self, ops: list[dict[str, Any]]) -> int:
        """Take a job."""
        self.jobs.append(ops)
        return len(self.jobs)

    def answer_SubmitManyJobs(self, jobs: list[Any]) -> list[Any]:
        """Take jobs."""
        return [[True, self.answer_SubmitJob(ops)] for ops in jobs]

    def answer_WaitForJobChange(self, *args: Any) -> list[Any]:
        """Every job is done."""
        return [["success"], []]

    def answer_QueryJobs(self, numbers: list[int], fields: list[str]) -> list[Any]:
        """Tell how jobs ended."""
        rows = []
        for number in numbers:
            ops = self.jobs[int(number) - 1]
            results = [RESULTS.get(op["OP_ID"]) for op in ops]
            known = {
                "status": "success", "opstatus": ["success"] * len(ops), "opresult": results,
            }  # fmt: skip
            rows.append([known[field] for field in fields])
        return rows

    def answer_Query(self, what: str, fields: list[str], qfilter: Any) -> dict[str, Any]:
        """Show one object."""
        shown = [{"name": f, "title": f, "kind": "other", "doc": f} for f in fields]
        return {"fields": shown, "data": [[[0, CELLS.get(f)] for f in fields]]}

    def _rows(self, names: list[str], fields: list[str], locking: bool = False) -> list[Any]:
        return [[{**CELLS, "name": n}.get(f) for f in fields] for n in names or ["vm1"]]

    answer_QueryInstances = _rows
    answer_QueryNodes = _rows
    answer_QueryGroups = _rows

    def answer_QueryClusterInfo(self) -> dict[str, Any]:
        """Know where the master is."""
        return {"name": "cluster", "master": "node1"}

    def answer_QueryConfigValues(self, names: list[str]) -> list[Any]:
        """Know nothing."""
        return [None for _ in names]


class Line:
    """The end of a socket with a `Master` at the other; what it answers is there at once."""

    def __init__(self, master: Master) -> None:
        self.master = master
        self.ours, self.theirs = socket.socketpair()
        self.fileno = self.ours.fileno
        self.recv = self.ours.recv
        self.settimeout = self.ours.settimeout

    def sendall(self, data: bytes) -> None:
        """Answer each request in *data*, which holds whole ones."""
        for text in data.split(messages.TERMINATOR)[:-1]:
            message = json.loads(text)
            answer = self.master.answer(message["method"], message["args"])
            self.theirs.sendall(encode_result(answer))

    def close(self) -> None:
        """Hang up."""
        self.ours.close()
        self.theirs.close()


def submitting() -> Iterator[tuple[str, str, set[str]]]:
    """Yield program, command and the dests of its options, of all that submit opcodes."""
    scripts = spec.load("cli")["scripts"]
    for program, name, command in commands():
        entry = scripts.get(program, {}).get("commands", {}).get(name)
        if entry and entry["opcodes"] and (program, name) not in ELSEWHERE:
            yield program, name, {option.dest for option in command.options}


class JobOptionTests(CommandCase):
    """Each command with each of the options that all job commands share."""

    def start(self, program: str, name: str, *options: str) -> tuple[Master, int, str, str]:
        """Run a command; return the master with what it was sent, exit code, output, errors."""
        _, _, command = next(row for row in commands() if row[:2] == (program, name))
        needed = [
            a.choices[0] if a.choices else a.name for a in command.arguments for _ in range(a.least)
        ]
        words = WORDS[program, name].split() if (program, name) in WORDS else needed
        words = [self.batch() if word == "BATCH" else word for word in words]
        master = Master()
        out, err = io.StringIO(), io.StringIO()

        def connect(path: str, timeout: float) -> Line:
            return Line(master)

        world = World(
            self.environ,
            "node1",
            io.StringIO(),
            out,
            err,
            connect,
            lambda question: "y",
            lambda: NOW,
        )
        code = run(program, [name, *options, *words], world)
        return master, code, out.getvalue(), err.getvalue()

    def batch(self) -> str:
        """Return a file for batch-create."""
        handle, path = tempfile.mkstemp(dir=self.top)
        row = {"instance_name": "vm1", "disk_template": "diskless", "disks": [], "nics": [],
               "os_type": "tiny", "mode": "create"}  # fmt: skip
        with os.fdopen(handle, "w") as file:
            json.dump([row], file)
        return path

    def each(self, dest: str, look: Callable[[str, str], None]) -> None:
        """Call *look* for each command with the option *dest* (empty: for each command)."""
        rows = [row for row in submitting() if not dest or dest in row[2]]
        self.assertGreater(len(rows), 10)
        failed = []
        for program, name, _ in rows:
            try:
                look(program, name)
            except self.failureException as failure:
                failed.append(f"{program} {name}: {failure}")
        if failed:
            self.fail("\n".join(failed))

    def opcodes(self, program: str, name: str, *options: str) -> list[dict[str, Any]]:
        """Return what a command submits, which must be something."""
        master, _, _, err = self.start(program, name, *options)
        ops = [op for job in master.jobs for op in job]
        self.assertTrue(ops, f"{program} {name} needs a line in WORDS: {err}")
        return ops

    def test_reason(self) -> None:
        """--reason comes first in the trail of each opcode, then the command itself."""

        def look(program: str, name: str) -> None:
            for op in self.opcodes(program, name, "--reason", "because of rain"):
                self.assertEqual(
                    op["reason"],
                    [["gnt:user", "because of rain", NOW], [f"gnt:client:{program}", name, NOW]],
                )
            for op in self.opcodes(program, name):
                self.assertEqual(op["reason"], [[f"gnt:client:{program}", name, NOW]])

        self.each("", look)

    def test_priority(self) -> None:
        """--priority is that of each opcode; without it there is none."""

        def look(program: str, name: str) -> None:
            for word, number in (("low", 10), ("normal", 0), ("high", -10)):
                for op in self.opcodes(program, name, "--priority", word):
                    self.assertEqual(op["priority"], number)
            self.assertTrue(all("priority" not in op for op in self.opcodes(program, name)))

        self.each("priority", look)

    def test_dry_run(self) -> None:
        """--dry-run is in each opcode; without it in none."""

        def look(program: str, name: str) -> None:
            self.assertTrue(
                all(op["dry_run"] is True for op in self.opcodes(program, name, "--dry-run"))
            )
            self.assertFalse(any("dry_run" in op for op in self.opcodes(program, name)))

        self.each("dry_run", look)

    def test_submit(self) -> None:
        """--submit tells the numbers on standard error, follows nothing and succeeds."""

        def look(program: str, name: str) -> None:
            master, code, out, err = self.start(program, name, "--submit")
            numbers = range(1, len(master.jobs) + 1)
            self.assertEqual(err, "".join(f"JobID: {number}\n" for number in numbers))
            self.assertTrue(master.jobs)
            self.assertEqual((code, out), (0, ""))
            self.assertNotIn("WaitForJobChange", master.methods)

        self.each("submit_only", look)

    def test_print_jobid(self) -> None:
        """--print-jobid prints the numbers as the first line, and then follows."""

        def look(program: str, name: str) -> None:
            master, code, out, err = self.start(program, name, "--print-jobid")
            first = out.partition("\n")[0].split(",")
            self.assertEqual(first, [str(n) for n in range(1, len(first) + 1)], err)
            self.assertIn("WaitForJobChange", master.methods)
            self.assertEqual(code, 0, err)

        self.each("print_jobid", look)
