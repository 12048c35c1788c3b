"""Parameters: their schemas as in the interface table, conversion, inheritance."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.model import params, schema
from ganetix.model.cluster import Cluster
from ganetix.model.hypervisors import HYPERVISORS, MIGRATABLE
from ganetix.model.objects import Disk, Nic, NodeGroup, Settings
from ganetix.model.schema import Schema
from ganetix_test import spec


def cluster(**fields: Any) -> Cluster:
    """Return a cluster without objects whose settings have *fields*."""
    settings = Settings("c", "cluster.example.com", "n", "127.0.0.1", "lo", 8, **fields)
    return Cluster(settings)


class SchemaTests(SynchronousTestCase):
    """The schemas against the table."""

    def same(self, known: Schema, rows: dict[str, Any]) -> None:
        """Check names, kinds and defaults of *known*."""
        self.assertEqual(sorted(known), sorted(rows))
        for name, row in rows.items():
            self.assertEqual(known[name].kind, row["type"], name)
            self.assertEqual(known[name].default, row["default"], name)

    def test_tables(self) -> None:
        """Backend, NIC, node, hypervisor and disk parameters are the table's."""
        table = spec.load("constants")
        self.same(params.BACKEND, table["beparams"])
        self.same(params.NIC, table["nicparams"])
        self.same(params.NODE, table["ndparams"])
        self.same(params.HV_STATE, table["hv_state"])
        self.same(params.DISK_STATE, table["disk_state"])
        self.assertEqual(sorted(HYPERVISORS), sorted(table["hypervisors"]))
        for name, row in table["hypervisors"].items():
            self.same(HYPERVISORS[name], row["parameters"])
            self.assertEqual(name in MIGRATABLE, row["can_migrate"])
        self.assertEqual(sorted(params.DISK), sorted(table["disk_templates"]))
        for name, row in table["disk_templates"].items():
            self.same(params.DISK[name], row["disk_parameters"])

    def test_defaults_are_valid(self) -> None:
        """Every default is a value that its own parameter takes."""
        for known in (params.BACKEND, params.NIC, params.NODE, *HYPERVISORS.values()):
            filled = schema.defaults(known)
            self.assertEqual(schema.enforced(known, filled, "parameter"), filled)

    def test_cluster_only(self) -> None:
        """Parameters of the whole cluster are refused below it, by name."""
        table = spec.load("constants")["hypervisor_cluster_only_parameters"]
        found = {n for known in HYPERVISORS.values() for n, p in known.items() if p.cluster_only}
        self.assertEqual(sorted(found), sorted(table))
        with self.assertRaisesRegex(errors.OpPrereqError, "migration_mode"):
            params.only_below_cluster(HYPERVISORS["fake"], {"migration_mode": "live"}, "x")


