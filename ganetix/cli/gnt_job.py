"""The commands of gnt-job."""

from typing import Final

from ganetix.cli.command import Argument, Command
from ganetix.cli.options import job, shared

ENVIRONMENT_DEFAULTS: Final[tuple[str, ...]] = ()

_JOB: Final = Argument("job-id")
_SOME: Final = Argument("job-id", 1, None)
_ANY: Final = Argument("job-id", 0, None)

COMMANDS: Final = {
    "list": Command(
        "job:jobs",
        "List jobs.",
        (_ANY,),
        (*shared.LIST, job.PENDING, job.RUNNING, job.ERROR, job.FINISHED, job.ARCHIVED),
        object="job",
    ),
    "list-fields": Command(
        "lists:fields_of",
        "List the fields that list can show.",
        (Argument("field", 0, None),),
        shared.FIELDS,
        object="job",
    ),
    "info": Command(
        "job_info:info", "Show jobs in detail.", (_SOME,), (shared.FORMAT,), aliases=("show",)
    ),
    "watch": Command("job:watch", "Follow a job: its log, then its end.", (_JOB,)),
    "wait": Command("job:wait_for", "Wait quietly until a job has ended.", (_JOB,)),
    "cancel": Command(
        "job:cancel",
        "Cancel jobs, by number or by state.",
        (_ANY,),
        (shared.FORCE, job.KILL, job.PENDING, job.QUEUED, job.WAITING, shared.YES_DO_IT),
    ),
    "archive": Command("job:archive", "Put finished jobs into the archive.", (_SOME,)),
    "autoarchive": Command(
        "job:autoarchive",
        "Put all jobs into the archive that ended so long ago: 6h, 1d, 2w, or all.",
        (Argument("age"),),
    ),
    "change-priority": Command(
        "job:change_priority",
        "Change the priority of jobs that have not ended.",
        (_ANY,),
        (shared.PRIORITY, shared.FORCE, job.PENDING, job.QUEUED, job.WAITING),
    ),
}
