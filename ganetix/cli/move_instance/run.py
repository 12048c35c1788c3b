"""Moving: prepare here, make there, send, and clean up when something fails."""

import time
from argparse import Namespace
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ganetix import errors
from ganetix.cli.context import Context
from ganetix.cli.move_instance import plan
from ganetix.cli.move_instance.options import PORT
from ganetix.cli.move_instance.remote import FINAL, Api, Https, Job


def move(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Move instances; return 1 if one of them stayed."""
    source, destination, *names = arguments
    _check(options, names)
    plan.placement(options)
    return move_all(context, options, names, _apis(options, source, destination))


def _check(options: Namespace, names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise errors.OpPrereqError("An instance is named twice.", errors.INVAL)
    if len(names) > 1 and (
        options.dest_instance_name or options.dest_primary_node or options.dest_secondary_node
    ):
        raise errors.OpPrereqError(
            "A name or nodes there only go with one instance; use --iallocator.", errors.INVAL
        )
    if options.parallel < 1:
        raise errors.OpPrereqError("--parallel must be 1 or more.", errors.INVAL)
    if options.opportunistic_tries is not None and not options.iallocator:
        raise errors.OpPrereqError(
            "--opportunistic-tries only goes with --iallocator.", errors.INVAL
        )


def _apis(options: Namespace, source: str, destination: str) -> tuple[Api, Api]:
    port = options.src_rapi_port or PORT
    here = Https(
        source,
        port,
        options.src_ca_file,
        options.src_username,
        _password(options.src_password_file),
    )
    there = Https(
        destination,
        options.dest_rapi_port or port,
        options.dest_ca_file or options.src_ca_file,
        options.dest_username or options.src_username,
        _password(options.dest_password_file or options.src_password_file),
    )
    return here, there


def _password(path: str | None) -> str:
    if path is None:
        return ""
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().rstrip("\n")
    except OSError as error:
        raise errors.OpPrereqError(
            f"The password file {path} can't be read: {error.strerror}.", errors.INVAL
        ) from error


def move_all(context: Context, options: Namespace, names: list[str], apis: tuple[Api, Api]) -> int:
    """Move *names*, so many at once as the options say."""
    failed = 0
    with ThreadPoolExecutor(options.parallel) as pool:
        moving = {name: pool.submit(_move_one, options, name, apis) for name in names}
        for name, done in moving.items():
            try:
                lines = done.result()
            except errors.GanetiError as error:
                context.tell(f"Instance {name} was not moved: {error.message}")
                failed += 1
                continue
            context.print(*(lines if options.verbose else ()), f"Instance {name} was moved.")
            context.flush()
    return int(failed > 0)


def _move_one(options: Namespace, name: str, apis: tuple[Api, Api]) -> list[str]:
    """Move one instance; return what there is to say about it."""
    here, there = apis
    [data] = Job(here, here.call("GET", f"/2/instances/{name}/info")).result().values()
    prepare = f"/2/instances/{data['name']}/prepare-export?mode=remote"
    shown = Job(here, here.call("PUT", prepare)).result()
    body = plan.creation(options, data["name"], data, shown)
    making = Job(there, _made(options, there, body))
    told = _waiting(making)
    request = plan.export(shown, told, options.compress)
    sending = Job(here, here.call("PUT", f"/2/instances/{data['name']}/export", request))
    try:
        sending.result()
    except errors.GanetiError:
        making.cancel()
        raise
    nodes = making.result()
    return [f"Instance {data['name']} is on {', '.join(nodes)} of {there.name}."]


def _made(options: Namespace, there: Api, body: dict[str, Any]) -> Any:
    """Submit the creation: with an allocator perhaps on nodes that are free just then."""
    submit = partial(there.call, "POST", "/2/instances")
    for number in range(options.opportunistic_tries or 0):
        if number:
            # In a thread of this one move.
            time.sleep(options.opportunistic_delay)
        try:
            return submit({**body, "opportunistic_locking": True})
        except errors.GanetiError:
            continue
    return submit(body)


def _waiting(making: Job) -> dict[str, Any]:
    """Return what the destination's log tells once it waits for the disks."""
    while True:
        status = making.step()
        for _, _, kind, payload in making.entries:
            if kind == "remote-import":
                found: dict[str, Any] = payload
                return found
        if status in FINAL:
            making.result()
            raise errors.OpExecError("The destination made the instance without its contents.")
