"""What users do in a run: drawn from the seed."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from ganetix.ids import Randomness
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.instance import OpInstanceCreate, OpInstanceRemove
from ganetix.opcodes.instance_state import OpInstanceShutdown, OpInstanceStartup
from ganetix.opcodes.tags import OpTagsSet
from ganetix.opcodes.test import OpTestDelay

Jobs = list[list[OpCode]]
ANY_END: Final[list[Any]] = ["success", "error", "canceled"]
LENGTH: Final = 15.0
"""Seconds during which users begin things."""


def pick(dice: Randomness, rows: Sequence[Any]) -> Any:
    """Return one of *rows*."""
    return rows[int(dice.uniform() * len(rows))]


def delay(dice: Randomness, number: int, nodes: Sequence[str]) -> Jobs:
    """A short wait on the master."""
    return [[OpTestDelay(duration=dice.uniform() * 2, interruptible=True)]]


def delay_on_nodes(dice: Randomness, number: int, nodes: Sequence[str]) -> Jobs:
    """A wait on two nodes that are locked for it."""
    some = sorted({pick(dice, nodes), pick(dice, nodes)})
    return [[OpTestDelay(duration=dice.uniform(), on_master=False, on_nodes=some, no_locks=False)]]


def many(dice: Randomness, number: int, nodes: Sequence[str]) -> Jobs:
    """Several jobs in one request, some with two opcodes."""
    brief = OpTestDelay(duration=0.01)
    tag = OpTagsSet(kind="cluster", tags=[f"many{number}"])
    return [[brief], [brief, tag], [OpTestDelay(duration=0.3)]]


def tags(dice: Randomness, number: int, nodes: Sequence[str]) -> Jobs:
    """Tags of a node."""
    return [[OpTagsSet(kind="node", name=pick(dice, nodes), tags=[f"tag{number}"])]]


def life(dice: Randomness, number: int, nodes: Sequence[str]) -> Jobs:
    """An instance from the beginning to the end, each step after the one before."""
    name = f"instance{number}.example.com"
    template = pick(dice, ["diskless", "file"])
    create = OpInstanceCreate(
        instance_name=name,
        mode="create",
        disk_template=template,
        disks=[] if template == "diskless" else [{"size": 1024}],
        nics=[{}],
        os_type="dummy",
        pnode=pick(dice, nodes),
    )
    after: Any = {"depends": [(-1, ANY_END)]}
    return [
        [create],
        [OpInstanceShutdown(instance_name=name, timeout=2, **after)],
        [OpInstanceStartup(instance_name=name, **after)],
        [OpInstanceRemove(instance_name=name, shutdown_timeout=2, **after)],
    ]


KINDS: Final[Sequence[Callable[[Randomness, int, Sequence[str]], Jobs]]] = (
    delay,
    delay_on_nodes,
    many,
    tags,
    life,
    life,
)


def requests(dice: Randomness, nodes: Sequence[str]) -> list[tuple[float, Jobs]]:
    """Return when users submit what: each kind once, and some more by chance."""
    kinds = [*KINDS, *(pick(dice, KINDS) for _ in range(4))]
    return [(dice.uniform() * LENGTH, kind(dice, n, nodes)) for n, kind in enumerate(kinds)]
