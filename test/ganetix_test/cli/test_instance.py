"""Promises of gnt-instance: each command line becomes its opcode; questions; output."""

from typing import Any

from ganetix import errors
from ganetix.cli import programs
from ganetix_test.cli.scripted import CommandCase, Ran, followed, job_done

COMMON = {
    "instance_name": "web1", "mode": "create", "force_variant": False, "no_install": False,
    "start": True, "wait_for_sync": True, "ip_check": False, "name_check": False,
    "conflicts_check": True, "ignore_ipolicy": False, "opportunistic_locking": False,
    "forthcoming": False, "commit": False, "OP_ID": "OP_INSTANCE_CREATE",
}  # fmt: skip


class AddTests(CommandCase):
    """gnt-instance add."""

    def test_opcodes(self) -> None:
        """Disks, interfaces, placement and parameters, by table."""
        for line, expected in (
            ("-t diskless -o noop -n node1 --no-nics web1",
             {"disk_template": "diskless", "disks": [], "os_type": "noop", "pnode": "node1",
              "nics": []}),
            ("-t drbd -s 10g -n a:b -B memory=1g,vcpus=2 web1",
             {"disk_template": "drbd", "disks": [{"size": 10240}], "nics": [{}], "pnode": "a",
              "snode": "b", "beparams": {"memory": 1024, "vcpus": 2}}),
            ("-t file --disk 1:size=1g --disk 0:size=512,name=root -I hail --no-install web1",
             {"disk_template": "file", "disks": [{"size": 512, "name": "root"}, {"size": 1024}],
              "nics": [{}], "iallocator": "hail", "no_install": True, "start": False}),
            ("-t plain --disk 0:adopt=lv1,vg=xenvg --net 0:mac=generate,link=br0 --no-start"
             " -H kvm:acpi=false,no_pae --tags a,b -O dns=1 --ip-check --name-check web1",
             {"disk_template": "plain", "disks": [{"adopt": "lv1", "vg": "xenvg"}],
              "nics": [{"mac": "generate", "link": "br0"}], "start": False, "hypervisor": "kvm",
              "hvparams": {"acpi": "false", "pae": False}, "tags": ["a", "b"],
              "osparams": {"dns": "1"}, "ip_check": True, "name_check": True}),
        ):  # fmt: skip
            ran = self.run_command(f"gnt-instance add {line}", *job_done(["node1"]))
            self.assertEqual(ran.opcodes(), [{**COMMON, **expected}], line)
            self.assertEqual(ran.code, 0, ran.err)

    def test_refused(self) -> None:
        """What does not fit together is refused before anything is asked of the master."""
        for line in (
            "-t plain -n node1 web1",
            "-t diskless -s 5g web1",
            "-s 5g --disk 0:size=5g web1",
            "-s 5g --no-nics --net 0:link=x web1",
            "--disk 0:name=x web1",
            "--disk 0:size=5g,adopt=x web1",
            "--disk x:size=5g web1",
        ):
            ran = self.run_command(f"gnt-instance add {line}", 1)
            self.assertEqual((ran.code, ran.requests), (1, []), line)
            self.assertIn("Failure", ran.err)


