"""The secrets of mirrors: not in what a job writes down, put back from the configuration.

What an opcode wants undone, and what it goes on with after a restart, name disks as nodes get them:
the ``logical_id`` of a mirror ends with the secret that its halves share (see
`ganetix.model.mirrors`). Job files do not hold it; the configuration does.
"""

from collections.abc import Callable
from typing import Any, Final

from ganetix.model.cluster import Cluster

_MIRROR: Final = "drbd"


def without_secrets(plain: Any) -> Any:
    """Return the JSON value *plain* with empty secrets in the mirrors that are in it."""
    return _each_mirror(plain, lambda uuid, secret: "")


def with_secrets(plain: Any, cluster: Cluster) -> Any:
    """Return *plain* with the secrets of the mirrors that *cluster* has.

    Others stay without: a mirror that is in no configuration is only taken down and removed.
    """

    def known(uuid: str, secret: str) -> str:
        disk = cluster.disks.get(uuid)
        return secret if disk is None or disk.dev_type != _MIRROR else str(disk.logical_id[-1])

    return _each_mirror(plain, known)


def _each_mirror(plain: Any, secret_of: Callable[[str, str], str]) -> Any:
    if isinstance(plain, list | tuple):
        return [_each_mirror(one, secret_of) for one in plain]
    if not isinstance(plain, dict):
        return plain
    inner = {key: _each_mirror(value, secret_of) for key, value in plain.items()}
    if inner.get("dev_type") == _MIRROR:
        *rest, secret = inner["logical_id"]
        inner["logical_id"] = [*rest, secret_of(inner["uuid"], secret)]
    return inner
