"""gnt-node power, health and powercycle."""

from argparse import Namespace
from typing import Any, Final

from ganetix import errors
from ganetix.cli import output, table
from ganetix.cli.context import Context
from ganetix.cli.follow import follow
from ganetix.cli.lists import style_of
from ganetix.cli.submit import opcode, prepare, result_of, submit

_COMMANDS: Final = {
    "on": "power-on", "off": "power-off", "cycle": "power-cycle", "status": "power-status",
}  # fmt: skip
_TITLES: Final = (table.Column("Node"), table.Column("Status"))
_NO_HELPER: Final = 3
NOT_CONFIRMED: Final = 2

Row = list[Any]


def power(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Power nodes on or off, cycle their power, or show whether they have any."""
    verb, *names = arguments
    if verb != "status" and not names:
        raise errors.OpPrereqError(f"Say which nodes are to be powered {verb}.", errors.INVAL)
    if verb in ("off", "cycle") and not options.force:
        context.confirm(f"Power {verb} {', '.join(names)}, with all that runs there?")
    ops = [_oob(options, _COMMANDS[verb], names)]
    if verb == "off":
        ops = [*(_offline(options, name) for name in names), *ops]
    job = context.call("SubmitJob", [prepare(context, options, op) for op in ops])
    if options.print_jobid:
        context.print(str(job))
        context.flush()
    if options.submit_only:
        context.tell(f"JobID: {job}")
        return 0
    rows = follow(context, job)[-1]
    return _shown(context, options, rows, lambda payload: _power_word(verb, payload))


def _oob(options: Namespace, command: str, names: list[str]) -> dict[str, Any]:
    return opcode(
        "OP_OOB_COMMAND",
        node_names=names,
        command=command,
        timeout=options.oob_timeout,
        ignore_status=options.ignore_status,
        power_delay=options.power_delay,
    )


def _offline(options: Namespace, name: str) -> dict[str, Any]:
    return opcode(
        "OP_NODE_SET_PARAMS", node_name=name, offline=True, auto_promote=options.auto_promote
    )


def _power_word(verb: str, payload: Any) -> str:
    if verb == "status":
        return "powered" if payload["powered"] else "unpowered"
    return {"on": "powered", "off": "unpowered", "cycle": "powered"}[verb]


def health(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show how the hardware of nodes is."""
    op = opcode(
        "OP_OOB_COMMAND", node_names=arguments, command="health", timeout=options.oob_timeout
    )
    rows = result_of(context, options, op)
    return _shown(context, options, rows, dict)


def _text(status: str | dict[str, str]) -> str:
    if isinstance(status, str):
        return status
    return ",".join(f"{item}={state}" for item, state in status.items())


def _shown(context: Context, options: Namespace, rows: list[Row], word: Any) -> int:
    """Print a table of the nodes that answered; return 1 if one did not.

    *word* makes a word, or a mapping of items to words, of what was answered.
    """
    failed = 0
    found: list[dict[str, Any]] = []
    for (_, node), (status, payload) in rows or []:
        if status == 0:
            found.append({"node": node, "status": word(payload)})
        elif status == _NO_HELPER:
            context.tell(f"Node {node} has no out-of-band program (oob_program).")
        else:
            context.tell(f"Node {node}: {payload}")
            failed = 1
    cells = [[row["node"], _text(row["status"])] for row in found]
    output.show(
        context, options, found, lambda: table.render(_TITLES, cells, style_of(options)),
        ["node", "status"],
    )  # fmt: skip
    return failed


def powercycle(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Reboot a node at once."""
    [name] = arguments
    if not options.confirm:
        context.confirm(
            f"Reboot node {name} at once, without any shutdown? Its instances lose their power.",
            code=NOT_CONFIRMED,
        )
    return submit(
        context, options, opcode("OP_NODE_POWERCYCLE", node_name=name, force=options.force)
    )
