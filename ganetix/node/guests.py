"""What guests need of this node, and what running guests say of themselves."""

import attrs

from ganetix.network.bridges import Bridges
from ganetix.node.hypervisors import Hypervisors
from ganetix.rpc.call import Done
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables import guests as calls


@attrs.frozen
class Guests:
    """Calls about guests that change nothing."""

    hypervisors: Hypervisors
    bridges: Bridges

    async def validate(self, request: calls.HypervisorValidate, context: CallContext) -> Done:
        """``hypervisor_validate_params``."""
        driver = self.hypervisors.named(request.hypervisor)
        if request.hvparams:
            await driver.validate(request.hvparams)
        return Done()

    async def bridges_exist(self, request: calls.Bridges, context: CallContext) -> Done:
        """``bridges_exist``."""
        await self.bridges.require(request.names)
        return Done()

    async def addresses(
        self, request: calls.GuestQuery, context: CallContext
    ) -> calls.GuestAddresses:
        """``instance_addresses``."""
        found = await self.hypervisors.named(request.hypervisor).addresses(request.name)
        return calls.GuestAddresses({name: list(rows) for name, rows in found.items()})
