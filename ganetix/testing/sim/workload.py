"""What users do in a run: drawn from the seed."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from ganetix.ids import Randomness
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.cluster import OpClusterSetParams
from ganetix.opcodes.codec import op_id_of
from ganetix.opcodes.instance import (
    OpInstanceCreate,
    OpInstanceReinstall,
    OpInstanceRemove,
    OpInstanceRename,
    OpInstanceSetParams,
)
from ganetix.opcodes.instance_disks import OpInstanceGrowDisk
from ganetix.opcodes.instance_state import (
    OpInstanceFailover,
    OpInstanceMigrate,
    OpInstanceReboot,
    OpInstanceShutdown,
    OpInstanceStartup,
)
from ganetix.opcodes.node import OpNodeSetParams
from ganetix.opcodes.tags import OpTagsDel, OpTagsSet
from ganetix.opcodes.test import OpTestDelay
from ganetix.opcodes.types import DiskTemplate
from ganetix.opcodes.verify import OpClusterVerifyConfig, OpClusterVerifyGroup
from ganetix.testing.dice import seeded

Jobs = list[list[OpCode]]
ANY_END: Final[list[Any]] = ["success", "error", "canceled"]
AFTER: Final[dict[str, Any]] = {"depends": [(-1, ANY_END)]}
"""Each job waits for the one before it, however that ends."""
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
    gone = OpTagsDel(kind="cluster", tags=[f"many{number}"])
    return [[brief], [brief, tag, gone], [OpTestDelay(duration=0.3)]]


def tags(dice: Randomness, number: int, nodes: Sequence[str]) -> Jobs:
    """Tags of a node."""
    return [[OpTagsSet(kind="node", name=pick(dice, nodes), tags=[f"tag{number}"])]]


def _create(dice: Randomness, name: str, template: DiskTemplate, **fields: Any) -> OpCode:
    return OpInstanceCreate(
        instance_name=name,
        mode="create",
        disk_template=template,
        disks=[] if template == "diskless" else [{"size": 1024}],
        nics=[{}],
        os_type="dummy",
        **fields,
    )


def file_life(dice: Randomness, number: int, nodes: Sequence[str]) -> Jobs:
    """An instance on files, from the beginning to the end."""
    name = f"file{number}.example.com"
    return [
        [_create(dice, name, "file", pnode=pick(dice, nodes))],
        [OpInstanceReboot(instance_name=name, reboot_type="hard", shutdown_timeout=2, **AFTER)],
        [OpInstanceShutdown(instance_name=name, timeout=2, **AFTER)],
        [OpInstanceGrowDisk(instance_name=name, disk=0, amount=128, **AFTER)],
        [OpInstanceReinstall(instance_name=name, **AFTER)],
        [OpInstanceSetParams(instance_name=name, beparams={"maxmem": 256}, **AFTER)],
        [OpInstanceStartup(instance_name=name, **AFTER)],
        [OpInstanceRemove(instance_name=name, shutdown_timeout=2, **AFTER)],
    ]


def diskless_life(dice: Randomness, number: int, nodes: Sequence[str]) -> Jobs:
    """An instance without disks: it moves about, and stays."""
    name = f"diskless{number}.example.com"
    target = pick(dice, nodes)
    other = pick(dice, [node for node in nodes if node != target])
    return [
        [_create(dice, name, "diskless", iallocator="hail", opportunistic_locking=True)],
        [OpInstanceMigrate(instance_name=name, target_node=target, **AFTER)],
        [OpInstanceFailover(instance_name=name, target_node=other, shutdown_timeout=2, **AFTER)],
        [OpInstanceShutdown(instance_name=name, timeout=2, **AFTER)],
        [OpInstanceRename(instance_name=name, new_name=f"new-{name}", **AFTER)],
        [OpInstanceStartup(instance_name=f"new-{name}", **AFTER)],
        [OpInstanceStartup(instance_name=name, **AFTER)],
    ]


def cluster(dice: Randomness, number: int, nodes: Sequence[str]) -> Jobs:
    """Parameters, roles, and a verification."""
    node = nodes[-1]
    return [
        [OpClusterSetParams(beparams={"vcpus": 2 + number % 3})],
        [OpNodeSetParams(node_name=node, drained=True, **AFTER)],
        [OpNodeSetParams(node_name=node, drained=False, **AFTER)],
        [OpNodeSetParams(node_name=node, master_candidate=True, **AFTER)],
        [OpClusterVerifyConfig(**AFTER)],
        [OpClusterVerifyGroup(group_name="default", **AFTER)],
    ]


KINDS: Final[Sequence[Callable[[Randomness, int, Sequence[str]], Jobs]]] = (
    delay,
    delay_on_nodes,
    many,
    tags,
    file_life,
    diskless_life,
    cluster,
)


def operations(jobs: Jobs) -> frozenset[str]:
    """Return the operations that *jobs* consist of."""
    return frozenset(op_id_of(op) for job in jobs for op in job)


def requests(
    dice: Randomness, nodes: Sequence[str], needed: Collection[str]
) -> list[tuple[float, Jobs]]:
    """Return when users submit what: so that all operations *needed* come up, and some by chance.

    Names in *needed* that are no opcode come up anyway. Without opcodes each kind comes up.
    """
    sample = seeded(0)
    wanted = [kind for kind in KINDS if operations(kind(sample, 0, nodes)) & set(needed)]
    kinds = [*(wanted or KINDS), *(pick(dice, KINDS) for _ in range(2 if len(needed) != 1 else 0))]
    return [(dice.uniform() * LENGTH, kind(dice, n, nodes)) for n, kind in enumerate(kinds)]
