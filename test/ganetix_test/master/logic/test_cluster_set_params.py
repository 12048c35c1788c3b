"""OP_CLUSTER_SET_PARAMS: values that are set, computed, and refused."""

from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from ganetix import errors
from ganetix.opcodes.cluster import OpClusterSetParams
from ganetix.opcodes.tags import OpTagsSet
from ganetix.rpc.call import Done
from ganetix.rpc.tables.oses import OsValidate
from ganetix.rpc.tables.verify import DrbdFacts, Inspected, VolumeFacts
from ganetix.testing.logic import GROUP, LogicContext, node_uuid, three_nodes
from ganetix_test.master.logic.cases import UnitTestCase


class SetParamsTests(UnitTestCase):
    """The cluster's parameters."""

    def after(self, **fields: Any) -> Any:
        """Change *fields* and return the settings."""
        self.run_op(OpClusterSetParams(**fields))
        return self.context.cluster.cluster

    def test_plain(self) -> None:
        """Plain values are taken as they are."""
        settings = self.after(max_running_jobs=7, default_iallocator="hail", mac_prefix="aa:00:01")
        self.assertEqual(
            (settings.max_running_jobs, settings.default_iallocator, settings.mac_prefix),
            (7, "hail", "aa:00:01"),
        )

    def test_parameters(self) -> None:
        """Parameters are merged into what there is; ``default`` takes one away."""
        self.after(beparams={"memory": "1g", "vcpus": 2})
        settings = self.after(beparams={"vcpus": "default"}, osparams={"tiny": {"a": "1"}})
        self.assertEqual(settings.beparams["default"], {"minmem": 1024, "maxmem": 1024})
        self.assertEqual(settings.osparams, {"tiny": {"a": "1"}})
        settings = self.after(osparams={"tiny": {"a": "default"}}, nicparams={"link": "br1"})
        self.assertEqual(settings.osparams, {})
        self.assertEqual(settings.nicparams["default"], {"link": "br1"})
        settings = self.after(hvparams={"fake": {"migration_mode": "non-live"}})
        self.assertEqual(settings.hvparams["fake"], {"migration_mode": "non-live"})

    def test_dropped(self) -> None:
        """Null drops an OS parameter, as ``default`` does; the others are texts.

        Anything else in the configuration could not be read again.
        """
        settings = self.after(osparams={"tiny": {"a": True, "b": "x"}})
        self.assertEqual(settings.osparams, {"tiny": {"a": "True", "b": "x"}})
        self.assertEqual(self.after(osparams={"tiny": {"a": None}}).osparams, {"tiny": {"b": "x"}})
        self.assertEqual(self.after(osparams={"tiny": {"b": None}}).osparams, {})

    def test_os_hypervisors(self) -> None:
        """An OS's parameters of a hypervisor are merged; null drops them, a word is refused."""
        one = {"tiny": {"fake": {"migration_mode": "live"}}}
        self.assertEqual(self.after(os_hvp=one).os_hvp, one)
        self.assertIn("KEY=VALUE", self.refusal(OpClusterSetParams(os_hvp={"tiny": {"fake": 3}})))
        self.assertEqual(self.after(os_hvp={"tiny": {"fake": None}}).os_hvp, {})

    def test_os_parameters(self) -> None:
        """The master's definition is asked, with all that it would get; one it lacks is not."""
        asked: list[tuple[str, OsValidate]] = []

        async def validate(node: str, request: OsValidate) -> Done:
            asked.append((node, request))
            if "colour" in request.params:
                raise errors.OpPrereqError("OS tiny does not take the parameter colour.")
            return Done()

        self.context = LogicContext(
            three_nodes(osparams={"tiny": {"a": "1"}}), handlers={"os_validate": validate}
        )
        self.after(osparams={"tiny": {"b": "2"}}, osparams_private_cluster={"tiny": {"c": "3"}})
        whole = OsValidate("tiny", {"a": "1", "b": "2", "c": "3"}, False, True)
        self.assertEqual(asked, [(node_uuid(1), whole)])
        self.assertIn(
            "colour", self.refusal(OpClusterSetParams(osparams={"tiny": {"colour": "x"}}))
        )

    def test_lists(self) -> None:
        """OS lists are changed by adding and removing; uid ranges too."""
        self.after(blacklisted_os=[("add", "a"), ("add", "b")], uid_pool=[(1, 5)])
        settings = self.after(
            blacklisted_os=[("remove", "a")], add_uids=[(9, 9)], remove_uids=[(1, 5)]
        )
        self.assertEqual((settings.blacklisted_os, settings.uid_pool), (["b"], [[9, 9]]))

    def test_pool(self) -> None:
        """A larger pool promotes nodes."""
        self.context = LogicContext(three_nodes(candidate_pool_size=2))
        self.set_node(3, master_candidate=False)
        self.after(candidate_pool_size=3)
        self.assertEqual(len(self.context.cluster.candidates()), 3)

    def test_policy(self) -> None:
        """Instances that break a new policy are told once, not refused; others are not."""
        self.add()
        self.after(ipolicy={"disk-templates": ["diskless"]})
        self.assertIn("vm1.example.com breaks the instance policy", self.context.logged[-1])
        lines = len(self.context.logged)
        self.after(ipolicy={"disk-templates": ["diskless"]})
        self.assertEqual(len(self.context.logged), lines)

    def test_same(self) -> None:
        """What is so already, and nothing at all, is taken as the reference takes it."""
        before = self.context.cluster.cluster
        self.assertEqual(self.after(max_running_jobs=before.max_running_jobs).uuid, before.uuid)
        self.after()

    def test_meanwhile(self) -> None:
        """What another job changes between check and commit is kept."""
        op = OpClusterSetParams(max_running_jobs=7)
        unit = self.unit(op)
        plan = self.successResultOf(Deferred.fromCoroutine(unit.check(op, self.context)))
        self.run_op(OpTagsSet(kind="cluster", tags=["new"]))
        self.successResultOf(Deferred.fromCoroutine(unit.execute(op, plan, self.context)))
        settings = self.context.cluster.cluster
        self.assertEqual((settings.max_running_jobs, settings.tags), (7, ["new"]))

    def test_directories(self) -> None:
        """A directory where no disk may be is let be while its template is not enabled."""
        self.after(enabled_disk_templates=["diskless"])
        self.after(file_storage_dir="/etc", shared_file_storage_dir="")
        op = OpClusterSetParams(enabled_disk_templates=["file"])
        self.assertIn("below /etc", self.refusal(op, errors.FileStoragePathError))
        settings = self.after(enabled_disk_templates=["file"], file_storage_dir="/srv/disks")
        self.assertEqual(settings.file_storage_dir, "/srv/disks")

    def test_collectors(self) -> None:
        """Switching a collector and setting its interval at once loses neither."""
        collectors = {"lv": {"active": True, "interval": 5}}
        self.context = LogicContext(three_nodes(data_collectors=collectors))
        settings = self.after(
            enabled_data_collectors={"lv": False}, data_collector_interval={"lv": 7}
        )
        self.assertEqual(settings.data_collectors, {"lv": {"active": False, "interval": 7}})
        op = OpClusterSetParams(data_collector_interval={"drbd": 7})
        self.assertIn("there are lv", self.refusal(op))

    def inspected(self, **facts: Any) -> None:
        """Let node 2 have *facts*; the others have the group xenvg and the helper /bin/true."""
        good = Inspected(volumes=VolumeFacts("", 30000), drbd=DrbdFacts("8.4", "/bin/true"))
        for number in (1, 2, 3):
            self.context.world.inspected[node_uuid(number)] = good
        self.context.world.inspected[node_uuid(2)] = msgspec.structs.replace(good, **facts)

    def test_volume_group(self) -> None:
        """A new volume group must be on all nodes that answer, and templates on it need one."""
        op = OpClusterSetParams(vg_name="xenvg")
        for facts, words in (
            (VolumeFacts("", None), "node2.example.com has no volume group xenvg; make it"),
            (VolumeFacts("vgs is missing."), "no volume group xenvg: vgs is missing."),
        ):
            self.inspected(volumes=facts)
            self.assertIn(words, self.refusal(op))
        self.context.fake.down = {node_uuid(2)}
        self.assertEqual(self.after(vg_name="xenvg").volume_group_name, "xenvg")
        self.assertIn("WARNING: Node node2.example.com was not asked", self.context.logged[-1])
        self.after(enabled_disk_templates=["file", "plain", "diskless"])
        told = self.refusal(OpClusterSetParams(vg_name=""))
        self.assertIn("leave plain out of --enabled-disk-templates", told)
        self.after(vg_name="", enabled_disk_templates=["file", "diskless"])
        told = self.refusal(OpClusterSetParams(enabled_disk_templates=["file", "drbd"]))
        self.assertIn("give --vg-name=GROUP", told)

    def test_helper(self) -> None:
        """A new helper must be that of DRBD on all nodes, and mirrors need one."""
        op = OpClusterSetParams(drbd_helper="/bin/true")
        for facts, words in (
            (DrbdFacts("8.4", "/bin/false"), "the helper '/bin/false', and not /bin/true"),
            (DrbdFacts(), "modprobe drbd"),
        ):
            self.inspected(drbd=facts)
            self.assertIn(words, self.refusal(op))
        self.inspected()
        settings = self.after(
            drbd_helper="/bin/true", vg_name="xenvg", enabled_disk_templates=["file", "drbd"]
        )
        self.assertEqual(settings.drbd_usermode_helper, "/bin/true")
        self.assertIn("needs its helper", self.refusal(OpClusterSetParams(drbd_helper="")))

    def test_routed(self) -> None:
        """Routed NICs need addresses; those that would take that default must have one."""
        self.add(nics=[{"ip": "192.0.2.1"}, {}])
        told = self.refusal(OpClusterSetParams(nicparams={"mode": "routed"}))
        self.assertIn("gnt-instance modify --net 1:ip=ADDRESS vm1.example.com", told)

    def test_communication(self) -> None:
        """The network of the metadata service is made and connected by a job, once."""
        op = OpClusterSetParams(instance_communication_network="meta")
        self.assertEqual(self.run_op(op), {"jobs": [[True, 100]]})
        self.assertEqual(self.context.cluster.cluster.instance_communication_network, "meta")
        [ops] = self.context.submitted
        for one in ops:
            self.run_op(one)
        network = self.context.cluster.network_named("meta")
        self.assertEqual((network.network, network.network6), ("169.254.0.0/16", "fe80::/10"))
        connected = self.context.cluster.nodegroups[GROUP].networks[network.uuid]
        self.assertEqual((connected["mode"], connected["link"]), ("routed", "communication_rt"))
        self.assertIsNone(self.run_op(op))
        self.assertIsNone(self.run_op(OpClusterSetParams(instance_communication_network="")))
        self.assertEqual(len(self.context.submitted), 1)

    def test_refused(self) -> None:
        """What can't be is refused in words."""
        self.add()
        rows: list[tuple[dict[str, Any], str]] = [
            ({"compression_tools": ["lzop"]}, "gzip"),
            ({"remove_uids": [(1, 2)]}, "not in the uid pool"),
            ({"uid_pool": [(5, 2)]}, "no user ids"),
            ({"mac_prefix": "zz"}, "three octets"),
            ({"max_running_jobs": 10_001}, "--max-running-jobs is 10001; at most 10000"),
            ({"max_tracked_jobs": 2**40}, "at most 10000"),
            ({"candidate_pool_size": 2**40}, "at most 10000"),
            ({"file_storage_dir": ""}, "needs a directory; give --file-storage-dir=PATH"),
            ({"shared_file_storage_dir": ""}, "--shared-file-storage-dir=PATH"),
            ({"default_iallocator": "nosuch"}, "is not available"),
            ({"enabled_disk_templates": ["diskless"]}, "file"),
            ({"enabled_hypervisors": ["kvm"]}, "fake"),
            ({"ipolicy": {"colour": 1}}, "'colour'"),
            ({"ipolicy": {"disk-templates": ["file", "plain"]}}, "can't allow plain"),
            (
                {"ipolicy": {"disk-templates": ["file"]}, "enabled_disk_templates": ["sharedfile"]},
                "can't",
            ),
        ]
        for fields, words in rows:
            with self.subTest(words):
                self.assertIn(words, self.refusal(OpClusterSetParams(**fields)))
        for path in ("/etc/disks", "/usr/lib", "disks"):
            for field in ("file_storage_dir", "shared_file_storage_dir"):
                given: dict[str, Any] = {field: path}
                op = OpClusterSetParams(**given)
                self.assertIn("File storage path", self.refusal(op, errors.FileStoragePathError))
        op = OpClusterSetParams(beparams={"colour": 1})
        self.refusal(op, errors.TypeEnforcementError)
