"""What the watcher decides."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix.watcher import decide
from ganetix.watcher.decide import Instance, Node
from ganetix.watcher.state import State, Tries

STATUSES = (
    "running", "ERROR_down", "ERROR_up", "ERROR_wrongnode", "ERROR_nodedown",
    "ERROR_nodeoffline", "ADMIN_down", "ADMIN_offline", "USER_down",
)  # fmt: skip


def _names(instances: tuple[Instance, ...]) -> list[str]:
    return [one.name for one in instances]


class StartsTests(SynchronousTestCase):
    """Which instances are started."""

    def test_only_what_is_down_and_should_run(self) -> None:
        """Of all status words only ERROR_down makes the watcher start an instance."""
        due = decide.starts([Instance(status, status) for status in STATUSES], State())
        self.assertEqual(_names(due.now), ["ERROR_down"])

    def test_five_tries(self) -> None:
        """After five tries an instance is left alone, and told so."""
        web = Instance("web", "ERROR_down")
        state = State()
        for _ in range(5):
            self.assertEqual(decide.starts([web], state).now, (web,))
            state = state.restarted("web", 0)
        self.assertEqual(decide.starts([web], state), decide.Due(given_up=(web,)))


class CleanupsTests(SynchronousTestCase):
    """Which instances are marked as down."""

    def test_only_what_its_user_stopped(self) -> None:
        """Of all status words only USER_down makes the watcher mark an instance."""
        due = decide.cleanups([Instance(status, status) for status in STATUSES], State(), ())
        self.assertEqual(_names(due.now), ["USER_down"])

    def test_marked_once(self) -> None:
        """An instance whose administrator state is down already is not marked again."""
        web = Instance("web", "USER_down", admin_state="down")
        self.assertEqual(decide.cleanups([web], State(), ()), decide.Due())

    def test_locked(self) -> None:
        """What another job holds is left for the next run, and no try is counted for it."""
        web = Instance("web", "USER_down")
        self.assertEqual(decide.cleanups([web], State(), {"web"}), decide.Due(locked=(web,)))

    def test_five_tries(self) -> None:
        """After five tries an instance is left alone."""
        web = Instance("web", "USER_down")
        state = State(cleanups={"web": Tries(5, 0)})
        self.assertEqual(decide.cleanups([web], state, ()), decide.Due(given_up=(web,)))


class SettledTests(SynchronousTestCase):
    """Whose tries are forgotten."""

    def test_by_status(self) -> None:
        """Tries end with a state that is known and good, or with the instance."""
        tries = {name: Tries(1, 0) for name in (*STATUSES, "gone")}
        state = State(restarts=tries, cleanups=tries)
        settled = decide.settled([Instance(status, status) for status in STATUSES], state)
        bad = {"ERROR_down", "USER_down", "ERROR_nodedown", "ERROR_nodeoffline"}
        self.assertEqual(settled, {*STATUSES, "gone"} - bad)
        self.assertEqual(set(state.without(settled).restarts), bad)
        self.assertEqual(set(state.without(settled).cleanups), bad)


class DisksTests(SynchronousTestCase):
    """Whose disks are activated."""

    def test_rebooted(self) -> None:
        """A node has booted when its boot id is another than the known one, or the first."""
        nodes = [
            Node("same", "1"), Node("other", "2"), Node("first", "3"), Node("silent"),
            Node("offline", "4", offline=True),
        ]  # fmt: skip
        state = State(boot_ids={"same": "1", "other": "1", "silent": "1", "offline": "1"})
        self.assertEqual(decide.rebooted(nodes, state), {"other", "first"})

    def test_reactivations(self) -> None:
        """Instances with a half on a node that booted, if their disks are in use and can be."""

        def one(name: str, status: str = "running", active: bool = True) -> Instance:
            return Instance(name, status, "up", active, "drbd", "node1", ("node2",))

        found = decide.reactivations(
            [
                one("web"), one("idle", active=False), one("started", "ERROR_down"),
                one("away", "ERROR_nodedown"), Instance("plain", "running", primary="node2"),
            ],
            {"node2"},
            {"started"},
        )  # fmt: skip
        self.assertEqual(_names(found), ["web"])
        self.assertEqual(decide.reactivations([one("web")], (), ()), ())

    def test_verifiable(self) -> None:
        """A group is verified only where a disk in use lies on a logical volume."""
        for template, expected in (
            ("plain", True), ("drbd", True), ("file", False), ("sharedfile", False),
            ("gluster", False), ("blockdev", False), ("rbd", False), ("ext", False),
            ("diskless", False),
        ):  # fmt: skip
            instance = Instance("web", "running", disk_template=template)
            self.assertIs(decide.verifiable([instance]), expected, template)
        idle = Instance("web", "ADMIN_down", disks_active=False, disk_template="drbd")
        self.assertFalse(decide.verifiable([idle]))

    def test_repairs(self) -> None:
        """Reported disks are activated unless one of their nodes is offline or not heard."""
        nodes = [Node("a", "1"), Node("b", "1"), Node("dead"), Node("off", "1", offline=True)]
        pairs = {"good": "b", "dead": "dead", "off": "off", "well": "b"}
        instances = [
            Instance(name, "running", primary="a", secondaries=(node,))
            for name, node in pairs.items()
        ]
        broken = decide.broken_disks([{}, ["good", "dead", "off", "unknown"], {}])
        self.assertEqual(_names(decide.repairs(instances, nodes, broken)), ["good"])


class StatusFileTests(SynchronousTestCase):
    """The status files."""

    def test_lines(self) -> None:
        """A line an instance: name and status, by name."""
        found = decide.statuses([Instance("web", "running"), Instance("db", "ERROR_down")])
        self.assertEqual(found, b"db ERROR_down\nweb running\n")

    def test_newest_wins(self) -> None:
        """Where two groups name an instance, the later file is believed."""
        found = decide.merged([b"web running\nold ADMIN_down\n", b"web ERROR_down\n", b"torn"])
        self.assertEqual(found, b"old ADMIN_down\nweb ERROR_down\n")
