"""Promises of gnt-os modify: every option becomes its part of the cluster's parameters."""

from typing import Any

from ganetix_test.cli.scripted import CommandCase, job_done


class ModifyTests(CommandCase):
    """Each option by itself."""

    def test_options(self) -> None:
        """Each becomes its parameter, and nothing else is sent."""
        rows: tuple[tuple[str, dict[str, Any]], ...] = (
            ("-H kvm:acpi=no -H fake:migration_mode=live",
             {"os_hvp": {"deb": {"kvm": {"acpi": "no"}, "fake": {"migration_mode": "live"}}}}),
            ("--hypervisor-parameters kvm:acpi=no", {"os_hvp": {"deb": {"kvm": {"acpi": "no"}}}}),
            ("-O a=1,b=default", {"osparams": {"deb": {"a": "1", "b": "default"}}}),
            ("--os-parameters a=1", {"osparams": {"deb": {"a": "1"}}}),
            ("--os-parameters-private a=1", {"osparams_private_cluster": {"deb": {"a": "1"}}}),
            ("--hidden yes", {"hidden_os": [["add", "deb"]]}),
            ("--hidden no", {"hidden_os": [["remove", "deb"]]}),
            ("--blacklisted=yes", {"blacklisted_os": [["add", "deb"]]}),
            ("--blacklisted=no --hidden=no",
             {"blacklisted_os": [["remove", "deb"]], "hidden_os": [["remove", "deb"]]}),
        )  # fmt: skip
        for line, expected in rows:
            ran = self.run_command(f"gnt-os modify {line} deb", *job_done())
            self.assertEqual(ran.opcodes(), [{"OP_ID": "OP_CLUSTER_SET_PARAMS", **expected}], line)
            self.assertEqual(ran.code, 0, ran.err)

    def test_refused(self) -> None:
        """A change of nothing, and values that can't be read, are refused before a job is made."""
        for line in ("deb", "--hidden=perhaps deb", "--os-parameters==1 deb", "-O =1 deb", ""):
            ran = self.run_command(f"gnt-os modify {line}", 1)
            self.assertEqual((ran.code, ran.requests), (1, []), line)
