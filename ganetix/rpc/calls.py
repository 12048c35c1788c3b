"""The table of node calls, whose names are the reference's; requests and answers are structs.

Structs only ever gain fields with defaults; unknown fields are ignored (versions may differ by
one). Paths in requests are virtual paths (`paths.Paths.outgoing`). Sizes are MiB, times seconds.
"""

from typing import Any, Final

from ganetix.rpc.call import Call
from ganetix.rpc.tables import (
    blockdev,
    checks,
    cluster,
    crypto,
    export,
    files,
    guests,
    hooks,
    images,
    instances,
    journal,
    node_care,
    oses,
    providers,
    roles,
    sessions,
    ssh,
    storage,
    transfer,
    verify,
)

_ROWS: Final[tuple[Call[Any, Any], ...]] = (
    *blockdev.CALLS,
    *checks.CALLS,
    *cluster.CALLS,
    *crypto.CALLS,
    *export.CALLS,
    *files.CALLS,
    *guests.CALLS,
    *hooks.CALLS,
    *images.CALLS,
    *instances.CALLS,
    *journal.CALLS,
    *node_care.CALLS,
    *oses.CALLS,
    *providers.CALLS,
    *roles.CALLS,
    *sessions.CALLS,
    *ssh.CALLS,
    *storage.CALLS,
    *transfer.CALLS,
    *verify.CALLS,
)

TABLE: Final[dict[str, Call[Any, Any]]] = {call.name: call for call in _ROWS}