class ConversionTests(SynchronousTestCase):
    """Values as they come from command lines and scripts."""

    def test_sizes(self) -> None:
        """Sizes are MiB, or have a unit; they are rounded up to a multiple of four."""
        rows = {"512": 512, "10g": 10240, "1.5T": 1572864, "3 MiB": 4, "0.5gb": 512, "1m": 4}
        for text, size in rows.items():
            self.assertEqual(schema.parse_size(text), size, text)
        for text in ("", "g", "-1", "10x", "1,5g"):
            with self.assertRaisesRegex(errors.UnitParseError, "is not a size"):
                schema.parse_size(text)

    def test_kinds(self) -> None:
        """Each kind takes its values in words too and refuses others by name."""
        known: Schema = {
            "flag": schema.flag(False),
            "count": schema.integer(1, low=1, high=9),
            "ratio": schema.Param("float", 1.0),
            "size": schema.Param("size", 128),
            "name": schema.Param("maybe-string", None),
            "mode": schema.one_of("a", ("a", "b")),
            "file": schema.path("", required=True),
        }
        given = {"flag": "yes", "count": "3", "ratio": "0.5", "size": "1g", "name": "none",
                 "mode": "b", "file": "/x"}  # fmt: skip
        self.assertEqual(
            schema.enforced(known, given, "test parameter"),
            {"flag": True, "count": 3, "ratio": 0.5, "size": 1024, "name": None, "mode": "b",
             "file": "/x"},
        )  # fmt: skip
        for name, bad in {"flag": "perhaps", "count": "x", "ratio": [], "size": "big", "name": [],
                          "mode": "c", "file": "x"}.items():  # fmt: skip
            with self.assertRaisesRegex(errors.TypeEnforcementError, f"'{name}'"):
                schema.enforced(known, {name: bad}, "test parameter")
        others: dict[str, Any] = {"count": 10, "file": "", "flag": None}
        for name, bad in others.items():
            with self.assertRaises(errors.TypeEnforcementError):
                schema.enforced(known, {name: bad}, "test parameter")
        with self.assertRaisesRegex(errors.TypeEnforcementError, "no test parameter 'colour'"):
            schema.enforced(known, {"colour": 1}, "test parameter")

    def test_default_drops(self) -> None:
        """The value ``default`` takes an own value away."""
        after = params.changed(
            params.BACKEND, {"vcpus": 2, "maxmem": 512}, {"vcpus": "default", "minmem": "1g"}, "x"
        )
        self.assertEqual(after, {"maxmem": 512, "minmem": 1024})

    def test_default_as_a_value(self) -> None:
        """Where ``default`` is a value itself it can be set; null takes the own value away."""
        known = HYPERVISORS["kvm"]
        for name in ("disk_cache", "disk_discard"):
            own = params.changed(known, {"acpi": True}, {name: "default"}, "x")
            self.assertEqual(own, {"acpi": True, name: "default"})
            self.assertEqual(params.changed(known, own, {name: None}, "x"), {"acpi": True})
            self.assertEqual(
                params.changed(known, own, {"acpi": "default"}, "x"), {name: "default"}
            )

    def test_range(self) -> None:
        """Numbers have an upper bound, their own or a general one."""
        for known, name, most in (
            (params.DISK["plain"], "stripes", 128),
            (params.DISK["drbd"], "data-stripes", 128),
            (params.DISK["drbd"], "resync-rate", schema.MOST),
            (params.BACKEND, "maxmem", schema.MOST),
            (params.BACKEND, "vcpus", schema.MOST),
        ):
            self.assertEqual(params.changed(known, {}, {name: most}, "x"), {name: most})
            for bad in (most + 1, 10**30):
                with self.assertRaisesRegex(errors.TypeEnforcementError, f"to {most}"):
                    params.changed(known, {}, {name: bad}, "x")

    def test_memory(self) -> None:
        """``memory`` sets both limits, and excludes them."""
        self.assertEqual(params.with_memory({"memory": 64}), {"minmem": 64, "maxmem": 64})
        with self.assertRaisesRegex(errors.TypeEnforcementError, "exclude each other"):
            params.with_memory({"memory": 64, "minmem": 32})


class InheritanceTests(SynchronousTestCase):
    """What an object has that sets little itself."""

    def test_backend(self) -> None:
        """Own values win over the cluster's, and those over the defaults."""
        filled = params.backend(cluster(beparams={"default": {"vcpus": 4}}), {"maxmem": 256})
        self.assertEqual((filled["vcpus"], filled["maxmem"], filled["minmem"]), (4, 256, 128))

    def test_hypervisor(self) -> None:
        """In order: default, cluster, OS, OS with variant, own."""
        one = cluster(
            hvparams={"kvm": {"acpi": False, "kernel_args": "a", "disk_cache": "none"}},
            os_hvp={"deb": {"kvm": {"kernel_args": "b", "disk_cache": "writeback"}},
                    "deb+x": {"kvm": {"disk_cache": "default"}}},
        )  # fmt: skip
        filled = params.hypervisor(one, "kvm", "deb+x", {"boot_order": "network"})
        picked = [filled[n] for n in ("acpi", "kernel_args", "disk_cache", "boot_order")]
        self.assertEqual(picked, [False, "b", "default", "network"])
        self.assertEqual(filled["disk_aio"], "threads")

    def test_nic_in_network(self) -> None:
        """A NIC in a network has the mode and link with which the group is connected."""
        group = NodeGroup("g", "default", networks={"w": {"mode": "routed", "link": "br9"}})
        own = Nic("u", "aa:00:00:00:00:01", network="w")
        filled = params.nic_in_group(cluster(), own, group)
        self.assertEqual((filled["mode"], filled["link"]), ("routed", "br9"))
        self.assertEqual(params.nic(cluster(), {})["link"], "xen-br0")

    def test_os(self) -> None:
        """OS parameters come from the OS, its variant and the instance."""
        one = cluster(osparams={"deb": {"a": "1", "b": "1"}, "deb+x": {"b": "2"}})
        self.assertEqual(params.os_params(one, "deb+x", {"c": "3"}), {"a": "1", "b": "2", "c": "3"})

    def test_template(self) -> None:
        """No disks are diskless, equal ones their type, others mixed."""
        one, other = Disk("a", "file", [], 1), Disk("b", "plain", [], 1)
        self.assertEqual(params.template_of([]), "diskless")
        self.assertEqual(params.template_of([one]), "file")
        self.assertEqual(params.template_of([one, other]), "mixed")
