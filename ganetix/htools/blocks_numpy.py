"""The pairs of a group as two arrays of places, and why they do not take instances, in NumPy."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from ganetix.htools.faults import FailMode
from ganetix.htools.limits import NONE, Floats, Ints, Limits, Sizes
from ganetix.htools.model import Instance

Codes = tuple[Ints, Ints, Ints]
Columns = Ints | slice
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


def reserve(limits: Limits, part: Block, need: int) -> Floats:
    """Return the memory that the secondaries (columns) keep with an instance of each primary."""
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


def _named(limits: Limits, codes: Codes, need: int, block: Block) -> Ints:
    """Return the code of each pair of *block* whose primary takes the instance."""
    primary, early, late = codes
    ones, twos = block.ones[primary[block.ones] == NONE], block.twos
    held = reserve(limits, Block(ones, twos), need)
    unhappy = (held >= limits.u_mem[twos]) & ~limits.fails[twos]
    named = np.where(unhappy, int(FailMode.FailMem), late[twos])
    named = np.where(early[twos] != NONE, early[twos], named)
    return np.asarray(named[(named != NONE) & (ones[:, None] != twos)])


@quietly
def failures(
    limits: Limits, insts: Sequence[Instance], parts: Sequence[Block], *, force: bool
) -> list[list[int]]:
    """Count for each size why pairs of *parts* may not take it, for each kind of fault.

    Only for sizes with equal tags.
    """
    primary, early, late = limits.pairs(Sizes(limits, insts, force=force))
    kinds = len(FailMode)
    rows = np.arange(len(insts))[:, None] * kinds
    total = np.zeros(len(insts) * kinds)
    for block in parts:
        here = primary[:, block.ones]
        bad = here != NONE
        weights = np.broadcast_to(_others(block, primary.shape[1]), here.shape)[bad]
        total += np.bincount((here + rows)[bad], weights=weights, minlength=len(total))
        for at in np.nonzero(~bad.all(axis=1))[0].tolist():
            codes = primary[at], early[at], late[at]
            need = insts[at].mem if insts[at].needs_reserve else 0
            named = _named(limits, codes, need, block)
            total[at * kinds : (at + 1) * kinds] += np.bincount(named, minlength=kinds)
    counts: list[list[int]] = total.astype(np.int64).reshape(len(insts), kinds).tolist()
    return counts
