"""Where no node may ever have file disks, whatever its own list allows. Pure."""

import posixpath
from typing import Final

from ganetix import errors

FORBIDDEN: Final = (
    "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib32", "/lib64", "/proc", "/root",
    "/sbin", "/sys", "/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/sbin",
    "/usr/local/bin", "/usr/local/lib", "/usr/local/sbin",
)  # fmt: skip


def require_possible(path: str, bare: str) -> None:
    """Raise `errors.FileStoragePathError` if *path* can't hold disks.

    *bare* is the same path as it is seen inside of the node's root.
    """
    if not posixpath.isabs(path):
        raise errors.FileStoragePathError(
            f"File storage path '{path}' is not absolute; give one that starts with '/'."
        )
    for place in FORBIDDEN:
        if bare == place or bare.startswith(f"{place}/"):
            raise errors.FileStoragePathError(
                f"File storage path {path} is below {place}, where no disk may be."
            )
