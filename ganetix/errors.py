"""Every error that ganetix can report, with its class name and arguments on the wire.

An error is a sentence for the person who caused it. Its class name and argument list travel over
LUXI, in job files and in node answers exactly as Ganeti's do; `table` maps names to classes so that
the other end raises the same class again.
"""

from collections.abc import Iterable
from itertools import islice
from typing import ClassVar, Final, Self

# Error classes of OpPrereqError: what kind of precondition was not met.
RESOLVER: Final = "resolver_error"
NORES: Final = "insufficient_resources"
TEMP_NORES: Final = "temp_insufficient_resources"
INVAL: Final = "wrong_input"
STATE: Final = "wrong_state"
NOENT: Final = "unknown_entity"
EXISTS: Final = "already_exists"
NOTUNIQUE: Final = "resource_not_unique"
FAULT: Final = "internal_error"
ENVIRON: Final = "environment_error"
PREREQ_CLASSES: Final = (
    RESOLVER, NORES, TEMP_NORES, INVAL, STATE, NOENT, EXISTS, NOTUNIQUE, FAULT, ENVIRON,
)  # fmt: skip


class GanetiError(Exception):
    """Base of all errors that are meant for a person; `args` is the wire's argument list."""

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    @property
    def message(self) -> str:
        """The sentence to show."""
        return str(self.args[0]) if self.args else type(self).__name__

    def to_wire(self) -> list[object]:
        """Return ``[class name, arguments]`` as LUXI answers and job results carry it."""
        return [type(self).__name__, list(self.args)]

    @classmethod
    def from_args(cls, args: list[object]) -> Self:
        """Make the error again from its wire arguments."""
        return cls(*args)


class GenericError(GanetiError):
    """An error without a class of its own."""


class OpPrereqError(GanetiError):
    """A precondition of an opcode does not hold; nothing was changed."""

    def __init__(self, message: str, kind: str = STATE) -> None:
        """Say *message*; *kind* is one of `PREREQ_CLASSES`."""
        super().__init__(message, kind)

    @property
    def kind(self) -> str:
        """The error class, one of `PREREQ_CLASSES`."""
        return str(self.args[1])


class OpExecError(GanetiError):
    """An opcode failed while it worked."""


class OpResultError(GanetiError):
    """An opcode returned something that its table does not allow."""


class OpCodeUnknown(GanetiError):
    """The opcode is not in the table."""


class ConfigurationError(GanetiError):
    """The configuration, or a file that holds it, is not usable."""


class ConfigVerifyError(GanetiError):
    """The configuration contradicts itself; arguments: message, list of findings."""


class ConfigVersionMismatch(GanetiError):
    """A configuration can't be read; arguments: version read here, version found, file."""

    @property
    def message(self) -> str:
        """The sentence to show."""
        here, found, *where = self.args
        return (
            f"{where[0] if where else 'The configuration'} has version {found}, and this release "
            f"reads {here}: install the release that wrote it."
        )


class HooksAbort(GanetiError):
    """A pre hook failed; argument: list of (node, script, output)."""

    @property
    def message(self) -> str:
        """The failed scripts with their output, one sentence a script."""
        rows = self.args[0] if self.args else []
        told = "; ".join(f"node {n}, script {s}, output: {o}" for n, s, o in rows)
        return f"pre hooks failed: {told}"


class HooksFailure(GanetiError):
    """Hooks could not be run."""


class JobLost(GanetiError):
    """The job is not in the queue."""

    http_status = 404


class JobFileCorrupted(GanetiError):
    """A job file can't be read."""


class JobQueueError(GanetiError):
    """The job queue refuses."""


class JobQueueDrainError(GanetiError):
    """The job queue is drained: it takes no new jobs."""


class JobQueueFull(GanetiError):
    """The job queue holds as many jobs as it may."""

    http_status = 503


class ResolverError(GanetiError):
    """A name does not resolve; arguments: host, code, message."""

    exit_code = 12

    @property
    def message(self) -> str:
        """The sentence to show."""
        return str(self.args[-1]) if self.args else "name resolution failed"


class TagError(GanetiError):
    """A tag is not valid, or there are too many."""


class ParameterError(GanetiError):
    """A query names a field or value that does not fit."""

    http_status = 400


class TypeEnforcementError(GanetiError):
    """A parameter has the wrong type."""

    http_status = 400