class StateTests(CommandCase):
    """startup, shutdown, reboot, reinstall."""

    def test_one(self) -> None:
        """One instance is one job, without a question."""
        ran = self.run_command("gnt-instance start -B memory=256 --paused web1", *job_done())
        self.assertEqual(
            ran.opcodes(),
            [
                {
                    "OP_ID": "OP_INSTANCE_STARTUP",
                    "instance_name": "web1",
                    "force": False,
                    "ignore_offline_nodes": False,
                    "no_remember": False,
                    "startup_paused": True,
                    "beparams": {"memory": 256},
                }
            ],
        )
        self.assertEqual(self.asked, [])

    def test_several(self) -> None:
        """Several are asked about, submitted together, and followed; one failure is exit 1."""
        self.typed = ["y\n"]
        failed = [[["error"], []], [["error", ["error"], [["OpExecError", ["no memory"]]]]]]
        answers = [[[True, 1], [True, 2]], *followed(), *failed]
        ran = self.run_command("gnt-instance stop --timeout 30 web1 web2", *answers)
        self.assertEqual(ran.code, 1)
        self.assertEqual([op["instance_name"] for op in ran.opcodes()], ["web1", "web2"])
        self.assertEqual({op["timeout"] for op in ran.opcodes()}, {30})
        self.assertIn("web2", self.asked[0])
        self.assertIn("no memory", ran.err)

    def test_not_confirmed(self) -> None:
        """Without an answer, as without a terminal, nothing is done."""
        ran = self.run_command("gnt-instance reboot web1 web2", 1)
        self.assertEqual((ran.code, ran.requests), (1, []))

    def test_all(self) -> None:
        """--all takes every instance; --force-multiple does not ask."""
        names = [["web1"], ["web2"]]
        ran = self.run_command(
            "gnt-instance reboot --all --force-multiple -t full", names,
            [[True, 1], [True, 2]], *followed(), *followed())  # fmt: skip
        self.assertEqual([op["reboot_type"] for op in ran.opcodes()], ["full", "full"])
        self.assertEqual((ran.code, self.asked), (0, []))

    def test_chosen(self) -> None:
        """Instances by node, primary, secondary and tags."""
        nodes: list[Any] = [["n1", ["red"], ["a", "b"], ["c"]], ["n2", [], ["c"], ["a"]]]
        halves = [[name, tags, first] for name, tags, first, _ in nodes]
        for option, argument, answer, expected in (
            ("--node", "n1 n2", nodes, ["a", "b", "c"]),
            ("--primary", "n1 n2", halves, ["a", "b", "c"]),
            ("--node-tags", "red", nodes, ["a", "b", "c"]),
            ("--pri-node-tags", "red", halves, ["a", "b"]),
            ("--tags", "blue", [["x", ["blue"]], ["y", []]], ["x"]),
        ):
            taken = [[True, number] for number in range(len(expected))]
            submitted = taken if len(expected) > 1 else 5
            follows = [answer for _ in expected for answer in followed()]
            ran = self.run_command(
                f"gnt-instance start --force-multiple {option} {argument}",
                answer, submitted, *follows)  # fmt: skip
            self.assertEqual([op["instance_name"] for op in ran.opcodes()], expected, option)

    def test_names_needed(self) -> None:
        """No name is refused, and so is --all with a name."""
        for line in ("gnt-instance start", "gnt-instance start --all web1"):
            self.assertEqual(self.run_command(line, 1).code, 1)

    def test_reinstall(self) -> None:
        """Reinstalling asks even for one, and passes the system on."""
        self.typed = ["yes\n"]
        ran = self.run_command("gnt-instance reinstall -o noop+x web1", *job_done())
        self.assertEqual(ran.opcodes()[0]["os_type"], "noop+x")
        self.assertIn("losing", self.asked[0])

    def test_reinstall_several(self) -> None:
        """For several -f is not enough: it asks, unless --force-multiple is given."""
        self.typed = ["no\n"]
        line = "gnt-instance reinstall"
        ran = self.run_command(f"{line} -f web1 web2", 1)
        self.assertEqual((ran.code, ran.requests, len(self.asked)), (1, [], 1))
        ran = self.run_command(f"{line} --force-multiple web1 web2", [[True, 7], [True, 8]])
        self.assertEqual((len(ran.opcodes()), len(self.asked)), (2, 1))

    def test_select_os(self) -> None:
        """--select-os shows the systems and takes the chosen one."""
        self.typed = ["1\n"]
        found = [["debian", ["a", "b"]], ["noop", []]]
        line = "gnt-instance reinstall -f --select-os web1"
        ran = self.run_command(line, *job_done(found), *job_done())
        self.assertEqual(ran.opcodes()[1]["os_type"], "debian+b")
        self.assertIn("2: noop", self.asked[0])


