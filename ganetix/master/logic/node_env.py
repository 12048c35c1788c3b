"""The hooks of node operations."""

from collections.abc import Iterable, Mapping

from ganetix.master.logic.unit import Hooks
from ganetix.model.objects import Node


def added(node: Node) -> dict[str, str]:
    """Return the variables of a node that is added."""
    return {
        "OP_TARGET": node.name,
        "NODE_NAME": node.name,
        "NODE_PIP": node.primary_ip,
        "NODE_SIP": node.secondary_ip,
        "MASTER_CAPABLE": str(node.master_capable),
        "VM_CAPABLE": str(node.vm_capable),
    }


def hooks(path: str, env: Mapping[str, str], pre: Iterable[str], post: Iterable[str]) -> Hooks:
    """Return the hooks of a node operation."""
    return Hooks(path, "NODE", env, tuple(sorted(pre)), tuple(sorted(post)))
