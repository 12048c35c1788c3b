"""What is done to domains, on a connection's thread: everything here blocks.

Functions get libvirt's ``virConnect`` first. A domain is defined as long as its guest runs, and
after the guest has shut itself down until that is cleaned up; so libvirt remembers why it ended.
"""

from collections.abc import Callable
from typing import Any, Final

from ganetix.hypervisor.interface import GuestState
from ganetix.hypervisor.libvirt import elements, states
from ganetix.hypervisor.libvirt.library import require

KIB_IN_MIB: Final = 1024
NANOSECONDS: Final = 1e9


def find(connection: Any, name: str) -> Any:
    """Return the domain called *name*, or None."""
    library = require()
    try:
        return connection.lookupByName(name)
    except library.libvirtError as error:
        if error.get_error_code() == library.VIR_ERR_NO_DOMAIN:
            return None
        raise


def state_of(domain: Any, leaving: bool) -> GuestState | None:
    """Return the guest of *domain*, None when there is none; *leaving* to another node or not."""
    library = require()
    try:
        state, reason = domain.state()
        found = states.run_state(state, reason, leaving=leaving)
        if found is None:
            return None
        _, most, now, vcpus, used = domain.info()
        # A container's second figure is what its programs use, not what they may use.
        memory = most if domain.connect().getType() == "LXC" else now
        name = domain.name()
    except library.libvirtError as error:
        if error.get_error_code() == library.VIR_ERR_NO_DOMAIN:
            return None
        raise
    return GuestState(name, memory // KIB_IN_MIB, vcpus, found, used / NANOSECONDS)


def all_states(connection: Any, leaving: frozenset[str]) -> list[GuestState]:
    """Return the guests that are here, by name; those in *leaving* are being sent away."""
    found = (state_of(domain, domain.name() in leaving) for domain in connection.listAllDomains())
    return sorted((state for state in found if state is not None), key=lambda state: state.name)


def start(connection: Any, name: str, text: str, paused: bool) -> None:
    """Define and start the domain of *text*; one that does not start is not defined either."""
    library = require()
    forget(connection, name)
    domain = connection.defineXML(text)
    try:
        _create(domain, paused)
    except library.libvirtError:
        destroy(connection, name)
        raise


def _create(domain: Any, paused: bool) -> None:
    library = require()
    if not paused:
        domain.create()
        return
    try:
        domain.createWithFlags(library.VIR_DOMAIN_START_PAUSED)
    except library.libvirtError as error:
        if error.get_error_code() != library.VIR_ERR_INVALID_ARG:
            raise
        # Containers can't be started paused: they are stopped as soon as can be.
        domain.create()
        domain.suspend()


def resume(connection: Any, name: str) -> None:
    """Let the guest run, which was started paused; nothing if it runs."""
    domain = find(connection, name)
    if domain is not None and domain.state()[0] == states.PAUSED:
        domain.resume()


def shutdown(connection: Any, name: str, flags: int = 0) -> None:
    """Ask the guest to shut down, in the way of libvirt's *flags*; nothing if it does not run."""
    domain = find(connection, name)
    if domain is not None and domain.isActive():
        _ended_meanwhile(domain, lambda: domain.shutdownFlags(flags))


def destroy(connection: Any, name: str) -> None:
    """Stop the guest and forget it; nothing if it is not there."""
    domain = find(connection, name)
    if domain is not None and domain.isActive():
        _ended_meanwhile(domain, domain.destroy)
    forget(connection, name)


def forget(connection: Any, name: str) -> None:
    """Forget a guest that does not run; its UEFI variables are kept. Nothing if it is not known."""
    library = require()
    domain = find(connection, name)
    if domain is None or domain.isActive() or not domain.isPersistent():
        return
    try:
        domain.undefineFlags(library.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM)
    except library.libvirtError as error:
        if error.get_error_code() not in (library.VIR_ERR_INVALID_ARG, library.VIR_ERR_NO_DOMAIN):
            raise
        _undefined(domain)


def _undefined(domain: Any) -> None:
    """Undefine *domain* where the driver knows no flags."""
    library = require()
    try:
        domain.undefine()
    except library.libvirtError as error:
        if error.get_error_code() != library.VIR_ERR_NO_DOMAIN:
            raise


def _ended_meanwhile(domain: Any, call: Callable[[], object]) -> None:
    """Do *call*; that the guest ended by itself just now is fine."""
    library = require()
    try:
        call()
    except library.libvirtError:
        if _is_active(domain):
            raise


def _is_active(domain: Any) -> bool:
    library = require()
    try:
        return bool(domain.isActive())
    except library.libvirtError as error:
        if error.get_error_code() == library.VIR_ERR_NO_DOMAIN:
            return False
        raise


def reset(connection: Any, name: str) -> None:
    """Boot the running guest anew in the same process, as the machine's reset button does."""
    connection.lookupByName(name).reset()


def restart(connection: Any, name: str) -> None:
    """Stop the running guest and start it as it was defined."""
    domain = connection.lookupByName(name)
    _ended_meanwhile(domain, domain.destroy)
    domain.create()


def unused_memory(connection: Any) -> int:
    """Return the MiB that running guests may still take of the node's memory."""
    library = require()
    unused = 0
    for domain in connection.listAllDomains(library.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
        unused += max(domain.maxMemory() - _resident(domain), 0)
    return unused // KIB_IN_MIB


def _resident(domain: Any) -> int:
    """Return the KiB that *domain* has taken; 0 where that is not known."""
    library = require()
    try:
        return int(domain.memoryStats().get("rss", 0))
    except library.libvirtError:
        return 0


def addresses(connection: Any, name: str) -> dict[str, list[str]]:
    """Return the addresses that the guest's agent tells, by interface; none without an agent."""
    library = require()
    domain = find(connection, name)
    if domain is None:
        return {}
    try:
        found = domain.interfaceAddresses(library.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT)
    except library.libvirtError:
        return {}
    return {
        interface: [f"{row['addr']}/{row['prefix']}" for row in told["addrs"] or ()]
        for interface, told in found.items()
    }


def balloon(connection: Any, name: str, memory: int) -> None:
    """Give the running guest *memory* MiB."""
    kib = memory * KIB_IN_MIB
    connection.lookupByName(name).setMemoryFlags(kib, require().VIR_DOMAIN_AFFECT_LIVE)


def attach(connection: Any, name: str, text: str) -> None:
    """Give the running guest the device of *text*."""
    domain = connection.lookupByName(name)
    placed = elements.with_free_name(text, domain.XMLDesc())
    domain.attachDeviceFlags(placed, require().VIR_DOMAIN_AFFECT_LIVE)


def detach(connection: Any, name: str, alias: str) -> None:
    """Ask the running guest to let the device called *alias* go."""
    connection.lookupByName(name).detachDeviceAlias(alias, require().VIR_DOMAIN_AFFECT_LIVE)


def has(connection: Any, name: str, alias: str) -> bool:
    """Whether the guest has a device called *alias*."""
    return f"'{alias}'" in connection.lookupByName(name).XMLDesc()
