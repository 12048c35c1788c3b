"""Calls every method of the official client; prints an object for each call.

It runs in the interpreter of the client's package, so it imports nothing that is not here.
"""

import inspect
import sys
from typing import Any

from ganetix_test.compat.caller import Caller

INSTANCE, OTHER = "instance1.example.com", "instance2.example.com"
MASTER, NODE = "node1.example.com", "node2.example.com"
RULE: Any = (5, [["jobid", [">", "id", 9999]]], "CONTINUE")


class Official(Caller):
    """The official client's ways."""

    plain = frozenset({"GetVersion", "GetJobs", "WaitForJobCompletion"})

    def refusal(self, error: Exception) -> str:
        """Return the status of the answer."""
        return str(getattr(error, "code", None) or type(error).__name__)

    def job(self, number: int) -> tuple[str, Any]:
        """Wait for the job *number*; return its status and its result."""
        self.client.WaitForJobCompletion(number, period=0.05, retries=600)
        job = self.client.GetJobStatus(number)
        return job["status"], job["opresult"]


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
    made = call(
        "InstanceAllocation", "create", "instance3.example.com", "diskless", [], [{}],
        os="dummy", hypervisor="fake", ip_check=False, name_check=False,
    )  # fmt: skip
    number = call("InstancesMultiAlloc", [made])
    [result] = call.client.GetJobStatus(number)["opresult"]
    for _, submitted in result["jobs"] if isinstance(result, dict) else ():
        call.job(submitted)
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
    """Networks, from making one to its end."""
    call("CreateNetwork", "net", "192.0.2.0/24", gateway="192.0.2.1", tags=[])
    for bulk in (False, True):
        call("GetNetworks", bulk=bulk)
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
    address, *without = sys.argv[1:]
    call = Official(official(address, username="jack", password="secret"), tuple(without))
    for part in (cluster, jobs, instances, disks, nodes, groups, networks):
        part(call)
    call("PowercycleNode", NODE)  # afterwards it is away for a while
    there = {name for name, _ in inspect.getmembers(official, callable) if not name.startswith("_")}
    if there - call.called:
        sys.exit(f"not called: {sorted(there - call.called)}")
    call.tell("every method", "ok", "", len(there))


if __name__ == "__main__":
    main()
