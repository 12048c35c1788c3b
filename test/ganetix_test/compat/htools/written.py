"""A cluster of plain dicts, written in the text format and as an iallocator request."""

import json
from typing import Any


class Written:
    """What `generate.Generated` makes, and how it is written."""

    policy: dict[str, Any]
    tags: list[str]
    groups: list[dict[str, Any]]
    nodes: list[dict[str, Any]]
    instances: list[dict[str, Any]]

    def text(self) -> str:
        """Return the cluster in the text format."""
        sections = (
            [
                f"{g['name']}|{g['uuid']}|{g['alloc_policy']}||{','.join(g['networks'])}"
                for g in self.groups
            ],
            [self._node_line(at, node) for at, node in enumerate(self.nodes)],
            [self._instance_line(inst) for inst in self.instances],
            self.tags,
            [
                self._policy_line("", self.policy),
                *(self._policy_line(g["name"], g["policy"]) for g in self.groups),
            ],
        )
        return "\n".join("".join(line + "\n" for line in lines) for lines in sections)

    def _node_line(self, at: int, node: dict[str, Any]) -> str:
        role = "Y" if node["offline"] or node["drained"] else "M" if at == 0 else "N"
        return "|".join(
            str(value)
            for value in (
                node["name"], node["t_mem"], node["n_mem"], node["f_mem"], node["t_disk"],
                node["f_disk"], node["t_cpu"], role, self.groups[node["group"]]["uuid"],
                node["spindles"], ",".join(node["tags"]), "Y" if node["exclusive"] else "N",
                node["f_spindles"], node["n_cpu"], node["speed"],
            )
        )  # fmt: skip

    def _instance_line(self, inst: dict[str, Any]) -> str:
        spindles = inst["spindles"]
        return "|".join(
            str(value)
            for value in (
                inst["name"], inst["mem"], inst["disk"], inst["cpus"], inst["state"],
                "Y" if inst["auto"] else "N", inst["primary"]["name"],
                inst["secondary"]["name"] if inst["secondary"] else "", inst["template"],
                ",".join(inst["tags"]), inst["use"], "-" if spindles is None else spindles,
                "Y" if inst["forthcoming"] else "N",
            )
        )  # fmt: skip

    def _policy_line(self, owner: str, policy: dict[str, Any]) -> str:
        def spec(values: dict[str, int]) -> str:
            names = (
                "memory-size",
                "cpu-count",
                "disk-size",
                "disk-count",
                "nic-count",
                "spindle-use",
            )
            return ",".join(str(values[name]) for name in names)

        pairs = ";".join(spec(pair[end]) for pair in policy["minmax"] for end in ("min", "max"))
        templates = ",".join(policy["disk-templates"])
        ratios = f"{policy['vcpu-ratio']}|{policy['spindle-ratio']}"
        return f"{owner}|{spec(policy['std'])}|{pairs}|{templates}|{ratios}"

    def _json_node(self, node: dict[str, Any]) -> dict[str, Any]:
        result = {
            "group": self.groups[node["group"]]["uuid"], "primary_ip": "192.0.2.1",
            "secondary_ip": "192.0.2.1", "tags": node["tags"], "master_candidate": True,
            "master_capable": True, "vm_capable": True, "drained": node["drained"],
            "offline": node["offline"],
            "ndparams": {
                "spindle_count": node["spindles"], "exclusive_storage": node["exclusive"],
                "oob_program": None, "cpu_speed": node["speed"], "ovs": False, "ssh_port": 22,
            },
        }  # fmt: skip
        if not node["offline"]:
            result |= {
                "total_memory": node["t_mem"], "reserved_memory": node["n_mem"],
                "free_memory": node["f_mem"], "total_disk": node["t_disk"],
                "free_disk": node["f_disk"], "total_cpus": node["t_cpu"],
                "reserved_cpus": node["n_cpu"], "total_spindles": node["spindles"],
                "free_spindles": node["f_spindles"], "i_pri_memory": 0, "i_pri_up_memory": 0,
            }  # fmt: skip
        return result

    def _json_instance(self, inst: dict[str, Any]) -> dict[str, Any]:
        state = {"ADMIN_offline": "offline", "running": "up", "ERROR_up": "up"}
        nodes = [inst["primary"]["name"]]
        if inst["secondary"]:
            nodes.append(inst["secondary"]["name"])
        disks = [{"size": inst["disk"], "mode": "rw", "spindles": inst["spindles"]}]
        return {
            "tags": inst["tags"], "admin_state": state.get(inst["state"], "down"),
            "admin_state_source": "admin", "vcpus": inst["cpus"], "memory": inst["mem"],
            "spindle_use": inst["use"], "os": "noop", "nodes": nodes, "nics": [],
            "disks": disks, "disk_template": inst["template"], "disks_active": True,
            "hypervisor": "fake", "disk_space_total": inst["disk"],
        }  # fmt: skip

    def request(self, request: dict[str, Any]) -> str:
        """Return an iallocator request on this cluster."""
        message = {
            "version": 2, "cluster_name": "generated", "cluster_tags": self.tags,
            "enabled_hypervisors": ["fake"], "ipolicy": self.policy,
            "nodegroups": {
                g["uuid"]: {
                    "name": g["name"], "alloc_policy": g["alloc_policy"],
                    "networks": g["networks"], "ipolicy": g["policy"], "tags": [],
                }
                for g in self.groups
            },
            "nodes": {node["name"]: self._json_node(node) for node in self.nodes},
            "instances": {
                inst["name"]: self._json_instance(inst)
                for inst in self.instances
                if not inst["forthcoming"]
            },
            "request": request,
        }  # fmt: skip
        return json.dumps(message)
