"""gnt-instance batch-create."""

import json
from argparse import Namespace
from typing import Any, Final

from ganetix import errors
from ganetix.cli import parameters
from ganetix.cli.context import Context
from ganetix.cli.evacuation import children
from ganetix.cli.follow import follow
from ganetix.cli.submit import opcode, send

_OLD_NAMES: Final = {"name": "instance_name", "os": "os_type", "hostname": "instance_name"}
_NEEDED: Final = ("instance_name", "disk_template")


def batch_create(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Create the instances that a file describes."""
    instances = [_instance(number, row) for number, row in enumerate(_read(context, arguments[0]))]
    op = opcode("OP_INSTANCE_MULTI_ALLOC", iallocator=options.iallocator, instances=instances)
    job = send(context, options, op)
    if job is None:
        return 0
    [result] = follow(context, job)
    for name in result.get("failed", ()):
        context.tell(f"There is no place for instance {name}.")
    if options.dry_run:
        context.print(*(f"There is a place for {name}." for name in result["allocatable"]))
        return int(bool(result["failed"]))
    return children(context, result, "the instances") or int(bool(result["failed"]))


def _read(context: Context, path: str) -> list[Any]:
    """Return the list of instances in the file *path*, or on standard input for ``-``."""
    try:
        if path == "-":
            found = json.load(context.world.stdin)
        else:
            with open(path, encoding="utf-8") as file:
                found = json.load(file)
    except OSError as error:
        raise _wrong(f"File {path} can't be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise _wrong(f"File {path} is not JSON: {error}.") from None
    rows = found.get("instances") if isinstance(found, dict) else found
    if not isinstance(rows, list) or not rows:
        raise _wrong(f"File {path} holds no list of instances.")
    return rows


def _instance(number: int, row: Any) -> dict[str, Any]:
    """Return the opcode of one instance, with the defaults that `gnt-instance add` has."""
    if not isinstance(row, dict):
        raise _wrong(f"Instance {number} of the list is not an object: {row!r}.")
    fields: dict[str, Any] = {
        _OLD_NAMES.get(str(key), str(key)): value for key, value in row.items()
    }
    for name in _NEEDED:
        if name not in fields:
            raise _wrong(f"Instance {number} of the list has no field '{name}'.")
    found: dict[str, Any] = {"mode": "create", "disks": [], "nics": [{}], **fields}
    for name in ("disks", "nics"):
        if not isinstance(found[name], list) or not all(isinstance(d, dict) for d in found[name]):
            raise _wrong(f"Instance {number} of the list: '{name}' is not a list of objects.")
    found["disks"] = [parameters.disk(one) for one in found["disks"]]
    if isinstance(found.get("beparams"), dict):
        found["beparams"] = parameters.backend(found["beparams"])
    return opcode("OP_INSTANCE_CREATE", **found)


def _wrong(sentence: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(sentence, errors.INVAL)
