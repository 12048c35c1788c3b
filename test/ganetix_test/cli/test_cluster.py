"""Promises of gnt-cluster, but for init: parameters, tags, queue, watcher, verify, info."""

import os
from typing import Any

from ganetix import errors
from ganetix.cli.cluster_info import roman
from ganetix_test import spec
from ganetix_test.cli.scripted import CommandCase, followed, job_done, job_failed


class ModifyTests(CommandCase):
    """gnt-cluster modify."""

    def test_parameters(self) -> None:
        """Each option becomes its parameter, and nothing else is sent."""
        for line, expected in (
            ("-C 5", {"candidate_pool_size": 5}),
            ("--max-running-jobs 40 --max-tracked-jobs 50",
             {"max_running_jobs": 40, "max_tracked_jobs": 50}),
            ("--enabled-hypervisors kvm,fake", {"enabled_hypervisors": ["kvm", "fake"]}),
            ("-H kvm:acpi=false -H fake:", {"hvparams": {"kvm": {"acpi": "false"}, "fake": {}}}),
            ("-B memory=1g,vcpus=2", {"beparams": {"memory": 1024, "vcpus": 2}}),
            ("--uid-pool 4000-4019,5000", {"uid_pool": [[4000, 4019], [5000, 5000]]}),
            ("--reserved-lvs xenvg/a,xenvg/b", {"reserved_lvs": ["xenvg/a", "xenvg/b"]}),
            ("--master-netmask 24", {"master_netmask": 24}),
            ("--maintain-node-health no", {"maintain_node_health": False}),
            ("-N mode=bridged,link=br1", {"nicparams": {"mode": "bridged", "link": "br1"}}),
            ("-D drbd:metavg=x", {"diskparams": {"drbd": {"metavg": "x"}}}),
            ("--ipolicy-bounds-specs min:memory-size=1g/max:memory-size=2g --ipolicy-vcpu-ratio 4",
             {"ipolicy": {"minmax": [{"min": {"memory-size": 1024}, "max": {"memory-size": 2048}}],
                          "vcpu-ratio": 4.0}}),
            ("--ipolicy-disk-templates file,plain",
             {"ipolicy": {"disk-templates": ["file", "plain"]}}),
            ("--enabled-data-collectors cpu-avg-load=no --data-collector-interval drbd=7",
             {"enabled_data_collectors": {"cpu-avg-load": False},
              "data_collector_interval": {"drbd": 7000000}}),
            ("--file-storage-dir=", {"file_storage_dir": ""}),
            ("--disk-state plain/vg:disk_total=1",
             {"disk_state": {"plain": {"vg": {"disk_total": "1"}}}}),
        ):  # fmt: skip
            ran = self.run_command(f"gnt-cluster modify {line}", *job_done())
            op = {"OP_ID": "OP_CLUSTER_SET_PARAMS", "force": False, **expected}
            self.assertEqual(ran.opcodes(), [op], line)
            self.assertEqual(ran.code, 0, ran.err)

    def test_refused(self) -> None:
        """Nothing to change, and numbers that are none."""
        for line in ("", "--master-netmask x", "--uid-pool a-b"):
            self.assertEqual(self.run_command(f"gnt-cluster modify {line}", 1).code, 1, line)

    def test_lvm_off(self) -> None:
        """Turning LVM off is asked about."""
        ran = self.run_words(["gnt-cluster", "modify", "--vg-name", ""], 1)
        self.assertEqual((ran.code, ran.requests, len(self.asked)), (1, [], 1))
        ran = self.run_words(["gnt-cluster", "modify", "-f", "--vg-name", ""], *job_done())
        self.assertEqual(ran.opcodes()[0]["vg_name"], "")


class MasterIpTests(CommandCase):
    """gnt-cluster activate-master-ip and deactivate-master-ip."""

    def test_up(self) -> None:
        """Turning it up asks nothing."""
        ran = self.run_command("gnt-cluster activate-master-ip", *job_done())
        self.assertEqual(ran.opcodes(), [{"OP_ID": "OP_CLUSTER_ACTIVATE_MASTER_IP"}])

    def test_down(self) -> None:
        """Turning it down is asked about, unless --yes is given."""
        ran = self.run_command("gnt-cluster deactivate-master-ip", 1)
        self.assertEqual((ran.code, ran.requests), (1, []))
        ran = self.run_command("gnt-cluster deactivate-master-ip --yes", *job_done())
        self.assertEqual(ran.opcodes(), [{"OP_ID": "OP_CLUSTER_DEACTIVATE_MASTER_IP"}])


