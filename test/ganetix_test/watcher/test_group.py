"""One run over a group, against a scripted master daemon."""

import json

from ganetix import errors
from ganetix.watcher.decide import Instance, Node
from ganetix.watcher.state import KEEP, State, encode
from ganetix_test.watcher.scripted import DATA, GROUP, NOW, WatcherCase

STATE = f"{DATA}/watcher.{GROUP}.data"
STARTUP, SHUTDOWN = "OP_INSTANCE_STARTUP", "OP_INSTANCE_SHUTDOWN"
ACTIVATE, VERIFY = "OP_INSTANCE_ACTIVATE_DISKS", "OP_GROUP_VERIFY_DISKS"


class GroupTests(WatcherCase):
    """What the watcher of a group does."""

    def test_nothing_to_do(self) -> None:
        """On a healthy group the watcher submits nothing and writes the status files."""
        self.master.instances = [Instance("web", "running"), Instance("db", "ADMIN_down", "down")]
        self.assertEqual(self.watch_group(), 0)
        self.assertEqual(self.master.ops, [])
        expected = "db ADMIN_down\nweb running\n"
        self.assertEqual(self.text(f"{DATA}/watcher.{GROUP}.instance-status"), expected)
        self.assertEqual(self.text("/var/run/ganeti/instance-status"), expected)

    def test_status_of_all_groups(self) -> None:
        """The cluster's status file has the instances of the other groups too."""
        self.put(f"{DATA}/watcher.other.instance-status", "mail running\nweb ADMIN_down\n")
        self.master.instances = [Instance("web", "running")]
        self.watch_group()
        self.assertEqual(
            self.text("/var/run/ganeti/instance-status"), "mail running\nweb running\n"
        )

    def test_start(self) -> None:
        """An instance that should run is started by a job whose reason trail says why."""
        self.master.instances = [Instance("web", "ERROR_down"), Instance("db", "running")]
        self.assertEqual(self.watch_group(), 0)
        self.assertEqual(self.master.submitted(), [(STARTUP, "web")])
        [[source, why, when]] = self.master.ops[0]["reason"]
        self.assertEqual((source, when), ("gnt:watcher", NOW * 10**9))
        self.assertIn("try 1 of 5", why)
        self.assertEqual(
            json.loads(self.text(STATE))["instance"],
            {"web": {"restart_count": 1, "restart_when": NOW}},
        )

    def test_five_starts_in_eight_hours(self) -> None:
        """An instance that does not stay up is started five times, and again after 8 hours."""
        self.master.instances = [Instance("web", "ERROR_down")]
        for _ in range(8):
            self.watch_group()
            self.now += 300
        self.assertEqual(self.master.submitted(), [(STARTUP, "web")] * 5)
        self.now += KEEP
        self.watch_group()
        self.assertEqual(len(self.master.ops), 6)

    def test_well_again(self) -> None:
        """An instance that runs has all its tries again when it goes down the next time."""
        self.put(STATE, encode(State().restarted("web", NOW)).decode())
        self.master.instances = [Instance("web", "running")]
        self.watch_group()
        self.assertEqual(json.loads(self.text(STATE))["instance"], {})

    def test_failed_start(self) -> None:
        """A job that fails is told, counted as a try, and keeps no other from being started."""
        self.master.results[STARTUP] = errors.OpExecError("There is no memory.")
        self.master.instances = [Instance("web", "ERROR_down"), Instance("db", "ERROR_down")]
        self.assertEqual(self.watch_group(), 1)
        self.assertEqual(self.master.submitted(), [(STARTUP, "web"), (STARTUP, "db")])
        self.assertEqual(set(json.loads(self.text(STATE))["instance"]), {"web", "db"})

    def test_stopped_by_its_user(self) -> None:
        """What its user stopped is marked as down in the user's name, unless it is locked."""
        self.master.instances = [Instance("web", "USER_down"), Instance("db", "USER_down")]
        self.master.locks = [("instance/db", ["job7"], None), ("node/web", ["job7"], None)]
        self.assertEqual(self.watch_group(), 0)
        self.assertEqual(self.master.submitted(), [(SHUTDOWN, "web")])
        self.assertEqual(self.master.ops[0]["admin_state_source"], "user")
        self.assertEqual(list(json.loads(self.text(STATE))["instance"]), ["web"])

    def test_secondary_has_booted(self) -> None:
        """Disks with a half on a node that booted are activated, once for each boot."""
        self.master.instances = [
            Instance("web", "running", "up", True, "drbd", "node1", ("node2",)),
            Instance("db", "running", "up", True, "plain", "node2"),
        ]
        self.master.nodes = [Node("node1", "a", False, GROUP), Node("node2", "b", False, "far")]
        for _ in range(2):
            self.assertEqual(self.watch_group(verify_disks=False), 0)
            self.assertEqual(self.master.submitted(), [(ACTIVATE, "web")])
        self.assertEqual(
            json.loads(self.text(STATE))["node"],
            {"node1": {"bootid": "a"}, "node2": {"bootid": "b"}},
        )

    def test_broken_disks(self) -> None:
        """Disks that the verification reports are activated; the verification can wait its turn."""
        self.put(STATE, encode(State().booted({"node1": "a"})).decode())
        self.master.instances = [
            Instance(name, "running", "up", True, "plain", "node1") for name in ("web", "db")
        ]
        self.master.nodes = [Node("node1", "a", False, GROUP)]
        self.master.results[VERIFY] = [{}, ["db"], {}]
        self.assertEqual(self.watch_group(), 0)
        self.assertEqual(self.master.submitted(), [(VERIFY, "default"), (ACTIVATE, "db")])
        self.assertEqual(self.master.ops[0]["priority"], 10)

    def test_no_verification(self) -> None:
        """Without the verification of disks none is submitted."""
        self.master.instances = [Instance("web", "running", disk_template="plain")]
        self.watch_group(verify_disks=False)
        self.assertEqual(self.master.ops, [])

    def test_queue_takes_nothing(self) -> None:
        """A drained or full queue is no failure; the state is kept."""
        self.master.instances = [Instance("web", "ERROR_down")]
        for refuse in (errors.JobQueueDrainError("It is drained."), errors.JobQueueFull("Full.")):
            self.master.refuse = refuse
            self.assertEqual(self.watch_group(), 0)
            self.assertEqual(json.loads(self.text(STATE))["instance"], {})

    def test_drained(self) -> None:
        """While the queue is drained the status files are written, and nothing is submitted."""
        self.master.drained = True
        self.master.instances = [Instance("web", "ERROR_down")]
        self.assertEqual(self.watch_group(), 0)
        self.assertEqual(self.text("/var/run/ganeti/instance-status"), "web ERROR_down\n")
        self.assertEqual(self.master.ops, [])

    def test_another_watcher(self) -> None:
        """Two watchers never look after the same group at the same time."""
        self.held.add(f"/var/lock/ganeti-watcher.{GROUP}.lock")
        self.master.instances = [Instance("web", "ERROR_down")]
        self.assertEqual(self.watch_group(), 0)
        self.assertEqual(self.master.ops, [])

    def test_unusable_state(self) -> None:
        """A damaged state file keeps nothing down: the watcher begins anew."""
        self.put(STATE, "{torn")
        self.master.instances = [Instance("web", "ERROR_down")]
        self.assertEqual(self.watch_group(), 0)
        self.assertEqual(self.master.submitted(), [(STARTUP, "web")])
