"""What a node sees around it."""

import hashlib
from typing import Any

import attrs

from ganetix.node.inspect import HELPER, SSH, STATUS, Inspection
from ganetix.process.command import Command, Result
from ganetix.rpc.tables.verify import DrbdFacts, Inspect, Inspected, Peer, VolumeFacts
from ganetix.testing.cases import AwaitingTestCase
from ganetix.toolkit.files import FileSystem
from ganetix_test.node.made import BASE, CONTEXT, ending, make

DRBD = """\
version: 8.4.11 (api:1/proto:86-101)
 3: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----
 4: cs:Unconfigured
"""
PEERS = [
    Peer("node2", "192.0.2.2", "198.51.100.2", 22),
    Peer("node3", "192.0.2.3", "", 2222),
]


@attrs.frozen
class Elsewhere(FileSystem):
    """The real files, but for the kernel's."""

    texts: dict[str, str] = attrs.field(factory=dict)

    def read(self, path: str) -> bytes:
        """See `IFileSystem`."""
        return self.texts[path].encode() if path in self.texts else super().read(path)


class InspectionTests(AwaitingTestCase):
    """A node on real files, with programs and a network that are told of."""

    def setUp(self) -> None:
        """Make the node."""
        self.node = make(self)
        self.files = Elsewhere()
        self.tried: list[tuple[str, int]] = []
        self.closed: dict[str, str] = {}

        async def reach(address: str, port: int) -> str:
            self.tried.append((address, port))
            return self.closed.get(address, "")

        made: Inspection = self.node.services.inspection
        self.inspection = attrs.evolve(made, files=self.files, reach=reach, port=1811)

    def inspect(self, **fields: Any) -> Inspected:
        """Look."""
        return self.awaited(self.inspection.inspect(Inspect(**fields), CONTEXT))

    def test_nothing(self) -> None:
        """What is not asked for is not looked at."""
        self.assertEqual(self.inspect(), Inspected())
        self.assertEqual((self.tried, self.node.processes.ran), ([], []))

    def test_ssconf(self) -> None:
        """Digests of the values that are here."""
        self.node.write(self.node.paths.ssconf("cluster_name"), "c\n")
        found = self.inspect(ssconf=["cluster_name", "missing"]).ssconf
        self.assertEqual(found, {"cluster_name": hashlib.sha1(b"c\n").hexdigest()})

    def test_network(self) -> None:
        """Both addresses of each node are tried; the one that fails is named."""
        self.closed = {"198.51.100.2": "refused"}
        found = self.inspect(peers=PEERS).unreachable
        self.assertEqual(found, {"node2": "198.51.100.2, port 1811: refused"})
        self.assertEqual(len(self.tried), 3)

    def test_ssh(self) -> None:
        """Every node is tried by ssh at its port, with the cluster's host keys, asking nothing."""
        self.node.write(self.node.paths.ssconf("cluster_name"), "c.example.com\n")

        async def program(command: Command) -> Result:
            return Result(command, 255 if "root@node3" in command.argv else 0, b"", b"no route")

        self.node.processes.programs[SSH] = program
        found = self.inspect(peers=PEERS, ssh=True).ssh
        self.assertEqual(list(found), ["node3"])
        self.assertIn("no route", found["node3"])
        argv = self.node.processes.ran[1].argv
        for word in ("-oBatchMode=yes", "-oHostKeyAlias=c.example.com", "2222", "true"):
            self.assertIn(word, argv)

    def test_clutter(self) -> None:
        """Who has two keys of a kind is named."""
        path = self.node.paths.at("/root/.ssh/authorized_keys")
        rows = ["ssh-rsa A root@node1", "ssh-rsa B root@node1", "ssh-rsa C root@node2",
                "ssh-dss D root@node2", "# ssh-rsa X root@node2", ""]  # fmt: skip
        self.node.write(path, "\n".join(rows))
        self.assertEqual(self.inspect(clutter=True).clutter, ["root@node1"])

    def test_volumes(self) -> None:
        """The cluster's group with its parts; a group that is not there; no LVM at all."""
        self.assertIn("vgs", (self.inspect(vg_name="xenvg").volumes or VolumeFacts()).error)
        for program, output in (
            ("vgs", b"  xenvg|1073741824|0|2\n"),
            ("pvs", b"  /dev/b|xenvg|1048576|0|a--\n  /dev/c|xenvg|2097152|0|a--\n"),
            ("lvs", b"  xenvg|x.disk0|1048576|-wi-a-----\n"),
        ):
            self.node.processes.programs[f"/usr/sbin/{program}"] = ending(0, output)
        found = self.inspect(vg_name="xenvg").volumes
        self.assertEqual(found, VolumeFacts("", 1024, [1, 2], ["x.disk0"]))
        self.assertEqual(self.inspect(vg_name="other").volumes, VolumeFacts())
        more = self.inspect(vg_name="xenvg", other_groups=["xenvg", "gone"]).volumes
        assert more is not None
        self.assertEqual(more.elsewhere, ["xenvg/x.disk0"])

    def test_drbd(self) -> None:
        """Version, helper and configured minors; nothing without the module."""
        self.files.texts.update({STATUS: DRBD, HELPER: "/bin/true\n"})
        self.assertEqual(self.inspect(drbd=True).drbd, DrbdFacts("8.4.11", "/bin/true", [3]))
        self.files.texts.update({STATUS: "", HELPER: ""})
        self.assertEqual(self.inspect(drbd=True).drbd, DrbdFacts())

    def test_programs(self) -> None:
        """Programs must be there and executable."""
        self.node.write(self.node.paths.at("/sbin/text"), "")
        self.node.write(self.node.paths.at("/sbin/good"), "", 0o755)
        found = self.inspect(programs=["/sbin/text", "/sbin/good"], scripts=["/sbin/none"])
        self.assertEqual(found.programs, {"/sbin/text": "is not an executable file"})
        self.assertEqual(found.scripts, {"/sbin/none": "is not there"})

    def test_forbidden(self) -> None:
        """Directories in the node's list that must not hold disks are told."""
        self.node.write(self.node.paths.file_storage_paths_file, f"{BASE}\n/usr/lib\n")
        [text] = self.inspect().forbidden
        self.assertIn("/usr/lib", text)
