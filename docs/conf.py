"""How Sphinx builds the documentation: Markdown pages, warnings as errors."""

import pathlib
import re

project = "ganetix"
author = "the ganetix authors"
copyright = "2026, the ganetix authors"
_init = (pathlib.Path(__file__).parents[1] / "ganetix/__init__.py").read_text("utf-8")
release = "".join(re.findall(r'__version__ = "(.+)"', _init))
extensions = ["myst_parser"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
