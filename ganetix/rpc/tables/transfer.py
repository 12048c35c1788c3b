"""Calls about contents of disks on their way: between nodes, to exports, to other clusters."""

from typing import Any, Final, Literal

import msgspec

from ganetix.rpc.call import Call, Done
from ganetix.rpc.tables.spec import InstanceSpec

PlaceKind = Literal["raw", "script", "file"]


class Place(msgspec.Struct, frozen=True):
    """Where contents come from, or go to.

    ``raw`` is disk *index* of *spec* as it is; ``script`` the same through the OS definition's
    export or import script; ``file`` the dump *file* (a uuid) of export *export*: of a finished one
    to read from, of the one that is being made to write to.
    """

    kind: PlaceKind
    spec: InstanceSpec | None = None
    index: int = 0
    export: str = ""
    file: str = ""


class Peer(msgspec.Struct, frozen=True):
    """One transfer: *key* is this end's, as `KeyMade` names it; *other* the other end's PEM.

    *compress* is a tool of the cluster, or ``none``.
    """

    key: str
    other: str
    magic: str
    compress: str = "none"


class ReceiveStart(msgspec.Struct, frozen=True):
    """Listen for a transfer for *wait* seconds, and put it into *place*."""

    place: Place
    peer: Peer
    wait: float = 180.0


class SendStart(msgspec.Struct, frozen=True):
    """Send what is at *place* to *host* and *port*."""

    place: Place
    peer: Peer
    host: str
    port: int


class Started(msgspec.Struct, frozen=True):
    """A transfer under way, by its *name*; where it listens, if it does."""

    name: str
    host: str = ""
    port: int = 0


class TransferQuery(msgspec.Struct, frozen=True):
    """Asks after a transfer; the answer waits up to *seconds* for its end."""

    name: str
    seconds: float = 0.0


class TransferState(msgspec.Struct, frozen=True):
    """How far a transfer is: *size* in bytes as they go over the network."""

    connected: bool
    finished: bool
    size: int
    error: str = ""


class TransferName(msgspec.Struct, frozen=True):
    """One transfer, or one key."""

    name: str


class KeyMade(msgspec.Struct, frozen=True):
    """A key for transfers of the next 24 hours, kept on the node by *name*; its certificate."""

    name: str
    pem: str


class KeyWanted(msgspec.Struct, frozen=True):
    """Make a key for transfers of *owner*."""

    owner: str


class ExportWritten(msgspec.Struct, frozen=True):
    """Everything of export *name* is there but *config*, the text of its config.ini."""

    name: str
    config: str


X509_CREATE: Final = Call("x509_cert_create", KeyWanted, KeyMade, "normal")
X509_REMOVE: Final = Call("x509_cert_remove", TransferName, Done, "fast", True)
IMPORT_START: Final = Call("import_start", ReceiveStart, Started, "normal")
EXPORT_START: Final = Call("export_start", SendStart, Started, "normal")
IMPEXP_STATUS: Final = Call("impexp_status", TransferQuery, TransferState, "normal", True)
IMPEXP_ABORT: Final = Call("impexp_abort", TransferName, Done, "normal", True)
IMPEXP_CLEANUP: Final = Call("impexp_cleanup", TransferName, Done, "normal", True)
EXPORT_FINALIZE: Final = Call("finalize_export", ExportWritten, Done, "normal", True)

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    X509_CREATE,
    X509_REMOVE,
    IMPORT_START,
    EXPORT_START,
    IMPEXP_STATUS,
    IMPEXP_ABORT,
    IMPEXP_CLEANUP,
    EXPORT_FINALIZE,
)
