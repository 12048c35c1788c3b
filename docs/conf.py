"""How Sphinx builds the documentation: Markdown pages, warnings as errors."""

import pathlib
import re
import sys
from typing import Any

sys.path[:0] = [str(pathlib.Path(__file__).parents[1]), str(pathlib.Path(__file__).parent)]
import manual

from ganetix.rapi.openapi import document
from ganetix.rapi.ours import ALL, SHAPES
from ganetix.rapi.reference import page

project = "ganetix"
author = "the ganetix authors"
copyright = "2026, the ganetix authors"
_init = (pathlib.Path(__file__).parents[1] / "ganetix/__init__.py").read_text("utf-8")
release = "".join(re.findall(r'__version__ = "(.+)"', _init))
extensions = ["myst_parser"]
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
man_pages = [
    (f"man/{page.name}", page.name, page.summary, author, page.section) for page in manual.pages()
]
# Without the day, so that what is kept in docs/man/man1 and man8 changes when a page does.
today = " "
man_make_section_directory = True
exclude_patterns = ["_build", "man/parts"]


def fill_in(app: Any, docname: str, source: list[str]) -> None:
    """Put what a table has, the remote API's or a program's parser's, into its page."""
    if docname.startswith("man/"):
        source[0] = manual.filled(source[0])
    if docname == "rapi-reference":
        source[0] = source[0].replace("{{resources}}", page(document(ALL, SHAPES)))


def setup(app: Any) -> None:
    """Have pages that are made from tables filled in."""
    app.connect("source-read", fill_in)
