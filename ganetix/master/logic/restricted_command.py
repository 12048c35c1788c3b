"""OP_RESTRICTED_COMMAND: run commands that nodes' administrators allow."""

from typing import Any

from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import names, wants
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.opcodes.node import OpRestrictedCommand
from ganetix.rpc.tables.node_care import RESTRICTED_COMMAND, Output, RestrictedRun


@implementer(IUnit)
class RestrictedCommand:
    """Runs one command on several nodes."""

    resumable = False

    def locks(self, op: OpRestrictedCommand, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        uuids = [node.uuid for node in _nodes(op, cluster)]
        return [BGL_SHARED, wants.nodes(uuids, "exclusive" if op.use_locking else "shared")]

    async def check(self, op: OpRestrictedCommand, context: Context) -> list[Node]:
        """See `IUnit`."""
        return _nodes(op, context.cluster)

    def hooks(self, op: OpRestrictedCommand, plan: list[Node], cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(
        self, op: OpRestrictedCommand, plan: list[Node], context: Context
    ) -> list[list[Any]]:
        """Return [whether it worked, its output or what is wrong] for each node."""
        request = RestrictedRun(op.command)
        nodes = [node.uuid for node in plan]
        answers = await context.call_each(nodes, RESTRICTED_COMMAND, request)
        return [_row(answers[uuid]) for uuid in nodes]


def _row(answer: Output | errors.GanetiError) -> list[Any]:
    if isinstance(answer, errors.GanetiError):
        return [False, answer.message]
    return [True, answer.text]


def _nodes(op: OpRestrictedCommand, cluster: Cluster) -> list[Node]:
    return [names.node_of(cluster, name) for name in op.nodes]
