"""Instance policies: what an instance may be like in a group, and what breaks that."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from ganetix import errors
from ganetix.model.cluster import Cluster
from ganetix.model.objects import NodeGroup
from ganetix.model.params import DISK

Params = dict[str, Any]

SPECS: Final = ("cpu-count", "disk-count", "disk-size", "memory-size", "nic-count", "spindle-use")
_STD: Final = {
    "cpu-count": 1,
    "disk-count": 1,
    "disk-size": 1024,
    "memory-size": 128,
    "nic-count": 1,
    "spindle-use": 1,
}
_MAX: Final = {
    "cpu-count": 8,
    "disk-count": 16,
    "disk-size": 1048576,
    "memory-size": 32768,
    "nic-count": 8,
    "spindle-use": 12,
}
_TEMPLATES: Final = sorted(DISK)
DEFAULTS: Final[Params] = {
    "disk-templates": _TEMPLATES,
    "minmax": [{"min": _STD, "max": _MAX}],
    "spindle-ratio": 32.0,
    "std": _STD,
    "vcpu-ratio": 4.0,
}
_RATIOS: Final = ("spindle-ratio", "vcpu-ratio")


def of_cluster(cluster: Cluster) -> Params:
    """Return the cluster's filled policy."""
    return {**DEFAULTS, **cluster.cluster.ipolicy}


def of_group(cluster: Cluster, group: NodeGroup) -> Params:
    """Return the filled policy of *group*."""
    return {**of_cluster(cluster), **group.ipolicy}


@attrs.frozen
class Shape:
    """What a policy looks at in an instance; sizes in MiB, *disks* their sizes."""

    vcpus: int
    memory: int
    minmem: int
    disks: tuple[int, ...]
    nics: int
    spindles: int
    template: str


def violations(policy: Mapping[str, Any], shape: Shape) -> list[str]:
    """Return a sentence part for each way in which *shape* breaks *policy*; none if it fits.

    It must fit one of the minimum-maximum pairs; the pair with the fewest faults is told.
    """
    found = [_outside(pair, shape) for pair in policy["minmax"]]
    told = min(found, key=len, default=[])
    allowed = policy["disk-templates"]
    if shape.template not in allowed:
        known = ", ".join(sorted(allowed))
        told = [*told, f"disk template {shape.template} is not allowed (allowed: {known})"]
    return told


def _outside(pair: Mapping[str, Mapping[str, int]], shape: Shape) -> list[str]:
    told = []
    for name, value in _values(shape):
        low, high = pair["min"][name], pair["max"][name]
        if not low <= value <= high:
            told.append(f"{name} value {value} is not in range [{low}, {high}]")
    return told


def _values(shape: Shape) -> Iterable[tuple[str, int]]:
    yield "memory-size", shape.memory
    if shape.minmem != shape.memory:
        yield "memory-size", shape.minmem
    yield "cpu-count", shape.vcpus
    yield "spindle-use", shape.spindles
    yield "nic-count", shape.nics
    if shape.template != "diskless":
        yield "disk-count", len(shape.disks)
        for size in shape.disks:
            yield "disk-size", size


def changed(current: Mapping[str, Any], given: Mapping[str, Any], *, partial: bool) -> Params:
    """Return policy *current* with the changes *given*.

    The value ``default`` drops a key, which only a *partial* policy (of a group) may do; the
    standard size is the cluster's alone. Raise `errors.OpPrereqError` with what is wrong.
    """
    fresh = dict(current)
    for key, value in given.items():
        if key not in DEFAULTS:
            raise _wrong(f"has no key '{key}'; keys are {', '.join(sorted(DEFAULTS))}")
        if partial and key == "std":
            raise _wrong("of a group has no 'std'; it is set with 'gnt-cluster modify'")
        if value in ("default", ["default"]):
            if not partial:
                raise _wrong(f"'{key}' can't be unset for the whole cluster")
            fresh.pop(key, None)
        else:
            fresh[key] = _checked(key, value)
    if not partial:
        _check_std({**DEFAULTS, **fresh})
    return fresh


def _checked(key: str, value: Any) -> Any:
    if key in _RATIOS:
        return _ratio(key, value)
    if key == "disk-templates":
        if (
            not isinstance(value, list)
            or not value
            or any(name not in _TEMPLATES for name in value)
        ):
            raise _wrong(f"'disk-templates' must list known templates: {', '.join(_TEMPLATES)}")
        return list(value)
    if key == "std":
        return _spec(value, "std")
    if not isinstance(value, list) or not value:
        raise _wrong("'minmax' must be a list of pairs of 'min' and 'max'")
    return [_pair(pair) for pair in value]


def _ratio(key: str, value: Any) -> float:
    """Return *value* as a number; what JSON can't carry (``nan``, ``inf``) is none."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise _wrong(f"'{key}' is {value!r}, which is not a number")
    return found


def _pair(pair: Any) -> dict[str, dict[str, int]]:
    if not isinstance(pair, dict) or set(pair) != {"min", "max"}:
        raise _wrong("each element of 'minmax' must have exactly 'min' and 'max'")
    low, high = _spec(pair["min"], "min"), _spec(pair["max"], "max")
    for name in SPECS:
        if low[name] > high[name]:
            raise _wrong(f"'{name}' has minimum {low[name]} above maximum {high[name]}")
    return {"min": low, "max": high}


def _spec(value: Any, where: str) -> dict[str, int]:
    if not isinstance(value, dict) or set(value) != set(SPECS):
        raise _wrong(f"'{where}' must have exactly {', '.join(SPECS)}")
    try:
        return {name: int(value[name]) for name in SPECS}
    except (TypeError, ValueError):
        raise _wrong(f"'{where}' has a value that is not a whole number") from None


def _check_std(policy: Mapping[str, Any]) -> None:
    """The standard must lie inside at least one pair."""
    std = policy["std"]
    for pair in policy["minmax"]:
        if all(pair["min"][name] <= std[name] <= pair["max"][name] for name in SPECS):
            return
    raise _wrong("'std' lies inside none of the pairs of 'minmax'")


def _wrong(what: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(f"The instance policy {what}.", errors.INVAL)
