"""The command line options of the planner's programs, as a table."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from ganetix.htools.units import size

VERSION: Final = "3.0.2"


class UsageError(Exception):
    """The command line cannot be understood; *code* is the exit code."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


class Option(NamedTuple):
    """One option: *value* says whether it takes one ("no", "must", "may")."""

    long: str
    short: str
    value: str
    metavar: str
    field: str
    convert: Callable[[str | None, Any], Any]
    help: str


class Values(NamedTuple):
    """The options that were given, with the defaults of all others, and the other arguments."""

    verbose: int = 1
    offline: tuple[str, ...] = ()
    simulate: tuple[str, ...] = ()
    text_data: str | None = None
    ialloc_src: str | None = None
    master: str | None = None
    luxi: str | None = None
    print_nodes: str | None = None
    print_instances: bool = False
    print_commands: str | None = None
    evac_mode: bool = False
    restricted_migration: bool = False
    exec_jobs: bool = False
    first_job_group: bool = False
    reason: str | None = None
    group: str | None = None
    max_length: int = -1
    kvm_memory: int = 4096
    min_score: float = 1e-9
    max_cpu: float | None = None
    min_disk: float = 0.0
    min_gain: float = 1e-2
    min_gain_limit: float = 1e-1
    disk_moves: bool = True
    instance_moves: bool = True
    selected: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    exclusion_tags: tuple[str, ...] = ()
    ignore_soft_errors: bool = False
    dynu_file: str | None = None
    ignore_dynu: bool = False
    mond: bool = False
    mond_data: str | None = None
    mond_exit_missing: bool = False
    mond_xen: bool = False
    save: str | None = None
    priority: str | None = None
    disk_template: str | None = None
    spindle_use: int | None = None
    independent_groups: bool = False
    accept_existing: bool = False
    capacity: bool = True
    machine_readable: bool = False
    standard_alloc: tuple[int, int, int, int] | None = None
    tiered_alloc: tuple[int, int, int, int] | None = None
    no_simulation: bool = False
    no_headers: bool = False
    node_tags: tuple[str, ...] | None = None
    offline_maintenance: bool = False
    print_moves: bool = False
    full_evacuation: bool = False
    skip_non_redundant: bool = False
    ignore_non_redundant: bool = False
    force: bool = False
    one_step_only: bool = False
    minimal_resources: float = 2.0
    target_resources: float = 2.0
    output_dir: str = "."
    job_delay: float = 10.0
    dry_run: bool = False
    restrict_to: tuple[str, ...] | None = None
    args: tuple[str, ...] = ()


def _on(_text: str | None, _old: Any) -> bool:
    return True


def _off(_text: str | None, _old: Any) -> bool:
    return False


def _text(text: str | None, _old: Any) -> str:
    return text or ""


def _number(what: str, convert: Callable[[str], Any]) -> Callable[[str | None, Any], Any]:
    def read(text: str | None, _old: Any) -> Any:
        try:
            return convert(text or "")
        except ValueError:
            raise UsageError(f"{what}: cannot parse string '{text}'", 1) from None

    return read


def _from(
    least: float, read: Callable[[str | None, Any], Any], said: str, *, above: bool = False
) -> Callable[[str | None, Any], Any]:
    """Return *read* for values of *least* or more, or only *above* it."""

    def limited(text: str | None, old: Any) -> Any:
        value = read(text, old)
        if value < least or (above and value == least):
            raise UsageError(said, 1)
        return value

    return limited


def _append(text: str | None, old: Any) -> Any:
    return (*old, text or "")


def _list(text: str | None, _old: Any) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def _yes_no(text: str | None, _old: Any) -> bool:
    if text not in (None, "yes", "no"):
        raise UsageError(f"invalid value '{text}', expected yes or no", 1)
    return text != "no"


def _choice(allowed: Sequence[str]) -> Callable[[str | None, Any], Any]:
    def read(text: str | None, _old: Any) -> str:
        if text not in allowed:
            raise UsageError(f"invalid value '{text}', expected one of {', '.join(allowed)}", 1)
        return text or ""

    return read


