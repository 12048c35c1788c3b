"""What fields must have, by a second way: straight from the raw configuration file.

Nothing of the package is used, so that an error in its fields does not hide itself. `ABSENT` stands
for a value that there is not.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any, Final

Raw = Mapping[str, Any]
Values = dict[str, Any]
ABSENT: Final = object()
INDEXES: Final = 64
"""More than any field has."""


def instance(config: Raw, row: Raw) -> Values:
    """Return the fields of an instance that its configuration says; it runs."""
    cluster, node = config["cluster"], config["nodes"][row["primary_node"]]
    disks = [config["disks"][uuid] for uuid in row["disks"]]
    be = {**cluster["beparams"]["default"], **row["beparams"]}
    hypervisor = row["hypervisor"]
    system = cluster["os_hvp"].get(row["os"], {}).get(hypervisor, {})
    hv = {**cluster["hvparams"][hypervisor], **system, **row["hvparams"]}
    group = config["nodegroups"][node["group"]]
    return {
        **{name: row[name] for name in (
            "admin_state", "admin_state_source", "ctime", "mtime", "name", "uuid", "serial_no",
            "tags", "os", "hypervisor", "disks_active", "forthcoming",
        ) if name in row},
        "admin_up": row["admin_state"] == "up",
        "status": "running", "oper_state": True, "oper_ram": be["maxmem"],
        "oper_vcpus": be["vcpus"], "network_port": row.get("network_port"),
        "beparams": be, "hvparams": hv, "custom_beparams": row["beparams"],
        "custom_hvparams": row["hvparams"], "custom_osparams": row["osparams"],
        "osparams": {**cluster["osparams"].get(row["os"], {}), **row["osparams"]},
        **{f"be/{name}": value for name, value in be.items()},
        "be/memory": be["maxmem"], "vcpus": be["vcpus"],
        **{f"hv/{name}": value for name, value in hv.items()},
        "pnode": node["name"], "pnode.group": group["name"], "pnode.group.uuid": group["uuid"],
        "snodes": [], "snodes.group": [], "snodes.group.uuid": [],
        "disk_template": row["disk_template"] if row.get("disk_template") else disks[0]["dev_type"],
        "disk_usage": sum(disk["size"] for disk in disks),
        **_numbered("disk", disks, ("name", "size", "spindles", "uuid")),
        "sda_size": disks[0]["size"], "sdb_size": disks[1]["size"],
        **_nics(config, row, cluster["nicparams"]["default"]),
    }  # fmt: skip


def _numbered(kind: str, rows: list[Any], keys: tuple[str, ...]) -> Values:
    """Return counts, lists, and single values by index; those beyond the end are absent."""
    found: Values = {f"{kind}.count": len(rows)}
    for key in keys:
        plural = key if key.endswith("s") else f"{key}s"
        found[f"{kind}.{plural}"] = [row.get(key) for row in rows]
        for index in range(INDEXES):
            value = rows[index].get(key) if index < len(rows) else None
            found[f"{kind}.{key}/{index}"] = ABSENT if value is None else value
    return found


def _nics(config: Raw, row: Raw, default: Raw) -> Values:
    nics = []
    for nic in row["nics"]:
        filled = {**default, **nic["nicparams"]}
        network = config["networks"].get(nic.get("network") or "")
        bridge = filled["link"] if filled["mode"] == "bridged" else None
        nics.append(
            {**nic, **filled, "bridge": bridge, "network.name": network and network["name"]}
        )
    keys = ("bridge", "ip", "link", "mac", "mode", "name", "network", "uuid", "vlan")
    found = {
        **_numbered("nic", nics, keys),
        **{f"nic.network.name/{index}": ABSENT for index in range(INDEXES)},
        **{f"nic.network.name/{i}": nic["network.name"] or ABSENT for i, nic in enumerate(nics)},
        "nic.networks.names": [nic["network.name"] for nic in nics],
        "custom_nicparams": [nic["nicparams"] for nic in row["nics"]],
    }
    for name in ("bridge", "ip", "mac"):
        found[name] = nics[0].get(name) or ABSENT
    for name in ("link", "mode", "network"):
        found[f"nic_{name}"] = nics[0].get(name) or ABSENT
    return found


def node(config: Raw, row: Raw) -> Values:
    """Return the fields of a node that the configuration says."""
    cluster, group = config["cluster"], config["nodegroups"][row["group"]]
    nd = {**cluster["ndparams"], **group["ndparams"], **row["ndparams"]}
    mine = sorted(
        one["name"] for one in config["instances"].values() if one["primary_node"] == row["uuid"]
    )
    master = cluster["master_node"] == row["uuid"]
    role = "M" if master else "C" if row["master_candidate"] else "R"
    return {
        **{name: row[name] for name in (
            "ctime", "mtime", "name", "uuid", "serial_no", "tags", "offline", "drained",
            "master_candidate", "master_capable", "vm_capable",
        )},
        "pip": row["primary_ip"], "sip": row["secondary_ip"], "powered": ABSENT, "master": master,
        "role": role, "group": group["name"], "group.uuid": group["uuid"], "ndparams": nd,
        "custom_ndparams": row["ndparams"], **{f"ndp/{name}": value for name, value in nd.items()},
        "pinst_cnt": len(mine), "pinst_list": mine, "sinst_cnt": 0, "sinst_list": [],
    }  # fmt: skip


def group(config: Raw, row: Raw) -> Values:
    """Return the fields of a node group."""
    cluster = config["cluster"]
    nodes = {
        one["uuid"]: one["name"] for one in config["nodes"].values() if one["group"] == row["uuid"]
    }
    mine = sorted(
        one["name"] for one in config["instances"].values() if one["primary_node"] in nodes
    )
    nd = {**cluster["ndparams"], **row["ndparams"]}
    diskparams = {
        name: {**cluster["diskparams"].get(name, {}), **row["diskparams"].get(name, {})}
        for name in {*cluster["diskparams"], *row["diskparams"]}
    }
    return {
        **{name: row[name] for name in (
            "ctime", "mtime", "name", "uuid", "serial_no", "tags", "alloc_policy",
        )},
        "node_cnt": len(nodes), "node_list": sorted(nodes.values()), "pinst_cnt": len(mine),
        "pinst_list": mine, "ndparams": nd, "custom_ndparams": row["ndparams"],
        **{f"ndp/{name}": value for name, value in nd.items()},
        "diskparams": diskparams, "custom_diskparams": row["diskparams"],
        "custom_ipolicy": row["ipolicy"], "ipolicy": {**cluster["ipolicy"], **row["ipolicy"]},
    }  # fmt: skip


def network(config: Raw, row: Raw) -> Values:
    """Return the fields of a network that is connected to the group `default` and has one NIC."""
    [connected] = [one for one in config["nodegroups"].values() if row["uuid"] in one["networks"]]
    params = connected["networks"][row["uuid"]]
    users = [
        one["name"] for one in config["instances"].values()
        if any(nic.get("network") == row["uuid"] for nic in one["nics"])
    ]  # fmt: skip
    whole = ipaddress.ip_network(row["network"])
    taken = {whole[0], whole[-1], ipaddress.ip_address(row["gateway"])}
    taken |= {
        ipaddress.ip_address(nic["ip"]) for one in config["instances"].values()
        for nic in one["nics"] if nic.get("network") == row["uuid"]
    }  # fmt: skip
    outside = ", ".join(
        str(one) for one in sorted({whole[0], whole[-1], ipaddress.ip_address(row["gateway"])})
    )
    return {
        **{name: row[name] for name in (
            "ctime", "mtime", "name", "uuid", "serial_no", "tags", "network", "gateway",
        )},
        "network6": row.get("network6") or ABSENT, "gateway6": row.get("gateway6") or ABSENT,
        "mac_prefix": row.get("mac_prefix") or ABSENT,
        "free_count": whole.num_addresses - len(taken), "reserved_count": len(taken),
        "map": "".join("X" if address in taken else "." for address in whole),
        "external_reservations": outside,
        "group_cnt": 1,
        "group_list": [[connected["name"], params["mode"], params["link"], params.get("vlan", "")]],
        "inst_cnt": len(users), "inst_list": users,
    }  # fmt: skip


def cluster(config: Raw) -> Values:
    """Return the fields of the cluster."""
    row = config["cluster"]
    version = config["version"]
    return {
        "name": row["cluster_name"], "cluster_name": row["cluster_name"],
        "master_node": config["nodes"][row["master_node"]]["name"], "drain_flag": False,
        "watcher_pause": ABSENT, "config_version": version, "protocol_version": version,
        "os_api_version": 20, "export_version": 0, "software_version": "3.0.2",
        "tags": row["tags"], "ctime": row["ctime"], "mtime": row["mtime"],
        "volume_group_name": row["volume_group_name"] or ABSENT,
    }  # fmt: skip


def job(row: Raw) -> Values:
    """Return the fields of a job from its file."""
    ops = row["ops"]
    return {
        "id": row["id"], "archived": bool(row.get("archived")), "status": "success",
        "priority": ops[0]["priority"], "received_ts": row["received_timestamp"],
        "start_ts": row["start_timestamp"], "end_ts": row["end_timestamp"],
        "ops": [op["input"] for op in ops], "opstatus": [op["status"] for op in ops],
        "opresult": [op["result"] for op in ops], "oplog": [op["log"] for op in ops],
        "oppriority": [op["priority"] for op in ops],
        "opstart": [op["start_timestamp"] for op in ops],
        "opexec": [op["exec_timestamp"] for op in ops],
        "opend": [op["end_timestamp"] for op in ops],
    }  # fmt: skip
