"""The wheel in an environment of its own: plugins, programs, shipped files."""

import importlib.metadata
import pathlib
import subprocess
import sys
from typing import Final

from twisted.trial.unittest import SynchronousTestCase

import ganetix

SOURCE: Final = pathlib.Path(__file__).parents[3] / "ganetix"
INSTALLED: Final = pathlib.Path(ganetix.__file__).parent
PROGRAMS: Final = pathlib.Path(sys.executable).parent


def _run(program: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Run an installed *program* as a user would: nothing of this repository is on its path."""
    return subprocess.run(
        [PROGRAMS / program, *args],
        env={"PATH": f"{PROGRAMS}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class WheelTests(SynchronousTestCase):
    """What must be there after an installation."""

    def test_the_wheel_is_what_is_tested(self) -> None:
        """These tests look at the installed package and not at the source tree."""
        self.assertNotEqual(INSTALLED, SOURCE)

    def test_twistd_shows_the_daemons(self) -> None:
        """`twistd --help` names the three daemons, and no plugin failed to load."""
        shown = _run("twistd", "--help")
        words = {line.split()[0] for line in shown.stdout.splitlines() if line.split()}
        self.assertEqual({"masterd", "noded", "rapid"} - words, set())
        self.assertNotIn("Traceback", shown.stdout + shown.stderr)

    def test_every_file_is_shipped(self) -> None:
        """Each module and each shared file of the source is in the wheel."""
        wanted, found = (
            {
                str(path.relative_to(top))
                for path in top.rglob("*")
                if path.is_file() and "__pycache__" not in path.parts
            }
            for top in (SOURCE, INSTALLED)
        )
        self.assertEqual(wanted - found, set())

    def test_man_pages(self) -> None:
        """Each program, the plugins aside, has its page where man looks for it."""
        points = importlib.metadata.entry_points(group="console_scripts")
        ours = {point.name for point in points if point.dist and point.dist.name == "ganetix"}
        pages = pathlib.Path(sys.prefix).glob("share/man/man[18]/*.[18]")
        self.assertEqual(ours - {page.stem for page in pages}, set())

    def test_programs_start(self) -> None:
        """Each program shows its help, with nothing but the wheel and what it depends on."""
        points = importlib.metadata.entry_points(group="console_scripts")
        ours = sorted(point.name for point in points if point.dist and point.dist.name == "ganetix")
        shown = {name: _run(name, "--help") for name in ours}
        wrong = {
            name: run.stderr or run.stdout
            for name, run in shown.items()
            if run.returncode != 0 or run.stderr or not run.stdout
        }
        self.assertEqual(wrong, {})
        self.assertIn("gnt-instance", ours)

    def test_version(self) -> None:
        """The commands tell which ganetix they are."""
        self.assertIn(ganetix.__version__, _run("gnt-cluster", "--version").stdout)
