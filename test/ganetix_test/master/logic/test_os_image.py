"""The OS parameter ``os-image``: written onto the first disk when an OS is installed."""

from collections.abc import Callable
from typing import Any

from ganetix import errors
from ganetix.model.cluster import Cluster
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.instance import OpInstanceReinstall
from ganetix.rpc.tables.images import DiskImage
from ganetix.testing.logic import node_uuid, three_nodes
from ganetix_test.master.logic.cases import UnitTestCase, creation

NAME = "vm1.example.com"
IMAGE = "/srv/debian.img"
MIB = 1024 * 1024


class OsImageTests(UnitTestCase):
    """Creations and reinstallations with an image of exactly 1 GiB, as large as the first disk."""

    def cluster(self) -> Cluster:
        """See `UnitTestCase`."""
        return three_nodes(
            enabled_disk_templates=["file", "plain", "drbd", "diskless"],
            volume_group_name="xenvg",
            osparams={"imaged": {"os-image": IMAGE}},
        )

    def setUp(self) -> None:
        """Put the image onto the nodes, and an OS whose instances all have it."""
        super().setUp()
        self.world = self.context.world
        self.world.oses.append("imaged")
        self.world.mirrors.images[IMAGE] = 1024 * MIB

    def op(self, image: str = IMAGE, **fields: Any) -> OpCode:
        """Return the creation of an instance with two disks and *image*."""
        disks = [{"size": 1024}, {"size": 2048}]
        return creation(NAME, **{"disks": disks, "osparams": {"os-image": image}, **fields})

    def reinstall(self, image: str = IMAGE, **fields: Any) -> OpCode:
        """Return the reinstallation with *image*."""
        given = {"osparams": {"os-image": image}, **fields}
        return OpInstanceReinstall(instance_name=NAME, **given)

    def steps(self) -> list[tuple[str, str]]:
        """Return what was installed so far, as call and disk or instance."""
        return [
            (one.call, one.request.disk.iv_name if isinstance(one.request, DiskImage) else "")
            for one in self.context.fake.made
            if one.call in ("blockdev_assemble", "instance_os_add", "blockdev_image")
        ]

    def written(self) -> list[Any]:
        """Return the node and the image of each copy."""
        return [(node, about) for node, what, about in self.world.mirrors.done if what == "image"]

    def created(self, template: str, **fields: Any) -> None:
        """Create the instance with disks of *template* and check what was done."""
        self.run_op(self.op(disk_template=template, **fields))
        *before, script, copy = self.steps()
        self.assertEqual(set(before), {("blockdev_assemble", "")})
        self.assertEqual((script, copy), (("instance_os_add", ""), ("blockdev_image", "disk/0")))
        self.assertEqual(self.written(), [(node_uuid(1), IMAGE)])
        self.assertEqual(self.context.pending, [])

    def test_create(self) -> None:
        """After the script the image is written onto the first assembled disk alone."""
        self.created("file")

    def test_create_volumes(self) -> None:
        """The same onto volumes."""
        self.created("plain")

    def test_create_mirrors(self) -> None:
        """A mirror takes it on the primary alone, and passes it on itself."""
        self.created("drbd", snode="node2.example.com")

    def test_reinstall(self) -> None:
        """A reinstallation runs the script again and then writes the image."""
        self.run_op(creation(NAME, start=False))
        self.assertEqual(self.written(), [])
        self.run_op(self.reinstall())
        self.assertEqual(self.world.scripts[-1], (node_uuid(1), "reinstall", NAME))
        self.assertEqual(self.steps()[-1], ("blockdev_image", "disk/0"))
        self.assertEqual(self.written(), [(node_uuid(1), IMAGE)])
        self.run_op(self.reinstall("default"))
        self.assertEqual(len(self.written()), 1, "the parameter was dropped")

    def test_of_the_os(self) -> None:
        """The parameter of an OS counts for its instances, unless they say none."""
        self.run_op(creation(NAME, os_type="imaged", start=False))
        self.assertEqual(len(self.written()), 1)
        self.run_op(self.reinstall(""))
        self.assertEqual(len(self.written()), 1)

    def test_not_installed(self) -> None:
        """Without an installation nothing is looked at, and nothing written."""
        self.world.mirrors.images.clear()
        for fields in (
            {"no_install": True, "start": False},
            {"disk_template": "diskless", "disks": []},
            {"forthcoming": True},
        ):
            self.context.state = self.cluster()
            self.run_op(self.op(**fields))
        self.assertEqual(self.written(), [])

    def refused(self, make: Callable[..., OpCode]) -> None:
        """Check that each image that can't be written is refused, and nothing is done."""
        images = self.world.mirrors.images
        images["/srv/large.img"] = 1024 * MIB + 1
        images["/srv/empty.img"] = 0
        before, done = self.context.cluster, self.steps()
        for image, words in (
            ("https://a.example/i", "must be a file of its primary node"),
            ("debian.img", "absolute path"),
            ("/srv/none.img", "is not there on node node1"),
            ("/srv/empty.img", "is empty"),
            ("/srv/large.img", "has 1025 MiB, and its first disk has 1024 MiB"),
        ):
            self.assertIn(words, self.refusal(make(image)))
        self.assertEqual((self.context.cluster, self.steps()), (before, done))

    def test_create_refused(self) -> None:
        """What can't be written is refused in words before anything is made."""
        self.refused(self.op)
        self.assertIn("has no disk for the image", self.refusal(self.op(disks=[])))
        self.assertEqual(self.world.disks, {})

    def test_reinstall_refused(self) -> None:
        """The same before a reinstallation."""
        self.run_op(creation(NAME, start=False))
        self.refused(self.reinstall)

    def test_copy_fails(self) -> None:
        """A copy that fails takes a new instance away, and leaves an old one's disks down."""

        async def fail(node: str, request: Any) -> None:
            raise errors.BlockDeviceError("The image can't be read.")

        before = self.world.seen()
        self.context.fake.handlers["blockdev_image"] = fail
        self.assertIn("can't be read", self.refusal(self.op(), errors.BlockDeviceError))
        self.assertEqual(self.context.cluster.instances, {})
        self.assertEqual(self.world.seen(), before)
        self.run_op(creation(NAME, start=False))
        before = self.world.seen()
        self.assertIn("can't be read", self.refusal(self.reinstall(), errors.BlockDeviceError))
        self.assertEqual(self.world.seen(), before)
