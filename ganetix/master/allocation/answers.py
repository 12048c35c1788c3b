"""What an instance allocator may answer; anything else is refused by a sentence.

Source: the reference's script interfaces, section 8.
"""

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

import attrs

from ganetix import errors
from ganetix.model.cluster import Cluster
from ganetix.opcodes import codec
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.instance_disks import OpInstanceReplaceDisks
from ganetix.opcodes.instance_state import OpInstanceFailover, OpInstanceMigrate

_MOVES: Final = (OpInstanceFailover, OpInstanceMigrate, OpInstanceReplaceDisks)
"""The opcodes that an answer may contain."""


@attrs.frozen
class Placements:
    """Where each of several new instances may go, and why the others can go nowhere."""

    placed: dict[str, list[str]]
    failed: dict[str, str]


@attrs.frozen
class Moved:
    """An instance that can be moved: the group and the nodes that it goes to, by name."""

    instance: str
    group: str
    nodes: tuple[str, ...]


@attrs.frozen
class Evacuation:
    """What instances can be moved, why others can't, and the opcodes of a job for each."""

    moved: tuple[Moved, ...]
    failed: tuple[tuple[str, str], ...]
    jobs: tuple[tuple[OpCode, ...], ...]


@attrs.frozen
class Answers:
    """Checks the answers of the allocator called *name* against *cluster*."""

    name: str
    cluster: Cluster

    def result(self, response: Any) -> Any:
        """Return the result in *response*; raise `errors.OpPrereqError` if it says failure."""
        if not isinstance(response, dict):
            raise self._wrong("it is not a JSON object")
        for key, kind in (("success", bool), ("info", str)):
            if not isinstance(response.get(key), kind):
                raise self._wrong(f"its field '{key}' is missing or not a {kind.__name__}")
        if not response["success"]:
            raise errors.OpPrereqError(
                f"Instance allocator {self.name} found no place: {response['info']}.",
                errors.NORES,
            )
        for key in ("result", "nodes"):
            if key in response:
                return response[key]
        raise self._wrong("it has no field 'result'")

    def decoded(self, raw: bytes) -> Any:
        """Return the JSON value that a program printed."""
        try:
            return json.loads(raw)
        except ValueError as error:
            raise self._wrong(f"it is not JSON ({error})") from error

    def nodes(self, result: Any, count: int, allowed: Collection[str] | None = None) -> list[str]:
        """Return the names of *count* different nodes, of *allowed* ones if that is given."""
        found = self._names(result, "a list of node names")
        if len(found) != count or len(set(found)) != count:
            raise self._wrong(f"{count} different nodes were wanted, not {found!r}")
        for name in found:
            if name not in self.cluster.indexes.node_names:
                raise self._wrong(f"there is no node '{name}'")
            if allowed is not None and name not in allowed:
                raise self._wrong(f"node {name} was not among those to choose from")
        return found

    def placements(
        self, result: Any, wanted: dict[str, int], allowed: Collection[str]
    ) -> Placements:
        """Return where the *wanted* instances (name to number of nodes) can go."""
        rows = self._rows(result, 2, "a list of places and a list of failures")
        good: list[tuple[str, list[str]]] = []
        for row in self._rows(rows[0], None, "a list of places"):
            name, nodes = self._rows(row, 2, "an instance with its nodes")
            good.append((str(name), self.nodes(nodes, wanted.get(str(name), 0), allowed)))
        # The reference's own allocator gives pairs where its protocol has names alone.
        bad = [self._failure(row) for row in self._rows(rows[1], None, "failures")]
        if sorted(name for name, _ in [*good, *bad]) != sorted(wanted):
            raise self._wrong("it does not name each instance of the request once")
        return Placements(dict(good), dict(bad))

    def evacuation(self, result: Any, wanted: Collection[str]) -> Evacuation:
        """Return what can be moved of the instances *wanted*."""
        moved, failed, jobs = self._rows(result, 3, "moves, failures and jobs")
        found = tuple(self._moved(row) for row in self._rows(moved, None, "a list of moves"))
        lost = tuple(self._failure(row) for row in self._rows(failed, None, "failures"))
        for name in [one.instance for one in found] + [name for name, _ in lost]:
            if name not in wanted:
                raise self._wrong(f"instance '{name}' was not asked for")
        made = tuple(
            tuple(self._move(op, wanted) for op in self._rows(job, None, "the opcodes of a job"))
            for job in self._rows(jobs, None, "a list of jobs")
        )
        return Evacuation(found, lost, made)

    def _moved(self, row: Any) -> Moved:
        name, group, nodes = self._rows(row, 3, "an instance, a group and nodes")
        names = self._names(nodes, "a list of node names")
        for node in names:
            if node not in self.cluster.indexes.node_names:
                raise self._wrong(f"there is no node '{node}'")
        return Moved(str(name), str(group), tuple(names))

    def _failure(self, row: Any) -> tuple[str, str]:
        if isinstance(row, str):
            return row, "no reason was given"
        if isinstance(row, list) and len(row) in (1, 2) and isinstance(row[0], str):
            return row[0], str(row[1]) if len(row) == 2 else "no reason was given"
        raise self._wrong(f"{row!r} is no instance with a reason")

    def _move(self, raw: Any, wanted: Collection[str]) -> OpCode:
        try:
            op = codec.decode(raw)
        except errors.GanetiError as error:
            raise self._wrong(f"{raw!r} is no opcode: {error.message}") from error
        if not isinstance(op, _MOVES):
            raise self._wrong(f"{codec.op_id_of(op)} does not move an instance")
        if op.instance_name not in wanted:
            raise self._wrong(f"a job moves instance '{op.instance_name}', which was not asked for")
        return op

    def _names(self, value: Any, what: str) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._wrong(f"{value!r} is not {what}")
        return list(value)

    def _rows(self, value: Any, length: int | None, what: str) -> Sequence[Any]:
        if not isinstance(value, list) or (length is not None and len(value) != length):
            raise self._wrong(f"{value!r} is not {what}")
        return value

    def _wrong(self, why: str) -> errors.OpPrereqError:
        return errors.OpPrereqError(
            f"Instance allocator {self.name} gave an answer that can't be: {why}. Choose another "
            "one with -I, or have this one mended.",
            errors.FAULT,
        )
