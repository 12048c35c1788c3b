"""Calls every method of the official client; prints an object for each call.

It runs in the interpreter of the client's package, so it imports nothing of ours.
"""

import inspect
import json
import sys
from typing import Any

INSTANCE, OTHER = "instance1.example.com", "instance2.example.com"
MASTER, NODE = "node1.example.com", "node2.example.com"
RULE: Any = (5, [["jobid", [">", "id", 9999]]], "CONTINUE")


class Caller:
    """Calls methods by name, waits for the jobs that they start, and prints what came."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.called: set[str] = set()

    def __call__(self, method: str, *args: Any, called: str = "", **named: Any) -> Any:
        """Call *method*; return its answer, or None when it is refused."""
        self.called.add(method)
        try:
            answer = getattr(self.client, method)(*args, **named)
        except Exception as error:  # noqa: BLE001 - the client has one class for all answers
            self.tell(called or method, getattr(error, "code", 0), "", str(error))
            return None
        number = isinstance(answer, int) and not isinstance(answer, bool)
        if number and method not in PLAIN:
            self.tell(called or method, 200, *self.job(answer))
        else:
            self.tell(called or method, 200, "", answer)
        return answer

    def job(self, number: int) -> tuple[str, Any]:
        """Wait for the job *number*; return its status and its result."""
        self.client.WaitForJobCompletion(number, period=0.05, retries=600)
        job = self.client.GetJobStatus(number)
        return job["status"], job["opresult"]

    def tell(self, called: str, status: int, job: str, answer: Any) -> None:
        """Print one call: the status of the answer, that of the job, and some of what came."""
        row = {"call": called, "status": status, "job": job, "answer": repr(answer)[:200]}
        print(json.dumps(row))  # noqa: T201 - that is how the test reads it


PLAIN = {"GetVersion", "GetJobs", "WaitForJobCompletion"}
"""Methods whose numbers are no jobs."""


def cluster(call: Caller) -> None:
    """The cluster itself."""
    for method in ("GetVersion", "GetFeatures", "GetOperatingSystems", "GetInfo", "GetClusterTags"):
        call(method)
    call("RedistributeConfig")
    call("ModifyCluster", candidate_pool_size=5)
    call("AddClusterTags", ["a", "b"])
    call("DeleteClusterTags", ["a"])
    call("Query", "instance", ["name", "status"])
    call("Query", "node", ["name"], ["=", "name", NODE])
    call("QueryFields", "node")
    call("QueryFields", "node", ["name"])


def jobs(call: Caller) -> None:
    """Jobs and filters."""
    call("GetJobs")
    call("GetJobs", bulk=True)
    call("GetJobStatus", 1)
    call("WaitForJobCompletion", 1)
    call("WaitForJobChange", 1, ["status"], None, None)
    call("CancelJob", 1)
    uuid = call("AddFilter", *RULE)
    call("GetFilters")
    call("GetFilters", bulk=True)
    call("GetFilter", uuid)
    call("ReplaceFilter", uuid, *RULE)
    call("DeleteFilter", uuid)


def instances(call: Caller) -> None:
    """Instances, from making one to its end."""
    plain: dict[str, Any] = {
        "os_type": "dummy",
        "pnode": MASTER,
        "ip_check": False,
        "name_check": False,
    }
    call("CreateInstance", "create", OTHER, "sharedfile", [{"size": 16}], [{}], **plain)
    made = call("InstanceAllocation", "create", "instance3.example.com", "diskless", [], [{}])
    call("InstancesMultiAlloc", [made])
    for bulk in (False, True):
        call("GetInstances", bulk=bulk)
    call("GetInstance", OTHER)
    call("GetInstance", "nosuch", called="GetInstance of an unknown one")
    call("GetInstanceInfo", OTHER)
    call("GetInstanceInfo", OTHER, static=True)
    call("GetInstanceConsole", OTHER)
    call("ModifyInstance", OTHER, beparams={"vcpus": 2})
    call("ShutdownInstance", OTHER)
    call("StartupInstance", OTHER)
    call("RebootInstance", OTHER, reboot_type="hard")
    call("ReinstallInstance", OTHER, os="dummy")
    call("GrowInstanceDisk", OTHER, 0, 16)
    call("GetInstanceTags", OTHER)
    call("AddInstanceTags", OTHER, ["x"])
    call("DeleteInstanceTags", OTHER, ["x"])
    call("MigrateInstance", OTHER, mode="live", target_node=NODE)
    call("FailoverInstance", OTHER, target_node=MASTER)
    call("ShutdownInstance", OTHER)
    call("RenameInstance", OTHER, "instance4.example.com", ip_check=False, name_check=False)
    call("DeleteInstance", "instance4.example.com")


def disks(call: Caller) -> None:
    """Disks, and exports."""
    call("ActivateInstanceDisks", INSTANCE)
    call("DeactivateInstanceDisks", INSTANCE, force=True)
    call("RecreateInstanceDisks", INSTANCE)
    call("ReplaceInstanceDisks", INSTANCE, mode="replace_auto", iallocator="hail")
    call("PrepareExport", INSTANCE, "local")
    call("ExportInstance", INSTANCE, "local", MASTER)


def nodes(call: Caller) -> None:
    """Nodes."""
    for bulk in (False, True):
        call("GetNodes", bulk=bulk)
    call("GetNode", NODE)
    call("GetNode", "nosuch", called="GetNode of an unknown one")
    call("GetNodeRole", NODE)
    call("SetNodeRole", NODE, "drained", force=True)
    call("SetNodeRole", NODE, "master-candidate")
    call("ModifyNode", NODE, drained=False)
    call("EvacuateNode", NODE, mode="primary-only", iallocator="hail")
    call("MigrateNode", NODE, mode="live", iallocator="hail")
    call("PowercycleNode", NODE)
    call("GetNodeStorageUnits", NODE, "lvm-vg", "name,free")
    call("ModifyNodeStorageUnits", NODE, "lvm-pv", "x", allocatable=True)
    call("RepairNodeStorageUnits", NODE, "lvm-vg", "x")
    call("GetNodeTags", NODE)
    call("AddNodeTags", NODE, ["x"])
    call("DeleteNodeTags", NODE, ["x"])


def groups(call: Caller) -> None:
    """Node groups."""
    for bulk in (False, True):
        call("GetGroups", bulk=bulk)
    call("GetGroup", "default")
    call("CreateGroup", "other")
    call("ModifyGroup", "other", alloc_policy="last_resort")
    call("AssignGroupNodes", "default", [NODE], force=True)
    call("RenameGroup", "other", "another")
    call("GetGroupTags", "default")
    call("AddGroupTags", "default", ["x"])
    call("DeleteGroupTags", "default", ["x"])
    call("DeleteGroup", "another")


def networks(call: Caller) -> None:
    """Networks; the ones that look need one, which only a release with their jobs can make."""
    call("CreateNetwork", "net", "192.0.2.0/24", gateway="192.0.2.1", tags=[])
    for bulk in (False, True):
        call("GetNetworks", bulk=bulk)
    there = "net" in call.client.GetNetworks()
    call.called |= {"GetNetwork", "GetNetworkTags"}
    if there:
        call("GetNetwork", "net")
        call("GetNetworkTags", "net")
    call("ConnectNetwork", "net", "default", "bridged", "br0")
    call("ModifyNetwork", "net", mac_prefix="aa:00:11")
    call("AddNetworkTags", "net", ["x"])
    call("DeleteNetworkTags", "net", ["x"])
    call("DisconnectNetwork", "net", "default")
    call("DeleteNetwork", "net")


def main() -> None:
    """Call everything, and tell if a method was left out."""
    from ganeti.rapi import client  # type: ignore[import-not-found]  # noqa: PLC0415 - the package

    official = client.GanetiRapiClient
    call = Caller(official(sys.argv[1], username="jack", password="secret"))
    for part in (cluster, jobs, instances, disks, nodes, groups, networks):
        part(call)
    there = {name for name, _ in inspect.getmembers(official, callable) if not name.startswith("_")}
    if there - call.called:
        sys.exit(f"not called: {sorted(there - call.called)}")
    call.tell("every method", 200, "", len(there))


if __name__ == "__main__":
    main()
