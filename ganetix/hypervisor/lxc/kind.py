"""Containers on this node: how they run here."""

from collections.abc import Mapping
from typing import Any

import attrs

from ganetix.errors import HypervisorError
from ganetix.hypervisor.interface import DeviceKind, Guest
from ganetix.hypervisor.libvirt import domains
from ganetix.hypervisor.libvirt.elements import interface, text_of
from ganetix.hypervisor.libvirt.library import require
from ganetix.hypervisor.lxc import domain
from ganetix.model import hv_checks


@attrs.frozen
class LxcKind:
    """Containers of libvirt's LXC driver."""

    name: str = "lxc"

    async def domain(self, guest: Guest) -> str:
        """See `Kind`."""
        hv_checks.require_usable("lxc", guest.hvparams, guest.vcpus)
        return domain.domain(guest)

    async def prepare(self) -> None:
        """See `Kind`: there is nothing to prepare."""

    async def validate(self, hvparams: Mapping[str, Any]) -> None:
        """See `Kind`: a container needs nothing of the node but its disks."""

    async def describe(self) -> str:
        """See `Kind`."""
        return "Containers of libvirt."

    def device(self, guest: Guest, kind: DeviceKind, index: int) -> str:
        """See `Kind`: libvirt's containers take NICs while they run, and no disks."""
        if kind == "disk":
            raise HypervisorError(
                f"Container {guest.name} can't be given a disk while it runs; restart it with "
                f"'gnt-instance reboot -t full {guest.name}'."
            )
        return text_of(interface(guest, index, tap=False))

    def shutdown(self, connection: Any, name: str) -> None:
        """See `Kind`: by init's own channel, and by SIGTERM.

        libvirt takes the channel for used whether or not an init listens at its other end.
        """
        library = require()
        for flag in (library.VIR_DOMAIN_SHUTDOWN_INITCTL, library.VIR_DOMAIN_SHUTDOWN_SIGNAL):
            domains.shutdown(connection, name, flag)

    def reboot(self, connection: Any, guest: Guest) -> None:
        """See `Kind`: by stop and start, for nobody says whether an init listens."""
        domains.restart(connection, guest.name)
