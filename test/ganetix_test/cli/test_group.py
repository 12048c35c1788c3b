"""Promises of gnt-group: every option becomes its parameter, what is shown, what is refused."""

from typing import Any

from ganetix_test.cli.scripted import CommandCase, followed, job_done

SIZES = {"cpu-count": 1, "disk-count": 1, "disk-size": 1024, "memory-size": 128, "nic-count": 1,
         "spindle-use": 1}  # fmt: skip
LARGE = {**SIZES, "memory-size": 4096}
PAIR = {"min": SIZES, "max": LARGE}
BOUNDS = (
    "min:cpu-count=1,disk-count=1,disk-size=1024,memory-size=128,nic-count=1,spindle-use=1/"
    "max:cpu-count=1,disk-count=1,disk-size=1024,memory-size=4096,nic-count=1,spindle-use=1"
)
POLICY: dict[str, Any] = {
    "minmax": [PAIR], "disk-templates": ["file", "plain"], "vcpu-ratio": 2.0,
    "spindle-ratio": 32.0, "std": SIZES,
}  # fmt: skip
PARAMETERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--alloc-policy last_resort", {"alloc_policy": "last_resort"}),
    ("--node-parameters ssh_port=2222,ovs=yes", {"ndparams": {"ssh_port": "2222", "ovs": "yes"}}),
    ("-D drbd:metavg=x", {"diskparams": {"drbd": {"metavg": "x"}}}),
    ("--disk-parameters plain:stripes=2 -D rbd:pool=p",
     {"diskparams": {"plain": {"stripes": "2"}, "rbd": {"pool": "p"}}}),
    ("--hypervisor-state kvm:mem_node=512 --hypervisor-state fake:mem_hv=1",
     {"hv_state": {"kvm": {"mem_node": "512"}, "fake": {"mem_hv": "1"}}}),
    ("--disk-state plain/xenvg:disk_reserved=5 --disk-state plain/b:disk_total=6",
     {"disk_state": {"plain": {"xenvg": {"disk_reserved": "5"}, "b": {"disk_total": "6"}}}}),
    ("--ipolicy-bounds-specs min:memory-size=1g/max:memory-size=2g",
     {"ipolicy": {"minmax": [{"min": {"memory-size": 1024}, "max": {"memory-size": 2048}}]}}),
    ("--ipolicy-bounds-specs default", {"ipolicy": {"minmax": "default"}}),
    ("--ipolicy-disk-templates file,plain", {"ipolicy": {"disk-templates": ["file", "plain"]}}),
    ("--ipolicy-vcpu-ratio 2.5", {"ipolicy": {"vcpu-ratio": 2.5}}),
    ("--ipolicy-spindle-ratio default", {"ipolicy": {"spindle-ratio": "default"}}),
    ("--dry-run --alloc-policy preferred", {"dry_run": True, "alloc_policy": "preferred"}),
    ("--priority high --alloc-policy preferred", {"priority": -10, "alloc_policy": "preferred"}),
)  # fmt: skip


class ParameterTests(CommandCase):
    """gnt-group add and modify."""

    def test_options(self) -> None:
        """Each option becomes its parameter, and nothing else is sent."""
        for command, op_id in (("add", "OP_GROUP_ADD"), ("modify", "OP_GROUP_SET_PARAMS")):
            for line, expected in PARAMETERS:
                ran = self.run_command(f"gnt-group {command} {line} rack2", *job_done())
                op = {"OP_ID": op_id, "group_name": "rack2", **expected}
                self.assertEqual(ran.opcodes(), [op], line)
                self.assertEqual(ran.code, 0, ran.err)

    def test_submitted(self) -> None:
        """A job is not followed when that is asked for; its number can be had."""
        for line in ("add x", "modify --alloc-policy preferred x", "remove x", "rename x y",
                     "assign-nodes x n1"):  # fmt: skip
            command, rest = line.split(" ", 1)
            ran = self.run_command(f"gnt-group {command} --submit --print-jobid {rest}", 7)
            self.assertEqual((ran.code, ran.out, ran.calls()), (0, "7\n", ["SubmitJob"]), line)

    def test_add(self) -> None:
        """A name is enough; the job that connects the metadata network is followed too."""
        ran = self.run_command("gnt-group add rack2", *job_done())
        self.assertEqual(ran.opcodes(), [{"OP_ID": "OP_GROUP_ADD", "group_name": "rack2"}])
        ran = self.run_command("gnt-group add rack2", *job_done({"jobs": [[True, 8]]}), *followed())
        self.assertEqual(ran.code, 0)
        self.assertIn(8, [args[0] for method, args in ran.requests if method != "SubmitJob"])
        ran = self.run_command("gnt-group add rack2", *job_done({"jobs": [[False, "full"]]}))
        self.assertEqual(ran.code, 1)
        self.assertIn("full", ran.err)

    def test_modify(self) -> None:
        """What was changed is printed; a change of nothing is refused."""
        line = "gnt-group modify --alloc-policy preferred rack2"
        ran = self.run_command(line, *job_done([["alloc_policy", "preferred"]]))
        self.assertEqual(ran.out, "Changed in rack2:\n - alloc_policy         -> preferred\n")
        ran = self.run_command("gnt-group modify rack2", 1)
        self.assertEqual((ran.code, ran.requests), (1, []))
        self.assertIn("gnt-group modify --help", ran.err)

    def test_refused(self) -> None:
        """Values that can't be read are refused before anything is sent."""
        for option in ("--ipolicy-vcpu-ratio x", "--disk-state plain:disk_total=1",
                       "--disk-state plain/:disk_total=1", "--node-parameters =1",
                       "--ipolicy-bounds-specs min:memory-size=x/max:memory-size=1"):  # fmt: skip
            for command in ("add", "modify"):
                ran = self.run_command(f"gnt-group {command} {option} rack2", 1)
                self.assertEqual((ran.code, ran.requests), (1, []), option)


