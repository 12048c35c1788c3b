"""gnt-backup: what is submitted, what is asked, what is shown."""

from ganetix_test.cli.scripted import CommandCase, job_done

EXPORTS = {
    "fields": [
        {"name": "node", "title": "Node", "kind": "text", "doc": "Node"},
        {"name": "export", "title": "Export", "kind": "text", "doc": "Export"},
    ],
    "data": [[[0, "node1"], [0, "web"]], [[0, "node2"], [2, None]]],
}


class ExportTests(CommandCase):
    """gnt-backup export."""

    def test_options(self) -> None:
        """What was said is in the opcode."""
        ran = self.run_command(
            "gnt-backup export -n node2 --transport-compression gzip --noshutdown "
            "--shutdown-timeout 9 --long-sleep web",
            *job_done([True, [True]]),
        )
        [op] = ran.opcodes()
        self.assertEqual(
            {key: op[key] for key in ("target_node", "compress", "shutdown", "shutdown_timeout")},
            {"target_node": "node2", "compress": "gzip", "shutdown": False, "shutdown_timeout": 9},
        )
        self.assertTrue(op["long_sleep"])
        self.assertEqual(ran.code, 0)

    def test_asks(self) -> None:
        """Removing the instance is asked about, unless --force is given."""
        ran = self.run_command("gnt-backup export -n node2 --remove-instance web")
        self.assertEqual((ran.code, ran.requests), (1, []))
        ran = self.run_command(
            "gnt-backup export -f -n node2 --remove-instance --ignore-remove-failures web",
            *job_done([True, [True]]),
        )
        [op] = ran.opcodes()
        self.assertTrue(op["remove_instance"] and op["ignore_remove_failures"])

    def test_refused(self) -> None:
        """Without a node, or with options that don't go together."""
        self.assertIn("-n NODE", self.run_command("gnt-backup export web").err)
        ran = self.run_command("gnt-backup export -n node2 --ignore-remove-failures web")
        self.assertIn("--remove-instance", ran.err)

    def test_zeroing(self) -> None:
        """The zeroing options reach the master, which decides."""
        ran = self.run_command(
            "gnt-backup export -n node2 --zero-free-space --zeroing-timeout-fixed 60 "
            "--zeroing-timeout-per-mib 0.5 web",
            *job_done([True, [True]]),
        )
        [op] = ran.opcodes()
        self.assertEqual((op["zeroing_timeout_fixed"], op["zeroing_timeout_per_mib"]), (60, 0.5))


class ImportTests(CommandCase):
    """gnt-backup import."""

    def test_as_it_was(self) -> None:
        """Nothing said is nothing changed: no disks, no NICs, and it is not started."""
        ran = self.run_command("gnt-backup import -n node3 web", *job_done(["node3"]))
        [op] = ran.opcodes()
        self.assertEqual(
            (op["mode"], op["disks"], op["nics"], op["start"], op["pnode"]),
            ("import", [], [], False, "node3"),
        )

    def test_said(self) -> None:
        """Where the export is, and what is to be another way."""
        ran = self.run_command(
            "gnt-backup import -n node3 --src-node node2 --src-dir old --compress gzip "
            "--identify-defaults -t file --disk 0:size=2g --net 0:mac=auto -B vcpus=2 new",
            *job_done(["node3"]),
        )
        [op] = ran.opcodes()
        self.assertEqual((op["src_node"], op["src_path"], op["compress"]), ("node2", "old", "gzip"))
        self.assertEqual((op["disks"], op["nics"]), ([{"size": 2048}], [{"mac": "auto"}]))
        self.assertTrue(op["identify_defaults"])
        self.assertEqual(op["beparams"], {"vcpus": 2})


class ListTests(CommandCase):
    """gnt-backup list and remove."""

    def test_list(self) -> None:
        """A node that does not answer is shown so."""
        ran = self.run_command("gnt-backup list -n node1 -n node2", EXPORTS)
        self.assertEqual(ran.out, "Node  Export\nnode1 web\nnode2 ?\n")
        what, fields, chosen = ran.args("Query")
        self.assertEqual((what, fields), ("export", ["node", "export"]))
        self.assertEqual(chosen, ["|", ["=", "node", "node1"], ["=", "node", "node2"]])

    def test_remove(self) -> None:
        """The export's name is the instance's."""
        ran = self.run_command("gnt-backup remove web", *job_done(None))
        self.assertEqual(ran.opcodes()[0]["instance_name"], "web")
