"""Job filters: rules on which queued jobs may start. Pure.

The rules are looked at in the order of (priority, watermark, uuid); the first that holds and does
not say CONTINUE decides. A rule holds when all of its predicates do. A predicate that can't be
worked out for a job (it compares a text with a number, or asks for a parameter that the opcode does
not have) does not hold.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import attrs

from ganetix import errors
from ganetix.master.jobs.records import Job
from ganetix.model.objects import Filter
from ganetix.opcodes.types import HIGHEST
from ganetix.query import filter as language

Test = Callable[[Job], bool]
WATERMARK: Final = "watermark"
"""As a value in a predicate on job ids: the newest job when the rule was made."""
_REASON: Final[Mapping[str, int]] = {"source": 0, "reason": 1, "timestamp": 2}
_SAMPLE: Final = {"jobid": 1, "reason": ("", "", 0)}
"""What a predicate is tried with before it is stored; opcodes differ too much for that."""


@attrs.frozen
class Rule:
    """A rule that can be applied."""

    row: Filter
    tests: tuple[Test, ...]

    def holds(self, job: Job) -> bool:
        """Whether all predicates hold for *job*."""
        return all(test(job) for test in self.tests)

    @property
    def limit(self) -> int | None:
        """How many jobs of the rule may run at once; None when it does not limit."""
        return self.row.action[1] if isinstance(self.row.action, list) else None


def compiled(rows: Iterable[Filter]) -> tuple[Rule, ...]:
    """Return *rows* as rules in the order in which they apply."""
    ordered = sorted(rows, key=lambda row: (row.priority, row.watermark, row.uuid))
    return tuple(
        Rule(row, tuple(_test(p, row.watermark) for p in row.predicates)) for row in ordered
    )


def deciding(rules: Iterable[Rule], job: Job) -> Rule | None:
    """Return the rule that decides on *job*, None when none does: then it may start."""
    for rule in rules:
        if rule.row.action != "CONTINUE" and rule.holds(job):
            return rule
    return None


def require_valid(priority: int, predicates: Iterable[list[Any]], action: Any) -> None:
    """Raise `errors.ParseError` or `errors.ParameterError` for what can't be a rule."""
    if not 0 <= priority <= HIGHEST:
        raise errors.ParseError(f"A filter's priority is from 0 to {HIGHEST}, not {priority}.")
    if not _valid_action(action):
        raise errors.ParseError(
            f"There is no filter action {action!r}; there are ACCEPT, PAUSE, REJECT, CONTINUE and "
            '["RATE_LIMIT", n].'
        )
    for predicate in predicates:
        if len(predicate) != 2 or predicate[0] not in ("jobid", "opcode", "reason"):
            raise errors.ParseError(
                f"There is no filter predicate {predicate!r}; give the name jobid, opcode or "
                "reason, and an expression."
            )
        name, expression = predicate
        applied = _expression(name, expression, 0)
        if name in _SAMPLE:
            applied(_SAMPLE[name])


def _valid_action(action: Any) -> bool:
    match action:
        case "ACCEPT" | "CONTINUE" | "PAUSE" | "REJECT":
            return True
        case ["RATE_LIMIT", int(limit)]:
            return limit > 0
    return False


def _test(predicate: list[Any], watermark: int) -> Test:
    name, expression = predicate
    applied = _expression(name, expression, watermark)
    parts = _PARTS[name]

    def test(job: Job) -> bool:
        return any(_holds(applied, part) for part in parts(job))

    return test


def _holds(applied: language.Test, part: Any) -> bool:
    try:
        return applied(part)
    except errors.ParameterError:
        return False


def _expression(name: str, expression: Any, watermark: int) -> language.Test:
    parsed = language.parsed(expression)
    if name == "jobid":
        parsed = _with_watermark(parsed, watermark)
    return language.compiled(parsed, _GETTERS[name], frozenset())


def _with_watermark(expression: Any, watermark: int) -> Any:
    if expression is None:
        return None
    operator, *arguments = expression
    if operator in ("&", "|", "!"):
        return [operator, *(_with_watermark(part, watermark) for part in arguments)]
    return [operator, *(watermark if part == WATERMARK else part for part in arguments)]


def _job_id(field: str) -> language.Get:
    if field != "id":
        raise errors.ParameterError(f"A predicate on job ids has the field 'id', not '{field}'.")
    return lambda number: number


def _entry(field: str) -> language.Get:
    at = _REASON.get(field)
    if at is None:
        known = ", ".join(_REASON)
        raise errors.ParameterError(
            f"A predicate on reasons has the fields {known}, not '{field}'."
        )
    return lambda entry: entry[at]


def _parameter(field: str) -> language.Get:
    path = field.split(".")

    def get(opcode: Any) -> Any:
        found = opcode
        for part in path:
            if not isinstance(found, dict) or part not in found:
                raise errors.ParameterError(f"The opcode has no parameter '{field}'.")
            found = found[part]
        return found

    return get


def _opcodes(job: Job) -> Iterable[Any]:
    return (op.input for op in job.ops)


def reasons(job: Job) -> Iterable[Any]:
    """Return the entries of the reason trails of *job*: source, reason, time."""
    return (entry for op in job.ops for entry in op.input.get("reason") or ())


_GETTERS: Final[Mapping[str, language.Getter]] = {
    "jobid": _job_id,
    "opcode": _parameter,
    "reason": _entry,
}
_PARTS: Final[Mapping[str, Callable[[Job], Iterable[Any]]]] = {
    "jobid": lambda job: (job.id,),
    "opcode": _opcodes,
    "reason": reasons,
}