class ChangeTests(CommandCase):
    """gnt-group rename, remove, assign-nodes."""

    def test_opcodes(self) -> None:
        """Arguments and options become the opcode."""
        for line, op_id, expected in (
            ("rename a b", "OP_GROUP_RENAME", {"group_name": "a", "new_name": "b"}),
            ("rename --dry-run a b", "OP_GROUP_RENAME",
             {"group_name": "a", "new_name": "b", "dry_run": True}),
            ("rename --priority low a b", "OP_GROUP_RENAME",
             {"group_name": "a", "new_name": "b", "priority": 10}),
            ("remove a", "OP_GROUP_REMOVE", {"group_name": "a"}),
            ("remove --dry-run a", "OP_GROUP_REMOVE", {"group_name": "a", "dry_run": True}),
            ("remove --priority low a", "OP_GROUP_REMOVE", {"group_name": "a", "priority": 10}),
            ("assign-nodes a n1 n2", "OP_GROUP_ASSIGN_NODES",
             {"group_name": "a", "nodes": ["n1", "n2"], "force": False}),
            ("assign-nodes -f a n1", "OP_GROUP_ASSIGN_NODES",
             {"group_name": "a", "nodes": ["n1"], "force": True}),
            ("assign-nodes --force --dry-run --priority low a", "OP_GROUP_ASSIGN_NODES",
             {"group_name": "a", "nodes": [], "force": True, "dry_run": True, "priority": 10}),
        ):  # fmt: skip
            ran = self.run_command(f"gnt-group {line}", *job_done())
            self.assertEqual(ran.opcodes(), [{"OP_ID": op_id, **expected}], line)
            self.assertEqual(ran.code, 0, ran.err)


class ShowTests(CommandCase):
    """gnt-group info and show-ispecs-cmd."""

    def row(self, own: dict[str, Any]) -> list[Any]:
        """Return the answer for a group that sets *own* of its policy."""
        return ["rack2", {"ssh_port": 22, "ovs": False}, {"ssh_port": 22},
                {"drbd": {"metavg": "x", "resync-rate": 1}}, {"drbd": {"metavg": "x"}},
                {**POLICY, **own}, own]  # fmt: skip

    def test_info(self) -> None:
        """Parameters are shown, and marked when they come from above."""
        ran = self.run_command("gnt-group info rack2", [self.row({"vcpu-ratio": 3.0})])
        for line in (
            "- Node group: rack2",
            "    ssh_port: 22",
            "    ovs: default (False)",
            "      metavg: x",
            "      resync-rate: default (1)",
            "    bounds specs (default): ",
            "    allowed disk templates: default (file, plain)",
            "    vcpu-ratio: 3.0",
            "    spindle-ratio: default (32.0)",
        ):
            self.assertIn(f"{line}\n", ran.out)
        self.assertEqual(ran.args("QueryGroups")[0], ["rack2"])

    def test_info_own_bounds(self) -> None:
        """Bounds of the group itself are not marked."""
        ran = self.run_command("gnt-group info", [self.row({"minmax": [PAIR]})])
        self.assertIn("    bounds specs: \n", ran.out)
        self.assertIn("memory-size=4096", ran.out)

    def test_missing(self) -> None:
        """A group that is not there is exit code 1 and says where to look."""
        for command in ("info", "show-ispecs-cmd"):
            ran = self.run_command(f"gnt-group {command} nowhere", [])
            self.assertEqual(ran.code, 1)
            self.assertIn("gnt-group list", ran.err)

    def test_show_ispecs_cmd(self) -> None:
        """The command has the group's own bounds; all of them only when asked for."""
        for line, own, expected in (
            ("", {}, "gnt-group add rack2\n"),
            ("", {"minmax": [PAIR]}, f"gnt-group add --ipolicy-bounds-specs {BOUNDS} rack2\n"),
            ("--include-defaults", {}, f"gnt-group add --ipolicy-bounds-specs {BOUNDS} rack2\n"),
            ("", {"minmax": [PAIR, PAIR]},
             f"gnt-group add --ipolicy-bounds-specs {BOUNDS}//{BOUNDS} rack2\n"),
        ):  # fmt: skip
            ran = self.run_command(f"gnt-group show-ispecs-cmd {line}", [self.row(own)])
            self.assertEqual((ran.code, ran.out), (0, expected))

    def test_shown_command_runs(self) -> None:
        """What is shown can be typed, and asks for the same bounds."""
        ran = self.run_command(f"gnt-group add --ipolicy-bounds-specs {BOUNDS} x", *job_done())
        self.assertEqual(ran.opcodes()[0]["ipolicy"], {"minmax": [PAIR]})
