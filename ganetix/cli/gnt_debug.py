"""The commands of gnt-debug."""

from typing import Final

from ganetix.cli.command import Argument, Command
from ganetix.cli.options import iallocator, instance, job, shared

ENVIRONMENT_DEFAULTS: Final[tuple[str, ...]] = ()

COMMANDS: Final = {
    "delay": Command(
        "debug:delay",
        "Run a job that waits so many seconds.",
        (Argument("seconds"),),
        (
            *shared.JOB,
            job.NO_MASTER,
            job.ON_NODES,
            job.REPEAT,
            job.INTERRUPTIBLE,
            job.NO_LOCKS,
        ),
    ),
    "locks": Command(
        "debug:locks",
        "Show the locks, who holds them and who waits.",
        options=(
            shared.NO_HEADERS,
            shared.SEPARATOR,
            shared.OUTPUT,
            shared.VERBOSE,
            job.INTERVAL,
            shared.FORMAT,
        ),
    ),
    "submit-job": Command(
        "debug:submit_job",
        "Submit a job for each file; a file holds a JSON list of opcodes.",
        (Argument("file", 1, None),),
        (
            shared.VERBOSE,
            job.OP_REPEAT,
            job.JOB_REPEAT,
            job.TIMING_STATS,
            job.EACH,
            shared.DRY_RUN,
            shared.PRIORITY,
        ),
    ),
    "iallocator": Command(
        "iallocator:test",
        "Show what an instance allocator is asked, or with --dir out what it answers.",
        (Argument("instance", 1, None),),
        (
            iallocator.DIRECTION,
            instance.IALLOCATOR,
            iallocator.MODE,
            iallocator.MEMORY,
            iallocator.DISKS,
            instance.DISK_TEMPLATE,
            iallocator.NICS,
            instance.OS_TYPE,
            iallocator.VCPUS,
            instance.TAGS,
            iallocator.EVAC_MODE,
            iallocator.TARGET_GROUPS,
            iallocator.SPINDLE_USE,
            iallocator.COUNT,
            shared.DRY_RUN,
            shared.PRIORITY,
        ),
        aliases=("allocator",),
    ),
    "test-jobqueue": Command(
        "debug:test_jobqueue",
        "Run jobs that try out the queue: one that succeeds, one that fails.",
        options=(shared.PRIORITY,),
    ),
    "test-osparams": Command(
        "debug:test_osparams",
        "Send secret OS parameters to the master, which shows their names and no values.",
        options=(instance.OS_PARAMETERS_SECRET, shared.SUBMIT, shared.PRINT_JOBID),
    ),
    "metad": Command(
        "debug:refused", "Refused: there is no metadata daemon.", (Argument("request", 1, None),)
    ),
    "wconfd": Command(
        "debug:refused",
        "Refused: the configuration is kept by the master daemon itself.",
        (Argument("request", 1, None),),
    ),
    "stalls": Command(
        "debug:stalls", "Show how the master daemon fares: its stalls, journal and candidates."
    ),
    "manhole": Command(
        "manhole:manhole",
        "Open a Python console in a running daemon.",
        options=(job.MANHOLE_NODE, job.MANHOLE_DAEMON),
    ),
}
