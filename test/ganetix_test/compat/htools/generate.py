"""A seeded generator of clusters for comparing the planner with the reference.

The same number always gives the same cluster. Odd clusters are wanted: failing N+1, overcommitted,
half offline, full of tags; only what both programs refuse to read is left out.
"""

import random
from typing import Any

from ganetix_test.compat.htools.written import Written

DRBD, PLAIN = "drbd", "plain"
SHARED = ("sharedfile", "rbd", "ext", "blockdev", "gluster", "diskless")
STATES = ("running",) * 12 + ("ADMIN_down", "ADMIN_down", "ERROR_up", "ERROR_down", "ADMIN_offline")


# Of so many clusters, one has the next of all sizes in turn; the others are small.
SIZED = 5


class Features:
    """Which oddities a cluster has."""

    def __init__(self, rng: random.Random) -> None:
        def chance(share: float) -> bool:
            return rng.random() < share

        self.groups = rng.choice((1, 1, 1, 2, 3))
        self.exclusion = chance(0.3)
        self.locations = chance(0.25)
        self.migration = chance(0.2)
        self.offline = chance(0.3)
        self.exclusive = chance(0.1)
        self.mixed = chance(0.5)
        self.forthcoming = chance(0.15)
        self.tight = chance(0.25)
        self.speeds = chance(0.2)
        self.missing = chance(0.2)
        self.odd_states = chance(0.5)
        self.unbalanced = chance(0.2)
        self.policies = chance(0.4)


def _policy(rng: random.Random, odd: bool) -> dict[str, Any]:
    def spec(memory: int, cpus: int, disk: int, disks: int, use: int) -> dict[str, int]:
        return {
            "memory-size": memory, "cpu-count": cpus, "disk-size": disk, "disk-count": disks,
            "nic-count": 1, "spindle-use": use,
        }  # fmt: skip

    big = spec(32768, 8, 1048576, 16, 12)
    big["nic-count"] = 8
    std = spec(128, 1, 1024, 1, 1)
    pairs = [{"min": dict(std), "max": big}]
    ratios = (4.0, 32.0)
    if odd:
        std = spec(
            rng.choice((512, 1024, 2048)), rng.choice((1, 2)), rng.choice((5120, 20480)), 1, 1
        )
        low = spec(128, 1, 1024, 1, 1)
        high = spec(
            rng.choice((4096, 8192, 16384)), rng.choice((4, 8)), rng.choice((51200, 204800)), 4, 4
        )
        pairs = [{"min": low, "max": high}]
        if rng.random() < 0.4:
            small = spec(64, 1, 512, 1, 1)
            pairs.append({"min": small, "max": spec(2048, 2, 10240, 2, 2)})
        ratios = (rng.choice((1.5, 2.0, 4.0, 8.0)), rng.choice((4.0, 16.0, 32.0)))
    templates = [DRBD, PLAIN, "diskless", "file", "sharedfile", "blockdev", "rbd", "ext", "gluster"]
    if odd and rng.random() < 0.5:
        templates = [DRBD, PLAIN, "sharedfile", "rbd"]
    return {
        "std": std, "minmax": pairs, "disk-templates": templates, "vcpu-ratio": ratios[0],
        "spindle-ratio": ratios[1],
    }  # fmt: skip


