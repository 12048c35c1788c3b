"""What tests of networks share: adding and connecting one, and looking at its pool."""

from typing import Any

from ganetix.model import pools
from ganetix.model.objects import Network, Nic
from ganetix.opcodes.instance import OpInstanceSetParams
from ganetix.opcodes.network import (
    OpNetworkAdd,
    OpNetworkConnect,
)
from ganetix_test.master.logic.cases import UnitTestCase

VM = "vm1.example.com"
OTHER = "00000000-0000-4000-8000-0000000000bb"


def adding(name: str = "lan", network: str = "192.0.2.0/28", **fields: Any) -> OpNetworkAdd:
    """Return the opcode that adds a network."""
    return OpNetworkAdd(network_name=name, network=network, **fields)


def connecting(name: str = "lan", **fields: Any) -> OpNetworkConnect:
    """Return the opcode that connects a network to the group of all nodes."""
    given: dict[str, Any] = {
        "group_name": "default", "network_mode": "bridged", "network_link": "br7", **fields,
    }  # fmt: skip
    return OpNetworkConnect(network_name=name, **given)


class NetworkTestCase(UnitTestCase):
    """What tests of networks do."""

    def named(self, name: str = "lan") -> Network:
        """Return the network as it is now."""
        return self.context.cluster.network_named(name)

    def have(self, name: str = "lan", network: str = "192.0.2.0/28", **fields: Any) -> Network:
        """Add a network and connect it."""
        self.run_op(adding(name, network, **fields))
        self.run_op(connecting(name))
        return self.named(name)

    def outside_of(self, name: str = "lan") -> list[str]:
        """Return the addresses that are reserved from outside."""
        return pools.addresses(self.named(name), pools.from_outside(self.named(name)))

    def used(self, name: str = "lan") -> list[str]:
        """Return the addresses that instances use, as the pool has it."""
        return pools.addresses(self.named(name), pools.by_instances(self.named(name)))

    def nics(self, *rows: dict[str, Any], name: str = VM, **fields: Any) -> list[Nic]:
        """Create an instance with NICs and return them."""
        return self.add(name, nics=list(rows), **fields).nics

    def modify(self, *changes: Any, **fields: Any) -> Any:
        """Change the NICs of the instance."""
        return self.run_op(OpInstanceSetParams(instance_name=VM, nics=list(changes), **fields))
