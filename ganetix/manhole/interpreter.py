"""Python at the prompt of a daemon: steps of bounded length, and ``await``.

A line may await. Each step of what it awaits runs with this session's output and with the limit of
a line, in between the daemon works as always. A coroutine that is the value of a line becomes a
Deferred, which runs on by itself and tells its result when it has one.
"""

import ast
import inspect
import sys
import traceback
import types
from code import InteractiveInterpreter
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from twisted.conch.manhole import FileWrapper, ManholeInterpreter
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from ganetix.manhole.console import LIMIT, LineTooLong

SOURCE: Final = "<console>"

SHOWN: Final = 1 << 14
"""Characters of a value that are shown: the daemon's parts hold each other, and the cluster."""


class Interpreter(ManholeInterpreter):
    """Runs lines for *handler*, which takes output through ``addOutput`` and ends by *leave*.

    After `push`, `awaiting` is what the line waits for, or None when it is done.
    """

    log = Logger()

    def __init__(
        self,
        handler: Any,
        limited: Callable[[], AbstractContextManager[None]],
        leave: Callable[[], object],
    ) -> None:
        super().__init__(handler, {"__name__": "__console__", "__doc__": None}, SOURCE)
        self.limited = limited
        self.leave = leave
        self.awaiting: Deferred[None] | None = None
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

    def runcode(self, code: types.CodeType) -> None:
        """Run a complete line; an awaiting one is begun."""
        if code.co_flags & inspect.CO_COROUTINE:
            line = types.FunctionType(code, self.locals)()
            awaiting = Deferred.fromCoroutine(self._awaited(line))
            self.awaiting = None if awaiting.called else awaiting
            return
        try:
            with self._session():
                InteractiveInterpreter.runcode(self, code)
        except SystemExit:
            self.leave()
        except LineTooLong:  # it came after the line's last instruction
            self.showtraceback()

    async def _awaited(self, line: Coroutine[Any, Any, object]) -> None:
        try:
            await self._steps(line)
        except SystemExit:
            self.leave()
        except CancelledError:
            self.write("Given up.\n")
        except BaseException:  # noqa: BLE001 - whatever a line raises is shown to who typed it
            self.showtraceback()

    @types.coroutine
    def _steps(self, work: Coroutine[Any, Any, object]) -> Generator[Any, Any, object]:
        """Run *work*; each of its steps is one of this session."""
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                with self._session():
                    waited = work.send(value) if error is None else work.throw(error)
            except StopIteration as done:
                return done.value
            try:
                value, error = (yield waited), None
            except GeneratorExit:
                work.close()
                raise
            except BaseException as raised:  # noqa: BLE001 - it is raised again inside *work*
                error = raised

    @contextmanager
    def _session(self) -> Iterator[None]:
        """Give one step this session's output, and its limit."""
        before = sys.displayhook, sys.stdout
        sys.displayhook, sys.stdout = self.displayhook, FileWrapper(self.handler)
        try:
            with self.limited():
                yield
        finally:
            sys.displayhook, sys.stdout = before

    def displayhook(self, obj: object) -> None:
        """Show the value of a line."""
        if inspect.iscoroutine(obj):
            obj = Deferred.fromCoroutine(self._running(obj))
        if isinstance(obj, Deferred) or obj is None or len(shown := repr(obj)) <= SHOWN:
            super().displayhook(obj)
            return
        self.locals["_"] = obj
        self.write(f"{shown[:SHOWN]} ...\n({len(shown)} characters; print(_) shows them all)")

    async def _running(self, work: Coroutine[Any, Any, object]) -> object:
        return await self._steps(work)

    def showtraceback(self) -> None:
        """Show the error that is being handled, from the typed line on."""
        _, error, trace = sys.exc_info()
        if error is None:
            return
        if isinstance(error, LineTooLong):
            self.log.warn("A line at the console was interrupted after {limit:.0f} s", limit=LIMIT)
        first = trace
        while first is not None and first.tb_frame.f_code.co_filename != SOURCE:
            first = first.tb_next
        shown = traceback.format_exception(type(error), error, first or trace)
        self.write("".join(shown))
