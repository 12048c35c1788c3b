"""Live sources and live actions: the master daemon's socket, the remote API, monitoring."""

import contextlib
import io
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix.cli.htools import harep, hbal, hinfo, hscan, rapi
from ganetix.htools import build, text
from ganetix.htools.faults import PlanError
from ganetix.opcodes.codec import decode_submitted
from ganetix_test.htools.live import Answer, Described, MasterDaemon, WebServer
from ganetix_test.htools.test_text import EXAMPLE

Main = Callable[[Sequence[str]], int]
ALLOW = "ganeti:watcher:autorepair:"


def states(state: str) -> Answer:
    """Answer the method ``QueryJobs``: all jobs are in *state*."""
    return lambda numbers, fields: [
        [number if field == "id" else state for field in fields] for number in numbers
    ]


class LiveCase(SynchronousTestCase):
    """Runs programs against fakes that describe a cluster."""

    def setUp(self) -> None:
        """Make a directory whose path is short enough for a socket."""
        self.folder = tempfile.mkdtemp(prefix="live")
        self.addCleanup(shutil.rmtree, self.folder)
        for number in (signal.SIGINT, signal.SIGTERM):
            self.addCleanup(signal.signal, number, signal.getsignal(number))

    def start(self, main: Main, *args: str) -> tuple[int, str, str]:
        """Run a program; return exit code, output and errors."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(args)
        return code, out.getvalue(), err.getvalue()

    def described(self, content: str = EXAMPLE) -> Described:
        """Return the cluster in *content* as the daemons describe it."""
        return Described(build.assemble(text.parse(content))[0])

    def file(self, content: str = EXAMPLE) -> str:
        """Write *content* to a file and return its path."""
        path = f"{self.folder}/cluster.data"
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path

    def daemon(self, name: str, content: str = EXAMPLE, **methods: Answer) -> MasterDaemon:
        """Start a master daemon that knows the cluster in *content* and *methods*."""
        about = self.described(content)
        table: dict[str, Answer] = {
            "Query": about.query, "QueryClusterInfo": lambda: about.info, **methods,
        }  # fmt: skip
        daemon = MasterDaemon(f"{self.folder}/{name}", table)
        self.addCleanup(daemon.close)
        return daemon


class SourceTests(LiveCase):
    """The same cluster gives the same output, wherever it is read from."""

    def test_luxi(self) -> None:
        """What hbal finds through the query socket is what it finds in a file."""
        self.daemon("query")
        mine = self.start(hbal.main, "-L" + self.folder + "/query", "-C")
        self.assertEqual(mine, self.start(hbal.main, "-t", self.file(), "-C"))
        self.assertIn("a=r:n3 f", mine[1])

    def test_rapi(self) -> None:
        """What hinfo shows from the remote API is what it shows from a file."""
        server = WebServer("127.0.0.1", 0, self.described().resource)
        self.addCleanup(server.close)
        args = ("-v", "-p", "--print-instances")
        mine = self.start(hinfo.main, "-m", f"http://127.0.0.1:{server.port}", *args)
        self.assertEqual(mine, self.start(hinfo.main, "-t", self.file(), *args))
        wanted = {"/2/groups?bulk=1", "/2/nodes?bulk=1", "/2/instances?bulk=1", "/2/info"}
        self.assertEqual(set(server.asked), wanted)

    def test_rapi_refuses(self) -> None:
        """A resource that is not there ends the program with its address."""
        server = WebServer("127.0.0.1", 0, lambda _path: None)
        self.addCleanup(server.close)
        code, _out, err = self.start(hinfo.main, "-m", f"http://127.0.0.1:{server.port}")
        self.assertEqual(code, 1)
        self.assertIn(f"http://127.0.0.1:{server.port}/2/groups?bulk=1 cannot be read", err)

    def test_rapi_user(self) -> None:
        """The user is the one that the netrc file has for the host."""
        server = WebServer("127.0.0.1", 0, lambda _path: {})
        self.addCleanup(server.close)
        path = f"{self.folder}/netrc"
        with open(path, "w", encoding="utf-8") as file:
            file.write("machine 127.0.0.1 login jack password fish\n")
        rapi.fetcher(f"http://127.0.0.1:{server.port}", path)("info")
        self.assertEqual(server.users, ["Basic amFjazpmaXNo"])
        with open(path, "w", encoding="utf-8") as file:
            file.write("machine\n")
        error = self.assertRaises(PlanError, rapi.fetcher, "127.0.0.1", path)
        self.assertIn("users of remote APIs cannot be read", str(error))

    def test_rapi_wants_a_user(self) -> None:
        """Who is refused is told where the user's name and password go."""
        server = WebServer("127.0.0.1", 0, lambda _path: None, 401)
        self.addCleanup(server.close)
        fetch = rapi.fetcher(f"http://127.0.0.1:{server.port}", "/nonexistent")
        error = self.assertRaises(PlanError, fetch, "info")
        self.assertIn("put 'machine 127.0.0.1 login USER password PASSWORD' into", str(error))

    def test_contradiction(self) -> None:
        """An instance on a node that the daemon does not name is told by both names."""
        about = self.described()
        about.rows["node"] = about.rows["node"][:1]
        self.daemon("query", Query=about.query)
        code, _out, err = self.start(hinfo.main, "-L" + self.folder + "/query")
        self.assertEqual(code, 1)
        self.assertIn("Unknown node 'n2.ex.org' for instance i1.ex.org", err)

    def test_hscan(self) -> None:
        """Hscan writes what the others read, from the socket and from the remote API."""
        self.daemon("query")
        server = WebServer("127.0.0.1", 0, self.described().resource)
        self.addCleanup(server.close)
        place = ("-d", self.folder)
        code, out, _err = self.start(hscan.main, "-L" + self.folder + "/query", *place)
        self.assertEqual(code, 0)
        self.assertIn(" LOCAL     3    3     0     0 12288  7680    293    233 4.55015633\n", out)
        address = f"http://127.0.0.1:{server.port}"
        self.assertEqual(self.start(hscan.main, address, *place)[0], 0)
        saved = ("LOCAL.data", address.replace("/", "_") + ".data")
        wanted = build.assemble(text.parse(EXAMPLE))[0]
        for name in saved:
            with open(f"{self.folder}/{name}", encoding="utf-8") as file:
                found = build.assemble(text.parse(file.read()))[0]
            self.assertEqual(found.instances, wanted.instances)
            self.assertEqual(found.nodes, wanted.nodes)


