"""The virtual cluster that the tables are walked against."""

import base64
import http.client
import json
import os
import ssl
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Self

import attrs

from ganetix import errors
from ganetix.luxi.client import Client
from ganetix_test import spec
from ganetix_test.vcluster.cluster import VirtualCluster

INSTANCE: Final = "instance1.example.com"
NETWORK: Final = "net1"
EXPORT: Final = "old.example.com"
PROVIDER: Final = "demo"
"""A provider of external storage that every node has; it stores nothing."""
FINAL: Final = ("success", "error", "canceled")
_HOOK: Final = """\
#!/bin/sh
echo "$GANETI_OP_CODE $GANETI_HOOKS_PHASE" >> {log}
"""
_LOGIN: Final = base64.b64encode(b"jack:secret").decode()

Answer = tuple[int, Any]


@attrs.define(eq=False)
class Place:
    """A cluster of two nodes with something of everything, and what speaks to it.

    The directories of two more nodes are there.
    """

    cluster: VirtualCluster
    client: Client
    job: int = 0
    export: str = EXPORT
    refused: type[errors.GanetiError] = errors.GanetiError

    @classmethod
    def make(cls) -> Self:
        """Make it; `remove` it."""
        cluster = VirtualCluster.make(4)
        try:
            made = cls(cluster, cluster.client())
            made._hooks()
            cluster.begin(2)
            made._furnish()
        except BaseException:
            cluster.remove()
            raise
        return made

    def remove(self) -> None:
        """Stop it, and leave nothing."""
        self.client.close()
        self.cluster.remove()

    def _furnish(self) -> None:
        run = self.cluster.run
        self._provider()
        run(1, "gnt-network", "add", "--network=192.0.2.0/24", "--gateway=192.0.2.1", NETWORK)
        run(1, "gnt-network", "connect", "--nic-parameters=mode=bridged,link=br0", NETWORK)
        run(
            1, "gnt-instance", "add", "-t", "sharedfile", "--disk=0:size=16m,name=first",
            "--disk=1:size=8m", "--net=0:ip=pool,network=net1,name=front", "-o", "dummy",
            "-B", "memory=256,vcpus=2", "-n", self.cluster.name(2), INSTANCE,
        )  # fmt: skip
        run(1, "gnt-instance", "add-tags", INSTANCE, "blue")
        run(1, "gnt-filter", "add", "--priority=3", "--action=CONTINUE")
        users = self.cluster.root(1) / "var/lib/ganeti/rapi/users"
        users.write_text("jack secret write\n", "ascii")
        exports = self.cluster.root(1) / "var/lib/ganeti/export" / EXPORT
        exports.mkdir(parents=True)
        (exports / "config.ini").write_text("[export]\nversion = 0\n", "ascii")
        self.job = self.wait(self.client.call("SubmitJob", [delay(0.01)]))

    def _hooks(self) -> None:
        """Let every operation's hooks leave a line."""
        for node in (1, 2, 3, 4):
            base = self.cluster.root(node) / "etc/ganeti/hooks"
            for path in hook_paths():
                for phase in ("pre", "post"):
                    where = base / f"{path}-{phase}.d"
                    where.mkdir(parents=True, exist_ok=True)
                    script = where / "10-note"
                    script.write_text(_HOOK.format(log=self.cluster.directory / "hooked"), "ascii")
                    script.chmod(0o755)

    def _provider(self) -> None:
        for node in (1, 2, 3, 4):
            where = self.cluster.root(node) / "srv/ganeti/extstorage" / PROVIDER
            where.mkdir(parents=True)
            for name in ("attach", "create", "detach", "grow", "remove", "setinfo", "verify"):
                (where / name).write_text("#!/bin/sh\nexit 1\n", "ascii")
                (where / name).chmod(0o755)
            (where / "parameters.list").write_text("pool  Name of the pool\n", "ascii")

    def hooked(self) -> set[tuple[str, str]]:
        """Return the opcodes whose hooks ran, with the phase."""
        text = (self.cluster.directory / "hooked").read_text("ascii")
        found = (line.split() for line in text.splitlines())
        return {(op, phase) for op, phase in found}

    def say(self, line: str) -> None:
        """Tell why something does not count."""
        sys.stdout.write(f"  {line}\n")

    def query(self, what: str, fields: list[str], chosen: Any) -> Any:
        """Return what a query of *what* answers, by a job where LUXI does not answer it."""
        if what not in ("cluster", "os", "extstorage"):
            return self.client.call("Query", what, fields, chosen)
        op = {"OP_ID": "OP_QUERY", "what": what, "fields": fields, "qfilter": chosen, "reason": []}
        number = self.wait(self.client.call("SubmitJob", [op]))
        [[[status], [result]]] = self.client.call("QueryJobs", [number], ["opstatus", "opresult"])
        if status != "success":
            raise errors.from_wire(result)
        return result

    def wait(self, number: int) -> int:
        """Return *number* when that job has ended."""
        seen: Any = None
        while seen is None or seen[0] not in FINAL:
            seen, _ = self.client.call("WaitForJobChange", number, ["status"], seen, None, 60)
        return number

    def value(self, what: str, name: str, field: str) -> Any:
        """Return a field of one object; None when there is no such object."""
        rows = self.client.call("Query", what, ["name", field], None)["data"]
        return next((value for (_, found), (_, value) in rows if found == name), None)

    def heard(self) -> int:
        """Return how many nodes the master hears."""
        rows = self.client.call("Query", "node", ["bootid"], None)["data"]
        return sum(1 for [(status, _)] in rows if status == 0)

    def rebooting(self, node: int) -> Callable[[], bool]:
        """Return what waits until *node*, which runs now, has been through a power cut."""
        before = self.cluster.pid(node, "ganeti-noded")

        def again() -> bool:
            return self.cluster.pid(node, "ganeti-noded") not in (before, None)

        def rebooted() -> bool:
            self.cluster.until(again, f"the daemons of node {node} run anew")
            self.cluster.until(lambda: self.heard() == nodes, "all nodes are heard")
            return True

        nodes = self.heard()
        return rebooted

    def configuration(self) -> dict[str, Any]:
        """Return the configuration as it is now, from its file."""
        op = {"OP_ID": "OP_CLUSTER_REDIST_CONF", "reason": []}
        self.wait(self.client.call("SubmitJob", [op]))
        return self.cluster.configuration()

    def held_lock(self) -> str:
        """Let a job hold a lock for a while; return the lock's name."""
        op = {**delay(5.0), "on_master": False, "on_nodes": [self.cluster.name(2)]}
        number = self.client.call("SubmitJob", [op])
        self.client.call("WaitForJobChange", number, ["status"], ["queued"], None, 5)

        def held() -> list[str]:
            rows = self.client.call("Query", "lock", ["name", "owner"], None)["data"]
            return [name for (_, name), (_, owner) in rows if owner]

        self.cluster.until(held, "a lock is held")
        return held()[0]

    def job_file(self) -> dict[str, Any]:
        """Return the file of the job that is looked at."""
        path = self.cluster.root(1) / f"var/lib/ganeti/queue/job-{self.job}"
        self.cluster.until(path.exists, f"{path} is there")
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return found

    def machine(self) -> Mapping[str, Any]:
        """Return what a node says of the machine."""
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        total = next(int(line.split()[1]) for line in lines if line.startswith("MemTotal:"))
        return {"ctotal": os.cpu_count(), "mtotal": total // 1024}

    def system(self) -> Mapping[str, Any]:
        """Return what is known of the OS definition `dummy`."""
        return {
            "name": "dummy", "valid": True, "hidden": False, "blacklisted": False, "trusted": True,
            "variants": [], "api_versions": [20], "os_hvp": {}, "osparams": {},
            "parameters": [["message", "a text that create writes behind the instance's name"]],
        }  # fmt: skip

    def provider(self) -> Mapping[str, Any]:
        """Return what is known of the storage provider."""
        listed = [["pool", "Name of the pool"]]
        where = f"srv/ganeti/extstorage/{PROVIDER}"
        return {
            "name": PROVIDER, "nodegroup_status": {"default": True}, "parameters": listed,
            "node_status": {
                self.cluster.name(node): [[str(self.cluster.root(node) / where), True, "", listed]]
                for node in (1, 2)
            },
        }  # fmt: skip

    def http(self, method: str, path: str, body: Any = None) -> Answer:
        """Return status and answer of a request to the remote API."""
        address = (self.cluster.directory / "network").read_text("ascii").strip() + ".11"
        around = ssl.create_default_context()
        around.check_hostname, around.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(address, 5080, context=around, timeout=60)
        headers = {"Authorization": f"Basic {_LOGIN}", "Content-Type": "application/json"}
        try:
            connection.request(
                method, path, json.dumps(body) if body is not None else None, headers
            )
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()


def delay(seconds: float) -> dict[str, Any]:
    """Return an opcode that waits on the master."""
    return {
        "OP_ID": "OP_TEST_DELAY", "duration": seconds, "on_master": True, "on_nodes": [],
        "reason": [],
    }  # fmt: skip


def hook_paths() -> set[str]:
    """Return the names of all hooks."""
    return {row["hooks"]["path"] for row in spec.load("opcodes")["opcodes"] if row["hooks"]}
