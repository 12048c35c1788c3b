"""The pages of docs/: the man pages' own module, and the commands that stand in them."""

import pathlib
import re
import runpy
import shlex
from collections.abc import Iterator
from typing import Any, Final

from ganetix_test.house import source

DOCS: Final = source.ROOT / "docs"
MANUAL: Final[dict[str, Any]] = runpy.run_path(str(DOCS / "manual.py"))
"""What docs/manual.py defines; docs/ is no package."""
_EXAMPLE: Final = re.compile(r"    +([#$] |\S*/cmd )?(?=[a-z])")
"""An example's indentation, and what may stand before the command."""


def console_scripts() -> set[str]:
    """Return the names of the programs that setup.py installs."""
    path = source.ROOT / "setup.py"
    found: dict[str, Any] = {"__file__": str(path)}
    exec(path.read_text("utf-8").partition("\nsetup(")[0], found)
    return {row.partition(" = ")[0] for row in found["PROGRAMS"]}


def commands(path: pathlib.Path) -> Iterator[list[str]]:
    """Yield the words of each command of ours in the examples of the page at *path*.

    What a page leaves out (``...``) is left out here too.
    """
    programs = console_scripts()
    text = path.read_text("utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        start = _EXAMPLE.match(line)
        if start and line[start.end() :].split()[0] in programs:
            words = shlex.split(line[start.end() :], comments=True)
            end = next((at for at, word in enumerate(words) if word in "|>"), None)
            yield [word for word in words[:end] if word != "..."]


def rows(path: pathlib.Path) -> Iterator[list[str]]:
    """Yield the cells of the rows of the table on the page at *path*, without its head."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]
