"""Each thing that can be wrong with a network is found, and told with what mends it."""

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from ganetix.master.verify.networks import findings
from ganetix.model import pools
from ganetix.model.changes import Change, apply
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Network, Nic
from ganetix.testing.masters import GROUP, cluster, instance

CONNECTED = {"lan-uuid": {"mode": "bridged", "link": "br0", "vlan": ""}}


def nic(number: int, ip: str | None, network: str = "lan-uuid") -> Nic:
    """Return a NIC in a network."""
    return Nic(f"nic{number}-uuid", f"aa:00:00:00:00:{number:02x}", ip, network=network)


class NetworkFindingTests(SynchronousTestCase):
    """A network with one instance, and ways to break it."""

    def state(self, *nics: Nic, **fields: Any) -> Cluster:
        """Return a cluster with a network (with *fields*) and an instance with *nics*."""
        reservations = pools.changed("0" * 16, (3,), "1")
        lan = Network("lan-uuid", "lan", "192.0.2.0/28", reservations=reservations)
        change = Change(
            networks=(msgspec.structs.replace(lan, **fields),),
            nodegroups=(msgspec.structs.replace(GROUP, networks=CONNECTED),),
            instances=(instance(1, nics=list(nics) or [nic(1, "192.0.2.3")]),),
        )
        return apply(cluster(), change, 0.0)

    def told(self, state: Cluster) -> list[str]:
        """Return the sentences of what is found; all have the code of the configuration."""
        found = list(findings(state))
        self.assertEqual({row.code for row in found} - {"ECLUSTERCFG"}, set())
        return [row.text for row in found]

    def test_healthy(self) -> None:
        """Nothing is wrong with a pool that fits."""
        self.assertEqual(self.told(self.state()), [])
        self.assertEqual(self.told(cluster()), [])

    def test_pool(self) -> None:
        """Addresses that are reserved for nobody, or not for those who have them."""
        [text] = self.told(self.state(reservations=pools.changed("0" * 16, (3, 4), "1")))
        self.assertIn("192.0.2.4 is reserved for no NIC", text)
        self.assertIn("gnt-network modify --remove-reserved-ips=192.0.2.4 lan", text)
        [text] = self.told(self.state(reservations=None))
        self.assertIn("192.0.2.3 is not reserved for the NIC", text)
        [text] = self.told(self.state(nic(1, "192.0.2.3"), nic(2, "192.0.2.3")))
        self.assertIn("given to 2 NICs", text)
        [text] = self.told(self.state(nic(1, "192.0.2.3"), nic(2, "192.0.3.3")))
        self.assertIn("outside", text)

    def test_digits(self) -> None:
        """Reservations of another size than the network."""
        for field in ("reservations", "ext_reservations"):
            [text] = self.told(self.state(**{field: "01"}))
            self.assertIn("not 16 digits", text)

    def test_connection(self) -> None:
        """NICs in networks that are not connected, or not there at all."""
        found = self.state(nic(1, "192.0.2.3"), nic(2, None, "gone-uuid"))
        [text] = self.told(found)
        self.assertIn("NIC 1 is in network gone-uuid", text)
        bare = Change(nodegroups=(GROUP,))
        texts = self.told(apply(self.state(), bare, 0.0))
        self.assertIn("'gnt-network connect lan default'", texts[0])
