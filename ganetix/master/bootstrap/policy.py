"""The instance policy that the options of ``gnt-cluster init`` describe."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ganetix.master.bootstrap.request import Init, Params
from ganetix.model import policy
from ganetix.model.schema import parse_size

SPLIT: Final[Mapping[str, str]] = {
    "cpu-count": "ispecs_cpu_count",
    "disk-count": "ispecs_disk_count",
    "disk-size": "ispecs_disk_size",
    "memory-size": "ispecs_mem_size",
    "nic-count": "ispecs_nic_count",
}
"""Specification to the older option that gives its min, max and std at once."""


_SIZES: Final = ("disk-size", "memory-size")
"""Specifications that may be given with a unit, and are rounded as sizes are."""


def instance_policy(request: Init, templates: Sequence[str]) -> Params:
    """Return the whole policy; raise `errors.OpPrereqError` for what contradicts itself.

    Unless the request says otherwise, instances may have the cluster's enabled *templates*.
    """
    base = policy.DEFAULTS
    given: Params = {
        "minmax": _bounds(request, base["minmax"][0]),
        "std": {
            **base["std"], **_split(request, "std"), **_sized(request.ipolicy_std_specs or {}),
        },
        "disk-templates": list(templates),
    }  # fmt: skip
    for key, value in (
        ("disk-templates", request.ipolicy_disk_templates),
        ("vcpu-ratio", request.ipolicy_vcpu_ratio),
        ("spindle-ratio", request.ipolicy_spindle_ratio),
    ):
        if value not in (None, "default"):
            given[key] = value
    return policy.changed(base, given, partial=False)


def _bounds(request: Init, base: Mapping[str, Params]) -> list[dict[str, Params]]:
    """Return the pairs; what an option leaves out is as by default."""
    if request.ipolicy_bounds_specs:
        return [
            {end: {**base[end], **_sized(pair.get(end, {}))} for end in ("min", "max")}
            for pair in request.ipolicy_bounds_specs
        ]
    return [{end: {**base[end], **_split(request, end)} for end in ("min", "max")}]


def _sized(specs: Params) -> Params:
    return {
        name: parse_size(value) if name in _SIZES and isinstance(value, str) else value
        for name, value in specs.items()
    }


def _split(request: Init, end: str) -> Params:
    """Return what the older options say about *end* (min, max or std)."""
    found: Params = {}
    for spec, option in SPLIT.items():
        given: Mapping[str, Any] = getattr(request, option)
        if end in given:
            found[spec] = given[end]
    return _sized(found)
