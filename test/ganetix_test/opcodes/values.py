"""Sample values for every parameter type of the opcode table's notation."""

import re
from typing import Any

from ganetix_test import spec

_NIC_CHANGES = (
    [[["add", -1, {"ip": None}]], [[0, {"mac": "auto"}]], [["remove", {}]]],
    [[["swap", 0, {}]], [["add", -1, {"colour": "red"}]], "add"],
)
_DISK_CHANGES = (
    [[["add", -1, {"size": 1024}]], [["modify", "data", {"mode": "ro"}]], [[1, {"name": "x"}]]],
    [[["swap", 0, {}]], [["add", -1, {"size": None}]], 3],
)
_SCALARS: dict[str, tuple[list[Any], list[Any]]] = {
    "any": ([1, "x", None, [], {}], []),
    "bool": ([True, False], [1, "yes"]),
    "int": ([0, -1, 5], ["5", 1.5, True]),
    "int>=0": ([0, 7], [-1, "7"]),
    "int>0": ([1], [0, -1]),
    "int 0..15": ([0, 15], [-1, 16]),
    "float": ([0.5, 2], ["2", None]),
    "str": (["", "x"], [1, ["x"]]),
    "str+": (["x"], ["", 1]),
    "ipv4addr": (["192.0.2.1"], ["192.0.2.256", "192.0.2.0/24", "x"]),
    "ipv4cidr": (["192.0.2.0/24"], ["192.0.2.0", "192.0.2.0/33"]),
    "ipv6addr": (["2001:db8::1"], ["2001", "2001:db8::/32"]),
    "ipv6cidr": (["2001:db8::/32"], ["2001:db8::", "2001:db8::/129"]),
    "cv_error_code": (["ENODEHV"], ["EWHATEVER"]),
    "str+ | list": (["x", [["a", 1]]], ["", 5]),
    "str+ | int": (["x", 4], ["", [1]]),
    "int | str": ([1, "x"], [None]),
}


def samples(notation: str) -> tuple[list[Any], list[Any]]:  # noqa: PLR0911 - one case a form
    """Return (values that *notation* allows, values that it refuses)."""
    if "attach|detach" in notation and "tuple" in notation and "dict" in notation:
        return _NIC_CHANGES if "bridge" in notation else _DISK_CHANGES
    if notation.startswith("list[int>=0] | list["):
        return [[0, 2], [[0, {"size": 4}]]], [[-1], [[0]], "x"]
    if notation in _SCALARS:
        return _SCALARS[notation]
    if notation.endswith("?"):
        good, bad = samples(notation[:-1])
        return [None, *good], [value for value in bad if value is not None]
    if found := re.fullmatch(r"enum\((.*)\)", notation):
        return found[1].split("|"), ["no-such-value", 17]
    if found := re.fullmatch(r"(?:private|secret)\[(.*)\]", notation):
        return samples(found[1])
    if found := re.fullmatch(r"(?:list|set)\[(.*)\]", notation):
        good, bad = samples(found[1])
        return [[], good, good[:1] * 2], [{}, "x", *([value] for value in bad)]
    if found := re.fullmatch(r"tuple\[(.*)\]", notation):
        columns = [samples(part)[0][0] for part in split(found[1])]
        return [columns], [columns[:-1], [*columns, 1]]
    if found := re.fullmatch(r"dict\[(.*)\]", notation):
        key, value = (samples(part) for part in split(found[1]))
        return [{}, {key[0][-1]: value[0][0]}], [[], *({key[0][-1]: bad} for bad in value[1])]
    raise AssertionError(f"No samples for the notation {notation}.")


def split(text: str) -> list[str]:
    """Split *text* at the commas that are not within brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "[(") - (char in "])")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


def table() -> list[dict[str, Any]]:
    """Return the rows of the opcode table, defaults as the newer release line has them."""
    whole = spec.load("opcodes")
    newer = {
        (opcode.strip(), name): default
        for change in whole["head"]["changed"]
        if "default_changed" in change
        for opcode in change["opcode"].split(",")
        for name, default in change["default_changed"].items()
    }
    return [
        row
        | {
            "params": [
                param | {"default": newer.get((row["id"], param["name"]), param["default"])}
                for param in row["params"]
            ]
        }
        for row in whole["opcodes"]
    ]


def smallest(row: dict[str, Any]) -> dict[str, Any]:
    """Return the smallest JSON object that is a valid opcode of *row*."""
    required = (param for param in row["params"] if param["required"])
    values = {param["name"]: samples(param["type"])[0][0] for param in required}
    return {"OP_ID": row["id"], **values}
