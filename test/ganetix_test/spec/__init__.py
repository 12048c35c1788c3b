"""The interface tables that ganetix is measured against, one JSON file a topic."""

import functools
import json
import pathlib
from typing import Any


@functools.cache
def load(topic: str) -> Any:
    """Return the parsed table of *topic*, such as ``opcodes`` or ``cli``."""
    return json.loads(pathlib.Path(__file__).with_name(f"{topic}.json").read_text("utf-8"))
