"""OP_INSTANCE_MULTI_ALLOC: find places for several instances at once, and submit their creation."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master import allocator
from ganetix.master.allocation.answers import Placements
from ganetix.master.allocator import Allocator
from ganetix.master.logic import child_jobs, instance_allocation, names, wants
from ganetix.master.logic.instance_draft import draft_of
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.opcodes import codec
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.instance import OpInstanceCreate, OpInstanceMultiAlloc


@attrs.frozen
class Plan:
    """The creations to submit, and the instances that fit nowhere."""

    creations: tuple[OpInstanceCreate, ...]
    failed: tuple[str, ...]

    @property
    def dry_run_result(self) -> dict[str, Any]:
        """What a dry run returns: what would be created, without jobs."""
        return self.result([])

    def result(self, jobs: Sequence[Any]) -> dict[str, Any]:
        """Return the opcode's result."""
        named = [op.instance_name for op in self.creations]
        return {"jobs": list(jobs), "allocatable": named, "failed": list(self.failed)}


@implementer(IUnit)
@attrs.frozen
class InstanceMultiAlloc:
    """Places instances one after the other in one request, so that they don't collide."""

    allocator: Allocator
    resumable = False

    def locks(self, op: OpInstanceMultiAlloc, cluster: Cluster) -> list[Want]:
        """See `IUnit`: nothing is made here, the creations lock their nodes alone."""
        creations = _creations(op)
        if _placed(creations):
            instance_allocation.require_choice(opportunistic=op.opportunistic_locking)
            nodes = [
                cluster.node_named(name).uuid
                for one in creations
                for name in (one.pnode, one.snode)
                if name is not None
            ]
            return [
                BGL_SHARED,
                wants.nodes(nodes, "shared"),
                wants.resources(nodes, "shared"),
            ]
        chance = op.opportunistic_locking
        every = tuple(sorted(cluster.nodes)) if chance else (ALL,)
        return [
            BGL_SHARED,
            Want("node", every, "shared", chance),
            Want("node-res", every, "shared", chance),
        ]

    async def check(self, op: OpInstanceMultiAlloc, context: Context) -> Plan:
        """See `IUnit`."""
        creations = _creations(op)
        if _placed(creations):
            return Plan(creations, ())
        cluster = context.cluster
        name = allocator.required(cluster, op.iallocator, "these instances")
        bodies = [_body(cluster, one) for one in creations]
        free = context.owned("node") & context.owned("node-res")
        found = await self.allocator.allocate_many(context, name, bodies, free)
        if found.failed and len(free) < len(cluster.nodes):
            raise errors.OpPrereqError(
                f"No free node has room for {', '.join(found.failed)}.", errors.TEMP_NORES
            )
        for instance, reason in found.failed.items():
            context.log(f"WARNING: Instance {instance} fits nowhere: {reason}.")
        chosen = [_at(one, found) for one in creations if one.instance_name in found.placed]
        return Plan(tuple(chosen), tuple(found.failed))

    def hooks(self, op: OpInstanceMultiAlloc, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`: this operation has none."""
        return None

    async def execute(
        self, op: OpInstanceMultiAlloc, plan: Plan, context: Context
    ) -> Mapping[str, Any]:
        """Submit a creation for each instance that has a place."""
        jobs: list[list[OpCode]] = [[one] for one in plan.creations]
        return plan.result(await child_jobs.submit(context, op, jobs))


def _creations(op: OpInstanceMultiAlloc) -> tuple[OpInstanceCreate, ...]:
    """Return the opcodes in *op*; raise `errors.OpPrereqError` with what is wrong with them."""
    found = []
    for number, raw in enumerate(op.instances):
        try:
            one = codec.decode({"OP_ID": "OP_INSTANCE_CREATE", **_object(raw)})
        except errors.ParseError as error:
            raise _wrong(f"Instance {number} of the list: {error.message}") from error
        if not isinstance(one, OpInstanceCreate):
            raise _wrong(f"Instance {number} of the list is no OP_INSTANCE_CREATE.")
        found.append(msgspec.structs.replace(one, instance_name=one.instance_name.lower()))
    if not found:
        raise _wrong("The list of instances is empty; give at least one.")
    _check(found)
    return tuple(found)


def _object(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise errors.ParseError("it is not an object.")
    return raw


def _check(creations: Sequence[OpInstanceCreate]) -> None:
    given = [one.instance_name for one in creations]
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:
        raise _wrong(f"Instances are in the list more than once: {', '.join(twice)}.")
    for one in creations:
        if one.iallocator is not None:
            raise _wrong(
                f"Instance {one.instance_name} names an allocator of its own; one allocator places "
                "all: give it with -I alone."
            )
    placed = sum(one.pnode is not None for one in creations)
    if placed not in (0, len(creations)):
        raise _wrong("Some instances of the list have nodes and some have none; give all or none.")


def _placed(creations: Sequence[OpInstanceCreate]) -> bool:
    return creations[0].pnode is not None


def _body(cluster: Cluster, op: OpInstanceCreate) -> dict[str, Any]:
    name = names.new_instance_name(cluster, op.instance_name)
    return instance_allocation.body(cluster, op, draft_of(cluster, op, name))


def _at(op: OpInstanceCreate, found: Placements) -> OpInstanceCreate:
    primary, *others = found.placed[op.instance_name]
    return msgspec.structs.replace(
        op, pnode=primary, snode=others[0] if others else None, opportunistic_locking=False
    )


def _wrong(sentence: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(sentence, errors.INVAL)
