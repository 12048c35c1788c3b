"""Promises of gnt-cluster init: what the command line says reaches the bootstrap program."""

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from ganetix.cli import bootstrap, programs
from ganetix.cli.gnt_cluster import COMMANDS
from ganetix.cli.parser import parse
from ganetix.daemons.failover import Failover
from ganetix.master.bootstrap.request import Init
from ganetix_test.cli.scripted import CommandCase


def request(line: str) -> dict[str, Any]:
    """The request for the options in *line*."""
    options, [name] = parse("gnt-cluster init", COMMANDS["init"], line.split())
    return {**bootstrap.given(options), "cluster_name": name}


class FailoverTests(CommandCase):
    """Requests to take over."""

    def test_request(self) -> None:
        """Each option of the command has a field of the request."""
        options, _ = parse("gnt-cluster master-failover", COMMANDS["master-failover"], [])
        known = {field.name for field in msgspec.structs.fields(Failover)}
        self.assertEqual(set(bootstrap.given(options)), known)

    def test_no_voting_is_confirmed(self) -> None:
        """Without a vote somebody has to say that there is no other master."""
        ran = self.run_command("gnt-cluster master-failover --no-voting")
        self.assertEqual((ran.code, len(self.asked)), (1, 1))
        self.assertIn("other master", self.asked[0])

    def test_neither_yes_nor_no(self) -> None:
        """A value that is neither is refused in words, before anything is done."""
        ran = self.run_command("gnt-cluster master-failover --ignore-offline-nodes=x")
        self.assertEqual((ran.code, ran.requests), (1, []))
        self.assertIn("--ignore-offline-nodes: 'x' is neither yes nor no.", ran.err)


class FeedTests(SynchronousTestCase):
    """What a program is given to read, and what it says."""

    def test_lines(self) -> None:
        """Each line of the output is told, and the exit code is the program's."""
        told: list[str] = []
        code = programs.feed(["sh", "-c", "cat; exit 3"], "one\ntwo\n", told.append)
        self.assertEqual((code, told), (3, ["one\n", "two\n"]))


class InitTests(SynchronousTestCase):
    """Requests for a new cluster."""

    def test_nothing_given(self) -> None:
        """Without options the program's own defaults hold."""
        self.assertEqual(
            msgspec.convert(request("c.example.com"), Init),
            Init(
                "c.example.com",
                gluster_storage_dir="/var/run/ganeti/gluster",
                hvparams=[],
                diskparams=[],
                hv_state=[],
                disk_state=[],
            ),
        )

    def test_every_option(self) -> None:
        """Each option of the command has a field of the request, and its value fits."""
        options, _ = parse("gnt-cluster init", COMMANDS["init"], ["c"])
        known = {field.name for field in msgspec.structs.fields(Init)}
        self.assertEqual(set(vars(options)) - {"debug", "reason"} - known, set())

    def test_values(self) -> None:
        """Sizes, lists, tables and switches arrive as the program takes them."""
        found = msgspec.convert(
            request(
                "--enabled-hypervisors kvm,fake -H kvm:acpi=false -B memory=1g -N link=br0"
                " --no-etc-hosts --no-ssh-init --ipolicy-vcpu-ratio 4 -C 3 --master-netmask 24"
                " --ipolicy-bounds-specs min:cpu-count=1/max:cpu-count=4 --uid-pool 1-5 c"
            ),
            Init,
        )
        self.assertEqual(
            (found.enabled_hypervisors, found.hvparams, found.nicparams, found.modify_etc_hosts,
             found.modify_ssh_setup, found.ipolicy_vcpu_ratio, found.candidate_pool_size,
             found.master_netmask, found.uid_pool),
            ("kvm,fake", [("kvm", {"acpi": "false"})], {"link": "br0"}, False, False, 4.0, 3, "24",
             "1-5"),
        )  # fmt: skip
        self.assertEqual(found.ipolicy_bounds_specs, [{"min": {"cpu-count": "1"},
                                                       "max": {"cpu-count": "4"}}])  # fmt: skip