class ChangeTests(CommandCase):
    """The other commands that change instances."""

    def one(self, line: str, *results: Any) -> dict[str, Any]:
        """Run *line*, which submits one job, and return its opcode."""
        ran = self.run_command(line, *(results or job_done()))
        self.assertEqual(ran.code, 0, ran.err)
        [op] = ran.opcodes()
        return op

    def test_move(self) -> None:
        """With -f failover and migrate ask nothing."""
        op = self.one("gnt-instance failover -f --ignore-consistency --cleanup web1")
        self.assertEqual((op["ignore_consistency"], op["cleanup"], op["shutdown_timeout"]),
                         (True, True, 120))  # fmt: skip
        op = self.one("gnt-instance migrate -f --non-live -n node3 web1")
        self.assertEqual((op["mode"], op["target_node"]), ("non-live", "node3"))
        op = self.one("gnt-instance migrate -f --allow-failover --no-runtime-changes web1")
        self.assertEqual((op.get("mode"), op["allow_failover"], op["allow_runtime_changes"]),
                         (None, True, False))  # fmt: skip

    def test_move_asks(self) -> None:
        """Without -f the instance must exist, and the user must say yes."""
        for verb in ("failover", "migrate", "remove"):
            ran = self.run_command(f"gnt-instance {verb} web1", [])
            self.assertEqual((ran.code, ran.calls()), (1, ["QueryInstances"]), verb)
            self.assertIn("web1", ran.err)
            self.typed = ["n\n"]
            ran = self.run_command(f"gnt-instance {verb} web1", [["web1"]])
            self.assertEqual((ran.code, ran.calls()), (1, ["QueryInstances"]), verb)
            self.typed = ["y\n"]
            ran = self.run_command(f"gnt-instance {verb} web1", [["web1"]], *job_done())
            self.assertEqual((ran.code, len(ran.opcodes())), (0, 1), verb)

    def test_contradiction(self) -> None:
        """--non-live and --migration-mode exclude each other."""
        line = "gnt-instance migrate -f --non-live --migration-mode live web1"
        self.assertEqual(self.run_command(line, 1).code, 1)

    def test_rename(self) -> None:
        """The new name is printed; without a name check the user is asked about a short one."""
        ran = self.run_command("gnt-instance rename --name-check a b", *job_done("b.example.com"))
        self.assertIn("b.example.com", ran.out)
        self.assertEqual((ran.opcodes()[0]["new_name"], self.asked), ("b", []))
        self.assertEqual(self.run_command("gnt-instance rename a b", 1).code, 1)
        whole = self.run_command("gnt-instance rename a b.example.com", *job_done("b.example.com"))
        self.assertEqual(whole.code, 0)

    def test_grow(self) -> None:
        """Sizes have units; the disk is a number."""
        op = self.one("gnt-instance grow-disk --absolute web1 1 2g")
        self.assertEqual((op["disk"], op["amount"], op["absolute"]), (1, 2048, True))
        self.assertEqual(self.run_command("gnt-instance grow-disk web1 x 2g", 1).code, 1)
        self.assertEqual(self.run_command("gnt-instance grow-disk web1 0 2x", 1).code, 1)

    def test_disks(self) -> None:
        """activate-disks prints node, name and device of each disk."""
        line = "gnt-instance activate-disks --wait-for-sync web1"
        ran = self.run_command(line, *job_done([["node1", "disk/0", "/dev/drbd0"]]))
        self.assertEqual(ran.out, "node1:disk/0:/dev/drbd0\n")
        self.assertTrue(ran.opcodes()[0]["wait_for_sync"])
        self.assertTrue(self.one("gnt-instance deactivate-disks -f web1")["force"])

    def test_replace_disks(self) -> None:
        """One of the ways to replace is chosen; none or two are refused."""
        op = self.one("gnt-instance replace-disks -s --disks 0,2 --early-release web1")
        self.assertEqual((op["mode"], op["disks"]), ("replace_on_secondary", [0, 2]))
        self.assertTrue(op["early_release"])
        op = self.one("gnt-instance replace-disks -n node3 web1")
        self.assertEqual((op["mode"], op["remote_node"]), ("replace_new_secondary", "node3"))
        op = self.one("gnt-instance replace-disks -I hail web1")
        self.assertEqual((op["mode"], op["iallocator"]), ("replace_new_secondary", "hail"))
        self.assertEqual(self.one("gnt-instance replace-disks -a web1")["mode"], "replace_auto")
        for words in ("", "-p -s ", "-p --disks x "):
            self.assertEqual(self.run_command(f"gnt-instance replace-disks {words}web1", 1).code, 1)

    def test_recreate_disks(self) -> None:
        """Disks have numbers and may have another size; nodes are primary and secondary."""
        op = self.one("gnt-instance recreate-disks --disk 1:size=2g -n node2:node3 web1")
        self.assertEqual(op["disks"], [[1, {"size": 2048}]])
        self.assertEqual(op["nodes"], ["node2", "node3"])
        self.assertEqual(self.one("gnt-instance recreate-disks web1")["disks"], [])

    def test_modify(self) -> None:
        """Changes become the opcode's, and what was changed is printed."""
        line = (
            "gnt-instance modify -B memory=2g --disk add:size=1g --net 0:remove --offline"
            " -m 512 -t drbd -n node2 web1"
        )
        ran = self.run_command(line, *job_done([["be/maxmem", 2048]]))
        self.assertIn("be/maxmem", ran.out)
        [op] = ran.opcodes()
        picked = {key: op[key] for key in ("beparams", "disks", "nics", "offline", "runtime_mem",
                                           "remote_node", "hotplug")}  # fmt: skip
        self.assertEqual(
            picked,
            {"beparams": {"memory": 2048}, "disks": [["add", -1, {"size": 1024}]],
             "nics": [["remove", 0, {}]], "offline": True, "runtime_mem": 512,
             "remote_node": "node2", "hotplug": True},
        )  # fmt: skip

    def test_modify_nothing(self) -> None:
        """No change is refused, and so are two that contradict."""
        for line in ("gnt-instance modify web1", "gnt-instance modify --online --offline web1"):
            self.assertEqual(self.run_command(line, 1).code, 1)