class Generated(Written):
    """A generated cluster, in plain dicts."""

    def __init__(self, number: int, smallest: int = 3, biggest: int = 60) -> None:
        self._rng = random.Random(number)
        self.number = number
        self.features = Features(self._rng)
        count = self._rng.choice((smallest, 4, 5, 6, 8, 10, 12))
        if number % SIZED == 0:
            count = smallest + number // SIZED % (biggest - smallest + 1)
        count = max(smallest, min(biggest, count), self.features.groups)
        self.policy = _policy(self._rng, self.features.policies)
        self.tags = self._cluster_tags()
        self.groups = self._groups()
        self.nodes = [self._node(at) for at in range(count)]
        self.instances: list[dict[str, Any]] = []
        self._fill()

    def _cluster_tags(self) -> list[str]:
        tags = []
        if self.features.exclusion:
            tags.append("htools:iextags:service")
        if self.features.locations:
            tags += ["htools:nlocation:power", "htools:desiredlocation:power"]
        if self.features.migration:
            tags += ["htools:migration:cpu", "htools:allowmigration:cpu:old::cpu:new"]
        return tags

    def _groups(self) -> list[dict[str, Any]]:
        rng = self._rng
        found = []
        for at in range(self.features.groups):
            odd = self.features.policies and rng.random() < 0.5
            alloc = rng.choice(("preferred", "preferred", "last_resort", "unallocable"))
            found.append(
                {
                    "name": f"group-{at:02d}",
                    "uuid": f"uuid-group-{at:02d}",
                    "alloc_policy": "preferred" if at == 0 else alloc,
                    "policy": _policy(rng, True) if odd else self.policy,
                    "networks": ["net-a"] if rng.random() < 0.3 else [],
                }
            )
        return found

    def _node_tags(self) -> list[str]:
        rng = self._rng
        tags = []
        if self.features.locations and rng.random() < 0.9:
            tags.append(f"power:{rng.choice('abc')}")
        if self.features.migration and rng.random() < 0.8:
            tags.append(f"cpu:{rng.choice(('old', 'new'))}")
        if rng.random() < 0.1:
            tags.append("rack:one")
        return tags

    def _node(self, at: int) -> dict[str, Any]:
        rng, odd = self._rng, self.features
        memory = rng.choice((32768, 65536, 131072)) if odd.unbalanced else 65536
        if odd.tight:
            memory //= 4
        disk = rng.choice((1048576, 2097152)) if odd.unbalanced else 2097152
        return {
            "name": f"node-{at:03d}.example.org",
            "group": at % odd.groups if rng.random() < 0.9 else rng.randrange(odd.groups),
            "t_mem": memory,
            "n_mem": 1024,
            "f_mem": memory - 1024,
            "t_disk": disk,
            "f_disk": disk,
            "t_cpu": rng.choice((8, 16, 32)) if odd.unbalanced else 16,
            "n_cpu": 1,
            "speed": rng.choice((0.8, 1.0, 1.5)) if odd.speeds else 1.0,
            "offline": odd.offline and at > 2 and rng.random() < 0.15,
            "drained": odd.offline and at > 2 and rng.random() < 0.05,
            "spindles": rng.choice((4, 8, 12)),
            "exclusive": odd.exclusive,
            "f_spindles": 0,
            "tags": self._node_tags(),
        }

    def _fill(self) -> None:
        rng = self._rng
        for node in self.nodes:
            if node["exclusive"]:
                node["f_spindles"] = node["spindles"]
        order = self.nodes[:]
        rng.shuffle(order)
        weights = [3.0 - 2.0 * at / max(1, len(order) - 1) for at in range(len(order))]
        share = rng.choice((0.5, 2, 4, 6, 8)) if not self.features.exclusive else 2
        for at in range(int(share * len(order))):
            self._place(at, order, weights)
        if self.features.missing:
            for node in rng.sample(self.nodes, max(1, len(self.nodes) // 5)):
                node["f_mem"] -= rng.choice((-700, 300, 600, 2000))
                node["f_disk"] -= rng.choice((0, 5000))

    def _template(self) -> str:
        if not self.features.mixed:
            return DRBD if not self.features.exclusive else PLAIN
        return self._rng.choice((DRBD, DRBD, DRBD, PLAIN, "file", *SHARED))

    def _place(self, at: int, order: list[dict[str, Any]], weights: list[float]) -> None:
        rng, odd = self._rng, self.features
        template = self._template()
        memory = rng.choice((512, 1024, 2048, 4096))
        disk = 0 if template == "diskless" else rng.choice((5120, 10240, 20480, 51200))
        primary = rng.choices(order, weights)[0]
        peers = [
            node for node in order
            if node is not primary and (node["group"] == primary["group"] or rng.random() < 0.01)
        ]  # fmt: skip
        secondary = rng.choice(peers) if template == DRBD and peers else None
        if template == DRBD and secondary is None:
            template = PLAIN
        state = rng.choice(STATES) if odd.odd_states else "running"
        forthcoming = odd.forthcoming and rng.random() < 0.2
        known = odd.exclusive and rng.random() < 0.95
        inst = {
            "name": f"inst-{at:04d}.example.org", "mem": memory, "disk": disk,
            "cpus": rng.choice((1, 1, 2, 4)), "state": state,
            "auto": rng.random() > 0.05, "primary": primary, "secondary": secondary,
            "template": template, "tags": self._instance_tags(), "use": rng.choice((1, 1, 1, 2, 3)),
            "spindles": 1 if known else None, "forthcoming": forthcoming,
        }  # fmt: skip
        if self._book(inst):
            self.instances.append(inst)

    def _instance_tags(self) -> list[str]:
        rng = self._rng
        tags = []
        if self.features.exclusion and rng.random() < 0.5:
            tags.append(f"service:{rng.choice(('dns', 'web', 'mail', 'db'))}")
        if self.features.locations and rng.random() < 0.3:
            tags.append(f"power:{rng.choice('abc')}")
        return tags

    def _book(self, inst: dict[str, Any]) -> bool:
        """Take the instance's resources from its nodes; False when they do not have them."""
        local = inst["template"] in (DRBD, PLAIN)
        homes = [inst["primary"]] + ([inst["secondary"]] if inst["secondary"] else [])
        if local and any(node["f_disk"] - inst["disk"] < 1024 for node in homes):
            return False
        uses = inst["state"] in ("running", "ERROR_up") and not inst["forthcoming"]
        if uses and inst["primary"]["f_mem"] - inst["mem"] < 256:
            return False
        if inst["forthcoming"]:
            return True
        if uses:
            inst["primary"]["f_mem"] -= inst["mem"]
        for node in homes if local else ():
            node["f_disk"] -= inst["disk"]
            if node["exclusive"] and inst["spindles"]:
                node["f_spindles"] -= inst["spindles"]
        return True

    def split(self) -> bool:
        """Whether an instance has its nodes in two groups."""
        return any(
            inst["secondary"] and inst["secondary"]["group"] != inst["primary"]["group"]
            for inst in self.instances
        )

    def _new(self, name: str) -> dict[str, Any]:
        rng = self._rng
        template = rng.choice((DRBD, DRBD, PLAIN, "sharedfile", "rbd"))
        size = rng.choice((5120, 20480))
        tags = self._instance_tags()
        return {
            "type": "allocate", "name": name, "memory": rng.choice((512, 1024, 4096)),
            "vcpus": rng.choice((1, 2, 4)), "spindle_use": 1, "os": "noop", "tags": tags,
            "disks": [{"size": size, "mode": "rw", "spindles": 1}], "disk_space_total": size,
            "disk_template": template, "required_nodes": 2 if template == DRBD else 1,
            "nics": [{"mac": "auto", "ip": None, "mode": "bridged", "link": "br0",
                      "network": rng.choice((None, None, None, "net-a"))}],
            "hypervisor": "fake",
        }  # fmt: skip

    def requests(self) -> list[dict[str, Any]]:
        """Return requests of every kind that this cluster allows."""
        rng = self._rng
        single = self._new("new-one.example.org")
        grouped = self._new("new-two.example.org") | {"group_name": self.groups[0]["name"]}
        found = [single, grouped]
        names = [node["name"] for node in self.nodes]
        few = rng.sample(names, max(2, len(names) // 2))
        found.append(self._new("new-three.example.org") | {"restrict-to-nodes": few})
        many = [self._new(f"multi-{at}.example.org") for at in range(3)]
        found.append({"type": "multi-allocate", "instances": many})
        present = [inst for inst in self.instances if not inst["forthcoming"]]
        found += self._evacuations(present)
        return found

    def _evacuations(self, present: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rng = self._rng
        found: list[dict[str, Any]] = []
        for inst in present:
            if inst["template"] == PLAIN:
                found.append({"type": "allocate-secondary", "name": inst["name"]})
                break
        for inst in rng.sample(present, min(2, len(present))):
            home = inst["secondary"] or inst["primary"]
            found.append(
                {
                    "type": "relocate", "name": inst["name"], "required_nodes": 1,
                    "disk_space_total": inst["disk"], "relocate_from": [home["name"]],
                }
            )  # fmt: skip
        names = [inst["name"] for inst in rng.sample(present, min(4, len(present)))]
        for mode in ("primary-only", "secondary-only", "all"):
            found.append({"type": "node-evacuate", "instances": names, "evac_mode": mode})
        found.append({"type": "change-group", "instances": names[:2], "target_groups": []})
        return found
