"""Promises of gnt-instance move."""

from typing import Any

from ganetix_test.cli.scripted import CommandCase, job_done

OP = {"OP_ID": "OP_INSTANCE_MOVE", "instance_name": "vm1", "target_node": "node2",
      "compress": "none", "shutdown_timeout": 120, "ignore_consistency": False,
      "ignore_ipolicy": False}  # fmt: skip


class MoveTests(CommandCase):
    """Options, questions and refusals."""

    def test_options(self) -> None:
        """Each option becomes its parameter, and nothing else is sent."""
        rows: tuple[tuple[str, dict[str, Any]], ...] = (
            ("", {}),
            ("--compress gzip", {"compress": "gzip"}),
            ("--shutdown-timeout 5", {"shutdown_timeout": 5}),
            ("--ignore-consistency", {"ignore_consistency": True}),
            ("--ignore-ipolicy", {"ignore_ipolicy": True}),
            ("--dry-run --priority low", {"dry_run": True, "priority": 10}),
        )
        for line, expected in rows:
            ran = self.run_command(f"gnt-instance move -f -n node2 {line} vm1", *job_done())
            self.assertEqual(ran.opcodes(), [{**OP, **expected}], line)
            self.assertEqual(ran.code, 0, ran.err)

    def test_asked(self) -> None:
        """Without force it is asked for; no is no."""
        self.typed = ["y", "n"]
        ran = self.run_command("gnt-instance move --node=node2 vm1", [["vm1"]], *job_done())
        self.assertEqual((ran.code, len(ran.opcodes())), (0, 1))
        ran = self.run_command("gnt-instance move --node=node2 vm1", [["vm1"]])
        self.assertEqual((ran.code, ran.opcodes()), (1, []))

    def test_refused(self) -> None:
        """A node has to be named, and the instance must be there."""
        ran = self.run_command("gnt-instance move -f vm1", 1)
        self.assertEqual((ran.code, ran.requests), (1, []))
        ran = self.run_command("gnt-instance move -n node2 vm1", [])
        self.assertEqual(ran.code, 1)
