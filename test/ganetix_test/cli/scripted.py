"""A command run against canned LUXI answers, without threads and without a master daemon."""

import io
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.cli import programs
from ganetix.cli.context import World
from ganetix.cli.main import run
from ganetix.luxi import messages
from ganetix.luxi.server import encode_result
from ganetix.opcodes.codec import decode_submitted

NOW = 1_700_000_000_000_000_000


class Ran:
    """What one run of a command left behind."""

    def __init__(
        self, code: int, out: str, err: str, requests: list[tuple[str, list[Any]]]
    ) -> None:
        self.code = code
        self.out = out
        self.err = err
        self.requests = requests

    def calls(self) -> list[str]:
        """The methods that were called, in order."""
        return [method for method, _ in self.requests]

    def args(self, method: str) -> list[Any]:
        """The arguments of the only call of *method*."""
        [found] = [args for called, args in self.requests if called == method]
        return found

    def opcodes(self) -> list[dict[str, Any]]:
        """The opcodes that were submitted, checked as the master does, without their reasons."""
        found = []
        for method, args in self.requests:
            if method.startswith("Submit"):
                jobs = args[0] if method == "SubmitManyJobs" else [args[0]]
                found += [op for job in jobs for op in job]
        for op in found:
            decode_submitted(op)
        return [{key: value for key, value in op.items() if key != "reason"} for op in found]


def answers(*results: Any) -> bytes:
    """The bytes of a server that answers with *results*; errors are errors."""
    return b"".join(
        messages.encode_error(result)
        if isinstance(result, errors.GanetiError)
        else encode_result(result)
        for result in results
    )


def job_done(result: Any = None, log: list[Any] | None = None, number: int = 7) -> list[Any]:
    """The answers to a submit and to following: the job ends with *result*."""
    return [number, *followed(result, log)]


def followed(result: Any = None, log: list[Any] | None = None) -> list[Any]:
    """The answers to following a job that ends with *result*."""
    return [[["success"], log or []], [["success", ["success"], [result]]]]


def job_failed(error: errors.GanetiError, number: int = 7) -> list[Any]:
    """The answers to a submit and to following: the job fails with *error*."""
    return [number, [["error"], []], [["error", ["error"], [error.to_wire()]]]]


class CommandCase(SynchronousTestCase):
    """Runs gnt-* commands on node1 of a virtual cluster that has no daemons."""

    def setUp(self) -> None:
        """Make the node's directory."""
        self.top = tempfile.mkdtemp(prefix="cli")
        self.addCleanup(shutil.rmtree, self.top)
        self.root = f"{self.top}/node1"
        os.makedirs(f"{self.root}/var/lib/ganeti")
        self.environ = {"GANETI_ROOTDIR": self.root, "GANETI_HOSTNAME": "node1"}
        self.asked: list[str] = []
        self.typed: list[str] = []
        self.spawned: list[list[str]] = []
        self.programs: dict[str, tuple[int, str]] = {}
        self.slept: list[float] = []
        self.feed: Callable[[list[str], str, Callable[[str], None] | None], int] = programs.feed

    def spawn(self, words: list[str]) -> tuple[int, str]:
        """Run nothing: answer what `programs` says of the program, else that it ended well."""
        self.spawned.append(words)
        return self.programs.get(words[0], (0, ""))

    def terminal(self, words: list[str]) -> int:
        """Run nothing on the terminal: the exit code is as `spawn` has it."""
        return self.spawn(words)[0]

    def ssconf(self, key: str, value: str) -> None:
        """Let the node know *value* of *key*."""
        with open(f"{self.root}/var/lib/ganeti/ssconf_{key}", "w", encoding="utf-8") as file:
            file.write(f"{value}\n")

    def run_command(self, line: str, *results: Any, stdin: str = "") -> Ran:
        """Run *line*, words separated by blanks, against *results*; none: nobody listens."""
        return self.run_words(line.split(), *results, stdin=stdin)

    def run_words(
        self,
        words: list[str],
        *results: Any,
        stdin: str = "",
        program: Callable[[str, list[str], World], int] = run,
    ) -> Ran:
        """Run a command given as words; *program* is how its kind is run."""
        sent: list[socket.socket] = []

        def connect(path: str, timeout: float) -> socket.socket:
            if not results or sent:
                raise FileNotFoundError(2, "No such file or directory")
            ours, theirs = socket.socketpair()
            theirs.sendall(answers(*results))
            theirs.shutdown(socket.SHUT_WR)
            sent.append(theirs)
            return ours

        def ask(question: str) -> str | None:
            self.asked.append(question)
            return self.typed.pop(0) if self.typed else None

        out, err = io.StringIO(), io.StringIO()
        world = World(
            self.environ, "node1", io.StringIO(stdin), out, err, connect, ask, lambda: NOW,
            self.spawn, self.feed, self.slept.append, self.terminal,
        )  # fmt: skip
        code = program(words[0], words[1:], world)
        return Ran(code, out.getvalue(), err.getvalue(), _received(sent))


def _received(ends: list[socket.socket]) -> list[tuple[str, list[Any]]]:
    requests = []
    for end in ends:
        raw = b""
        while data := end.recv(1 << 16):
            raw += data
        end.close()
        for text in raw.split(messages.TERMINATOR)[:-1]:
            message = json.loads(text)
            requests.append((message["method"], message["args"]))
    return requests
