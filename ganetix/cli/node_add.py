"""gnt-node add."""

from argparse import Namespace

from ganetix import errors
from ganetix.cli import bootstrap, parameters
from ganetix.cli.context import Context
from ganetix.cli.submit import opcode, submit
from ganetix.cli.units import natural


def add(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Give a machine the cluster's certificate, then add it to the configuration by a job."""
    name = arguments[0]
    known = [row[0] for row in context.call("QueryNodes", [name], ["name"], False)]
    if known and not options.readd:
        raise errors.OpPrereqError(
            f"Node {known[0]} is in the cluster already. To set it up anew, add --readd.",
            errors.EXISTS,
        )
    request = {
        "node_name": known[0] if known else name,
        "readd": options.readd,
        "ssh_key_check": options.ssh_key_check,
        "verbose": options.verbose,
        "force_join": options.force_join,
        "node_setup": options.node_setup,
    }
    port = (options.ndparams or {}).get("ssh_port")
    if port is not None:
        request["ssh_port"] = _port(port)
    joined = bootstrap.ask(context, "join", request)
    op = opcode(
        "OP_NODE_ADD",
        node_name=joined["name"],
        node_uuid=joined["uuid"],
        certificate_digest=joined["digest"],
        ssh_public_key=joined["ssh_public_key"],
        primary_ip=joined["primary_ip"],
        secondary_ip=options.secondary_ip,
        readd=options.readd,
        group=options.nodegroup,
        master_capable=options.master_capable,
        vm_capable=options.vm_capable,
        ndparams=options.ndparams,
        hv_state=parameters.table(options.hv_state) or None,
        disk_state=parameters.nested(options.disk_state) or None,
        node_setup=options.node_setup,
    )
    return submit(context, options, op)


def _port(text: str) -> int:
    number = natural(text)
    if number is None:
        raise errors.OpPrereqError(f"ssh_port={text} is not a port number.", errors.INVAL)
    return number
