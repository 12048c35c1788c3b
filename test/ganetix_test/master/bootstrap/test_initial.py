"""Tests of `ganetix.master.bootstrap.initial`: what `gnt-cluster init` begins with."""

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.bootstrap.initial import FIRST_EPOCH, Place, first_configuration
from ganetix.master.bootstrap.request import Init
from ganetix.model.cluster import Cluster
from ganetix.model.codec import decode_config, encode_config
from ganetix.testing.dice import seeded
from ganetix_test import spec

PLACE = Place("node1.x", "127.3.9.11", "cluster.x", "127.3.9.1", virtual=True)
FAKE = {"enabled_hypervisors": "fake", "enabled_disk_templates": "file,diskless"}


def begun(**options: Any) -> Cluster:
    """Return the configuration for the options of gnt-cluster init."""
    request = msgspec.convert({"cluster_name": "cluster", **FAKE, **options}, Init)
    return first_configuration(request, PLACE, "d1935d", "uuid-of-node1", seeded(1), 1700000000.0)


class ConfigurationTests(SynchronousTestCase):
    """What is in it."""

    def test_one_node(self) -> None:
        """The first node is the master and a candidate with its certificate, in one group."""
        cluster = begun()
        self.assertEqual(cluster.master.name, "node1.x")
        self.assertTrue(cluster.master.master_candidate)
        self.assertEqual(cluster.cluster.candidate_certs, {"uuid-of-node1": "d1935d"})
        (group,) = cluster.nodegroups.values()
        self.assertEqual((group.name, cluster.master.group), ("default", group.uuid))
        self.assertEqual(cluster.cluster.epoch, FIRST_EPOCH)

    def test_readable(self) -> None:
        """Written as ``config.data`` and read again it is the same, with serial number 1."""
        cluster = begun()
        self.assertEqual(decode_config(encode_config(cluster)), cluster)
        self.assertEqual((cluster.serial_no, cluster.cluster.serial_no), (1, 1))
        self.assertEqual(cluster.cluster.ctime, 1700000000.0)

    def test_defaults_of_the_reference(self) -> None:
        """Parameters that are not given are the reference's defaults, for all hypervisors."""
        own, table = begun().cluster, spec.load("constants")
        for hypervisor, row in table["hypervisors"].items():
            defaults = {key: value["default"] for key, value in row["parameters"].items()}
            self.assertEqual(own.hvparams[hypervisor], defaults, hypervisor)
        for kind, found in (
            ("beparams", own.beparams["default"]),
            ("nicparams", own.nicparams["default"]),
            ("ndparams", own.ndparams),
        ):
            self.assertEqual(found, {key: row["default"] for key, row in table[kind].items()})
        self.assertEqual(own.diskparams, table["raw"]["DISK_DT_DEFAULTS"])
        expected = {
            **table["ipolicy"]["defaults"], "disk-templates": own.enabled_disk_templates,
        }  # fmt: skip
        self.assertEqual(own.ipolicy, expected)
        self.assertEqual(own.default_iallocator, "hail")
        self.assertEqual(begun(default_iallocator="").cluster.default_iallocator, "")

    def test_policy_sizes(self) -> None:
        """Sizes in a policy may have units and are rounded as sizes are: up to 4 MiB."""
        bounds = [{"min": {"disk-size": "1"}, "max": {"disk-size": "1t", "memory-size": "2g"}}]
        [pair] = begun(ipolicy_bounds_specs=bounds).cluster.ipolicy["minmax"]
        self.assertEqual(pair["min"]["disk-size"], 4)
        self.assertEqual((pair["max"]["disk-size"], pair["max"]["memory-size"]), (1 << 20, 2048))

    def test_given_values(self) -> None:
        """Options win over defaults, with the type of the parameter."""
        own = begun(
            beparams={"memory": 512, "vcpus": "2"},
            hvparams=[["kvm", {"acpi": "false"}]],
            nicparams={"link": "br0"},
            ndparams={"ssh_port": "2222"},
            mac_prefix="AA:BB:CC",
            uid_pool="4000-4019,5000",
            candidate_pool_size=3,
        ).cluster
        self.assertEqual(own.beparams["default"]["maxmem"], 512)
        self.assertEqual(own.beparams["default"]["minmem"], 512)
        self.assertEqual(own.beparams["default"]["vcpus"], 2)
        self.assertIs(own.hvparams["kvm"]["acpi"], False)
        self.assertEqual(own.nicparams["default"]["link"], "br0")
        self.assertEqual(own.ndparams["ssh_port"], 2222)
        self.assertEqual(own.mac_prefix, "aa:bb:cc")
        self.assertEqual(own.uid_pool, [[4000, 4019], [5000, 5000]])
        self.assertEqual(own.candidate_pool_size, 3)

    def test_policy_options(self) -> None:
        """Bounds, and the older options for one specification each, shape the policy."""
        bounds = [{"min": {"disk-size": 1}, "max": {"disk-size": 99}}]
        (pair,) = begun(
            ipolicy_bounds_specs=bounds, ipolicy_std_specs={"disk-size": 50}
        ).cluster.ipolicy["minmax"]
        self.assertEqual((pair["min"]["disk-size"], pair["max"]["disk-size"]), (1, 99))
        self.assertEqual(pair["max"]["cpu-count"], 8)
        policy = begun(ispecs_cpu_count={"min": 2, "std": 2, "max": 4}).cluster.ipolicy
        self.assertEqual(policy["minmax"][0]["max"]["cpu-count"], 4)
        self.assertEqual(policy["std"]["cpu-count"], 2)


class RefusalTests(SynchronousTestCase):
    """What can't be."""

    def test_values_that_do_not_fit(self) -> None:
        """Each is refused with a sentence that names it."""
        for options, named in (
            ({"enabled_hypervisors": "fake,vbox"}, "vbox"),
            ({"enabled_disk_templates": "file,cloud"}, "cloud"),
            ({"mac_prefix": "aa:bb"}, "aa:bb"),
            ({"master_netmask": 64}, "64"),
            ({"primary_ip_version": 5}, "5"),
            ({"uid_pool": "20-10"}, "20-10"),
            ({"beparams": {"colour": "red"}}, "colour"),
            ({"beparams": {"vcpus": "many"}}, "vcpus"),
            ({"hvparams": {"vbox": {}}}, "vbox"),
            ({"hvparams": {"kvm": {"colour": 1}}}, "colour"),
            ({"diskparams": {"cloud": {}}}, "cloud"),
            ({"ipolicy_std_specs": {"disk-size": 1}}, "std"),
            ({"enabled_disk_templates": "plain", "vg_name": ""}, "volume group"),
        ):
            with self.assertRaises(errors.GanetiError) as caught:
                begun(**options)
            self.assertIn(named, caught.exception.message)
