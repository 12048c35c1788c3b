"""gnt-cluster info, version, getmaster and master-ping."""

from argparse import Namespace
from typing import Any, Final

from ganetix import errors
from ganetix.cli import output, tree
from ganetix.cli.context import Context
from ganetix.cli.group_info import bounds_of, sizes_of

_PARAMETERS: Final = (
    ("candidate pool size", "candidate_pool_size"),
    ("maximal number of jobs running simultaneously", "max_running_jobs"),
    ("maximal number of jobs simultaneously tracked by the scheduler", "max_tracked_jobs"),
    ("mac prefix", "mac_prefix"),
    ("master netdev", "master_netdev"),
    ("master netmask", "master_netmask"),
    ("use external master IP address setup script", "use_external_mip_script"),
    ("lvm volume group", "volume_group_name"),
    ("lvm reserved volumes", "reserved_lvs"),
    ("drbd usermode helper", "drbd_usermode_helper"),
    ("file storage path", "file_storage_dir"),
    ("shared file storage path", "shared_file_storage_dir"),
    ("gluster storage path", "gluster_storage_dir"),
    ("maintenance of node health", "maintain_node_health"),
    ("uid pool", "uid_pool"),
    ("default instance allocator", "default_iallocator"),
    ("default instance allocator parameters", "default_iallocator_params"),
    ("primary ip version", "primary_ip_version"),
    ("preallocation wipe disks", "prealloc_wipe_disks"),
    ("enabled disk templates", "enabled_disk_templates"),
    ("install image", "install_image"),
    ("instance communication network", "instance_communication_network"),
    ("zeroing image", "zeroing_image"),
    ("compression tools", "compression_tools"),
    ("enabled user shutdown", "enabled_user_shutdown"),
    ("modify ssh setup", "modify_ssh_setup"),
    ("ssh_key_type", "ssh_key_type"),
    ("ssh_key_bits", "ssh_key_bits"),
)
_LISTS: Final = frozenset(
    {"reserved_lvs", "uid_pool", "enabled_disk_templates", "compression_tools"}
)
_VERSIONS: Final = (
    ("Software version", "software_version"),
    ("Internode protocol", "protocol_version"),
    ("Configuration format", "config_version"),
    ("OS api version", "os_api_version"),
    ("Export interface", "export_version"),
    ("VCS version", "vcs_version"),
)


def info(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show the cluster's parameters."""
    found = context.call("QueryClusterInfo")
    show = roman if options.roman_integers else str
    output.show(context, options, found, lambda: tree.render(_shown(found, show)))
    return 0


def _shown(found: dict[str, Any], show: Any) -> tree.Tree:
    return [
        ("Cluster name", found["name"]),
        ("Cluster UUID", found["uuid"]),
        ("Creation time", tree.time_of(found["ctime"])),
        ("Modification time", tree.time_of(found["mtime"])),
        ("Master node", found["master"]),
        *_candidates(found.get("candidates_behind")),
        ("Architecture (this node)", _architecture(found["architecture"])),
        ("Tags", tree.joined(sorted(found["tags"]))),
        ("Default hypervisor", found["default_hypervisor"]),
        ("Enabled hypervisors", tree.joined(found["enabled_hypervisors"])),
        ("Hypervisor parameters", found["hvparams"]),
        ("OS-specific hypervisor parameters", found["os_hvp"]),
        ("OS parameters", found["osparams"]),
        ("Hidden OSes", tree.joined(found["hidden_os"])),
        ("Blacklisted OSes", tree.joined(found["blacklisted_os"])),
        ("Cluster parameters", _parameters(found, show)),
        ("Default node parameters", found["ndparams"]),
        ("Default instance parameters", found["beparams"]),
        ("Default nic parameters", found["nicparams"]),
        ("Default disk parameters", found["diskparams"]),
        ("Instance policy - limits for instances", found["ipolicy"]),
        ("Data collectors", _collectors(found)),
    ]


def _candidates(found: dict[str, list[str]] | None) -> tree.Tree:
    """Return which candidates have every change; None from a server that does not tell."""
    if found is None:
        return []
    alone = "(none: what is acknowledged is on the master's disk alone)"
    return [
        ("Candidates in sync", ", ".join(found["in_sync"]) or alone),
        ("Candidates behind", tree.joined(found["behind"])),
    ]


def _architecture(found: list[str] | None) -> str:
    return f"{found[0]} ({found[1]})" if found else "N/A"


def _parameters(found: dict[str, Any], show: Any) -> tree.Tree:
    rows: tree.Tree = []
    for title, key in _PARAMETERS:
        value = found[key]
        if key in _LISTS:
            value = tree.joined([_range(item) for item in value or []])
        elif isinstance(value, int) and not isinstance(value, bool):
            value = show(value)
        rows.append((title, value))
    return rows


def _range(item: Any) -> str:
    """Return an item of a list; a range of user ids is a pair."""
    if isinstance(item, list):
        return str(item[0]) if item[0] == item[1] else f"{item[0]}-{item[1]}"
    return str(item)


def _collectors(found: dict[str, Any]) -> dict[str, Any]:
    intervals = found["data_collector_interval"] or {}
    return {
        name: [("active", active), ("interval", _seconds(intervals.get(name)))]
        for name, active in (found["enabled_data_collectors"] or {}).items()
    }


def _seconds(microseconds: float | None) -> str:
    return "N/A" if microseconds is None else f"{microseconds / 1e6:.3f}s"


def roman(number: int) -> str:
    """Return a whole number in Roman digits; those that have none stay as they are."""
    if not 0 < number < 4000:
        return str(number)
    digits = (
        (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
        (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    )  # fmt: skip
    text = ""
    for value, digit in digits:
        text += digit * (number // value)
        number %= value
    return text


def version(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show the versions of software and formats."""
    found = context.call("QueryClusterInfo")
    context.print(*(f"{title}: {found[key]}" for title, key in _VERSIONS))
    return 0


def master(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Print the name of the master node, from what this node has; it need not be the master."""
    name = context.ssconf("master_node")
    if name is None:
        raise errors.NotInClusterError(
            "This machine is not part of a cluster. Make one with: gnt-cluster init NAME"
        )
    context.print(name)
    return 0


def ping(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Return 0 if the master daemon answers, else 1."""
    try:
        context.call("QueryClusterInfo")
    except errors.GanetiError as error:
        context.tell(error.message)
        return 1
    return 0


def show_ispecs_cmd(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Print a command that makes a cluster with the same bounds of instances."""
    found = context.call("QueryClusterInfo")
    policy = found["ipolicy"]
    std = ["--ipolicy-std-specs", sizes_of(policy["std"])]
    context.print(" ".join(["gnt-cluster init", *std, *bounds_of(policy), found["name"]]))
    return 0
