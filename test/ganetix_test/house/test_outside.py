"""What comes from outside is a parameter; the places where it really comes in are listed here."""

import ast
from collections.abc import Iterator
from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.house import source

ROOTS: Final = (
    "ganetix.daemons", "ganetix.cli", "ganetix.vcluster", "ganetix.watcher.program",
    "ganetix.watcher.cleaner_program",
)  # fmt: skip
"""Composition roots: they read the outside and hand it down."""

DOORS: Final[dict[str, tuple[str, ...]]] = {
    "open": ("ganetix.toolkit",),
    "os": ("ganetix.toolkit", "ganetix.process", "ganetix.luxi.client"),
    "time": ("ganetix.luxi.client",),
    "socket": ("ganetix.luxi.client", "ganetix.luxi.peercred"),
    "shutil": ("ganetix.toolkit",),
    "random": (),
    "secrets": (),
    "uuid": (),
    "subprocess": (),
    "tempfile": (),
    "glob": (),
    "pathlib.Path": (),
    "datetime.datetime.now": (),
}
"""What touches the outside, and who may besides the composition roots."""

PURE: Final = frozenset(
    """
    os.path os.fspath os.fsencode os.fsdecode os.sep os.linesep os.strerror os.PathLike
    os.WIFEXITED os.WEXITSTATUS os.WIFSIGNALED os.WTERMSIG os.path.basename os.path.dirname
    os.path.join os.path.split os.path.splitext os.path.normpath os.path.isabs os.path.commonpath
    os.path.relpath
    """.split()  # noqa: SIM905  # a list of 20 quoted names is harder to read
)
"""Names of os that compute and touch nothing; the module itself may be imported for them."""


def _door(name: str) -> str:
    """Return the entry of `DOORS` that the full *name* goes through, or nothing."""
    if name == "os" or name in PURE:
        return ""
    return next((door for door in DOORS if name == door or name.startswith(f"{door}.")), "")


def _touched(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Yield each use of something in `DOORS`, with where."""
    for name, node in source.imports(tree):
        yield _door(name), node
    names = source.names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            head, _, rest = source.dotted(node).partition(".")
            if head in names:
                yield _door(f"{names[head]}.{rest}"), node
        elif isinstance(node, ast.Call) and source.dotted(node.func) == "open":
            yield "open", node


class OutsideTests(SynchronousTestCase):
    """Without these rules the whole cluster could not run in one process under a fake clock."""

    def test_outside_is_a_parameter(self) -> None:
        """Files, time, names, sockets, randomness and programs come in only at listed places."""
        found = sorted(
            {
                f"{module.at(node)} uses {what}"
                for module in source.package()
                if not module.inside(*ROOTS)
                for what, node in _touched(module.tree)
                if what and not module.inside(*DOORS[what])
            }
        )
        self.assertEqual(found, [])

    def test_reactor_is_a_parameter(self) -> None:
        """Only the composition roots import the global reactor."""
        found = [
            module.at(node)
            for module in source.package()
            if not module.inside(*ROOTS)
            for name, node in source.imports(module.tree)
            if name == "twisted.internet.reactor"
        ]
        self.assertEqual(found, [])

    def test_one_place_spawns(self) -> None:
        """Programs are started by ganetix.process alone: it masks secrets and ends groups."""
        self.assertEqual(_calls("spawnProcess", "ganetix.process"), [])

    def test_timers_have_an_owner(self) -> None:
        """Timers are set through ganetix.toolkit, whose owner cancels them at its stop."""
        for name in ("callLater", "LoopingCall", "TimerService"):
            self.assertEqual(_calls(name, "ganetix.toolkit", *ROOTS), [], name)


def _calls(name: str, *allowed: str) -> list[str]:
    """Say where something called *name* is called outside of the rooms *allowed*."""
    return [
        module.at(node)
        for module in source.package()
        if not module.inside(*allowed)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Attribute) and node.func.attr == name)
            or (isinstance(node.func, ast.Name) and node.func.id == name)
        )
    ]
