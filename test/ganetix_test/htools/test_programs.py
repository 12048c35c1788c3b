"""The programs: exit codes, messages, files."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.trial.unittest import SynchronousTestCase

from ganetix.cli.htools import hail, hbal, hcheck, hinfo, hroller, hscan, hspace, hsqueeze
from ganetix.cli.htools.beside import beside
from ganetix.cli.htools.options import OPTIONS
from ganetix_test.compat.htools import words
from ganetix_test.compat.htools.generate import Generated
from ganetix_test.htools.test_text import EXAMPLE

Main = Callable[[Sequence[str]], int]
MODULES: Final[dict[str, Any]] = {
    "hail": hail, "hbal": hbal, "hcheck": hcheck, "hinfo": hinfo, "hroller": hroller,
    "hspace": hspace, "hsqueeze": hsqueeze,
}  # fmt: skip
# What takes a cluster that runs.
LIVE: Final = frozenset({"luxi", "master", "exec", "ialloc-src"})


class ProgramTests(SynchronousTestCase):
    """What the programs say and how they end."""

    def _start(self, main: Main, *args: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(args)
        return code, out.getvalue(), err.getvalue()

    def _example(self, content: str = EXAMPLE) -> str:
        path = str(self.mktemp())
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path

    def test_hbal(self) -> None:
        """Hbal prints the step of the worked example and its commands."""
        code, out, _err = self._start(hbal.main, "-t", self._example(), "-C")
        self.assertEqual(code, 0)
        self.assertIn("    1. i1 n1:n2 => n3:n1   0.89113901 a=r:n3 f\n", out)
        self.assertIn("gnt-instance replace-disks -n n3 i1\n    gnt-instance migrate -f i1", out)

    def _process(
        self, *args: str, program: str = "hbal", **streams: Any
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", f"ganetix.cli.htools.{program}", *args]
        return subprocess.run(command, check=False, text=True, **streams)

    def test_process(self) -> None:
        """A program of its own writes all of its output and ends with its exit code."""
        path = self._example()
        code, out, err = self._start(hbal.main, "-t", path, "-C", "-p")
        done = self._process("-t", path, "-C", "-p", capture_output=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (code, out, err))
        self.assertEqual(self._process("--dance", capture_output=True).returncode, 2)

    def test_help(self) -> None:
        """Help reaches whoever reads it from a pipe, all of it."""
        environ = {**os.environ, "PYTHONUNBUFFERED": ""}
        done = self._process("--help", env=environ, capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.endswith("show completion data\n"), done.stdout[-200:])

    def test_two_processes(self) -> None:
        """Hspace says the same with a process for each kind of allocation."""
        args = ("-t", self._example(), "--machine-readable", "-v", "-v")
        code, out, err = self._start(hspace.main, *args)
        done = self._process(*args, program="hspace", capture_output=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (code, out, err))
        self.assertIn("HTS_TRL_INST_CNT=", out)
        self.assertIn("HTS_ALLOC_INSTANCES=", out)

    def test_beside(self) -> None:
        """What work beside other work finds, or raises, comes when it is waited for."""
        finding, failing = beside(lambda: [7]), beside(lambda: int("x"))
        self.assertEqual(finding(), [7])
        self.assertRaises(ValueError, failing)

    def test_full_disk(self) -> None:
        """Output that cannot be written is a sentence and exit code 1."""
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = self._process("-t", self._example(), stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left on device", done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def test_no_source(self) -> None:
        """Without a source of data the options that name one are said."""
        code, _out, err = self._start(hbal.main)
        self.assertEqual(code, 1)
        self.assertIn("use one of -t, -m, -L or -I", err)

    def test_unreadable(self) -> None:
        """A file that is not there is named."""
        code, _out, err = self._start(hinfo.main, "-t", "/nonexistent.data")
        self.assertEqual(code, 1)
        self.assertIn("/nonexistent.data cannot be read: No such file", err)

    def test_unknown_option(self) -> None:
        """An unknown option ends with 2, an argument too much with 1."""
        self.assertEqual(self._start(hbal.main, "--dance")[0], 2)
        self.assertEqual(self._start(hbal.main, "-t", self._example(), "more")[0], 1)

    def test_optional_values(self) -> None:
        """An option whose value may lack takes only what is attached."""
        code, _out, err = self._start(hinfo.main, "-t", self._example(), "-pname,tmem", "-v")
        self.assertEqual(code, 0)
        self.assertIn(" Name t_mem\n n1    4096\n", err)

    def test_several_groups(self) -> None:
        """With several groups hbal lists them and asks for one."""
        code, _out, err = self._start(hbal.main, "-t", self._example(Generated(0).text()))
        self.assertEqual(code, 1)
        self.assertIn("Found multiple node groups:\n  group-00\n  group-01\n", err)

    def test_hcheck(self) -> None:
        """Hcheck ends with 1 where something is wrong, also when balancing mends it."""
        healthy = self._start(hcheck.main, "-t", self._example(), "--machine-readable")
        self.assertEqual(healthy[0], 0)
        self.assertTrue(healthy[1].endswith("HCHECK_OK=1\n"))
        sick = self._example(EXAMPLE.replace("|8|N|uuid", "|8|Y|uuid", 1))
        self.assertEqual(self._start(hcheck.main, "-t", sick)[0], 1)
        self.assertEqual(self._start(hcheck.main, "-t", sick, "--no-simulation")[0], 0)

    def test_hroller(self) -> None:
        """Hroller keeps the nodes of a mirror apart and the master last."""
        code, out, _err = self._start(hroller.main, "-t", self._example(), "--ignore-non-redundant")
        self.assertEqual(code, 0)
        self.assertEqual(out, "'Node Reboot Groups'\nn2.ex.org\nn3.ex.org,n1.ex.org\n")

    def test_most(self) -> None:
        """Hspace stops after as many instances as -l says, of all sizes together."""
        sizes = ("--standard-alloc=10240,512,1", "--tiered-alloc=102400,2048,2")
        given = ("--simulate=p,3,200G,4G,4", *sizes, "--disk-template=plain", "--machine-readable")
        for most in (1, 3, 4):
            code, out, _err = self._start(hspace.main, *given, "-l", str(most))
            self.assertEqual(code, 0)
            self.assertIn(f"HTS_TRL_INST_CNT={most}\n", out)
            self.assertIn(f"HTS_FIN_INST_CNT={most}\n", out)

    def test_completion(self) -> None:
        """Completion scripts are told what kind of value each option has, and the operands."""
        code, out, _err = self._start(hail.main, "--help-completion")
        self.assertEqual(code, 0)
        for line in (
            "-t,--text-data file", "--restrict-allocation-to manynodes", "--mond choices=yes,no",
            "-p,--print-nodes none", "-h,--help none", "file 1 1",
        ):  # fmt: skip
            self.assertIn(f"{line}\n", out)

    def test_walked(self) -> None:
        """Every option that needs no cluster is tried against the reference."""
        for program, main in MODULES.items():
            tried = " ".join(words.lines(program))
            for name in main.OPTIONS:
                option = OPTIONS[name]
                short = f" -{option.short}" if option.short else "--no such"
                there = f"--{name}" in tried or short in f" {tried}"
                self.assertTrue(there or name in LIVE, f"{program} --{name}")

    def test_hspace(self) -> None:
        """Hspace counts on a simulated cluster and ends with its mark."""
        code, out, _err = self._start(
            hspace.main, "--simulate", "p,3,100G,16G,8", "--machine-readable",
            "--disk-template", "drbd", "--standard-alloc", "10G,1G,1", "--tiered-alloc",
            "10G,2G,2",
        )  # fmt: skip
        self.assertEqual(code, 0)
        self.assertTrue(out.endswith("HTS_OK=1\n"))
        self.assertIn("HTS_ALLOC_INSTANCES=", out)

    def test_hsqueeze(self) -> None:
        """Hsqueeze names the node that nothing needs."""
        code, out, _err = self._start(hsqueeze.main, "-t", self._example())
        self.assertEqual((code, out), (0, "'Nodes to offline'\nn3.ex.org\n"))

    def test_hail(self) -> None:
        """Hail answers a request in a file; one that is no JSON ends with 1."""
        cluster = Generated(3, biggest=8)
        path = self._example(cluster.request(cluster.requests()[0]))
        code, out, _err = self._start(hail.main, path)
        self.assertEqual(code, 0)
        self.assertTrue(json.loads(out)["success"])
        self.assertEqual(self._start(hail.main, self._example("{"))[0], 1)

    def test_save(self) -> None:
        """What hbal saves is a cluster that it finds balanced."""
        prefix = str(self.mktemp())
        self.assertEqual(self._start(hbal.main, "-t", self._example(), "-S", prefix)[0], 0)
        code, out, _err = self._start(hbal.main, "-t", prefix + ".balanced")
        self.assertEqual(code, 0)
        self.assertIn("No solution found", out)

    def test_hscan_failure(self) -> None:
        """A cluster that cannot be read makes hscan end with 2, and is named."""
        code, _out, err = self._start(hscan.main, "file:///nonexistent")
        self.assertEqual(code, 2)
        self.assertIn("file:///nonexistent: /nonexistent/groups.json cannot be read", err)
