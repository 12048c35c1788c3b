"""Tests of `vcluster-setup`: plan, network, files."""

import os
import pathlib
import stat

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.toolkit.hosts import parse_hosts
from ganetix.vcluster import network, setup
from ganetix.vcluster.control import perform
from ganetix.vcluster.plan import ACTIONS, Plan


def everything(address: str, port: int) -> bool:
    """Say that nothing listens anywhere."""
    return True


class PlanTests(SynchronousTestCase):
    """What goes where."""

    def setUp(self) -> None:
        """Use a directory of this test alone."""
        self.directory = os.path.realpath(self.mktemp())

    def planned(self, nodes: int = 3, prefix: str | None = None) -> Plan:
        """Return a plan for the directory."""
        return setup.planned(self.directory, nodes, 5, prefix, everything)

    def test_names_resolve(self) -> None:
        """Cluster, nodes and instances have addresses of one network, all different."""
        plan = self.planned()
        hosts = parse_hosts(plan.hosts())
        names = ["cluster.example.com", *plan.node_names(), "instance5.example.com"]
        addresses = [hosts[name].address for name in names]
        self.assertEqual(len(set(addresses)), len(names))
        self.assertTrue(all(address.startswith(f"{plan.prefix}.") for address in addresses))
        self.assertEqual(hosts["node2"], hosts["node2.example.com"])

    def test_network_is_kept(self) -> None:
        """Set up again, a cluster keeps its addresses, and can't be given others."""
        plan = self.planned()
        setup.make(plan)
        self.assertEqual(self.planned(4).prefix, plan.prefix)
        with self.assertRaises(errors.GenericError) as caught:
            self.planned(3, "127.200.200")
        self.assertIn(plan.prefix, caught.exception.message)

    def test_more_nodes_not_fewer(self) -> None:
        """A cluster grows; asking for fewer nodes than there are is refused."""
        setup.make(self.planned(3))
        setup.make(self.planned(4))
        self.assertEqual(setup.node_directories(self.directory), self.planned(4).node_names())
        self.assertRaises(errors.GenericError, self.planned, 2)

    def test_numbers_that_do_not_fit(self) -> None:
        """No node, too many nodes and networks that are no loopback are refused in words."""
        for nodes, prefix in ((0, None), (81, None), (3, "10.0.0"), (3, "127.0.300")):
            with self.assertRaises(errors.GenericError) as caught:
                self.planned(nodes, prefix)
            self.assertTrue(caught.exception.message.endswith("."))

    def test_files(self) -> None:
        """Every node has its directories and ``cmd``; scripts may be executed."""
        plan = self.planned(2)
        setup.make(plan)
        base = pathlib.Path(self.directory)
        for name in plan.node_names():
            self.assertTrue((base / name / "var/lib/ganeti").is_dir())
            text = (base / name / "cmd").read_text("utf-8")
            self.assertIn(f"GANETI_HOSTNAME={name}\n", text)
            self.assertIn(f"GANETI_ROOTDIR={base / name}\n", text)
        scripts = [base / f"{action}-all" for action in ACTIONS]
        scripts += [base / name / "cmd" for name in plan.node_names()]
        self.assertTrue(all(path.stat().st_mode & stat.S_IXUSR for path in scripts))

    def test_shared_storage_is_shared(self) -> None:
        """What one node writes to its shared file storage the others see."""
        plan = self.planned(2)
        setup.make(plan)
        first, second = (
            pathlib.Path(plan.root(name), "srv/ganeti/shared-file-storage")
            for name in plan.node_names()
        )
        (first / "disk").write_text("content", "ascii")
        self.assertEqual((second / "disk").read_text("ascii"), "content")

    def test_edited_files_stay(self) -> None:
        """Set up again, the allowed storage paths that an administrator changed are kept."""
        plan = self.planned(1)
        setup.make(plan)
        allowed = pathlib.Path(plan.root("node1.example.com"), "etc/ganeti/file-storage-paths")
        allowed.write_text("/srv/elsewhere\n", "ascii")
        setup.make(plan)
        self.assertEqual(allowed.read_text("ascii"), "/srv/elsewhere\n")

    def test_long_path_is_said(self) -> None:
        """A directory below which sockets have too long names comes with a warning."""
        self.directory = os.path.join(self.directory, "d" * 120)
        (warning,) = setup.warnings(self.planned(1))
        self.assertIn("107", warning)


class NetworkTests(SynchronousTestCase):
    """Choosing a free loopback network."""

    def test_taken_networks_are_passed_over(self) -> None:
        """The first prefix whose addresses are all free is chosen."""
        first, second = list(network.prefixes("/some/where"))[:2]

        def usable(address: str, port: int) -> bool:
            return not address.startswith(f"{first}.")

        chosen = network.free_prefix("/some/where", lambda prefix: [f"{prefix}.11"], usable)
        self.assertEqual(chosen, second)

    def test_none_free(self) -> None:
        """When every network is in use the sentence says how to give one."""
        with self.assertRaises(errors.GenericError) as caught:
            network.free_prefix("/some/where", lambda prefix: [prefix], lambda *_: False)
        self.assertIn("--network", caught.exception.message)

    def test_prefixes_are_loopback(self) -> None:
        """Only 127.1 to 127.254 are tried, each once."""
        tried = list(network.prefixes("/some/where"))
        self.assertEqual(len(set(tried)), len(tried))
        for prefix in tried:
            first, second, third = (int(part) for part in prefix.split("."))
            self.assertEqual(first, 127)
            self.assertTrue(1 <= second <= 254 and 1 <= third <= 254)


class ControlTests(SynchronousTestCase):
    """The scripts for all nodes."""

    def test_every_node_is_told(self) -> None:
        """Restarting stops all nodes at once, then starts all; one failure is not lost."""
        told: list[list[tuple[str, ...]]] = []

        def run(commands: object) -> list[int]:
            told.append([tuple(row) for row in commands])  # type: ignore[attr-defined]  # a list
            return [0, 1]

        self.assertEqual(perform("/c", ["node1.x", "node2.x"], "restart", run), 1)
        self.assertEqual(
            told,
            [
                [("/c/node1.x/cmd", "daemon-util", verb), ("/c/node2.x/cmd", "daemon-util", verb)]
                for verb in ("stop-all", "start-all")
            ],
        )
