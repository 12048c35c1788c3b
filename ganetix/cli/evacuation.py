"""gnt-node evacuate, migrate and failover, gnt-group evacuate, gnt-instance change-group."""

import importlib
from argparse import Namespace
from typing import Any, Final

from ganetix import errors
from ganetix.cli.context import Context
from ganetix.cli.follow import follow
from ganetix.cli.submit import Opcode, follow_many, opcode, send, submit_many

NOT_CONFIRMED: Final = 13
_FAILOVER_NOT_CONFIRMED: Final = 2


def evacuate_node(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Move instances off a node, after asking; or show what would move."""
    mode = _mode(options)
    name, primaries, secondaries = _instances(context, arguments[0])
    if options.plan:
        return int(_planner().evacuate_node(context, options, name, mode))
    leaving = {
        "primary-only": primaries,
        "secondary-only": secondaries,
        "all": [*primaries, *secondaries],
    }[mode]
    if not leaving:
        context.print(f"No instance has to leave node {name}.")
        return 0
    if not options.force:
        context.confirm(_question("Move", leaving, name), code=NOT_CONFIRMED)
    op = opcode(
        "OP_NODE_EVACUATE",
        node_name=name,
        mode=mode,
        remote_node=options.dst_node,
        iallocator=options.iallocator,
        early_release=options.early_release,
        ignore_soft_errors=options.ignore_soft_errors or None,
    )
    return parent(context, options, op, f"the evacuation of {name}")


def _mode(options: Namespace) -> str:
    if options.primary_only and options.secondary_only:
        raise errors.OpPrereqError(
            "Give --primary-only or --secondary-only, or neither for both.", errors.INVAL
        )
    if options.dst_node is not None and options.iallocator is not None:
        raise errors.OpPrereqError(
            "Give a node with -n or an allocator with -I, not both.", errors.INVAL
        )
    if options.primary_only:
        return "primary-only"
    return "secondary-only" if options.secondary_only else "all"


def migrate_node(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Migrate everything that runs on a node, after asking."""
    if not options.live and options.migration_mode is not None:
        raise errors.OpPrereqError(
            "Give either --non-live or --migration-mode, not both.", errors.INVAL
        )
    name, primaries, _ = _instances(context, arguments[0])
    if not primaries:
        context.print(f"Node {name} is the primary node of no instance.")
        return 0
    if not options.force:
        context.confirm(_question("Migrate", primaries, name), code=NOT_CONFIRMED)
    op = opcode(
        "OP_NODE_MIGRATE",
        node_name=name,
        mode=options.migration_mode if options.live else "non-live",
        target_node=options.dst_node,
        iallocator=options.iallocator,
        allow_runtime_changes=options.allow_runtime_chgs,
        ignore_ipolicy=options.ignore_ipolicy,
    )
    return parent(context, options, op, f"the migration of {name}")


def failover_node(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Fail over everything whose primary node this is, after asking."""
    name, primaries, _ = _instances(context, arguments[0])
    if not primaries:
        context.print(f"Node {name} is the primary node of no instance.")
        return 0
    if not options.force:
        question = _question("Stop and start elsewhere", primaries, name)
        context.confirm(question, code=_FAILOVER_NOT_CONFIRMED)
    ops = [
        (
            one,
            opcode(
                "OP_INSTANCE_FAILOVER",
                instance_name=one,
                ignore_consistency=options.ignore_consistency,
                iallocator=options.iallocator,
            ),
        )
        for one in primaries
    ]
    return submit_many(context, options, ops)


def evacuate_group(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Move all instances out of a group; or show what would move."""
    if options.plan:
        return int(_planner().evacuate_group(context, options, arguments[0]))
    op = opcode(
        "OP_GROUP_EVACUATE",
        group_name=arguments[0],
        iallocator=options.iallocator,
        target_groups=options.to,
        early_release=options.early_release,
        sequential=options.sequential,
        force_failover=options.force_failover,
    )
    return parent(context, options, op, f"the evacuation of group {arguments[0]}")


def change_group(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Move an instance to another group."""
    op = opcode(
        "OP_INSTANCE_CHANGE_GROUP",
        instance_name=arguments[0],
        iallocator=options.iallocator,
        target_groups=options.to,
        early_release=options.early_release,
    )
    return parent(context, options, op, f"the move of {arguments[0]}")


def parent(context: Context, options: Namespace, op: Opcode, what: str) -> int:
    """Submit *op*, which submits others, and follow it and them; return 1 if one failed."""
    job = send(context, options, op)
    if job is None:
        return 0
    [result] = follow(context, job)
    return children(context, result, what)


def children(context: Context, result: Any, what: str) -> int:
    """Follow the jobs that *result* names; return 1 if one failed."""
    rows = (result or {}).get("jobs", [])
    names = _names(context, [number for taken, number in rows if taken])
    jobs = [(names.get(number, what), bool(taken), number) for taken, number in rows]
    code = follow_many(context, jobs)
    if rows and not code:
        context.print(f"All jobs for {what} succeeded: {len(rows)}.")
    return code


def _names(context: Context, numbers: list[int]) -> dict[int, str]:
    """Return the instance that each job is about."""
    if not numbers:
        return {}
    rows = context.call("QueryJobs", numbers, ["id", "ops"])
    return {int(row[0]): str(row[1][0]["instance_name"]) for row in rows if row and row[1]}


def _instances(context: Context, node: str) -> tuple[str, list[str], list[str]]:
    """Return the node's full name, and the instances of which it is primary and secondary."""
    rows = context.call("QueryNodes", [node], ["name", "pinst_list", "sinst_list"], False)
    if not rows:
        raise errors.OpPrereqError(f"There is no node {node}. See: gnt-node list", errors.NOENT)
    name, primaries, secondaries = rows[0]
    return name, primaries, secondaries


def _planner() -> Any:
    """Return the planner's module, which nothing else of these commands needs."""
    return importlib.import_module("ganetix.cli.planner.plan")


def _question(verb: str, names: list[str], node: str) -> str:
    listed = "".join(f"\n  {name}" for name in names)
    return f"{verb} these {len(names)} instance(s) of node {node}:{listed}\nGo on?"
