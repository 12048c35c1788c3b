"""Tags of clusters, nodes, instances, node groups and networks."""

from argparse import Namespace

from ganetix import errors
from ganetix.cli import output
from ganetix.cli.context import Context
from ganetix.cli.submit import opcode, result_of, submit


def show(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Print the tags of the object, sorted, one a line."""
    kind = context.command.object
    name = arguments[0] if arguments else ""
    found = sorted(context.call("QueryTags", kind, name))
    output.show(context, options, [{"tag": tag} for tag in found], lambda: found, ["tag"])
    return 0


def add(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Add tags to the object."""
    return _change(context, options, arguments, "OP_TAGS_SET")


def remove(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Take tags from the object."""
    return _change(context, options, arguments, "OP_TAGS_DEL")


def _change(context: Context, options: Namespace, arguments: list[str], op: str) -> int:
    kind = context.command.object
    name = None if kind == "cluster" else arguments[0]
    tags = arguments if kind == "cluster" else arguments[1:]
    if options.tags_source:
        tags = [*tags, *_from_file(context, options.tags_source)]
    if not tags:
        raise errors.OpPrereqError("Name at least one tag.", errors.INVAL)
    return submit(context, options, opcode(op, kind=kind, name=name, tags=tags))


def _from_file(context: Context, path: str) -> list[str]:
    try:
        if path == "-":
            text = context.world.stdin.read()
        else:
            with open(path, encoding="utf-8") as file:
                text = file.read()
    except OSError as error:
        raise errors.OpPrereqError(f"Can't read tags: {error}.", errors.INVAL) from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def search(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Print path and tag of all tags that match a regular expression; 1 if there is none."""
    op = opcode("OP_TAGS_SEARCH", pattern=arguments[0])
    found = result_of(context, options, op)
    context.print(*(f"{path} {tag}" for path, tag in sorted(found)))
    return 0 if found else 1
