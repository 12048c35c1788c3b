"""LUXI: each method called, its answer compared with the table's type and the configuration."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs
import msgspec

from ganetix import errors
from ganetix_test import spec
from ganetix_test.parity.place import FINAL, INSTANCE, Place, delay

Log = list[tuple[int, tuple[int, int], str, Any]]
TYPES: Final[dict[str, Any]] = {
    "SubmitJob": int, "SubmitJobToDrainedQueue": int,
    "SubmitManyJobs": list[tuple[bool, int | str]],
    "WaitForJobChange": tuple[list[Any], Log], "CancelJob": tuple[bool, str],
    "ArchiveJob": bool, "AutoArchiveJobs": tuple[int, int],
    "ChangeJobPriority": tuple[bool, str], "QueryExports": list[tuple[str, str | None]],
    "QueryTags": list[str], "SetDrainFlag": bool, "SetWatcherPause": float | None,
    "ReplaceFilter": str, "DeleteFilter": None, "QueryClusterInfo": dict[str, Any],
}  # fmt: skip
"""The types of the table's column ``returns``; a list of lists where nothing stands here."""
_ROWS: Final = list[list[Any]]


def rows() -> Iterator[str]:
    """Yield the methods."""
    for row in spec.load("luxi")["methods"]:
        yield row["method"]


def done(place: Place) -> Iterator[str]:
    """Yield the methods that answered in the table's type, and with what there is."""
    for method, right in checks(place).items():
        try:
            good = right()
        except (errors.GanetiError, msgspec.ValidationError, AssertionError) as error:
            place.say(f"{method}: {error}")
            good = False
        if good:
            yield method


@attrs.frozen
class Tries:
    """How each method is tried at *place*."""

    place: Place

    def call(self, method: str, *args: Any) -> Any:
        """Call *method*; its answer must have the type of the table."""
        answer = self.place.client.call(method, *args)
        msgspec.convert(answer, TYPES.get(method, _ROWS))
        return answer

    def ended(self, number: int, status: str = "success") -> bool:
        """Whether the job ends as *status*."""
        self.place.wait(number)
        return bool(self.call("QueryJobs", [number], ["id", "status"]) == [[number, status]])

    def query(self) -> bool:
        """Look for one instance."""
        answer = self.place.client.call(
            "Query", "instance", ["name", "uuid"], ["=", "name", INSTANCE]
        )
        rows = self.place.configuration()["instances"].values()
        [row] = [one for one in rows if one["name"] == INSTANCE]
        return bool(answer["data"] == [[[0, INSTANCE], [0, row["uuid"]]]])

    def names(self, method: str, table: str) -> bool:
        """List all of a kind."""
        rows = self.place.configuration()[table].values()
        wanted = sorted([row["name"], row["uuid"]] for row in rows)
        return bool(self.call(method, [], ["name", "uuid"], False) == wanted)

    def cancel(self) -> bool:
        """Cancel a job that runs."""
        number = self.call("SubmitJob", [delay(30.0)])
        return bool(self.call("CancelJob", number, False)[0]) and self.ended(number, "canceled")

    def priority(self) -> bool:
        """Give a job that runs another priority."""
        number = self.call("SubmitJob", [delay(0.5)])
        changed = self.call("ChangeJobPriority", number, 10)[0]
        [[found]] = self.call("QueryJobs", [number], ["oppriority"])
        return bool(changed and found == [10]) and self.ended(number)

    def drain(self) -> bool:
        """Drain the queue: it takes a job only by the other method."""
        self.call("SetDrainFlag", True)
        try:
            self.call("SubmitJob", [delay(0.1)])
        except errors.GanetiError:
            return self.ended(self.call("SubmitJobToDrainedQueue", [delay(0.01)]))
        finally:
            self.call("SetDrainFlag", False)
        return False

    def pause(self) -> bool:
        """Pause the watcher, and let it go on."""
        self.call("SetWatcherPause", 2e9)
        found = self.place.client.call("QueryConfigValues", ["watcher_pause"])
        return self.call("SetWatcherPause", None) is None and bool(found == [2e9])

    def archive(self) -> bool:
        """Archive a job: its file moves."""
        number = self.place.wait(self.call("SubmitJob", [delay(0.01)]))
        there = self.place.cluster.root(1) / f"var/lib/ganeti/queue/archive/0/job-{number}"
        archived = self.call("ArchiveJob", number)
        self.place.cluster.until(there.exists, f"{there} is there")
        return archived is True

    def refused(self) -> bool:
        """Ask for what the reference keeps to itself."""
        try:
            self.place.client.call("PickupJob", self.place.job)
        except errors.GenericError:
            return True
        return False

    def filters(self) -> bool:
        """Make a filter, look at it, and remove it."""
        rule = [9, [["jobid", [">", "id", 99999]]], "PAUSE"]
        uuid = self.call("ReplaceFilter", None, *rule, [])
        kept = self.place.configuration()["filters"][uuid]
        there = self.call("QueryFilters", [uuid], ["priority", "predicates", "action"])
        right = there == [rule] and rule == [kept["priority"], kept["predicates"], kept["action"]]
        gone = self.call("DeleteFilter", uuid) is None
        return right and gone and uuid not in self.place.configuration()["filters"]


def checks(place: Place) -> dict[str, Callable[[], bool]]:
    """Return how each method is tried."""
    tries = Tries(place)
    call = tries.call
    values = ["cluster_name", "master_node", "drain_flag", "nosuch"]
    return {
        "SubmitJob": lambda: tries.ended(call("SubmitJob", [delay(0.01)])),
        "SubmitJobToDrainedQueue": tries.drain, "SetDrainFlag": tries.drain,
        "SubmitManyJobs": lambda: all(
            tries.ended(number)
            for _, number in call("SubmitManyJobs", [[delay(0.01)], [delay(0.01)]])),
        "WaitForJobChange": lambda: call(
            "WaitForJobChange", place.job, ["status"], None, None, 1)[0][0] in FINAL,
        "CancelJob": tries.cancel, "ChangeJobPriority": tries.priority, "ArchiveJob": tries.archive,
        "AutoArchiveJobs": lambda: call("AutoArchiveJobs", 86400, 5)[0] == 0,
        "PickupJob": tries.refused, "Query": tries.query,
        "QueryFields": lambda: len(place.client.call("QueryFields", "node", None)["fields"]) == 46,
        "QueryJobs": lambda: call("QueryJobs", [place.job], ["id", "summary"])
            == [[place.job, ["TEST_DELAY(0.01)"]]],
        "QueryFilters": tries.filters, "ReplaceFilter": tries.filters,
        "DeleteFilter": tries.filters,
        "QueryInstances": lambda: tries.names("QueryInstances", "instances"),
        "QueryNodes": lambda: tries.names("QueryNodes", "nodes"),
        "QueryGroups": lambda: tries.names("QueryGroups", "nodegroups"),
        "QueryNetworks": lambda: tries.names("QueryNetworks", "networks"),
        "QueryExports": lambda: call("QueryExports", [], False)
            == [[place.cluster.name(1), place.export]],
        "QueryConfigValues": lambda: place.client.call("QueryConfigValues", values)
            == ["cluster.example.com", place.cluster.name(1), False, None],
        "QueryClusterInfo": lambda: not set(spec.load("luxi")["cluster_info_keys"])
            - set(call("QueryClusterInfo")),
        "QueryTags": lambda: call("QueryTags", "instance", INSTANCE) == ["blue"]
            and call("QueryTags", "node", place.cluster.name(2)) == [],
        "SetWatcherPause": tries.pause,
    }  # fmt: skip
