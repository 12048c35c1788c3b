"""gnt-cluster modify."""

from argparse import Namespace
from typing import Any, Final

from ganetix import errors
from ganetix.cli import parameters
from ganetix.cli.context import Context
from ganetix.cli.follow import follow
from ganetix.cli.submit import follow_many, opcode, send
from ganetix.cli.units import natural
from ganetix.cli.values import boolean, listing

_SAME: Final = (
    "vg_name", "drbd_helper", "candidate_pool_size", "max_running_jobs", "max_tracked_jobs",
    "maintain_node_health", "nicparams", "ndparams", "master_netdev", "default_iallocator",
    "default_iallocator_params", "prealloc_wipe_disks", "use_external_mip_script",
    "instance_communication_network", "install_image", "zeroing_image", "mac_prefix",
    "enabled_user_shutdown", "modify_etc_hosts", "file_storage_dir", "shared_file_storage_dir",
)  # fmt: skip
"""Options whose value goes into the parameter of the same name as it is."""
_LISTS: Final = (
    "enabled_hypervisors", "enabled_disk_templates", "reserved_lvs", "compression_tools",
)  # fmt: skip
_POOLS: Final = ("uid_pool", "add_uids", "remove_uids")
_TABLES: Final = ("hvparams", "diskparams", "hv_state")


def modify(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Change the cluster's parameters."""
    wanted = _wanted(options)
    if not wanted:
        raise errors.OpPrereqError(
            "Say what to change. Show what can be changed with: gnt-cluster modify --help",
            errors.INVAL,
        )
    if wanted.get("vg_name") == "" and not options.force:
        context.confirm("Turn LVM off? Then no instance may have plain or drbd disks.")
    job = send(context, options, opcode("OP_CLUSTER_SET_PARAMS", force=options.force, **wanted))
    if job is None:
        return 0
    [result] = follow(context, job)
    jobs = [("the metadata network", *answer) for answer in (result or {}).get("jobs", [])]
    return follow_many(context, jobs)


def _wanted(options: Namespace) -> dict[str, Any]:
    given = {key: getattr(options, key) for key in _SAME}
    given |= {key: _list(getattr(options, key)) for key in _LISTS}
    given |= {key: _ranges(getattr(options, key)) for key in _POOLS}
    given |= {key: parameters.table(getattr(options, key)) or None for key in _TABLES}
    given["disk_state"] = parameters.nested(options.disk_state) or None
    given["beparams"] = parameters.backend(options.beparams)
    given["ipolicy"] = policy(options) or None
    if options.master_netmask is not None:
        given["master_netmask"] = _number("--master-netmask", options.master_netmask)
    for key in ("enabled_data_collectors", "data_collector_interval"):
        given[key] = _collectors(key, getattr(options, key))
    return {key: value for key, value in given.items() if value is not None}


def _list(text: str | None) -> list[str] | None:
    return None if text is None else listing(text)


def _ranges(text: str | None) -> list[list[int]] | None:
    """Read ``4000-4019,5000`` as pairs of first and last."""
    if text is None:
        return None
    pairs = []
    for part in listing(text):
        first, _, last = part.partition("-")
        low = _number("user id", first)
        pairs.append([low, _number("user id", last) if last else low])
    return pairs


def _number(what: str, text: str) -> int:
    number = natural(text)
    if number is None:
        raise errors.OpPrereqError(f"{what} {text!r} is not a whole number.", errors.INVAL)
    return number


def _collectors(key: str, values: dict[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    if key == "enabled_data_collectors":
        return {name: _on(name, value) for name, value in values.items()}
    # The option takes seconds, the configuration has microseconds.
    return {name: _number(name, value) * 1000000 for name, value in values.items()}


def _on(name: str, value: str | bool | None) -> bool:
    try:
        return boolean(value) if isinstance(value, str) else bool(value)
    except ValueError as error:
        raise errors.OpPrereqError(f"Data collector {name}: {error}.", errors.INVAL) from None


def policy(options: Namespace) -> dict[str, Any]:
    """Return the parts of the instance policy that the options give."""
    found = {
        "minmax": _bounds(options.ipolicy_bounds_specs),
        "std": _specs(getattr(options, "ipolicy_std_specs", None)),
        "disk-templates": options.ipolicy_disk_templates,
        "vcpu-ratio": options.ipolicy_vcpu_ratio,
        "spindle-ratio": options.ipolicy_spindle_ratio,
    }
    return {key: value for key, value in found.items() if value is not None}


def _bounds(items: list[dict[str, dict[str, Any]]] | None) -> list[dict[str, Any]] | str | None:
    if items is None:
        return None
    if items == [{"default": {}}]:
        return "default"
    return [{bound: _specs(specs) for bound, specs in item.items()} for item in items]


def _specs(values: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else parameters.specs(values)
