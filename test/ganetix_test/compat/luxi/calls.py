"""Calls every LUXI method with Debian's client library; prints an object for each call.

It runs in the interpreter of the client's package, so it imports nothing that is not here.
"""

import sys
from typing import Any

from ganeti import (  # type: ignore[import-not-found]  # the package, where this runs
    constants,
    errors,
    opcodes,
)
from ganeti.luxi import REQ_ALL, Client  # type: ignore[import-not-found]  # as above

from ganetix_test.compat.caller import Caller

INSTANCE = "instance1.example.com"
MASTER, NODE = "node1.example.com", "node2.example.com"
RULE: Any = (5, [["jobid", [">", "id", 9999]]], "CONTINUE", [["gnt:client", "", 1]])
FINAL = ("success", "error", "canceled")


class Library(Caller):
    """The client library's ways."""

    plain = frozenset({"SetWatcherPause"})

    def refusal(self, error: Exception) -> str:
        """Return the class of the error, and its kind if it has one."""
        kind = error.args[1] if isinstance(error, errors.OpPrereqError) else ""
        return " ".join(filter(None, (type(error).__name__, kind)))

    def job(self, number: int) -> tuple[str, Any]:
        """Wait for the job *number*; return its status and its result."""
        seen, serial = None, None
        while True:
            seen, log = self.client.WaitForJobChange(number, ["status", "opresult"], seen, serial)
            serial = max([serial or 0, *(entry[0] for entry in log)])
            if seen[0] in FINAL:
                return seen[0], seen[1]


def delay(seconds: float) -> Any:
    """Return an opcode that waits on the master."""
    return opcodes.OpTestDelay(duration=seconds, on_master=True, on_nodes=[])


def jobs(call: Library) -> None:
    """Jobs, from submitting to archiving."""
    first = call("SubmitJob", [delay(0.01)])
    call("SubmitJobToDrainedQueue", [delay(0.01)])
    many = call("SubmitManyJobs", [[delay(0.01)], [delay(0.01)]])
    for right, number in many:
        call.tell("a job of SubmitManyJobs", str(right), *call.job(number))
    call("WaitForJobChange", first, ["status"], None, -1)
    call("WaitForJobChangeOnce", first, ["status", "summary"], None, None, timeout=1)
    call("QueryJobs", [first], ["id", "status", "summary", "opstatus", "ops", "opresult"])
    call("QueryJobs", [99999], ["id", "status"], called="QueryJobs of an unknown one")
    call("QueryJobs", None, ["id"], called="QueryJobs of all")
    call("QueryJobs", [first], ["nosuch"], called="QueryJobs with an unknown field")
    call("CancelJob", first, called="CancelJob of a final one")
    call("ChangeJobPriority", first, constants.OP_PRIO_HIGH)
    call("PickupJob", first)
    long = call.client.SubmitJob([delay(30)])
    call("ChangeJobPriority", long, constants.OP_PRIO_LOW, called="ChangeJobPriority while it runs")
    call("CancelJob", long)
    call.tell("the canceled job", "ok", *call.job(long))
    call("ArchiveJob", first)
    call("ArchiveJob", 99999, called="ArchiveJob of an unknown one")
    call("AutoArchiveJobs", 3600)


def queries(call: Library) -> None:
    """Queries of each kind."""
    for what, fields in FIELDS.items():
        call("Query", what, fields, None, called=f"Query of {what}")
        call("QueryFields", what, fields, called=f"QueryFields of {what}")
        call("QueryFields", what, None, called=f"QueryFields of {what}, all")
    call("Query", "instance", ["name"], ["=", "name", "nosuch"], called="Query of an unknown name")
    call("Query", "instance", ["name", "nosuch"], None, called="Query of an unknown field")
    call("Query", "node", ["name"], ["=", "nosuch", 1], called="Query by an unknown field")
    call("Query", "node", ["name"], ["|", ["=", "name", NODE], ["=", "name", MASTER]],
         called="Query by names")  # fmt: skip
    call("Query", "node", ["name"], ["=[]", "tags", "x"], called="Query by tag")
    call("Query", "cluster", ["name"], None, called="Query of cluster")
    call("QueryInstances", [INSTANCE], ["name", "status", "pnode", "os", "disk_template"], False)
    call("QueryInstances", ["nosuch"], ["name"], False, called="QueryInstances of an unknown one")
    call("QueryInstances", [], ["name"], True, called="QueryInstances with locks")
    call("QueryNodes", [], ["name", "role", "pinst_list", "offline", "group"], False)
    call("QueryNodes", [], ["nosuch"], False, called="QueryNodes with an unknown field")
    call("QueryGroups", [], ["name", "node_cnt", "alloc_policy"], False)
    call("QueryNetworks", [], ["name", "network"], False)
    call("QueryExports", [], False)
    call("QueryExports", [NODE], False, called="QueryExports of one node")
    call("QueryClusterInfo")
    call("QueryConfigValues", ["cluster_name", "master_node", "drain_flag", "nosuch"])


FIELDS: Any = {
    "instance": ["name", "status", "oper_state", "be/vcpus", "nic.count", "disk.size/0"],
    "node": ["name", "role", "offline", "group"],
    "group": ["name", "node_cnt", "node_list", "pinst_cnt"],
    "job": ["id", "status", "priority"],
    "lock": ["name", "mode", "owner"],
    "network": ["name", "network"],
    "filter": ["uuid", "priority", "action"],
    "export": ["node", "export"],
}


def others(call: Library) -> None:
    """Tags, filters, and the switches."""
    for kind, name in (("cluster", ""), ("node", NODE), ("instance", INSTANCE),
                       ("nodegroup", "default"), ("instance", "nosuch")):  # fmt: skip
        call("QueryTags", kind, name, called=f"QueryTags of {kind} {name}")
    uuid = call("ReplaceFilter", None, *RULE)
    call("QueryFilters", None, ["priority", "predicates", "action"])
    call("QueryFilters", [uuid], ["uuid", "watermark", "reason_trail"], called="QueryFilters, one")
    call("ReplaceFilter", uuid, *RULE, called="ReplaceFilter of that one")
    call("DeleteFilter", uuid)
    call("DeleteFilter", uuid, called="DeleteFilter again")
    call("SetQueueDrainFlag", True)
    call("SubmitJob", [delay(0.01)], called="SubmitJob while drained")
    call("SetQueueDrainFlag", False)
    call("SetWatcherPause", 1e11)
    call("QueryConfigValues", ["watcher_pause"], called="QueryConfigValues of the pause")
    call("SetWatcherPause", None, called="SetWatcherPause, on again")


def main() -> None:
    """Call everything, and tell if a method of the protocol was not."""
    call = Library(Client())
    sent = []
    plain = call.client.CallMethod

    def noted(method: str, args: Any) -> Any:
        sent.append(method)
        return plain(method, args)

    call.client.CallMethod = noted
    for part in (jobs, queries, others):
        part(call)
    if missed := set(REQ_ALL) - set(sent):
        sys.exit(f"not called: {sorted(missed)}")
    call.tell("every method", "ok", "", len(REQ_ALL))


if __name__ == "__main__":
    main()
