"""What the programs share when they print, and how they end."""

import contextlib
import gc
import os
import sys
from collections.abc import Callable, Iterable, Sequence

from ganetix.cli.htools.arguments import arguments
from ganetix.cli.htools.given import write
from ganetix.cli.htools.options import Values
from ganetix.htools.faults import PlanError
from ganetix.htools.model import Cluster, Instances, Nodes
from ganetix.htools.options import Options

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.")


class Stop(Exception):
    """The program ends here with this exit code; all has been said."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def run(
    program: str,
    names: Sequence[str],
    argv: Sequence[str] | None,
    body: Callable[[Values], int],
    *,
    least: int = 0,
    most: int = 0,
) -> int:
    """Read the command line, run *body*, turn errors into sentences and exit codes.

    Without *argv* this is the program itself: it ends here.
    """
    code = _run(program, names, argv, body, least, most)
    if argv is None:
        _end(code)
    return code


def _end(code: int) -> None:
    """End the process, without giving back one by one what it holds: that takes a while."""
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(code)


def _run(
    program: str,
    names: Sequence[str],
    argv: Sequence[str] | None,
    body: Callable[[Values], int],
    least: int,
    most: int,
) -> int:
    values = arguments(program, names, argv, least=least, most=most)
    if isinstance(values, int):
        return _ended(values, None)
    # Threads for matrices that fit in a cache cost more than they bring.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    collecting = gc.isenabled()
    gc.disable()  # hardly any cycles here, and hundreds of thousands of tuples to look through
    code, problem = 1, None
    try:
        code = body(values)
    except PlanError as err:
        problem = str(err)
    except Stop as stop:
        code = stop.code
    except BrokenPipeError:  # nobody reads any more
        return 1
    finally:
        if collecting:
            gc.enable()
    return _ended(code, problem)


def _ended(code: int, problem: str | None) -> int:
    """Write out what was said, tell the *problem*; return the exit code, *code* if all is well."""
    lost = _flush()
    for line in dict.fromkeys((problem, lost)):
        if line:
            tell(f"Error: {line}")
    return code if lost is None else 1


def _flush() -> str | None:
    """Write out what was said; return why that cannot be (nothing, if nobody reads any more)."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return ""
    except OSError as err:
        return _unwritten(err)
    return None


def _unwritten(err: OSError) -> str:
    return f"the output cannot be written: {err.strerror}"


def say(text: str = "", *, now: bool = False) -> None:
    """Print a line, *now* or with those that follow; raises `PlanError` when that cannot be."""
    try:
        sys.stdout.write(text + "\n")
        if now:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as err:
        raise PlanError(_unwritten(err)) from None


def tell(text: str = "") -> None:
    """Print a line on standard error."""
    sys.stderr.write(text + "\n")


def algorithm(values: Values) -> Options:
    """Return the options of the algorithms that the command line asks for."""
    return Options(
        disk_moves=values.disk_moves,
        instance_moves=values.instance_moves,
        restricted_migration=values.restricted_migration,
        ignore_soft_errors=values.ignore_soft_errors,
        evac_mode=values.evac_mode,
        min_gain=values.min_gain,
        min_gain_limit=values.min_gain_limit,
        capacity=values.capacity,
        accept_existing=values.accept_existing,
        restrict_to_nodes=values.restrict_to,
    )


def policy_text(cluster: Cluster) -> str:
    """Return the cluster's instance policy as a text file has it."""
    from ganetix.htools import text

    return text.policy_text("", cluster.policy)


def show_nodes(values: Values, what: str, nodes: Nodes) -> None:
    """Print the node table on standard error when ``-p`` asks for it."""
    if values.print_nodes is not None:
        from ganetix.htools import tables

        lines = tables.node_table(nodes, tables.chosen_fields(values.print_nodes))
        sys.stderr.write(f"\n{what} status:\n" + "".join(line + "\n" for line in lines) + "\n")


def show_instances(values: Values, what: str, nodes: Nodes, instances: Instances) -> None:
    """Print the instance table on standard error when it is asked for."""
    if values.print_instances:
        from ganetix.htools import tables

        lines = tables.instance_table(nodes, instances)
        sys.stderr.write(f"\n{what} instance map:\n" + "".join(line + "\n" for line in lines))


def show_commands(values: Values, title: str, lines: Iterable[str]) -> None:
    """Print the commands of a plan, or write them as a script."""
    path = values.print_commands
    if path is None:
        return
    if path == "-":
        say()
        say(title)
        for line in lines:
            if line != "  check":
                say("  " + line)
        return
    from ganetix.htools import jobs

    write(path, jobs.SCRIPT + "".join(line + "\n" for line in lines))
    say(f"The commands have been written to file '{path}'")


def show_keys(prefix: str, pairs: Iterable[tuple[str, str]]) -> None:
    """Print ``PREFIX_KEY=value`` lines; values with other than letters, digits, dots are quoted."""
    for key, value in pairs:
        quoted = value if _PLAIN.issuperset(value) else f"'{value}'"
        say(f"{prefix}_{key.upper()}={quoted}")
