"""What a node found on a search path, in words: a definition, and others that it hides."""

from typing import Any


def on_node(found: list[Any]) -> str:
    """Return the status of the first of *found*, rows of path, whether it is valid, and why not.

    The first one is used; the others are hidden by it.
    """
    if not found:
        return "invalid (not found)"
    path, good, problem, *_ = found[0]
    text = f"{'valid' if good else 'invalid'} (path: {path})"
    if not good:
        text += f": {problem}"
    hidden = ", ".join(other[0] for other in found[1:])
    return f"{text}, hides {hidden}" if hidden else text
