"""A cluster with many instances: config.data grown while its daemons are stopped."""

import copy
import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

Config = dict[str, Any]


def grown(config: Config, count: int) -> Config:
    """Return *config* with copies of its first diskless instance, *count* instances in all.

    The copies are spread over the nodes and switched off. Raise `ValueError` when there is none
    to copy.
    """
    found = [one for one in config["instances"].values() if not one.get("disks")]
    if not found:
        raise ValueError("The cluster has no diskless instance that could be copied; add one.")
    model = min(found, key=lambda one: str(one["name"]))
    nodes = sorted(config["nodes"], key=lambda uuid: str(config["nodes"][uuid]["name"]))
    fresh = copy.deepcopy(config)
    for number in range(len(config["instances"]), count):
        one = _copy(model, number, nodes[number % len(nodes)])
        fresh["instances"][one["uuid"]] = one
    fresh["serial_no"] += 1
    return fresh


def _copy(model: Config, number: int, node: str) -> Config:
    one = copy.deepcopy(model)
    one["name"] = f"grown{number:05}.example.com"
    one["uuid"] = _uuid(0x5000, number)
    one["primary_node"] = node
    one["admin_state"] = "down"
    one["tags"] = []
    for at, nic in enumerate(one["nics"]):
        nic["uuid"] = _uuid(0x6000 + at, number)
        nic["mac"] = f"aa:ee:{at:02x}:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
    return one


def _uuid(kind: int, number: int) -> str:
    return str(UUID(int=kind << 80 | number, version=4))


def fill(root: str, count: int) -> str:
    """Grow the configuration of the stopped cluster with *root*; return what was done."""
    path = Path(root, "var/lib/ganeti/config.data")
    config = grown(json.loads(path.read_text("utf-8")), count)
    before = path.stat()
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(config), "utf-8")
    os.chown(fresh, before.st_uid, before.st_gid)
    fresh.chmod(before.st_mode & 0o7777)
    fresh.rename(path)
    # A journal that goes on from the smaller configuration would bring that back.
    path.with_name("journal").unlink(missing_ok=True)
    return f"{path} has {len(config['instances'])} instances now: {path.stat().st_size} bytes."
