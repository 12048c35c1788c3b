"""The dynamic load of instances, from a file of lines or from the monitoring daemons."""

from collections.abc import Mapping, Sequence
from typing import Any

from ganetix.htools.faults import PlanError
from ganetix.htools.model import Instance, Load


def parse_loads(text: str, file: str) -> dict[str, Load]:
    """Read lines of ``instance cpu mem disk net``; raises `PlanError` with file, line and field."""
    loads = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(" ")
        if len(words) != 5:
            raise PlanError(
                f"{file}, line {number}: a load is an instance and four numbers with single"
                f" blanks between them, this line has {len(words)} words"
            )
        values = []
        for field, word in zip(("cpu", "mem", "disk", "net"), words[1:], strict=True):
            try:
                values.append(float(word))
            except ValueError:
                raise PlanError(
                    f"{file}, line {number}, field {field}: {word!r} is not a number"
                ) from None
        loads[words[0]] = Load(*values)
    return loads


def report_value(report: Mapping[str, Any], collector: str) -> Any:
    """Return the data of *collector* in one monitoring report, or None."""
    return report.get("data") if report.get("name") == collector else None


def share_cpu(total: float, primaries: Sequence[Instance]) -> dict[str, float]:
    """Spread a node's CPU load over its primary instances by their virtual CPUs."""
    cpus = sum(inst.vcpus for inst in primaries)
    if not cpus:
        return {}
    return {inst.name: total * inst.vcpus / cpus for inst in primaries}
