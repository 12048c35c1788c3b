"""The lab's network: a bridge in a namespace of its own, with a tap for each node."""

from typing import Final

import attrs

from ganetix_test.lab.host import command

PREFIX: Final = "198.18.0"
"""First three numbers of the lab's addresses, of the range kept for tests."""

HOST: Final = f"{PREFIX}.254"
CLUSTER: Final = f"{PREFIX}.253"
_NOWHERE: Final = "02:00:00:00:00:01"
"""An Ethernet address that nobody has: what is sent there is lost, as in a partition."""


def address(number: int) -> str:
    """Return the address of node *number*."""
    return f"{PREFIX}.{number}"


@attrs.frozen
class Network:
    """The network of the lab called *lab*; nothing leaves its namespace."""

    lab: str

    @property
    def namespace(self) -> str:
        """The name of the network namespace."""
        return f"glab-{self.lab}"

    def inside(self, *argv: str) -> tuple[str, ...]:
        """Return the command line that runs *argv* in the namespace."""
        return "ip", "netns", "exec", self.namespace, *argv

    def make(self, nodes: int) -> None:
        """Make the namespace, the bridge and taps for so many nodes."""
        command("ip", "netns", "add", self.namespace)
        script = [
            "link set lo up",
            "link add lab type bridge forward_delay 0",
            f"addr add {HOST}/24 dev lab",
            "link set lab up",
        ]
        for number in range(1, nodes + 1):
            script += [
                f"tuntap add tap{number} mode tap",
                f"link set tap{number} master lab up",
            ]
        command("ip", "-n", self.namespace, "-batch", "-", text="\n".join(script) + "\n")

    def exists(self) -> bool:
        """Tell whether the namespace is there."""
        rows = command("ip", "netns", "list").splitlines()
        return self.namespace in [row.split()[0] for row in rows if row]

    def remove(self) -> None:
        """Remove the namespace, and with it bridge and taps."""
        if self.exists():
            command("ip", "netns", "delete", self.namespace)


def cut(peer: int, peer_is_master: bool) -> str:
    """Return the shell command that loses all that a node sends to node *peer*."""
    lost = [address(peer), *([CLUSTER] if peer_is_master else [])]
    return "; ".join(
        f"ip neigh replace {one} lladdr {_NOWHERE} nud permanent dev br0" for one in lost
    )


HEAL: Final = f"""\
ip neigh show dev br0 | while read -r ip _ mac _; do
    [ "$mac" = {_NOWHERE} ] && ip neigh del "$ip" dev br0
done; :"""
"""The shell command that takes every `cut` of a node back."""