class ExecutionTests(LiveCase):
    """Plans that run as jobs."""

    def _execute(self, **methods: Answer) -> tuple[int, str, str]:
        self.master = self.daemon("ganeti-query", EXAMPLE, **methods)
        return self.start(hbal.main, "-L" + self.folder + "/ganeti-query", "-X")

    def test_success(self) -> None:
        """Each set is submitted where the cluster was read, as opcodes that the master takes."""
        code, out, err = self._execute(
            SubmitManyJobs=lambda jobs: [[True, 11 + at] for at in range(len(jobs))],
            QueryJobs=states("success"),
        )
        self.assertEqual(code, 0, err)
        self.assertIn("Executing jobset for instances i1.ex.org\nGot job IDs 11\n", out)
        [job] = self.master.submitted()
        self.assertEqual(
            [(op["OP_ID"], op["instance_name"]) for op in job],
            [("OP_INSTANCE_REPLACE_DISKS", "i1.ex.org"), ("OP_INSTANCE_MIGRATE", "i1.ex.org")],
        )
        for op in job:
            decode_submitted(op)
        self.assertEqual(job[0]["reason"][0][:2], ["hbal", "hbal 3.0.2 called"])

    def test_failed_job(self) -> None:
        """A job that fails ends the program with 1, its number and its state."""
        code, _out, err = self._execute(
            SubmitManyJobs=lambda jobs: [[True, 11]],
            QueryJobs=states("error"),
        )
        self.assertEqual(code, 1)
        self.assertIn("jobs did not succeed: 11 (error); see gnt-job info", err)

    def test_refused_job(self) -> None:
        """A job that is refused ends the program with 1 and the master's words."""
        code, _out, err = self._execute(
            SubmitManyJobs=lambda jobs: [[False, "the queue is drained"]]
        )
        self.assertEqual(code, 1)
        self.assertIn("a job was refused: the queue is drained", err)


