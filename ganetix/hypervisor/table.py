"""Which driver serves which hypervisor name."""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from ganetix import errors
from ganetix.hypervisor.fake import FakeHypervisor
from ganetix.hypervisor.interface import IHypervisor
from ganetix.hypervisor.kvm.kind import QemuKind
from ganetix.hypervisor.libvirt import library
from ganetix.hypervisor.libvirt.driver import Kind, LibvirtHypervisor
from ganetix.hypervisor.libvirt.link import Link
from ganetix.hypervisor.libvirt.migration import Migrations, Passage
from ganetix.hypervisor.libvirt.threads import EventLoop, Threads
from ganetix.hypervisor.lxc.kind import LxcKind
from ganetix.paths import Paths
from ganetix.process.command import ProcessRunner
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IFileSystem, IWorker

WITH_LIBVIRT: Final = ("kvm", "lxc")
QEMU: Final = "qemu:///system"
QEMU_SESSION: Final = "qemu:///session"
LXC: Final = "lxc:///system"


@attrs.frozen
class WithLibvirt:
    """What drivers that use libvirt need besides; *passage* is how guests are migrated."""

    threads: Threads
    loop: EventLoop
    processes: ProcessRunner
    passage: Passage | None = None


@attrs.frozen
class Surroundings:
    """What a driver may use of the outside world; without *libvirt* there are none that use it."""

    paths: Paths
    files: IFileSystem
    worker: IWorker
    clock: Clock
    libvirt: WithLibvirt | None = None


def _fake(around: Surroundings, _: WithLibvirt | None) -> IHypervisor:
    return FakeHypervisor(around.paths, around.files, around.worker, around.clock)


def _kvm(around: Surroundings, given: WithLibvirt | None) -> IHypervisor | None:
    if given is None:
        return None
    uri = QEMU_SESSION if around.paths.virtual else QEMU
    link = Link(uri, around.clock, given.threads, given.loop)
    kind = QemuKind(around.paths, around.files, around.worker, given.processes, link)
    return _driver(around, kind, link, given.passage)


def _lxc(around: Surroundings, given: WithLibvirt | None) -> IHypervisor | None:
    if given is None:
        return None
    link = Link(LXC, around.clock, given.threads, given.loop)
    return _driver(around, LxcKind(), link, None)


def _driver(
    around: Surroundings, kind: Kind, link: Link, passage: Passage | None
) -> LibvirtHypervisor:
    return LibvirtHypervisor(
        kind, around.paths.hostname, link, around.files, around.worker, Migrations(link, passage)
    )


Maker = Callable[[Surroundings, WithLibvirt | None], IHypervisor | None]
TABLE: Final[Mapping[str, Maker]] = {
    "fake": _fake,
    "kvm": _kvm,
    "lxc": _lxc,
}


def drivers(around: Surroundings) -> dict[str, IHypervisor]:
    """Return a driver for every name of the table that this node can serve."""
    given = around.libvirt if library.library is not None else None
    made = {name: make(around, given) for name, make in TABLE.items()}
    return {name: one for name, one in made.items() if one is not None}


def driver(made: Mapping[str, IHypervisor], name: str) -> IHypervisor:
    """Return the driver called *name*; raise `errors.HypervisorError` when there is none."""
    found = made.get(name)
    if found is not None:
        return found
    if name in WITH_LIBVIRT and library.library is None:
        raise errors.HypervisorError(f"Hypervisor '{name}' needs libvirt: {library.MISSING}")
    known = ", ".join(sorted(made))
    raise errors.HypervisorError(
        f"Hypervisor '{name}' is not supported by this node; it has: {known}."
    )
