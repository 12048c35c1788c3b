"""External storage providers on this node, for the master to compare."""

import attrs

from ganetix.rpc.call import Nothing
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.providers import ProviderReport, ProviderReports
from ganetix.storage.providers import Providers


@attrs.frozen
class ExtStorage:
    """The calls about providers."""

    providers: Providers

    async def diagnose(self, request: Nothing, context: CallContext) -> ProviderReports:
        """``extstorage_diagnose``."""
        return ProviderReports(
            [
                ProviderReport(one.name, one.path, one.trouble, list(one.parameters))
                for one in await self.providers.diagnose()
            ]
        )