DATA = {
    "name": "web1", "uuid": "u-1", "serial_no": 4, "ctime": None, "mtime": None,
    "config_state": "up", "run_state": "down", "pnode": "n1", "pnode_group_name": "default",
    "pnode_group_uuid": "g-1", "snodes": ["n2"], "snodes_group_names": ["default"],
    "snodes_group_uuids": ["g-1"], "os": "noop", "os_instance": {}, "os_actual": {},
    "network_port": 11000, "hypervisor": "fake", "hv_instance": {},
    "hv_actual": {"migration_mode": "live"}, "be_instance": {"vcpus": 2},
    "be_actual": {"memory": 128, "vcpus": 2},
    "nics": [["eth", "u-n", None, "aa:00:00:01:02:03", "bridged", "", "br0", None, None]],
    "disk_template": "drbd",
    "disks": [{"iv_name": "disk/0", "dev_type": "drbd", "size": 1024, "mode": "rw",
               "logical_id": ["u1", "u2", 11000, 0, 3, None], "name": None, "uuid": "u-d",
               "spindles": None,
               "drbd_info": {"primary_node": "n1", "primary_minor": 0, "secondary_node": "n2",
                             "secondary_minor": 3, "port": 11000},
               "pstatus": ["/dev/drbd0", 147, 0, 50.0, 10, True, 1],
               "sstatus": ["/dev/drbd3", 147, 3, 50.0, 10, True, 2],
               "children": [{"iv_name": None, "dev_type": "plain", "size": 1024, "mode": "rw",
                             "logical_id": ["xenvg", "lv"], "name": None, "uuid": "u-c",
                             "pstatus": None, "sstatus": None, "children": []}]}],
}  # fmt: skip


