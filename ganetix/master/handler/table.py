"""Method name to function, in plain sight, and the `Handler` that the LUXI server calls."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import attrs

from ganetix.luxi.messages import MalformedRequest
from ganetix.luxi.peercred import Peer
from ganetix.master.handler import events, filters, info, jobs, queries
from ganetix.master.handler.door import Door

Method = Callable[[Door, list[Any]], Awaitable[object]]

METHODS: Final[dict[str, Method]] = {
    "SubmitJob": jobs.submit_job,
    "SubmitJobToDrainedQueue": jobs.submit_job_to_drained_queue,
    "SubmitManyJobs": jobs.submit_many_jobs,
    "WaitForJobChange": jobs.wait_for_job_change,
    "PickupJob": jobs.pickup_job,
    "CancelJob": jobs.cancel_job,
    "ChangeJobPriority": jobs.change_job_priority,
    "ArchiveJob": jobs.archive_job,
    "AutoArchiveJobs": jobs.auto_archive_jobs,
    "QueryJobs": jobs.query_jobs,
    "WaitForEvents": events.wait_for_events,
    "QueryClusterInfo": info.query_cluster_info,
    "QueryDaemon": info.query_daemon,
    "QueryMetrics": info.query_metrics,
    "QueryConfigValues": info.query_config_values,
    "QueryTags": info.query_tags,
    "SetDrainFlag": info.set_drain_flag,
    "SetWatcherPause": info.set_watcher_pause,
    "ReplaceFilter": filters.replace_filter,
    "DeleteFilter": filters.delete_filter,
    **queries.METHODS,
}


@attrs.frozen
class Handler:
    """Answers LUXI calls; see `ganetix.luxi.server.Handler`."""

    door: Door

    async def __call__(self, method: str, args: list[Any], peer: Peer) -> object:
        """Answer one call; raise `MalformedRequest` for a method that there is not."""
        answer = METHODS.get(method)
        if answer is None:
            raise MalformedRequest(f"There is no method {method!r}.")
        return await answer(self.door, args)