class RepairTests(LiveCase):
    """Harep acts on tags."""

    def _repair(
        self,
        tags: str,
        *args: str,
        broken: bool = True,
        jobs: Answer | None = None,
        content: str = EXAMPLE,
    ) -> tuple[int, str, str]:
        content = content.replace("|n2.ex.org|drbd||1|-|N", f"|n2.ex.org|drbd|{tags}|1|-|N", 1)
        if broken:
            content = content.replace("|8|N|uuid-g1", "|8|Y|uuid-g1", 1)
        numbers = iter(range(21, 99))
        self.master = self.daemon(
            "socket",
            content,
            SubmitJob=lambda _ops: next(numbers),
            QueryJobs=jobs or states("success"),
        )
        return self.start(harep.main, "-L" + self.folder + "/socket", *args)

    def _ops(self) -> list[list[str]]:
        for job in self.master.submitted():
            for op in job:
                decode_submitted(op)
        return [[op["OP_ID"] for op in job] for job in self.master.submitted()]

    def test_repair(self) -> None:
        """A lost secondary is replaced, after the delay, and the instance is tagged as pending."""
        code, out, _err = self._repair(ALLOW + "fix-storage")
        self.assertEqual(code, 0)
        self.assertIn("i1.ex.org: the secondary node is offline; starting fix-storage", out)
        self.assertIn("Healthy: 2\nPending repair: 1\nNeeds repair: 0\nFailure: 0\n", out)
        wanted = [["OP_TEST_DELAY", "OP_INSTANCE_REPLACE_DISKS"], ["OP_TAGS_SET"]]
        self.assertEqual(self._ops(), wanted)
        [tag] = self.master.submitted()[1][0]["tags"]
        self.assertTrue(tag.startswith(ALLOW + "pending:fix-storage:"), tag)
        self.assertTrue(tag.endswith(":21"), tag)

    def test_dry_run(self) -> None:
        """A dry run prints the job and submits nothing."""
        code, out, _err = self._repair(ALLOW + "reinstall", "--dry-run", "--job-delay", "0")
        self.assertEqual((code, self._ops()), (0, []))
        self.assertIn('"OP_ID": "OP_INSTANCE_REPLACE_DISKS"', out)
        self.assertNotIn("OP_TEST_DELAY", out)

    def test_finished(self) -> None:
        """A pending repair whose jobs have ended gets its result, and loses the old tag."""
        pending = ALLOW + "pending:fix-storage:0d0:1700000000:7"
        code, out, _err = self._repair(f"{ALLOW}fix-storage,{pending}", broken=False)
        self.assertEqual(code, 0)
        self.assertIn("Healthy: 3\n", out)
        self.assertEqual(self._ops(), [["OP_TAGS_SET", "OP_TAGS_DEL"]])
        new, old = (op["tags"] for op in self.master.submitted()[0])
        self.assertTrue(new[0].startswith(ALLOW + "result:fix-storage:0d0:"), new)
        self.assertTrue(new[0].endswith(":success:7"), new)
        self.assertEqual(old, [pending])

    def test_running(self) -> None:
        """A repair whose jobs still run is left alone."""
        pending = ALLOW + "pending:fix-storage:0d0:1700000000:7"
        _code, out, _err = self._repair(f"{ALLOW}fix-storage,{pending}", jobs=states("running"))
        self.assertIn("Pending repair: 1\n", out)
        self.assertEqual(self._ops(), [])

    def test_not_allowed(self) -> None:
        """A repair bigger than what is allowed is only noted, once."""
        both = EXAMPLE.replace("|8|M|uuid-g1", "|8|Y|uuid-g1")
        _code, out, _err = self._repair(ALLOW + "fix-storage", content=both)
        self.assertIn("Needs repair: 1\n", out)
        self.assertEqual(self._ops(), [["OP_TAGS_SET"]])
        [tag] = self.master.submitted()[0][0]["tags"]
        self.assertTrue(tag.startswith(ALLOW + "result:reinstall:"), tag)
        self.assertTrue(tag.endswith(":enoperm:"), tag)
        self.master.close()
        _code, out, _err = self._repair(f"{ALLOW}fix-storage,{tag}", content=both)
        self.assertIn("Needs repair: 1\n", out)
        self.assertEqual(self._ops(), [])

    def test_suspended(self) -> None:
        """Where repairs are suspended nothing is done."""
        _code, out, _err = self._repair(f"{ALLOW}fix-storage,{ALLOW}suspend:")
        self.assertIn("Healthy: 3\n", out)
        self.assertEqual(self._ops(), [])


