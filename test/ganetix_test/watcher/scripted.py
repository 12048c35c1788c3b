"""A master daemon and a node as the watcher sees them, in memory."""

from collections.abc import Sequence
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.opcodes.codec import decode_submitted
from ganetix.paths import Paths
from ganetix.testing.files import FakeFileSystem
from ganetix.watcher.decide import Instance, Node
from ganetix.watcher.options import Options
from ganetix.watcher.run import MasterWorld, watch
from ganetix.watcher.world import NANO, Release, World

NOW = 1_700_000_000
GROUP = "11111111-2222-3333-4444-555555555555"
DATA = "/var/lib/ganeti"


class ScriptedMaster:
    """Answers LUXI calls from *instances*, *nodes* and *locks*; jobs end at once.

    *results* by OP_ID are what jobs return; an error among them is what they fail with. *refuse* is
    raised by every submit.
    """

    def __init__(self) -> None:
        self.groups = [(GROUP, "default")]
        self.instances: list[Instance] = []
        self.nodes: list[Node] = []
        self.locks: list[tuple[str, Any, Any]] = []
        self.results: dict[str, Any] = {}
        self.drained = False
        self.refuse: errors.GanetiError | None = None
        self.ops: list[dict[str, Any]] = []
        self.archived: list[int] = []

    def submitted(self) -> list[tuple[str, str]]:
        """OP_ID and instance, or group, of each opcode that was submitted."""
        return [(op["OP_ID"], op.get("instance_name") or op["group_name"]) for op in self.ops]

    def call(self, method: str, *args: Any) -> Any:
        """See `ganetix.watcher.jobs.Luxi`."""
        match method, args:
            case "Query", (what, fields, chosen):
                return self._query(what, fields, chosen)
            case "AutoArchiveJobs", (age, _):
                self.archived.append(age)
                return [3, 0]
            case "QueryConfigValues", (["drain_flag"],):
                return [self.drained]
            case "SubmitJob", ([op],):
                return self._submit(op)
            case (("WaitForJobChange" | "QueryJobs"), _):
                return self._job(method, args)
        raise AssertionError(f"unexpected call {method} {args}")

    def _job(self, method: str, args: Any) -> Any:
        match method, args:
            case "WaitForJobChange", (_, ["status"], None, -1, _):
                return [["running"], [[4, [NOW, 0], "message", "starting"]]]
            case "WaitForJobChange", (job, ["status"], ["running"], 4, _):
                return [[self._status(job)], []]
            case "QueryJobs", ([job], ["status", "opresult"]):
                result = self._result(job)
                failed = isinstance(result, errors.GanetiError)
                return [[self._status(job), [result.to_wire() if failed else result]]]
        raise AssertionError(f"unexpected call {method} {args}")

    def _submit(self, op: dict[str, Any]) -> int:
        if self.refuse is not None:
            raise self.refuse
        decode_submitted(op)
        self.ops.append(op)
        return len(self.ops)

    def _result(self, job: int) -> Any:
        return self.results.get(self.ops[job - 1]["OP_ID"])

    def _status(self, job: int) -> str:
        return "error" if isinstance(self._result(job), errors.GanetiError) else "success"

    def _query(self, what: str, fields: list[str], chosen: Any) -> dict[str, Any]:
        rows: Sequence[Sequence[Any]]
        if what == "group":
            rows = [row for row in self.groups if chosen is None or chosen[1][2] in row]
        elif what == "instance":
            assert chosen == ["==", "pnode.group.uuid", GROUP]
            rows = [
                (one.name, one.status, one.admin_state, one.disks_active, one.disk_template,
                 one.primary, list(one.secondaries))
                for one in self.instances
            ]  # fmt: skip
        elif what == "node":
            rows = [(one.name, one.boot_id, one.offline, one.group) for one in self.nodes]
        else:
            rows = self.locks
        assert all(len(row) == len(fields) for row in rows)
        return {"data": [[[2 if value is None else 0, value] for value in row] for row in rows]}


class WatcherCase(SynchronousTestCase):
    """The watcher on node1, the master, of a cluster with one group."""

    def setUp(self) -> None:
        """Make the node's directories and a master with nothing on it."""
        self.files = FakeFileSystem(lambda: 0.0)
        for path in (DATA, "/var/run/ganeti", "/var/lock", "/etc/ganeti/hooks/watcher"):
            self.files.make_dirs(path, 0o755)
        self.master = ScriptedMaster()
        self.master_name: str | None = "node1"
        self.now = NOW
        self.ran: list[Sequence[str]] = []
        self.codes: dict[str, int] = {}
        self.held: set[str] = set()
        self.locks: list[tuple[str, bool]] = []
        self.children: list[Sequence[str]] = []
        self.child_code = 0
        self.slept: list[float] = []
        self.rapi = [True]

    def watch(self, options: Options = Options()) -> int:  # noqa: B008  # it is frozen
        """Run the watcher; return its exit code. It must release what it locked."""
        code = watch(self.world(), self._there(), options)
        self.assertEqual(self.locks, [])
        return code

    def watch_group(self, **options: Any) -> int:
        """Run the watcher of the group."""
        return self.watch(Options(node_group="default", **options))

    def text(self, path: str) -> str:
        """Return what is in a file."""
        return self.files.read(path).decode()

    def put(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file."""
        self.files.replace(path, text.encode(), mode, False)

    def world(self) -> World:
        """Return the outside."""
        return World(
            Paths("", "node1"), self.files, lambda: self.now * NANO, lambda _: 0.0, self._lock,
            self._run_program, ("daemon-util",),
        )  # fmt: skip

    def _there(self) -> MasterWorld:
        def start(words: Sequence[str]) -> Any:
            self.children.append(words)
            return lambda: self.child_code

        def answers(address: str | None) -> bool:
            return self.rapi.pop(0)

        return MasterWorld(self.master, lambda: self.master_name, start, self.slept.append, answers)

    def _lock(self, path: str, exclusive: bool) -> Release | None:
        if path in self.held:
            return None
        self.locks.append((path, exclusive))
        return lambda: self.locks.remove((path, exclusive))

    def _run_program(self, command: Sequence[str]) -> int:
        self.ran.append(command)
        return self.codes.get(" ".join(command), 0)
