"""The OS definition that writes a given image, and cloud-init's seed."""

import hashlib
import io
import json
import os
import pathlib
import shutil
import sys
import unittest
from typing import Any

import pycdlib
from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

import ganetix
from ganetix.errors import OpExecError
from ganetix.guestos import cloud_init
from ganetix.guestos.environment import Target, core, full
from ganetix.guestos.scripts import Run, Scripts
from ganetix.guestos.search import Definitions
from ganetix.model.objects import Disk, Instance
from ganetix.paths import Paths
from ganetix.process.command import Command
from ganetix.process.runner import ProcessRunner
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem

SHARE = str(pathlib.Path(ganetix.__file__).parent / "share")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJbn me@example.com"
ENV = {
    "INSTANCE_NAME": "vm1.example.com", "INSTANCE_UUID": "uuid-i", "OSP_SSH_KEYS": f"{KEY};{KEY}",
    "NIC_COUNT": "3", "NIC_0_MAC": "AA:00:00:00:00:01", "NIC_0_IP": "192.0.2.7",
    "NIC_0_MODE": "bridged", "NIC_0_NETWORK_SUBNET": "192.0.2.0/24",
    "NIC_0_NETWORK_GATEWAY": "192.0.2.1", "NIC_1_MAC": "aa:00:00:00:00:02", "NIC_1_MODE": "bridged",
    "NIC_2_MAC": "aa:00:00:00:00:03", "NIC_2_MODE": "routed", "NIC_2_IP": "2001:db8::7",
}  # fmt: skip


def files_of(image: bytes) -> dict[str, str]:
    """Return the files of a disc by name; it has to be called cidata."""
    disc = pycdlib.PyCdlib()
    disc.open_fp(io.BytesIO(image))
    found = {}
    for child in disc.list_children(rr_path="/"):
        if child.is_file():
            name = child.rock_ridge.name().decode()
            data = io.BytesIO()
            disc.get_file_from_iso_fp(data, rr_path=f"/{name}")
            found[name] = data.getvalue().decode()
    assert disc.pvd.volume_identifier.strip() == b"cidata"
    return found


class SeedTests(SynchronousTestCase):
    """What cloud-init is told."""

    def test_disc(self) -> None:
        """The disc has the three files under cloud-init's names."""
        found = files_of(cloud_init.seed(ENV))
        self.assertEqual(sorted(found), ["meta-data", "network-config", "user-data"])
        self.assertEqual(json.loads(found["meta-data"])["instance-id"], "uuid-i")

    def test_users(self) -> None:
        """One account is made, which logs in by its keys alone."""
        head, _, rest = cloud_init.user_data(ENV).partition("\n")
        found = json.loads(rest)
        self.assertEqual((head, found["hostname"], found["fqdn"]),
                         ("#cloud-config", "vm1", "vm1.example.com"))  # fmt: skip
        [user] = found["users"]
        self.assertEqual((user["name"], user["lock_passwd"]), ("admin", True))
        self.assertEqual(user["ssh_authorized_keys"], [KEY, KEY])

    def test_network(self) -> None:
        """A NIC has its address in its network, or alone behind a route, or asks by DHCP."""
        found = json.loads(cloud_init.network_config(ENV))["ethernets"]
        self.assertEqual(
            found["nic0"],
            {
                "match": {"macaddress": "aa:00:00:00:00:01"},
                "addresses": ["192.0.2.7/24"],
                "routes": [{"to": "default", "via": "192.0.2.1"}],
            },
        )
        self.assertTrue(found["nic1"]["dhcp4"])
        self.assertEqual(found["nic2"]["addresses"], ["2001:db8::7/128"])

    def test_bad_keys(self) -> None:
        """What is no public key is refused; a private key is not repeated in full."""
        with self.assertRaisesRegex(ValueError, "in ssh_keys is no public key") as caught:
            cloud_init.ssh_keys({"OSP_SSH_KEYS": "-----BEGIN OPENSSH PRIVATE KEY-----" + "s" * 99})
        self.assertLess(len(str(caught.exception)), 100)


