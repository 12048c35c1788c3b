"""What queries are answered from, without a running master."""

from collections.abc import Collection, Mapping
from typing import Any

import attrs

from ganetix.master.facts import information
from ganetix.model.cluster import Cluster
from ganetix.query.view import NoLiveFacts, View
from ganetix.testing import masters


@attrs.frozen
class StillFacts:
    """Implements `ganetix.master.logic.outside.Facts`: one configuration, nothing live."""

    cluster: Cluster = attrs.field(factory=masters.cluster)
    flags: Mapping[str, Any] = {"drain_flag": False}

    async def view(self, what: str, asked: Any) -> View:
        """See `Facts`."""
        return View(self.cluster, NoLiveFacts())

    def information(self) -> dict[str, Any]:
        """See `Facts`."""
        return information(self.cluster, {"in_sync": [], "behind": []})

    async def values(self, names: Collection[str]) -> dict[str, Any]:
        """See `Facts`."""
        settings = self.cluster.cluster
        known = {
            "cluster_name": settings.cluster_name,
            "master_node": self.cluster.master.name,
            **self.flags,
        }
        return {name: known.get(name) for name in names}
