"""Promises of gnt-cluster init: what the command line says reaches the bootstrap program."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from ganetix.cli import bootstrap, programs
from ganetix.cli.gnt_cluster import COMMANDS
from ganetix.cli.parser import parse
from ganetix.daemons.failover import Failover
from ganetix.master.bootstrap.request import Init, Join
from ganetix_test.cli.scripted import CommandCase, job_done


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


class JoinTests(CommandCase):
    """Requests to bring in a node."""

    def joined(self, line: str) -> tuple[Join, dict[str, Any]]:
        """Return the request of the bootstrap program, and the opcode that follows it."""
        requests: list[Join] = []

        def feed(words: list[str], text: str, line: Callable[[str], None] | None) -> int:
            requests.append(msgspec.json.decode(text, type=Join))
            answer = {"name": "n9.x", "uuid": "u9", "digest": "AA", "primary_ip": "192.0.2.9",
                      "ssh_public_key": "ssh-rsa AAAA root@n9"}  # fmt: skip
            if line:
                line(json.dumps(answer))
            return 0

        self.feed = feed
        ran = self.run_command(f"gnt-node add {line} n9", [], *job_done())
        self.assertEqual(ran.code, 0, ran.err)
        [op] = ran.opcodes()
        return requests[0], op

    def test_usual(self) -> None:
        """The node's ssh is set up, and a node of another cluster is not taken."""
        asked, op = self.joined("")
        self.assertEqual(asked, Join("n9"))
        self.assertTrue(op["node_setup"])
        self.assertEqual(op["ssh_public_key"], "ssh-rsa AAAA root@n9")

    def test_options(self) -> None:
        """What the options say reaches the node."""
        asked, op = self.joined("--force-join --no-node-setup --no-ssh-key-check")
        self.assertEqual((asked.force_join, asked.node_setup), (True, False))
        self.assertEqual((asked.ssh_key_check, op["node_setup"]), (False, False))


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