class QueryFilterParseError(GanetiError):
    """A filter's text can't be parsed."""

    http_status = 400


class LockError(GanetiError):
    """A lock was used against the rules."""


class HypervisorError(GanetiError):
    """The hypervisor refused or failed."""


class BlockDeviceError(GanetiError):
    """A disk could not be made, found or changed."""


class StorageError(GanetiError):
    """A storage unit refused or failed."""


class RemoteError(GanetiError):
    """A call to a node failed."""


class ProgrammerError(GanetiError):
    """A defect in ganetix itself."""


class ReservationError(GanetiError):
    """A name, address, port or minor is reserved by another operation."""


class UnitParseError(GanetiError):
    """A size with a unit can't be parsed."""


class ParseError(GanetiError):
    """A message or file can't be parsed."""


class LuxiError(GanetiError):
    """The master daemon can't be reached, or does not speak LUXI."""


class NotMasterError(GanetiError):
    """This node is not the master."""

    exit_code = 11


class NotInClusterError(GanetiError):
    """This machine is not part of a cluster."""

    exit_code = 5


class CommandError(GanetiError):
    """A program failed, or could not be started."""


class FileStoragePathError(GanetiError):
    """A path is outside of the allowed file storage directories."""


class PidFileLockError(GanetiError):
    """Another daemon holds the pid file."""


TABLE: Final[dict[str, type[GanetiError]]] = {
    cls.__name__: cls
    for cls in (
        GenericError, OpPrereqError, OpExecError, OpResultError, OpCodeUnknown,
        ConfigurationError, ConfigVerifyError, ConfigVersionMismatch, HooksAbort, HooksFailure,
        JobLost, JobFileCorrupted, JobQueueError, JobQueueDrainError, JobQueueFull, ResolverError,
        TagError, ParameterError, TypeEnforcementError, QueryFilterParseError, LockError,
        HypervisorError, BlockDeviceError, StorageError, RemoteError, ProgrammerError,
        ReservationError, UnitParseError, ParseError, LuxiError, CommandError,
        FileStoragePathError, PidFileLockError, NotMasterError, NotInClusterError,
    )
}  # fmt: skip


def from_wire(wire: object) -> GanetiError:
    """Make the error that *wire* describes; an unknown class becomes a `GenericError`."""
    match wire:
        case [str() as name, list() as args] if name in TABLE:
            return TABLE[name].from_args(args)
        case [str(), list() as args] if args:
            return GenericError(str(args[0]))
    return GenericError(str(wire))


OF_NODES: Final = (
    BlockDeviceError, CommandError, FileStoragePathError, HypervisorError, StorageError,
)  # fmt: skip
"""What goes wrong on a node, where everybody knows which one it is."""


def with_place(error: GanetiError, name: str) -> GanetiError:
    """Return *error* of the node called *name* with that name, if its sentence lacks it."""
    if name.partition(".")[0] in error.message:
        return error
    told = f"Node {name}: {error.message}"
    return type(error).from_args([told, *error.args[1:]])


def near(word: str, known: Iterable[str]) -> str:
    """Return " Perhaps 'x' was meant." for the one of *known* that is most like *word*.

    Nothing when none differs from it in one place only, of two characters at most that are not
    all digits: node3 for node4 is no slip. Only the first label counts of a *known* name if *word*
    has no dots. Not more than 2,000 names are looked at, which takes 20 ms.
    """
    best: tuple[int, bool, str] | None = None
    for full in islice(known, 2000 if len(word) > 2 else 0):
        other = full if "." in word else full.partition(".")[0]
        if abs(len(other) - len(word)) <= 2 and (parts := _apart(word, other)):
            row = (len(max(parts, key=len)), sorted(word) != sorted(other), full)
            if row[0] <= 2 and not "".join(parts).isdigit() and (best is None or row < best):
                best = row
    return f" Perhaps '{best[2]}' was meant." if best else ""


def _apart(one: str, other: str) -> tuple[str, str] | None:
    """Return both without their common beginning and end; None when they are the same."""
    shorter = min(len(one), len(other))
    first = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    rest = shorter - first
    last = next((i for i in range(rest) if one[-1 - i] != other[-1 - i]), rest)
    parts = one[first : len(one) - last], other[first : len(other) - last]
    return parts if any(parts) else None
