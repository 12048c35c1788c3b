"""Names to addresses: the hosts file of a virtual cluster, or what the system's resolver says."""

import posixpath
from collections.abc import Awaitable, Callable, Mapping

import attrs

from ganetix import errors
from ganetix.paths import Paths


@attrs.frozen
class Host:
    """A resolved name: the full name and its address."""

    name: str
    address: str


Resolve = Callable[[str], Awaitable[Host]]
"""Fires with the host of a name, or fails with `errors.ResolverError`."""


def hosts_file(paths: Paths) -> str:
    """Return the hosts file that all nodes of the virtual cluster of *paths* share."""
    return f"{posixpath.dirname(paths.root)}/hosts"


def parse_hosts(text: str) -> Mapping[str, Host]:
    """Return every name and alias in *text* (the format of ``/etc/hosts``) with its host.

    The first line that gives a name counts.
    """
    found: dict[str, Host] = {}
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        for name in words[1:]:
            found.setdefault(name, Host(words[1], words[0]))
    return found


def unknown(name: str, where: str) -> errors.ResolverError:
    """Return the error for a *name* that *where* does not know."""
    return errors.ResolverError(
        name, None, f"The name '{name}' does not resolve: add it to {where}, or check the spelling."
    )


@attrs.frozen
class HostsFile:
    """A resolver that reads *path* at each question, so that an edit counts at once."""

    path: str
    read: Callable[[str], bytes]

    def lookup(self, name: str) -> Host:
        """Return the host called *name*; raise `errors.ResolverError`."""
        try:
            text = self.read(self.path).decode()
        except OSError as error:
            raise unknown(name, f"{self.path}, which can't be read ({error.strerror})") from error
        host = parse_hosts(text).get(name.lower())
        if host is None:
            raise unknown(name, self.path)
        return host

    async def resolve(self, name: str) -> Host:
        """See `Resolve`."""
        return self.lookup(name)
