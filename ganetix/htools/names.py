"""Finding things by the names that people type, and shortening names for tables."""

from collections.abc import Iterable, Sequence

from ganetix.htools.faults import PlanError


def lookup(names: Iterable[str], wanted: str) -> str | None:
    """Find *wanted*: exactly, or as the only name that starts with its dot-separated parts."""
    partial = []
    for name in names:
        if name == wanted:
            return name
        if name.startswith(wanted + "."):
            partial.append(name)
    return partial[0] if len(partial) == 1 else None


def lookup_all(names: Sequence[str], wanted: Iterable[str], what: str) -> set[str]:
    """Find each of *wanted*, or say which are unknown; *what* begins that sentence."""
    found, unknown = set(), []
    for name in wanted:
        match = lookup(names, name)
        if match is None:
            unknown.append(name)
        else:
            found.add(match)
    if unknown:
        raise PlanError(f"{what}: {', '.join(unknown)}")
    return found


def common_suffix(names: Sequence[str]) -> str:
    """Return the longest domain, dot included, that all *names* end with."""
    if not names:
        return ""
    first = names[0]
    for at, char in enumerate(first):
        if char == "." and all(name.endswith(first[at:]) for name in names):
            return first[at:]
    return ""


def alias(name: str, suffix: str) -> str:
    """Return *name* less the common *suffix*."""
    return name[: -len(suffix)] if suffix else name
