"""The instance allocator: asks where instances may go, and tells the job's log why."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import attrs
import msgspec

from ganetix import errors
from ganetix.htools.faults import PlanError
from ganetix.master.allocation.answers import Answers, Evacuation, Placements
from ganetix.master.allocation.programs import BUILT_IN
from ganetix.master.allocation.request import disk_space, gather, request_of
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import Context
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance

MOST_MOVES: Final = 10_000
"""Instances times nodes squared up to which the master plans itself; a process does more."""


@attrs.frozen
class Allocator:
    """Asks the built-in allocator, or a program on the search path, where instances may go.

    Every method raises `errors.OpPrereqError` with a sentence when there is no place, no such
    allocator, or an answer that can't be.
    """

    outside: Outside

    async def allocate(
        self, context: Context, name: str, body: Mapping[str, Any], nodes: Collection[str]
    ) -> list[str]:
        """Return the names of the nodes for the ``allocate`` request *body*, primary first.

        Only *nodes* (uuids, those that are locked) are considered. If none of them will do and
        there are others, the error is a temporary one: it may be tried again with all nodes.
        """
        cluster = context.cluster
        request: dict[str, Any] = {"type": "allocate", **body}
        allowed = _restriction(cluster, nodes)
        if len(allowed) < len(cluster.nodes):
            request["restrict-to-nodes"] = allowed
        with _temporary_with("restrict-to-nodes" in request):
            answers, result = await self._asked(context, name, request, str(body["disk_template"]))
        found = answers.nodes(result, int(body["required_nodes"]), allowed)
        context.log(f"Instance allocator {name} chose {_nodes(found)} for {body['name']}.")
        return found

    async def allocate_many(
        self,
        context: Context,
        name: str,
        bodies: Sequence[Mapping[str, Any]],
        nodes: Collection[str],
    ) -> Placements:
        """Return the nodes for several ``allocate`` requests at once, on *nodes* (uuids) alone."""
        allowed = _restriction(context.cluster, nodes)
        rows = [{"type": "allocate", **body} for body in bodies]
        if len(allowed) < len(context.cluster.nodes):
            rows = [{**row, "restrict-to-nodes": allowed} for row in rows]
        template = str(bodies[0]["disk_template"])
        request = {"type": "multi-allocate", "instances": rows}
        with _temporary_with(len(allowed) < len(context.cluster.nodes)):
            answers, result = await self._asked(context, name, request, template)
        wanted = {str(body["name"]): int(body["required_nodes"]) for body in bodies}
        found = answers.placements(result, wanted, allowed)
        for instance, chosen in found.placed.items():
            context.log(f"Instance allocator {name} chose {_nodes(chosen)} for {instance}.")
        return found

    async def relocate(
        self, context: Context, instance: Instance, name: str = BUILT_IN
    ) -> list[str]:
        """Return the name of the new node for *instance*: of its mirror, or of its shared disks.

        It is one of the nodes that are locked.
        """
        cluster = context.cluster
        disks = cluster.disks_of(instance)
        template = params.template_of(disks)
        homes = cluster.nodes_of(instance)
        leaving = homes[1] if template == "drbd" else homes[0]
        request = {
            "type": "relocate",
            "name": instance.name,
            "disk_space_total": disk_space(template, [disk.size for disk in disks]),
            "required_nodes": 1,
            "relocate_from": [cluster.nodes[leaving].name],
        }
        answers, result = await self._asked(context, name, request, template)
        allowed = _restriction(cluster, context.owned("node") - set(homes))
        found = answers.nodes(result, 1, allowed)
        context.log(f"Instance allocator {name} chose {_nodes(found)} for {instance.name}.")
        return found

    async def allocate_secondary(
        self, context: Context, instance: Instance, name: str = BUILT_IN
    ) -> str:
        """Return the name of the node, a locked one, for the mirror that *instance* is to get."""
        cluster = context.cluster
        request = {"type": "allocate-secondary", "name": instance.name}
        answers, result = await self._asked(context, name, request, "drbd")
        allowed = _restriction(cluster, context.owned("node") - {instance.primary_node})
        (found,) = answers.nodes([result] if isinstance(result, str) else result, 1, allowed)
        context.log(f"Instance allocator {name} chose {_nodes([found])} for {instance.name}.")
        return found

    async def evacuate(
        self,
        context: Context,
        name: str,
        instances: Sequence[Instance],
        mode: str,
        *,
        ignore_soft_errors: bool = False,
        after: Cluster | None = None,
    ) -> Evacuation:
        """Return how *instances* leave their nodes; *mode* as in the ``node-evacuate`` request.

        *after* is the configuration to start from, where that is not the present one.
        """
        request = {
            "type": "node-evacuate",
            "instances": [one.name for one in instances],
            "evac_mode": mode,
        }
        more = {"ignore-soft-errors": None} if ignore_soft_errors else {}
        return await self._moves(context, name, instances, request, more, after)

    async def change_group(
        self, context: Context, name: str, instances: Sequence[Instance], groups: Sequence[str]
    ) -> Evacuation:
        """Return how *instances* get into one of *groups* (uuids; none: any other group)."""
        request = {
            "type": "change-group",
            "instances": [one.name for one in instances],
            "target_groups": list(groups),
        }
        return await self._moves(context, name, instances, request, {}, None)

    async def _moves(
        self,
        context: Context,
        name: str,
        instances: Sequence[Instance],
        request: Mapping[str, Any],
        more: Mapping[str, Any],
        after: Cluster | None,
    ) -> Evacuation:
        template = params.template_of(context.cluster.disks_of(instances[0]))
        answers, result = await self._asked(context, name, request, template, more, after)
        return answers.evacuation(result, request["instances"])

    async def whole_request(
        self,
        context: Context,
        request: Mapping[str, Any],
        template: str,
        after: Cluster | None = None,
    ) -> dict[str, Any]:
        """Return *request* with the cluster as it is now, or with the configuration *after*."""
        live = await gather(context, template)
        return request_of(after or context.cluster, live, request)

    async def response(
        self,
        context: Context,
        name: str,
        request: dict[str, Any],
        more: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what *name* answers to the whole *request*, unchecked."""
        options = {**context.cluster.cluster.default_iallocator_params, **(more or {})}
        return await self._response(Answers(name, context.cluster), request, options)

    async def _asked(
        self,
        context: Context,
        name: str,
        request: Mapping[str, Any],
        template: str,
        more: Mapping[str, Any] | None = None,
        after: Cluster | None = None,
    ) -> tuple[Answers, Any]:
        """Ask *name*, log its reasons; return what checks its result, and the result."""
        answers = Answers(name, after or context.cluster)
        whole = await self.whole_request(context, request, template, after)
        response = await self.response(context, name, whole, more)
        told = response.get("reasons", []) if isinstance(response, dict) else []
        try:
            return answers, answers.result(response)
        finally:
            if told:
                context.log_entry("message-list", [f"  {reason}" for reason in told])

    async def _response(
        self, answers: Answers, request: dict[str, Any], options: Mapping[str, Any]
    ) -> Any:
        if answers.name == BUILT_IN and _moves(request) <= MOST_MOVES:
            return self._built_in(request, options)
        program = await self._program(answers.name)
        words = [
            f"--{key}" if value is None else f"--{key}={value}" for key, value in options.items()
        ]
        try:
            raw = await self.outside.programs.run(program, msgspec.json.encode(request), words)
        except errors.CommandError as error:
            raise errors.OpPrereqError(
                f"Instance allocator {answers.name} failed: {error.message}", errors.FAULT
            ) from error
        return answers.decoded(raw)

    def _built_in(self, request: dict[str, Any], options: Mapping[str, Any]) -> Any:
        try:
            return self.outside.hail(request, options)
        except PlanError as error:
            raise errors.OpPrereqError(
                f"Instance allocator {BUILT_IN} does not understand the cluster: {error}.",
                errors.FAULT,
            ) from error

    async def _program(self, name: str) -> str:
        if name == BUILT_IN:
            return name
        found = await self.outside.programs.find(name)
        if found is None:
            raise errors.OpPrereqError(
                f"Instance allocator '{name}' is not available: it is neither {BUILT_IN} nor a "
                "program on the search path for allocators.",
                errors.INVAL,
            )
        return found

    async def require_known(self, name: str) -> None:
        """Raise `errors.OpPrereqError` unless there is an instance allocator called *name*."""
        await self._program(name)


