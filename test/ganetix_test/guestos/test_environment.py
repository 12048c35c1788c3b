"""The variables of OS scripts."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix.guestos.definition import Definition
from ganetix.guestos.environment import Target, core, full
from ganetix.model.objects import Disk, Instance

DEMO = Definition("demo", "/os/demo", 20, (15, 20), ("small", "large"))
INSTANCE = Instance(
    "uuid-i", "vm1.example.com", "uuid-n", "demo+large", "fake", ctime=1.5, mtime=2.5
)
NIC = {
    "mac": "aa:00:00:00:00:01",
    "uuid": "uuid-nic",
    "mode": "bridged",
    "link": "br0",
    "ip": None,
    "network_name": "lan",
    "network_tags": ["a", "b"],
}


def target() -> Target:
    """Return an instance with one disk and one NIC."""
    disk = Disk("uuid-d", "file", ["loop", "/srv/x"], 64, "disk/0", name="root")
    return Target(
        INSTANCE,
        (disk,),
        ("/local/srv/x",),
        {"disk_type": "paravirtual", "acpi": True},
        {"maxmem": 128},
        (NIC,),
        "node1",
        ("node2", "node3"),
    )


class EnvironmentTests(SynchronousTestCase):
    """Names and values as the OS interface has them."""

    def test_core(self) -> None:
        """A verify script gets five variables and the parameters, in upper case."""
        env = core(DEMO, "demo+large", {"root-size": "5"}, 1)
        self.assertEqual(
            env,
            {
                "OS_API_VERSION": "20",
                "OS_NAME": "demo",
                "OS_VARIANT": "large",
                "DEBUG_LEVEL": "1",
                "PATH": "/sbin:/bin:/usr/sbin:/usr/bin",
                "OSP_ROOT_SIZE": "5",
            },
        )

    def test_instance(self) -> None:
        """Instance, nodes and filled parameters are told."""
        env = full(DEMO, target(), {}, 0)
        wanted = {
            "INSTANCE_NAME": "vm1.example.com",
            "INSTANCE_OS": "demo+large",
            "INSTANCE_UUID": "uuid-i",
            "INSTANCE_CTIME": "1.5",
            "INSTANCE_PRIMARY_NODE": "node1",
            "INSTANCE_SECONDARY_NODES": "node2 node3",
            "HYPERVISOR": "fake",
            "DISK_COUNT": "1",
            "NIC_COUNT": "1",
            "INSTANCE_BE_maxmem": "128",
            "INSTANCE_HV_acpi": "True",
        }
        self.assertEqual({key: env.get(key) for key in wanted}, wanted)

    def test_disk(self) -> None:
        """A disk has its local path, and says how a file is attached."""
        env = full(DEMO, target(), {}, 0)
        self.assertEqual(
            {key: value for key, value in env.items() if key.startswith("DISK_0_")},
            {
                "DISK_0_ACCESS": "rw",
                "DISK_0_UUID": "uuid-d",
                "DISK_0_SIZE": "64",
                "DISK_0_PATH": "/local/srv/x",
                "DISK_0_NAME": "root",
                "DISK_0_FRONTEND_TYPE": "paravirtual",
                "DISK_0_BACKEND_TYPE": "file:loop",
            },
        )

    def test_nic(self) -> None:
        """What a NIC does not have is left out; a bridged one has its bridge."""
        env = full(DEMO, target(), {}, 0)
        self.assertEqual(
            {key: value for key, value in env.items() if key.startswith("NIC_0_")},
            {
                "NIC_0_MAC": "aa:00:00:00:00:01",
                "NIC_0_UUID": "uuid-nic",
                "NIC_0_MODE": "bridged",
                "NIC_0_LINK": "br0",
                "NIC_0_BRIDGE": "br0",
                "NIC_0_NETWORK_NAME": "lan",
                "NIC_0_NETWORK_TAGS": "a b",
            },
        )