class TagTests(CommandCase):
    """Tags, of the cluster and of others."""

    def test_show(self) -> None:
        """Tags come sorted, one a line, of the right kind of object."""
        for line, kind, name in (
            ("gnt-cluster list-tags", "cluster", ""),
            ("gnt-node list-tags n1", "node", "n1"),
            ("gnt-instance list-tags web1", "instance", "web1"),
            ("gnt-group list-tags g", "nodegroup", "g"),
        ):
            ran = self.run_command(line, ["b", "a"])
            self.assertEqual((ran.out, ran.args("QueryTags")), ("a\nb\n", [kind, name]), line)

    def test_change(self) -> None:
        """Tags from arguments and from standard input become one opcode."""
        ran = self.run_command("gnt-node add-tags --from - n1 a", *job_done(), stdin="b\n\n c \n")
        op = {"OP_ID": "OP_TAGS_SET", "kind": "node", "name": "n1", "tags": ["a", "b", "c"]}
        self.assertEqual(ran.opcodes(), [op])
        ran = self.run_command("gnt-cluster remove-tags a", *job_done())
        self.assertEqual(
            ran.opcodes(), [{"OP_ID": "OP_TAGS_DEL", "kind": "cluster", "tags": ["a"]}]
        )

    def test_file(self) -> None:
        """Tags come from a file; one that is not there is named."""
        path = os.path.join(self.top, "tags")
        with open(path, "w", encoding="utf-8") as file:
            file.write("x\ny\n")
        ran = self.run_command(f"gnt-cluster add-tags --from {path}", *job_done())
        self.assertEqual(ran.opcodes()[0]["tags"], ["x", "y"])
        ran = self.run_command("gnt-cluster add-tags --from /nowhere", 1)
        self.assertEqual(ran.code, 1)
        self.assertIn("/nowhere", ran.err)

    def test_none(self) -> None:
        """No tag is refused."""
        self.assertEqual(self.run_command("gnt-node add-tags n1", 1).code, 1)

    def test_search(self) -> None:
        """Found tags are printed with their path; none is exit code 1."""
        ran = self.run_command("gnt-cluster search-tags ^a", *job_done([["/nodes/n1", "ab"]]))
        self.assertEqual((ran.code, ran.out), (0, "/nodes/n1 ab\n"))
        self.assertEqual(self.run_command("gnt-cluster search-tags x", *job_done([])).code, 1)


class ControlTests(CommandCase):
    """Queue, watcher, master."""

    def test_queue(self) -> None:
        """Drain and undrain set the flag, info tells it."""
        self.assertEqual(self.run_command("gnt-cluster queue drain", True).requests,
                         [("SetDrainFlag", [True])])  # fmt: skip
        self.assertEqual(self.run_command("gnt-cluster queue undrain", True).requests,
                         [("SetDrainFlag", [False])])  # fmt: skip
        self.assertEqual(self.run_command("gnt-cluster queue info", [True]).out,
                         "The drain flag is set\n")  # fmt: skip

    def test_watcher(self) -> None:
        """A pause is counted from now; continue ends it; info tells."""
        ran = self.run_command("gnt-cluster watcher pause 1h", 1700003600.0)
        self.assertEqual(ran.requests, [("SetWatcherPause", [1700003600.0])])
        self.assertIn("paused until 2023", ran.out)
        ran = self.run_command("gnt-cluster watcher continue", None)
        self.assertEqual(ran.requests, [("SetWatcherPause", [None])])
        self.assertIn("not paused", self.run_command("gnt-cluster watcher info", [None]).out)
        self.assertIn("not paused", self.run_command("gnt-cluster watcher info", [5.0]).out)

    def test_watcher_refused(self) -> None:
        """A pause needs a duration, the others take none."""
        for line in ("pause", "info 1h", "pause soon"):
            self.assertEqual(self.run_command(f"gnt-cluster watcher {line}", 1).code, 1, line)

    def test_master(self) -> None:
        """The master's name comes from this node's files alone."""
        self.assertEqual(self.run_command("gnt-cluster getmaster").code, 5)
        self.ssconf("master_node", "node7")
        ran = self.run_command("gnt-cluster getmaster")
        self.assertEqual((ran.code, ran.out), (0, "node7\n"))

    def test_ping(self) -> None:
        """The exit code tells whether the master daemon answers."""
        self.assertEqual(self.run_command("gnt-cluster master-ping", {}).code, 0)
        self.assertEqual(self.run_command("gnt-cluster master-ping").code, 1)


