"""The pairs of a group as two arrays of places, and why they do not take instances, in NumPy."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from ganetix.htools.faults import FailMode
from ganetix.htools.limits import NONE, Bools, Floats, Ints, Limits, Sizes
from ganetix.htools.model import Instance

Columns = Ints | slice
# Entries of one matrix: a few of them should stay in the processor's cache.
ENTRIES: Final = 1 << 16
# Dividing by nothing gives an infinity or no number, as in `placement.ratio`.
quietly: Final = np.errstate(invalid="ignore", divide="ignore")


class Block(NamedTuple):
    """Pairs of one group: the places of primaries and of secondaries."""

    ones: Ints
    twos: Ints


def _others(block: Block, size: int) -> Ints:
    """Return how many secondaries there are for each primary of *block*."""
    there = np.zeros(size, dtype=np.int64)
    there[block.twos] = 1
    return np.asarray(len(block.twos) - there[block.ones])


def columns(limits: Limits, part: Block) -> Columns:
    """Return what selects the secondaries of *part*; if they are all nodes, without a copy."""
    return slice(None) if len(part.twos) == len(limits.nodes) else part.twos


def reserve(limits: Limits, part: Block, need: int | Ints) -> Floats:
    """Return the memory that the secondaries (columns) keep with an instance of each primary.

    *need* is what they keep for it, of all or of each primary (a column).
    """
    twos = columns(limits, part)
    held = limits.peers[part.ones][:, twos]
    held += need
    np.maximum(held, limits.r_mem[twos], out=held)
    return np.asarray(held)


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def blocks(limits: Limits, pairs: Iterable[tuple[int, list[int]]]) -> list[Block]:
    """Sort *pairs* (primary, its secondaries) into the pairs of each group."""
    groups: dict[int, tuple[list[int], set[int]]] = {}
    position = limits.position
    for idx, others in pairs:
        group = limits.nodes[position[idx]].spec.group
        ones, twos = groups.setdefault(group, ([], set()))
        ones.append(position[idx])
        twos.update(others)
    return [
        Block(_ints(ones), _ints(sorted(position[idx] for idx in twos)))
        for ones, twos in groups.values()
    ]


def _named(
    limits: Limits, codes: tuple[Ints, Ints], needs: Ints, block: Block, good: Bools
) -> Iterator[tuple[Ints, Ints]]:
    """Yield the sizes of pairs of *block* whose primary takes the instance, and their codes.

    *good* says which primaries (columns) take which size (rows), *codes* has why a node is not its
    secondary, *needs* what that would have to hold.
    """
    twos = block.twos
    early, late = (code[:, twos] for code in codes)
    sizes, places = np.nonzero(good)
    step = max(1, ENTRIES // max(1, len(twos)))
    for at in range(0, len(sizes), step):
        size, ones = sizes[at : at + step, None], block.ones[places[at : at + step]]
        held = reserve(limits, Block(ones, twos), needs[size])
        unhappy = (held >= limits.u_mem[twos]) & ~limits.fails[twos]
        named = np.where(unhappy, int(FailMode.FailMem), late[size[:, 0]])
        named = np.where(early[size[:, 0]] != NONE, early[size[:, 0]], named)
        faulty = (named != NONE) & (ones[:, None] != twos)
        yield np.broadcast_to(size, named.shape)[faulty], named[faulty]


@quietly
def failures(
    limits: Limits, insts: Sequence[Instance], parts: Sequence[Block], *, force: bool
) -> list[list[int]]:
    """Count for each size why pairs of *parts* may not take it, for each kind of fault.

    Only for sizes with equal tags.
    """
    primary, early, late = limits.pairs(Sizes(limits, insts, force=force))
    needs = _ints([inst.mem if inst.needs_reserve else 0 for inst in insts])
    kinds = len(FailMode)
    rows = np.arange(len(insts))[:, None] * kinds
    total = np.zeros(len(insts) * kinds)
    for block in parts:
        here = primary[:, block.ones]
        bad = here != NONE
        weights = np.broadcast_to(_others(block, primary.shape[1]), here.shape)[bad]
        total += np.bincount((here + rows)[bad], weights=weights, minlength=len(total))
        for sizes, named in _named(limits, (early, late), needs, block, ~bad):
            total += np.bincount(sizes * kinds + named, minlength=len(total))
    counts: list[list[int]] = total.astype(np.int64).reshape(len(insts), kinds).tolist()
    return counts
