"""What each parameter of containers means here; `docs/hypervisors.md` shows it."""

from collections.abc import Mapping
from typing import Final

MEANING: Final[Mapping[str, str]] = {
    "cpu_mask": "real processors that the container may use",
    "devices": "only the default, which is what libvirt gives every container",
    "drop_capabilities": "capabilities that the container does not have",
    "extra_cgroups": "only empty",
    "extra_config": "only empty",
    "num_ttys": "terminals; the first is the console of `gnt-instance console`, so there is one "
    "at least",
    "startup_timeout": "nothing waits that long: libvirt itself tells whether a container has "
    "started",
}