def _moves(request: Mapping[str, Any]) -> int:
    """Return how many moves the planner must think of: each costs a look at all nodes."""
    asked = request["request"]
    if asked["type"] not in ("node-evacuate", "change-group"):
        return 0
    return len(asked["instances"]) * len(request["nodes"]) ** 2


@contextmanager
def _temporary_with(restricted: bool) -> Iterator[None]:
    """Mark a lack of resources as temporary when *restricted* to some of the nodes."""
    try:
        yield
    except errors.OpPrereqError as error:
        if not restricted or error.kind != errors.NORES:
            raise
        raise errors.OpPrereqError(error.message, errors.TEMP_NORES) from error


def chosen(cluster: Cluster, given: str | None) -> str | None:
    """Return the allocator that *given* means: a dot or nothing is the cluster's default."""
    if given is None or given == ".":
        return cluster.cluster.default_iallocator or None
    return given


def required(cluster: Cluster, given: str | None, what: str) -> str:
    """Return the allocator for *what*; raise `errors.OpPrereqError` when there is none."""
    name = chosen(cluster, given)
    if name is None:
        raise errors.OpPrereqError(
            f"No instance allocator was given for {what}, and the cluster has no default one; use "
            "-I ALLOCATOR, or set one with 'gnt-cluster modify -I ALLOCATOR'.",
            errors.INVAL,
        )
    return name


def _restriction(cluster: Cluster, nodes: Collection[str]) -> list[str]:
    """Return the names of *nodes*."""
    return sorted(cluster.nodes[uuid].name for uuid in nodes)


def _nodes(names: Iterable[str]) -> str:
    found = list(names)
    return f"node{'s' if len(found) > 1 else ''} {', '.join(found)}"
