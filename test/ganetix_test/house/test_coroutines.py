"""Logic is coroutines; Deferreds are made only where somebody waits for an event."""

import ast
from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.house import source

DEFERRED: Final = (
    "ganetix.toolkit",
    "ganetix.process",
    "ganetix.rpc",
    "ganetix.luxi",
    "ganetix.testing",
    "ganetix.daemons",
    "ganetix.master.locks.waiter",
    "ganetix.master.jobs.watch",
    "ganetix.master.store.journal",
    "ganetix.master.store.replicas",
    "ganetix.network.stream",
)
"""Rooms that may make a Deferred, and modules in which somebody waits for an event: each waiter
gets one of its own."""

TEARDOWN: Final = ("ganetix.toolkit.services", "ganetix.toolkit.undo")
"""Modules that go on with the rest whatever one step raises."""


class CoroutineTests(SynchronousTestCase):
    """The manner of asynchronous code."""

    def test_deferreds_stay_at_the_edge(self) -> None:
        """Outside of the listed places a Deferred is awaited or named as a type, never made."""
        found = [
            module.at(node)
            for module in source.package()
            if not module.inside(*DEFERRED)
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Call)
            and (
                source.dotted(node.func) == "Deferred"
                or (
                    (isinstance(node.func, ast.Subscript))
                    and source.dotted(node.func.value) == "Deferred"
                )
            )
        ]
        self.assertEqual(found, [])

    def test_cancellation_goes_through(self) -> None:
        """CancelledError is an ordinary Exception: a broad handler follows one that names it."""
        found = [
            module.at(handler)
            for module in source.package()
            if not module.inside(*TEARDOWN)
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Try) and any(_awaits(stmt) for stmt in node.body)
            for handler in node.handlers
            if _caught(handler) & {"Exception", "BaseException"}
            and not _reraised_before(node, handler)
        ]
        self.assertEqual(found, [])


def _awaits(node: ast.AST) -> bool:
    """Whether *node* awaits something itself; a function defined inside awaits for itself."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return False
    if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
        return True
    return any(_awaits(child) for child in ast.iter_child_nodes(node))


def _caught(handler: ast.ExceptHandler) -> set[str]:
    """Return the last parts of the names that *handler* catches; all of them without a name."""
    match handler.type:
        case None:
            return {"BaseException"}
        case ast.Tuple(elts=kinds):
            return {source.dotted(kind).rpartition(".")[2] for kind in kinds}
        case kind:
            return {source.dotted(kind).rpartition(".")[2]}


def _reraised_before(attempt: ast.Try, broad: ast.ExceptHandler) -> bool:
    """Whether *broad* raises again what it caught, or a handler before it names cancellation."""
    if any(isinstance(stmt, ast.Raise) and stmt.exc is None for stmt in broad.body):
        return True
    before = attempt.handlers[: attempt.handlers.index(broad)]
    return any("CancelledError" in _caught(handler) for handler in before)