def _spec(what: str) -> Callable[[str | None, Any], Any]:
    def read(text: str | None, _old: Any) -> tuple[int, int, int, int]:
        parts = (text or "").split(",")
        if len(parts) == 3:
            parts.append("1")
        try:
            disk, memory, cpus, spindles = parts
            return size(disk), size(memory), int(cpus), int(spindles)
        except ValueError:
            raise UsageError(
                f"Invalid {what} specification '{text}', expected disk,ram,cpu[,spindles]", 1
            ) from None

    return read


TEMPLATES: Final = (
    "diskless", "file", "sharedfile", "plain", "blockdev", "drbd", "rbd", "ext", "gluster",
)  # fmt: skip


def _option(
    long: str, field: str, help_text: str, *, short: str = "", value: str = "no",
    metavar: str = "", convert: Callable[[str | None, Any], Any] = _on,
) -> Option:  # fmt: skip
    return Option(long, short, value, metavar, field, convert, help_text)


def _float(long: str, field: str, metavar: str, help_text: str, short: str = "") -> Option:
    what = _number(long.replace("-", " "), float)
    return _option(long, field, help_text, short=short, value="must", metavar=metavar, convert=what)


_ALL: Final = (
    _option("print-nodes", "print_nodes", "print the node list", short="p", value="may",
            metavar="FIELDS", convert=_text),
    _option("print-instances", "print_instances", "print the instance map"),
    _option("print-commands", "print_commands", "print the commands of the plan, or write them"
            " to FILE as a script", short="C", value="may", metavar="FILE",
            convert=lambda text, _old: text or "-"),
    _option("text-data", "text_data", "read the cluster from the text FILE", short="t",
            value="must", metavar="FILE", convert=_text),
    _option("evac-mode", "evac_mode", "move only instances away from offline and drained nodes",
            short="E"),
    _option("restricted-migration", "restricted_migration", "no replace-primary moves; with -E,"
            " migrate only off drained nodes"),
    _option("master", "master", "read the cluster from the remote API at ADDRESS", short="m",
            value="must", metavar="ADDRESS", convert=_text),
    _option("luxi", "luxi", "read the cluster from the master daemon", short="L", value="may",
            metavar="SOCKET", convert=_text),
    _option("ialloc-src", "ialloc_src", "read the cluster from an iallocator request", short="I",
            value="must", metavar="FILE", convert=_text),
    _option("simulate", "simulate", "simulate an empty group, given as"
            " policy,nodes,disk,memory,cpus[,spindles[,exclusive]]", value="must",
            metavar="SPEC", convert=_append),
    _option("exec", "exec_jobs", "run the plan as jobs (needs -L)", short="X"),
    _option("first-job-group", "first_job_group", "run or show only the first set of jobs"),
    _option("reason", "reason", "the reason that the jobs carry", value="must", metavar="REASON",
            convert=_text),
    _option("group", "group", "the node group (name or UUID)", short="G", value="must",
            metavar="ID", convert=_text),
    _option("max-length", "max_length", "stop after so many moves or allocations", short="l",
            value="must", metavar="N", convert=_number("max solution length", int)),
    _option("verbose", "verbose", "say more", short="v",
            convert=lambda _text, old: old + 1),
    _option("quiet", "verbose", "say less", short="q", convert=lambda _text, old: old - 1),
    _option("offline", "offline", "treat NODE as offline", short="O", value="must",
            metavar="NODE", convert=_append),
    _option("static-kvm-node-memory", "kvm_memory", "memory of a KVM node itself, in MiB; 0 takes"
            " what the hypervisor reports", value="must", metavar="N",
            convert=_number("static node memory", int)),
    _float("min-score", "min_score", "EPSILON",
           "excess over the lowest possible score to aim for", "e"),
    _option("max-cpu", "max_cpu", "most virtual CPUs for each real one [from the cluster]",
            value="must", metavar="RATIO", convert=_from(
                0, _number("max cpu", float), "Invalid value of the max-cpu ratio, expected >0",
                above=True)),
    _float("min-disk", "min_disk", "RATIO", "part of each disk that stays free [0]"),
    _float("min-gain", "min_gain", "DELTA", "least gain of a step near the end", "g"),
    _float("min-gain-limit", "min_gain_limit", "SCORE", "score from which the least gain counts"),
    _option("no-disk-moves", "disk_moves", "only failovers and migrations", convert=_off),
    _option("no-instance-moves", "instance_moves", "only changes of secondary nodes",
            convert=_off),
    _option("select-instances", "selected", "move only these instances", value="must",
            metavar="INSTS", convert=_list),
    _option("exclude-instances", "excluded", "do not move these instances", value="must",
            metavar="INSTS", convert=_list),
    _option("exclusion-tags", "exclusion_tags", "instances with an equal tag that starts so"
            " should not share a node", value="must", metavar="TAG,...", convert=_list),
    _option("ignore-soft-errors", "ignore_soft_errors", "ignore soft restrictions"),
    _option("dynu-file", "dynu_file", "read the load of instances from FILE", short="U",
            value="must", metavar="FILE", convert=_text),
    _option("ignore-dynu", "ignore_dynu", "ignore the load of instances"),
    _option("mond", "mond", "ask the monitoring daemons (yes or no)", value="may",
            metavar="CHOICE", convert=_yes_no),
    _option("mond-data", "mond_data", "read monitoring data from FILE", value="must",
            metavar="FILE", convert=_text),
    _option("exit-on-missing-mond-data", "mond_exit_missing", "stop when monitoring data lack"),
    _option("mond-xen", "mond_xen", "also use the Xen collectors"),
    _option("save", "save", "write the cluster to FILE.<stage>", short="S", value="must",
            metavar="FILE", convert=_text),
    _option("priority", "priority", "priority of the jobs (low, normal, high)", value="must",
            metavar="PRIO", convert=_choice(("low", "normal", "high"))),
    _option("disk-template", "disk_template", "disk template of new instances", value="must",
            metavar="TEMPLATE", convert=_choice(TEMPLATES)),
    _option("spindle-use", "spindle_use", "spindles that an instance uses [from the cluster]",
            value="must", metavar="SPINDLES", convert=_from(
                0, _number("spindle use", int),
                "Invalid value of the spindle-use (expected >= 0)")),
    _option("independent-groups", "independent_groups", "look at each group for itself"),
    _option("accept-existing-errors", "accept_existing", "allow N+1 failures that are there"),
    _option("no-capacity-checks", "capacity", "no global N+1 test", convert=_off),
    _option("machine-readable", "machine_readable", "print KEY=value lines (yes or no)",
            value="may", metavar="CHOICE", convert=_yes_no),
    _option("standard-alloc", "standard_alloc", "fixed size of new instances, as disk,ram,cpu",
            value="must", metavar="STDSPEC", convert=_spec("standard")),
    _option("tiered-alloc", "tiered_alloc", "first size of new instances, as disk,ram,cpu",
            value="must", metavar="TSPEC", convert=_spec("tiered")),
    _option("no-simulation", "no_simulation", "only check, do not balance"),
    _option("no-headers", "no_headers", "no header line"),
    _option("node-tags", "node_tags", "only nodes with one of these tags", value="must",
            metavar="TAG,...", convert=_list),
    _option("offline-maintenance", "offline_maintenance", "plan as if all instances were down"),
    _option("print-moves", "print_moves", "print where instances go"),
    _option("full-evacuation", "full_evacuation", "move primaries and secondaries away"),
    _option("skip-non-redundant", "skip_non_redundant", "leave out nodes with instances that have"
            " no mirror"),
    _option("ignore-non-redundant", "ignore_non_redundant", "plan as if no instance were without"
            " a mirror"),
    _option("force", "force", "go on where there would be an error", short="f"),
    _option("one-step-only", "one_step_only", "only the first step"),
    _float("minimal-resources", "minimal_resources", "FACTOR", "resources each node must have"),
    _float("target-resources", "target_resources", "FACTOR", "resources each node shall keep"),
    _option("output-dir", "output_dir", "directory of the files", short="d", value="must",
            metavar="PATH", convert=_text),
    _float("job-delay", "job_delay", "SECONDS", "delay at the start of each job [10]"),
    _option("dry-run", "dry_run", "print the jobs, submit nothing"),
    _option("restrict-allocation-to", "restrict_to", "allocate only on these nodes",
            value="must", metavar="NODE,...", convert=_list),
)  # fmt: skip
OPTIONS: Final = {option.long: option for option in _ALL}