class MonitoringTests(LiveCase):
    """Load from the monitoring daemons."""

    # The port is fixed: tests that run at the same time, in other processes, need other addresses.
    HOSTS = tuple(f"127.{128 + at}.{os.getpid() >> 8 & 255}.{os.getpid() & 255}" for at in range(3))

    def setUp(self) -> None:
        """Make a file of a cluster whose nodes are loopback addresses."""
        super().setUp()
        content = EXAMPLE
        for at, host in enumerate(self.HOSTS, 1):
            content = content.replace(f"n{at}.ex.org", host)
        self.path = self.file(content)

    def _serve(self, data: dict[str, Any]) -> None:
        for host, found in data.items():
            report = {"name": "cpu-avg-load", "data": found}
            path = "/1/report/default/cpu-avg-load"
            server = WebServer(host, 1815, {path: report}.get)
            self.addCleanup(server.close)

    def _shown(self, *args: str) -> tuple[int, str, str]:
        return self.start(hinfo.main, "-t", self.path, "-pname,cload", *args)

    def test_load(self) -> None:
        """A node's load is spread over its primaries, and shows in its table."""
        self._serve({host: {"cpu_total": 1.5 * at} for at, host in enumerate(self.HOSTS)})
        code, _out, err = self._shown("--mond=yes")
        self.assertEqual(code, 0)
        rows = [line.split() for line in err.splitlines() if line.strip().startswith("127")]
        # The third node has no primary that its load could be of.
        loads = [[self.HOSTS[0], "0.000"], [self.HOSTS[1], "1.500"], [self.HOSTS[2], "0.000"]]
        self.assertEqual(rows, loads)

    def test_missing(self) -> None:
        """Where one node does not answer its data are not used, or the program ends if asked."""
        self._serve({self.HOSTS[0]: 2.0})
        code, _out, err = self._shown("--mond=yes")
        self.assertEqual(code, 0)
        self.assertIn(f"{self.HOSTS[0]} 2.000\n", err.replace("  ", " "))
        words = ("-t", self.path, "--mond=yes", "--exit-on-missing-mond-data")
        code, _out, err = self.start(hbal.main, *words)
        self.assertEqual(code, 1)
        self.assertIn("Not all required data available: cpu-avg-load", err)

    def test_recorded(self) -> None:
        """Recorded reports are as good as live ones; a file of something else is named."""
        path = os.path.join(self.folder, "mond.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"node": 1}')
        code, _out, err = self._shown("--mond=yes", "--mond-data", path)
        self.assertEqual(code, 1)
        self.assertIn(f"{path} is not a list of nodes with their reports", err)