class ImageTests(TestCase):
    """The definition ``image`` as a node runs it."""

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        """Make a node with an image and two disks."""
        if shutil.which("qemu-img") is None:
            raise unittest.SkipTest("qemu-img is not installed here")
        reactor: Any = global_reactor
        self.root = os.path.abspath(self.mktemp())
        paths = Paths(self.root, "node1.example.com", SHARE)
        clock = Clock(reactor, lambda: 1_700_000_000.0)
        files, worker = FileSystem(), InlineWorker()
        runner = ProcessRunner(reactor, clock)
        python = os.path.dirname(sys.executable)
        self.scripts = Scripts(paths, files, worker, clock, runner, python)
        self.definition = await Definitions(paths, files, worker).named("image")
        files.make_dirs(self.root, 0o755)
        self.disks = tuple(f"{self.root}/disk{n}" for n in range(2))
        for disk in self.disks:
            files.allocate(disk, 4 * 1024 * 1024, 0o600)
        self.image = f"{self.root}/image.raw"
        self.data = b"an operating system".ljust(1024 * 1024, b"!")
        files.replace(self.image, self.data, 0o644, False)

    async def run_script(self, script: str, *arguments: str, **osparams: str) -> str:
        """Run *script* and return what it said."""
        instance = Instance("uuid-i", "vm1.example.com", "uuid-n", "image", "fake")
        disks = tuple(Disk(f"uuid-{path}", "file", ["loop", path], 4) for path in self.disks)
        nics = ({"mac": "aa:00:00:00:00:01", "uuid": "n", "mode": "bridged", "link": "br0"},)
        target = Target(instance, disks, self.disks, {}, {}, nics, "node1.example.com", ())
        given = {"image": self.image, **osparams}
        if script == "verify":
            env = core(self.definition, "image", given, 0)
        else:
            env = full(self.definition, target, given, 0)
        # The sources that are tested, wherever they are installed.
        env["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        run = Run(self.definition, script, "test", "vm1.example.com", env, arguments)
        return pathlib.Path(await self.scripts.run(run)).read_text("utf-8")

    async def test_raw(self) -> None:
        """The image is written to the first disk, the seed to the last; sizes stay."""
        told = await self.run_script("create", sha256=hashlib.sha256(self.data).hexdigest())
        self.assertIn("Wrote cloud-init's seed for vm1.example.com", told)
        first, last = (pathlib.Path(disk).read_bytes() for disk in self.disks)
        self.assertEqual((first[: len(self.data)], len(first)), (self.data, 4 * 1024 * 1024))
        self.assertIn("vm1.example.com", files_of(last)["meta-data"])

    async def test_qcow2(self) -> None:
        """An image that is named .qcow2 is unpacked."""
        runner = self.scripts.processes
        packed = f"{self.root}/image.qcow2"
        program = str(shutil.which("qemu-img"))
        argv = (program, "convert", "-O", "qcow2", self.image, packed)
        made = await runner.run(Command(argv))
        self.assertTrue(made.ok)
        await self.run_script("create", image=packed)
        written = pathlib.Path(self.disks[0]).read_bytes()
        self.assertEqual(written[: len(self.data)], self.data)

    async def test_wrong_checksum(self) -> None:
        """Another image than the one that was meant is not written."""
        work = self.run_script("create", sha256="0" * 64)
        error = await self.assertFailure(Deferred.fromCoroutine(work), OpExecError)
        self.assertIn("it is another one", str(error))
        self.assertEqual(pathlib.Path(self.disks[0]).read_bytes()[:8], bytes(8))

    async def test_verify(self) -> None:
        """Parameters that can't be are refused by name."""
        await self.run_script("verify", "parameters", ssh_keys=KEY, seed="none", user="ada")
        for name, value in (
            ("image", "debian.raw"), ("format", "vmdk"), ("sha256", "abc"), ("seed", "0"),
            ("user", "Root 1"), ("ssh_keys", "secret"),
        ):  # fmt: skip
            work = self.run_script("verify", "parameters", **{name: value})
            error = await self.assertFailure(Deferred.fromCoroutine(work), OpExecError)
            self.assertIn(name, str(error))
