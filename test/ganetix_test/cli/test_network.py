"""Promises of gnt-network: every option becomes its parameter, what is shown, what is refused."""

from typing import Any

from ganetix_test.cli.scripted import CommandCase, followed, job_done

ADD = {"OP_ID": "OP_NETWORK_ADD", "network_name": "lan", "network": "192.0.2.0/24",
       "conflicts_check": True}  # fmt: skip
CHANGE = {"OP_ID": "OP_NETWORK_SET_PARAMS", "network_name": "lan"}
CONNECT = {"OP_ID": "OP_NETWORK_CONNECT", "network_name": "lan", "group_name": "rack1",
           "network_mode": "bridged", "network_link": "xen-br0", "network_vlan": "",
           "conflicts_check": True}  # fmt: skip
SHARED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--gateway=192.0.2.1", {"gateway": "192.0.2.1"}),
    ("--network6=2001:db8::/64", {"network6": "2001:db8::/64"}),
    ("--gateway6=2001:db8::1", {"gateway6": "2001:db8::1"}),
    ("-m aa:bb:cc", {"mac_prefix": "aa:bb:cc"}),
    ("--mac-prefix aa:bb:cc", {"mac_prefix": "aa:bb:cc"}),
    ("--add-reserved-ips 192.0.2.3,192.0.2.4", {"add_reserved_ips": ["192.0.2.3", "192.0.2.4"]}),
    ("--add-reserved-ips=", {"add_reserved_ips": []}),
)  # fmt: skip
JOB: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--dry-run", {"dry_run": True}),
    ("--priority low", {"priority": 10}),
)  # fmt: skip
ROW = ["lan", "192.0.2.0/25", "192.0.2.1", None, None, "aa:bb:cc", 96, 32,
       "X" * 32 + "." * 96, [["rack1", "bridged", "br0", ""]], ["vm1"],
       "192.0.2.0, 192.0.2.1", 3, "lan-uuid"]  # fmt: skip


class ChangeTests(CommandCase):
    """gnt-network add, modify, remove, connect, disconnect."""

    def sends(self, line: str, *expected: dict[str, Any]) -> None:
        """Look that *line* sends just the opcode *expected*."""
        ran = self.run_command(f"gnt-network {line}", *job_done())
        self.assertEqual(ran.opcodes(), list(expected), line)
        self.assertEqual(ran.code, 0, ran.err)

    def test_add(self) -> None:
        """Each option becomes its parameter, and nothing else is sent."""
        more = (
            ("--no-conflicts-check", {"conflicts_check": False}),
            ("--tags=a,b", {"tags": ["a", "b"]}),
        )
        for option, fields in (*SHARED, *JOB, *more):
            self.sends(f"add --network=192.0.2.0/24 {option} lan", {**ADD, **fields})
        ran = self.run_command("gnt-network add lan", 1)
        self.assertEqual((ran.code, ran.requests), (1, []))
        self.assertIn("--network=", ran.err)

    def test_modify(self) -> None:
        """The same for changes; none takes a value away, and a change of nothing is refused."""
        more: tuple[tuple[str, dict[str, Any]], ...] = (
            ("--remove-reserved-ips 192.0.2.3", {"remove_reserved_ips": ["192.0.2.3"]}),
            ("--gateway none", {"gateway": "none"}),
            ("--network6 none --gateway6 none --mac-prefix none",
             {"network6": "none", "gateway6": "none", "mac_prefix": "none"}),
        )  # fmt: skip
        for option, fields in (*SHARED, *more):
            self.sends(f"modify {option} lan", {**CHANGE, **fields})
        for option, fields in JOB:
            self.sends(
                f"modify {option} --gateway=none lan", {**CHANGE, "gateway": "none", **fields}
            )
        ran = self.run_command("gnt-network modify lan", 1)
        self.assertEqual((ran.code, ran.requests), (1, []))
        self.assertIn("gnt-network modify --help", ran.err)

    def test_remove(self) -> None:
        """The network goes, by force or not."""
        op = {"OP_ID": "OP_NETWORK_REMOVE", "network_name": "lan"}
        for option, fields in (("", {"force": False}), ("-f", {"force": True})):
            self.sends(f"remove {option} lan", {**op, **fields})
        for option, fields in JOB:
            self.sends(f"remove {option} lan", {**op, "force": False, **fields})

    def test_submitted(self) -> None:
        """A job is not followed when that is asked for; its number can be had."""
        for line in ("add --network=192.0.2.0/24 x", "modify --gateway=none x", "remove x"):
            command, rest = line.split(" ", 1)
            ran = self.run_command(f"gnt-network {command} --submit --print-jobid {rest}", 7)
            self.assertEqual((ran.code, ran.out, ran.calls()), (0, "7\n", ["SubmitJob"]), line)

    def test_connect(self) -> None:
        """Options become parameters; without a mode the usual one is taken."""
        for option, fields in (
            ("", {}),
            ("--no-conflicts-check", {"conflicts_check": False}),
            ("--priority high", {"priority": -10}),
            ("-N mode=routed,link=br7,vlan=8",
             {"network_mode": "routed", "network_link": "br7", "network_vlan": "8"}),
            ("--nic-parameters link=br7", {"network_link": "br7"}),
        ):  # fmt: skip
            ran = self.run_command(
                f"gnt-network connect {option} lan rack1", [[True, 7]], *followed()
            )
            self.assertEqual(ran.opcodes(), [{**CONNECT, **fields}], option)
            self.assertEqual(ran.code, 0)
        ran = self.run_command("gnt-network connect -N colour=red lan rack1", 1)
        self.assertEqual((ran.code, ran.requests), (1, []))

    def test_all_groups(self) -> None:
        """Without groups all are meant, a job each; one that fails makes the exit code 1."""
        for verb in ("connect", "disconnect"):
            ran = self.run_command(
                f"gnt-network {verb} lan", [["rack1"], ["rack2"]], [[True, 7], [True, 8]],
                *followed(), *followed(),
            )  # fmt: skip
            self.assertEqual([op["group_name"] for op in ran.opcodes()], ["rack1", "rack2"])
            self.assertEqual(ran.code, 0)
            ran = self.run_command(f"gnt-network {verb} lan rack1", [[False, "full"]])
            self.assertEqual(ran.code, 1)

    def test_disconnect(self) -> None:
        """Groups that are named are disconnected."""
        op = {"OP_ID": "OP_NETWORK_DISCONNECT", "network_name": "lan", "group_name": "rack1"}
        for option, fields in (("", {}), ("--priority low", {"priority": 10})):
            line = f"gnt-network disconnect {option} lan rack1"
            ran = self.run_command(line, [[True, 7]], *followed())
            self.assertEqual(ran.opcodes(), [{**op, **fields}])

    def test_tags(self) -> None:
        """Tags are those of networks."""
        self.sends(
            "add-tags lan a b",
            {"OP_ID": "OP_TAGS_SET", "kind": "network", "name": "lan", "tags": ["a", "b"]},
        )
        self.sends(
            "remove-tags lan a",
            {"OP_ID": "OP_TAGS_DEL", "kind": "network", "name": "lan", "tags": ["a"]},
        )
        ran = self.run_command("gnt-network list-tags lan", ["b", "a"])
        self.assertEqual((ran.out, ran.args("QueryTags")), ("a\nb\n", ["network", "lan"]))


