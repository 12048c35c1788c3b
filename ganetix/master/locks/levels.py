"""The levels of locks, their order, and what is compatible with what.

A lock is named ``<level>/<key>``; the set lock ``<level>/[lockset]`` stands for all objects of a
level, present and future. Whoever holds a member holds an intent lock of the same mode on the set
lock. Locks are acquired in the order of `LEVELS`, the set lock first and then members by name;
nobody ever waits for a lock that comes before one that it holds, so nobody waits in a circle.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, get_args

import attrs

from ganetix import errors
from ganetix.master.logic.unit import ALL, Level, Mode, Want

LEVELS: Final[tuple[Level, ...]] = get_args(Level)

Strength = Literal[
    "shared", "exclusive", "intent-shared", "intent-exclusive", "shared-intent-exclusive"
]
"""How a lock is held; the last three only on set locks."""

Lock = tuple[int, str]
"""Index of its level, and its key (empty for the set lock): tuples sort in lock order."""

COMPATIBLE: Final[Mapping[Strength, frozenset[Strength]]] = {
    "shared": frozenset({"shared", "intent-shared"}),
    "exclusive": frozenset(),
    "intent-shared": frozenset(
        {"shared", "intent-shared", "intent-exclusive", "shared-intent-exclusive"}
    ),
    "intent-exclusive": frozenset({"intent-shared", "intent-exclusive"}),
    "shared-intent-exclusive": frozenset({"intent-shared"}),
}
"""A strength to those that others may hold at the same time."""

_INDEX: Final[Mapping[Level, int]] = {level: at for at, level in enumerate(LEVELS)}
_CLUSTER: Final = _INDEX["cluster"]


@attrs.frozen
class LevelWant:
    """What one owner wants at one level.

    *set_strength* is None where there is no set lock (the cluster level). *members* are sorted by
    key. *opportunistic* stands alone: no members and no whole set beside it.
    """

    at: int
    set_strength: Strength | None
    members: tuple[tuple[str, Mode], ...]
    opportunistic: Want | None = None


def index(level: Level) -> int:
    """Return where *level* comes in the order; raise KeyError for an unknown one."""
    return _INDEX[level]


def name(lock: Lock) -> str:
    """Return the name of *lock* as ``gnt-debug locks`` shows it."""
    return f"{LEVELS[lock[0]]}/{lock[1] or ALL}"


def in_order(wants: Sequence[Want]) -> list[LevelWant]:
    """Return *wants* merged into one row a level, in the order in which they are acquired.

    Raise `errors.ProgrammerError` when an opportunistic want is not alone at its level: waiting
    for "any of these" while holding others of the same level could wait in a circle.
    """
    by_level: dict[int, list[Want]] = {}
    for want in wants:
        if want.keys:
            by_level.setdefault(_INDEX[want.level], []).append(want)
    return [_merged(at, by_level[at]) for at in sorted(by_level)]


def _merged(at: int, wants: list[Want]) -> LevelWant:
    chance = next((want for want in wants if want.opportunistic), None)
    if chance is not None:
        if len(wants) > 1:
            raise errors.ProgrammerError(
                f"Opportunistic locks of level {LEVELS[at]} were asked for beside others."
            )
        return LevelWant(at, intent(chance.mode), (), chance)
    whole = {want.mode for want in wants if ALL in want.keys}
    members = _members(wants, covered=_strongest(whole))
    return LevelWant(at, _set_strength(at, whole, (mode for _, mode in members)), members)


def _strongest(modes: Iterable[Mode]) -> Mode | None:
    found = set(modes)
    if "exclusive" in found:
        return "exclusive"
    return "shared" if found else None


def _members(wants: list[Want], covered: Mode | None) -> tuple[tuple[str, Mode], ...]:
    """Return the members to lock beside a set lock held as *covered*."""
    if covered == "exclusive":
        return ()
    modes: dict[str, Mode] = {}
    for want in wants:
        for key in want.keys:
            if key != ALL and (want.mode == "exclusive" or covered is None):
                modes[key] = "exclusive" if modes.get(key) == "exclusive" else want.mode
    return tuple(sorted(modes.items()))


def _set_strength(at: int, whole: set[Mode], members: Iterable[Mode]) -> Strength | None:
    if at == _CLUSTER:
        return None
    covered, inside = _strongest(whole), _strongest(members)
    if covered is None:
        return intent(inside or "shared")
    return "shared-intent-exclusive" if inside == "exclusive" else covered


def intent(mode: Mode) -> Strength:
    """Return how the set lock is held by somebody who holds a member in *mode*."""
    return "intent-shared" if mode == "shared" else "intent-exclusive"
