"""Which driver serves which hypervisor name."""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from ganetix import errors
from ganetix.hypervisor.fake import FakeHypervisor
from ganetix.hypervisor.interface import IHypervisor
from ganetix.paths import Paths
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IFileSystem, IWorker


@attrs.frozen
class Surroundings:
    """What a driver may use of the outside world."""

    paths: Paths
    files: IFileSystem
    worker: IWorker
    clock: Clock


def _fake(around: Surroundings) -> IHypervisor:
    return FakeHypervisor(around.paths, around.files, around.worker, around.clock)


TABLE: Final[Mapping[str, Callable[[Surroundings], IHypervisor]]] = {
    "fake": _fake,
}


def drivers(around: Surroundings) -> dict[str, IHypervisor]:
    """Return a driver for every name of the table."""
    return {name: make(around) for name, make in TABLE.items()}


def driver(made: Mapping[str, IHypervisor], name: str) -> IHypervisor:
    """Return the driver called *name*; raise `errors.HypervisorError` when there is none."""
    found = made.get(name)
    if found is None:
        known = ", ".join(sorted(made))
        raise errors.HypervisorError(
            f"Hypervisor '{name}' is not supported by this node; it has: {known}."
        )
    return found