class ShowTests(CommandCase):
    """gnt-network info and list."""

    def test_info(self) -> None:
        """Range, pool, map, connections and users are shown."""
        users = [["vm1", ["192.0.2.9", None, "203.0.113.1"], ["lan-uuid", "lan-uuid", None]]]
        ran = self.run_command("gnt-network info lan", [ROW], users)
        self.assertEqual(ran.code, 0, ran.err)
        for line in (
            "Network name: lan",
            "  Subnet: 192.0.2.0/25",
            "  IPv6 Subnet: None",
            "  Size: 128",
            "  Free: 96 (75.00%)",
            "         0 " + "X" * 32 + "." * 32 + " 63",
            "        64 " + "." * 64 + " 127",
            "    192.0.2.0, 192.0.2.1",
            "    rack1 (mode:bridged link:br0 vlan:)",
            "    vm1: 192.0.2.9, None",
        ):
            self.assertIn(f"{line}\n", ran.out)
        self.assertEqual(ran.args("QueryInstances")[0], ["vm1"])

    def test_unused(self) -> None:
        """A network that nobody uses says so, without a question more."""
        row = [*ROW[:9], [], [], "", *ROW[12:]]
        ran = self.run_command("gnt-network info", [row])
        self.assertIn("  Connected to no node group\n", ran.out)
        self.assertIn("  Used by no instance\n", ran.out)
        self.assertEqual(ran.calls(), ["QueryNetworks"])

    def test_unknown(self) -> None:
        """A name that there is not is an error."""
        ran = self.run_command("gnt-network info nothing", [])
        self.assertEqual(ran.code, 1)
        self.assertIn("gnt-network list", ran.err)

    def test_list(self) -> None:
        """Connections are shown readably."""
        fields = [
            {"name": name, "title": name, "kind": "other", "doc": name}
            for name in ("name", "group_list", "tags")
        ]
        groups = [["rack1", "bridged", "br0", ""], ["rack2", "routed", "x", "3"]]
        answer = {"fields": fields, "data": [[[0, "lan"], [0, groups], [0, ["a", "b"]]]]}
        ran = self.run_command("gnt-network list --no-headers -o name,group_list,tags", answer)
        self.assertEqual(ran.out, "lan rack1 (bridged, br0, ), rack2 (routed, x, 3) a,b\n")
