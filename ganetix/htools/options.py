"""The options of the algorithms."""

from typing import NamedTuple


class Options(NamedTuple):
    """How to balance and to allocate; the defaults are the programs' own."""

    disk_moves: bool = True
    instance_moves: bool = True
    restricted_migration: bool = False
    ignore_soft_errors: bool = False
    evac_mode: bool = False
    min_gain: float = 1e-2
    min_gain_limit: float = 1e-1
    capacity: bool = True
    accept_existing: bool = False
    ignored_groups: frozenset[int] = frozenset()
    restrict_to_nodes: tuple[str, ...] | None = None


DEFAULT_OPTIONS = Options()