class InfoTests(CommandCase):
    """gnt-instance info."""

    def info(self, line: str) -> Ran:
        """Run *line* against one instance."""
        return self.run_command(line, *job_done({"web1": DATA}))

    def test_shown(self) -> None:
        """State, nodes, parameters with their source, interfaces and disks are told."""
        ran = self.info("gnt-instance info web1")
        for line in (
            "- Instance name: web1",
            "  State: configured to be up, actual state is down",
            "    primary: n1",
            "      - n2 (group default, group UUID g-1)",
            "  Allocated network port: 11000",
            "    migration_mode: default (live)",
            "    memory: default (128)",
            "    vcpus: 2",
            "    - nic/0:",
            "    - disk/0: drbd, size 1.0G",
            "      nodeA: n1, minor=0",
            "      nodeB: n2, minor=3",
            "      port: 11000",
            "      on primary: /dev/drbd0 (147:0), 50.00% in sync, 10 s to go, degraded",
            "      on secondary: /dev/drbd3 (147:3), 50.00% in sync, 10 s to go, degraded,"
            " disk state syncing",
            "        - disk/0: plain, size 1.0G",
            "          logical_id: xenvg/lv",
        ):
            self.assertIn(f"{line}\n", ran.out)
        op = {"OP_ID": "OP_INSTANCE_QUERY_DATA", "instances": ["web1"], "static": False,
              "use_locking": True}  # fmt: skip
        self.assertEqual(ran.opcodes(), [op])

    def test_policy(self) -> None:
        """What breaks the policy is shown, and nothing about it otherwise."""
        broken = {
            "web1": {**DATA, "policy_violations": ["nic-count value 9 is not in range [1, 8]"]}
        }
        ran = self.run_command("gnt-instance info web1", *job_done(broken))
        self.assertIn(
            "  Instance policy violations: \n    - nic-count value 9 is not in range [1, 8]\n",
            ran.out,
        )
        self.assertNotIn("violations", self.info("gnt-instance info web1").out)

    def test_roman(self) -> None:
        """--roman writes numbers as the Romans did."""
        self.assertIn("Serial number: IV\n", self.info("gnt-instance info --roman web1").out)

    def test_static_all(self) -> None:
        """--static takes no locks; --all asks for all; neither name nor --all is refused."""
        [op] = self.info("gnt-instance info -s --all").opcodes()
        self.assertEqual((op["static"], op["use_locking"], op["instances"]), (True, False, []))
        self.assertEqual(self.run_command("gnt-instance info", 1).code, 1)


class ConsoleTests(CommandCase):
    """gnt-instance console."""

    def test_kinds(self) -> None:
        """A message is printed; VNC and SPICE addresses are told; ssh is shown on request."""
        base = {"instance": "web1", "host": "n1", "port": 11000, "display": 5100, "user": "root"}
        for kind, more, said in (
            ("msg", {"message": "no console here"}, "no console here"),
            ("vnc", {}, "vnc://n1:11000/"),
            ("spice", {}, "spice://n1:11000/"),
        ):
            row = [[{**base, "kind": kind, **more}, True]]
            self.assertIn(said, self.run_command("gnt-instance console web1", row).out)
        row = [[{**base, "kind": "ssh", "command": ["xl", "console", "web1"]}, True]]
        ran = self.run_command("gnt-instance console --show-cmd web1", row, ["c.example.com"])
        self.assertIn("-oHostKeyAlias=c.example.com", ran.out)
        self.assertTrue(ran.out.rstrip().endswith("root@n1 'xl console web1'"), ran.out)

    def test_on_the_terminal(self) -> None:
        """Without --show-cmd ssh has the terminal, and the command its exit code."""
        row = {"instance": "web1", "host": "n1", "user": "root", "kind": "ssh", "command": "xl x"}
        self.programs["ssh"] = (7, "")
        ran = self.run_command("gnt-instance console web1", [[row, True]], ["c.example.com"])
        self.assertEqual((ran.code, ran.out), (7, ""))
        [command] = self.spawned
        self.assertEqual((command[0], command[-2:]), ("ssh", ["root@n1", "xl x"]))

    def test_a_program_that_is_not_there(self) -> None:
        """What can't be started is told in a sentence."""
        error = self.assertRaises(errors.OpExecError, programs.terminal, ["/nosuch/ssh"])
        self.assertIn("/nosuch/ssh can't be started: No such file", error.message)

    def test_none(self) -> None:
        """A stopped, a lost and an unknown instance are told apart."""
        for rows, said in (([[None, False]], "does not run"), ([[None, None]], "not answer"),
                           ([], "no instance")):  # fmt: skip
            ran = self.run_command("gnt-instance console web1", rows)
            self.assertEqual(ran.code, 1)
            self.assertIn(said, ran.err)
