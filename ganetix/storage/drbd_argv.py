"""The command lines for DRBD 8.4's kernel, as the tools of DRBD 9 take them. Pure."""

import shlex
from collections.abc import Mapping
from typing import Any, Final

import attrs

from ganetix import errors
from ganetix.model.objects import Disk

SETUP: Final = "/usr/sbin/drbdsetup"
META: Final = "/usr/sbin/drbdmeta"

_BARRIERS: Final = {
    "b": "--disk-barrier=no",
    "d": "--disk-drain=no",
    "f": "--disk-flushes=no",
}


@attrs.frozen
class Side:
    """A disk as one of its two nodes sees it; addresses as DRBD writes them, with port."""

    minor: int
    local: str
    remote: str
    secret: str = attrs.field(repr=False)

    @property
    def resource(self) -> str:
        """The resource's name; each has one device."""
        return f"resource{self.minor}"

    @property
    def path(self) -> str:
        """The device."""
        return f"/dev/drbd{self.minor}"


def side_of(disk: Disk, hostname: str) -> Side:
    """Return how *hostname* sees *disk*; raise `errors.BlockDeviceError` if it has no half.

    The parameter *peers* has name and address of both nodes, in the order of ``logical_id``.
    """
    _, _, port, minor_a, minor_b, secret = disk.logical_id[:6]
    peers = [(str(name), str(address)) for name, address in disk.params.get("peers", ())]
    names = [name for name, _ in peers]
    if hostname not in names:
        raise errors.BlockDeviceError(
            f"{disk.iv_name} ({disk.uuid}) is mirrored between {' and '.join(names)}, and this is "
            f"{hostname}."
        )
    own = names.index(hostname)
    (_, local), (_, remote) = peers[own], peers[1 - own]
    minor = (minor_a, minor_b)[own]
    return Side(int(minor), _address(local, port), _address(remote, port), str(secret))


def _address(address: str, port: int) -> str:
    if ":" in address:
        return f"ipv6:[{address}]:{port}"
    return f"ipv4:{address}:{port}"


def create_metadata(side: Side, meta: str) -> tuple[str, ...]:
    """Return what writes new metadata to *meta*: no data of the disk counts as in sync."""
    return META, "--force", str(side.minor), "v08", meta, "flex-external", "create-md"


def apply_log(side: Side, meta: str) -> tuple[str, ...]:
    """Return what brings metadata *meta* in order that were in use when the power went."""
    return META, str(side.minor), "v08", meta, "flex-external", "apply-al"


def attach(side: Side, data: str, meta: str, params: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what gives the device its local volumes."""
    letters = str(params.get("disabled-barriers", "n"))
    off = [_BARRIERS[letter] for letter in letters if letter in _BARRIERS]
    if params.get("disable-meta-flush"):
        off.append("--md-flushes=no")
    custom = shlex.split(str(params.get("disk-custom", "")))
    return (
        SETUP, "attach", str(side.minor), data, meta, "flexible", "--on-io-error=detach", *off,
        *custom,
    )  # fmt: skip


def rates(side: Side, params: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what sets how fast the device syncs: a fixed rate, or one that DRBD adapts."""
    given: tuple[str, ...]
    if params.get("dynamic-resync"):
        given = (
            f"--c-plan-ahead={params['c-plan-ahead']}",
            f"--c-fill-target={params['c-fill-target']}",
            f"--c-delay-target={params['c-delay-target']}",
            f"--c-max-rate={params['c-max-rate']}k",
            f"--c-min-rate={params['c-min-rate']}k",
        )
    else:
        given = ("--c-plan-ahead=0", f"--resync-rate={params['resync-rate']}k")
    return (SETUP, "disk-options", str(side.minor), *given)


def disconnect(side: Side) -> tuple[str, ...]:
    """Return what ends the device's connection."""
    return SETUP, "disconnect", side.local, side.remote


def two_primaries(side: Side, *, allowed: bool) -> tuple[str, ...]:
    """Return what lets both nodes write, for the time of a live migration, or ends that."""
    said = "yes" if allowed else "no"
    return SETUP, "net-options", side.local, side.remote, f"--allow-two-primaries={said}"


def connect(side: Side, params: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what connects the device to its peer."""
    return (
        SETUP, "connect", side.resource, side.local, side.remote,
        f"--protocol={params.get('protocol', 'C')}", "--cram-hmac-alg=md5",
        f"--shared-secret={side.secret}", "--after-sb-0pri=discard-zero-changes",
        "--after-sb-1pri=consensus", *shlex.split(str(params.get("net-custom", ""))),
    )  # fmt: skip
