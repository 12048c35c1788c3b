"""Promises of move-instance: the order of steps in both clusters, and what a failure leaves."""

from typing import Any

from ganetix import errors
from ganetix.cli.context import Context
from ganetix.cli.main import tool
from ganetix.cli.move_instance import plan
from ganetix.cli.move_instance.options import COMMAND
from ganetix.cli.move_instance.run import move_all
from ganetix.cli.parser import parse
from ganetix.opcodes.codec import decode_submitted
from ganetix_test import spec
from ganetix_test.cli.scripted import CommandCase

DATA = {
    "name": "web.example.com",
    "os": "dummy",
    "disk_template": "file",
    "hypervisor": "fake",
    "config_state": "up",
    "disks": [{"size": 1024, "mode": "rw", "name": None}],
    "nics": [["eth0", "u", "192.0.2.5", "aa:00:00:01:02:03", "bridged", "br0", "", None, None]],
    "hv_instance": {},
    "be_instance": {"vcpus": 2},
    "os_instance": {"message": "hello"},
}
SHOWN = {"handshake": [0, "a", "b"], "x509_ca": "ours", "x509_key_name": ["k", "a", "b"]}
THERE = {"disks": [["192.0.2.9", 1234, "m", "a", "b"]], "x509_ca": "theirs"}


class FakeApi:
    """A cluster whose jobs are over at once.

    *jobs* has the result of each path's job, *logs* its log where there is one.
    """

    def __init__(
        self, name: str, jobs: dict[str, Any], logs: dict[str, list[Any]] | None = None
    ) -> None:
        self.name = name
        self.jobs = jobs
        self.logs = logs or {}
        self.made: list[tuple[str, str, Any]] = []
        self._results: list[tuple[str, Any, list[Any]]] = []

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """See `Api`."""
        if path.startswith("/2/jobs/"):
            if method == "DELETE":
                self.made.append((method, path, None))
                return [True, ""]
            return self._job(int(path.split("/")[3]))
        self.made.append((method, path, body))
        result = self.jobs[path.partition("?")[0]]
        log = [self.logs.get(path, [])]
        bad = isinstance(result, errors.GanetiError)
        self._results.append(
            ("error" if bad else "success", result.to_wire() if bad else result, log)
        )
        return len(self._results)

    def _job(self, number: int) -> dict[str, Any]:
        status, result, log = self._results[number - 1]
        return {"status": status, "opresult": [result], "oplog": log}


class MoveTests(CommandCase):
    """One instance between two clusters."""

    def setUp(self) -> None:
        """Make both clusters."""
        super().setUp()
        path = "/2/instances/web.example.com"
        self.here = FakeApi(
            "old.example.com",
            {
                "/2/instances/web/info": {"web.example.com": DATA},
                f"{path}/prepare-export": SHOWN,
                f"{path}/export": [True, [True]],
            },
        )
        self.there = FakeApi(
            "new.example.com",
            {"/2/instances": ["n1.example.com"]},
            {"/2/instances": [[1, [0, 0], "remote-import", THERE]]},
        )

    def move(self, *words: str, names: tuple[str, ...] = ("web",)) -> tuple[int, str, str]:
        """Move with the options *words*; return exit code, output, error output."""
        options, _ = parse("move-instance", COMMAND, [*words, "old", "new", *names])
        found: list[int] = []

        def run(prog: str, given: list[str], world: Any) -> int:
            context = Context(world, prog, "", COMMAND)
            found.append(move_all(context, options, list(names), (self.here, self.there)))
            return found[0]

        ran = self.run_words(["move-instance"], program=run)
        return ran.code, ran.out, ran.err

    def test_steps(self) -> None:
        """Looked at and prepared here, made there, sent from here, and removed by that."""
        code, out, _ = self.move("-I", "hail", "-v", "--compress", "gzip")
        self.assertEqual(code, 0)
        self.assertIn("is on n1.example.com of new.example.com", out)
        self.assertEqual(
            [(method, path.rpartition("/")[2]) for method, path, _ in self.here.made],
            [("GET", "info"), ("PUT", "prepare-export?mode=remote"), ("PUT", "export")],
        )
        body = self.here.made[2][2]
        self.assertEqual((body["destination"], body["destination_x509_ca"]),
                         (THERE["disks"], "theirs"))  # fmt: skip
        self.assertTrue(body["remove_instance"] and body["shutdown"])
        [(_, _, made)] = self.there.made
        self.assertEqual((made["iallocator"], made["compress"]), ("hail", "gzip"))

    def test_request(self) -> None:
        """The instance there is as it was here, but for what was said; the opcode is valid."""
        options, _ = parse(
            "move-instance", COMMAND,
            ["--dest-primary-node", "n1", "--dest-instance-name", "web2", "-B", "vcpus=3",
             "--net", "0:mac=auto", "--dest-disk-template", "plain", "old", "new", "web"],
        )  # fmt: skip
        body = plan.creation(options, "web.example.com", DATA, SHOWN)
        self.assertEqual((body["name"], body["disk_template"]), ("web2", "plain"))
        self.assertEqual(body["beparams"], {"vcpus": 3})
        self.assertEqual(body["nics"], [{"ip": "192.0.2.5", "mac": "auto", "name": "eth0"}])
        del body["__version__"]
        decode_submitted(
            {"OP_ID": "OP_INSTANCE_CREATE", "instance_name": body.pop("name"), "reason": [], **body}
        )

    def test_sending_fails(self) -> None:
        """When the source can't send, the creation there is cancelled: nothing is left waiting."""
        self.here.jobs["/2/instances/web.example.com/export"] = errors.OpExecError("No route.")
        code, _, err = self.move("-I", "hail")
        self.assertEqual(code, 1)
        self.assertIn("No route.", err)
        self.assertEqual(self.there.made[-1][0], "DELETE")

    def test_making_fails(self) -> None:
        """When it can't be made there, nothing is sent, and it stays here."""
        self.there.jobs["/2/instances"] = errors.OpPrereqError("It is full.", errors.NORES)
        self.there.logs.clear()
        code, _, err = self.move("-I", "hail")
        self.assertEqual(code, 1)
        self.assertIn("It is full.", err)
        self.assertEqual(len(self.here.made), 2)

    def test_several(self) -> None:
        """One that fails does not keep the next one from moving."""
        self.here.jobs["/2/instances/db/info"] = errors.OpPrereqError("Unknown.", errors.NOENT)
        code, out, err = self.move("-I", "hail", "-p", "2", names=("db", "web"))
        self.assertEqual(code, 1)
        self.assertIn("Instance db was not moved", err)
        self.assertIn("Instance web was moved", out)


class RefusalTests(CommandCase):
    """What is refused before anybody is asked."""

    def test_refused(self) -> None:
        """Contradictions, with the option that mends them."""
        for words, told in (
            ("old new web web", "twice"),
            ("--dest-primary-node n1 old new web db", "--iallocator"),
            ("-I hail --dest-primary-node n1 old new web", "not both"),
            ("-p 0 old new web", "--parallel"),
            ("--opportunistic-tries 3 old new web", "--iallocator"),
            ("--src-password-file /nowhere old new web", "/nowhere"),
        ):
            ran = self.run_words(["move-instance", *words.split()], program=tool)
            self.assertEqual(ran.code, 1, words)
            self.assertIn(told, ran.err)

    def test_table(self) -> None:
        """The options are those of the interface table."""
        rows = spec.load("cli")["other_programs"]["move-instance"]["options"]
        ours = {max(option.flags, key=len) for option in COMMAND.options}
        self.assertEqual(ours, {row["long"] for row in rows} - {"--debug"})
