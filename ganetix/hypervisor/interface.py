"""What a hypervisor driver does. The verbs are libvirt's. Sizes are MiB, times seconds."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Literal

import attrs
from zope.interface import Attribute, Interface

RunState = Literal["running", "paused", "shutdown"]
DeviceKind = Literal["disk", "nic"]
RUN_STATES: Final = ("running", "paused", "shutdown")
FILE_TEMPLATES: Final = ("file", "sharedfile", "gluster")
"""Disk templates whose disks are files."""


@attrs.frozen
class GuestDisk:
    """A disk as the guest gets it: where it is on this node and whether it may be written."""

    path: str
    mode: str = "rw"
    uuid: str = ""
    template: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it is a file, and not a block device."""
        return self.template in FILE_TEMPLATES


@attrs.frozen
class Guest:
    """What to run: an instance with filled parameters and assembled disks, *memory* in MiB.

    *port* is the TCP port of its graphical console. A NIC with ``scripted`` is connected by the
    node's scripts and not by the hypervisor.
    """

    name: str
    uuid: str
    memory: int
    vcpus: int
    hvparams: Mapping[str, Any]
    disks: tuple[GuestDisk, ...] = ()
    nics: tuple[Mapping[str, Any], ...] = ()
    port: int | None = None


@attrs.frozen
class GuestState:
    """A guest that this hypervisor has; ``shutdown``: it stopped itself and was not cleaned up."""

    name: str
    memory: int
    vcpus: int
    state: RunState
    cpu_seconds: float = 0.0


@attrs.frozen
class HostFigures:
    """What the machine has and what is left for guests; memory in MiB, *dom0* the host's own."""

    memory_total: int
    memory_free: int
    memory_dom0: int
    cpu_total: int
    cpu_sockets: int = 1
    cpu_nodes: int = 1
    cpu_dom0: int = 1


class IHypervisor(Interface):
    """The guests of one kind on this machine.

    Refusals and failures are `errors.HypervisorError` sentences that name the guest.
    """

    name: str = Attribute("The name in ``enabled_hypervisors``.")

    def listen(changed: Callable[[], None]) -> bool:
        """Call *changed* whenever a guest may have changed.

        Return whether that is told of every change, so that nobody needs to look for changes.
        """

    def close() -> Awaitable[None]:
        """Let go of what was opened; guests go on."""

    def create(guest: Guest, paused: bool) -> Awaitable[None]:
        """Start *guest*; refuse if it runs. One that shut itself down is cleaned up first."""

    def resume(name: str) -> Awaitable[None]:
        """Let a guest run that was started paused; nothing if it runs, or is not here."""

    def shutdown(name: str) -> Awaitable[None]:
        """Ask the guest to shut down and return at once; nothing if it does not run."""

    def destroy(name: str) -> Awaitable[None]:
        """Stop the guest now, and forget it; nothing if it does not run."""

    def reboot(guest: Guest) -> Awaitable[None]:
        """Restart the running guest from inside: same process, new boot."""

    def balloon(name: str, memory: int) -> Awaitable[None]:
        """Give the running guest *memory* MiB, no more than it was made for."""

    def lookup(name: str) -> Awaitable[GuestState | None]:
        """Return the guest's state, None when it is not here."""

    def all_domains() -> Awaitable[Sequence[GuestState]]:
        """Return the guests that are here, by name."""

    def accept(guest: Guest, source: str) -> Awaitable[None]:
        """Be ready to receive *guest* from the node at address *source*."""

    def migrate(guest: Guest, target: str, live: bool) -> Awaitable[str]:
        """Send the running *guest* to the node at address *target*, which has accepted it.

        Return a sentence about what was measured; it may be empty. Cancelling it ends the
        migration, and the guest stays.
        """

    def finish_incoming(guest: Guest, success: bool) -> Awaitable[None]:
        """End a migration on the target: keep the guest, or drop what `accept` made.

        A guest that runs here already is not dropped: it would be lost.
        """

    def finish_outgoing(guest: Guest, success: bool) -> Awaitable[None]:
        """End a migration on the source: forget the guest, or go on running it."""

    def attach(guest: Guest, kind: DeviceKind, index: int) -> Awaitable[None]:
        """Give the running *guest* its disk or NIC number *index*, which it did not start with."""

    def detach(guest: Guest, kind: DeviceKind, index: int) -> Awaitable[None]:
        """Take disk or NIC number *index* from the running *guest*, which has to let it go."""

    def figures() -> Awaitable[HostFigures]:
        """Measure the machine."""

    def validate(hvparams: Mapping[str, Any]) -> Awaitable[None]:
        """Raise for what the filled *hvparams* name and this node lacks."""

    def describe() -> Awaitable[str]:
        """Say in a sentence how guests run here, or what keeps them from running."""

    def addresses(name: str) -> Awaitable[Mapping[str, Sequence[str]]]:
        """Return the addresses that the running guest says it has, by the name of its interface.

        None where there is nobody in the guest to ask.
        """

    def verify() -> Awaitable[str]:
        """Say what keeps this hypervisor from working; empty when it works."""
