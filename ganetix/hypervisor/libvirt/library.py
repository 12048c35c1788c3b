"""The library libvirt-python, where it is installed: it is compiled against the node's libvirt."""

from typing import Any, Final

from ganetix.errors import HypervisorError

try:
    import libvirt
except ImportError:
    libvirt = None

library: Any = libvirt
"""The module, or None without it."""


MISSING: Final = (
    "libvirt-python is not installed on this node; on Debian 'apt-get install python3-libvirt', "
    "in a virtual environment 'pip install ganetix[libvirt]' (which needs libvirt-dev, pkg-config "
    "and gcc) brings it."
)
"""What is said where it is not installed."""


def require() -> Any:
    """Return the module; raise `errors.HypervisorError` without it."""
    if library is None:
        raise HypervisorError(MISSING)
    return library