class VerifyTests(CommandCase):
    """gnt-cluster verify."""

    def test_good(self) -> None:
        """All jobs are followed, their lines printed; all good is exit code 0."""
        log = [[1, [0, 0], "message-list", ["* Verifying", "  - fine"]]]
        jobs = {"jobs": [[True, 8], [True, 9]]}
        ran = self.run_command(
            "gnt-cluster verify --error-codes --no-nplus1-mem -I ENODERPC -g default",
            *job_done(jobs), *followed(True, log), *followed(True))  # fmt: skip
        self.assertEqual((ran.code, len(ran.out.splitlines())), (0, 2))
        [op] = ran.opcodes()
        self.assertEqual((op["skip_checks"], op["ignore_errors"], op["group_name"]),
                         (["nplusone_mem"], ["ENODERPC"], "default"))  # fmt: skip

    def test_bad(self) -> None:
        """A false result, a failed job and a refused one are each exit code 1."""
        failed = job_failed(errors.OpExecError("no"))[1:]
        one = {"jobs": [[True, 8]]}
        for answers in (
            [*job_done(one), *followed(False)],
            [*job_done(one), *failed],
            job_done({"jobs": [[False, "full"]]}),
        ):
            ran = self.run_command("gnt-cluster verify", *answers)
            self.assertEqual(ran.code, 1)
            self.assertIn("1 of 1", ran.err)


class InfoTests(CommandCase):
    """gnt-cluster info and version."""

    def found(self) -> dict[str, Any]:
        """Cluster information with every key of the interface."""
        keys: list[str] = spec.load("luxi")["cluster_info_keys"]
        return {
            **dict.fromkeys(keys),
            "name": "c.example.com", "master": "n1", "tags": ["b", "a"],
            "uid_pool": [[5, 9], [12, 12]],
            "enabled_hypervisors": ["kvm", "fake"], "default_hypervisor": "kvm",
            "hvparams": {"kvm": {"acpi": True}}, "candidate_pool_size": 10, "ctime": 0.0,
            "architecture": ["64bit", "x86_64"], "software_version": "3.0.2",
        }  # fmt: skip

    def test_info(self) -> None:
        """Names, lists, nested parameters and ranges are shown."""
        ran = self.run_command("gnt-cluster info", self.found())
        for line in (
            "Cluster name: c.example.com",
            "Master node: n1",
            "Architecture (this node): 64bit (x86_64)",
            "Tags: a, b",
            "Enabled hypervisors: kvm, fake",
            "Hypervisor parameters: ",
            "    acpi: True",
            "  candidate pool size: 10",
            "  uid pool: 5-9, 12",
            "  lvm reserved volumes: (none)",
        ):
            self.assertIn(f"{line}\n", ran.out)

    def test_candidates(self) -> None:
        """Candidates in sync and behind are told, and what it means if there is none."""
        found = {**self.found(), "candidates_behind": {"in_sync": [], "behind": ["n3"]}}
        ran = self.run_command("gnt-cluster info", found)
        self.assertIn("disk alone", ran.out)
        self.assertIn("Candidates behind: n3\n", ran.out)

    def test_roman(self) -> None:
        """--roman writes numbers as the Romans did."""
        self.assertIn(
            "pool size: X\n", self.run_command("gnt-cluster info --roman", self.found()).out
        )
        self.assertEqual([roman(n) for n in (0, 4, 1994, 3999, 4000)],
                         ["0", "IV", "MCMXCIV", "MMMCMXCIX", "4000"])  # fmt: skip

    def test_version(self) -> None:
        """Versions are told by name."""
        ran = self.run_command("gnt-cluster version", self.found())
        self.assertEqual(ran.out.splitlines()[0], "Software version: 3.0.2")

    def test_destroy(self) -> None:
        """Without --yes-do-it nothing is taken apart."""
        ran = self.run_command("gnt-cluster destroy", 1)
        self.assertEqual((ran.code, ran.requests), (1, []))
