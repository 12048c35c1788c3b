"""One run on a node, on the master, and what keeps it from happening."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.watcher.options import Options, parse
from ganetix_test.spec import load
from ganetix_test.watcher.scripted import DATA, NOW, WatcherCase

PAUSE = f"{DATA}/watcher.pause"


class NodeTests(WatcherCase):
    """What happens on every node."""

    def test_daemons_and_hooks(self) -> None:
        """The daemons are started and the hooks run, though one of each fails."""
        hooks = "/etc/ganeti/hooks/watcher"
        self.put(f"{hooks}/20-second", "", 0o755)
        self.put(f"{hooks}/10-first", "", 0o755)
        self.put(f"{hooks}/not.a.script", "", 0o755)
        self.put(f"{hooks}/30-data", "", 0o644)
        self.codes = {"daemon-util start-all": 1, f"{hooks}/10-first": 3}
        self.assertEqual(self.watch(), 0)
        self.assertEqual(
            self.ran, [["daemon-util", "start-all"], [f"{hooks}/10-first"], [f"{hooks}/20-second"]]
        )

    def test_not_master(self) -> None:
        """On another node the run ends with 11 after daemons and hooks."""
        self.master_name = "node2"
        self.assertEqual(self.watch(), 11)
        self.assertEqual(self.ran, [["daemon-util", "start-all"]])
        self.assertEqual(self.children, [])

    def test_no_cluster(self) -> None:
        """A machine that is in no cluster is told so."""
        self.master_name = None
        self.assertEqual(self.watch(), 1)

    def test_locked(self) -> None:
        """Who holds the lock exclusively keeps the watcher from doing anything."""
        self.held.add("/var/lock/ganeti-watcher.lock")
        self.assertEqual((self.watch(), self.ran, self.children), (0, [], []))

    def test_name_resolution(self) -> None:
        """A name that does not resolve has an exit code of its own."""

        def fails(method: str, *args: Any) -> Any:
            raise errors.ResolverError("node1", None, "The name 'node1' does not resolve.")

        self.master.call = fails  # type: ignore[method-assign]  # this master has lost its names
        self.assertEqual(self.watch(), 12)


class UpgradeTests(WatcherCase):
    """An upgrade that process 77 began, and that has paused the watcher."""

    RESUME = ("/etc/ganeti/lib/bin/gnt-cluster", "upgrade", "--resume")

    def setUp(self) -> None:
        """Write down what the upgrade does."""
        super().setUp()
        self.put(f"{DATA}/intent-to-upgrade", "0.1,0.2,77\n")
        self.put(PAUSE, f"{NOW + 1}\n")
        self.files.make_dirs("/proc/77", 0o755)

    def test_broken_off(self) -> None:
        """It is resumed when nobody is at it, also when its number is another process's now."""
        self.assertEqual((self.watch(), self.ran), (0, [list(self.RESUME)]))
        self.put("/proc/77/cmdline", "sh\0-c\0true\0")
        self.codes = {" ".join(self.RESUME): 1}
        self.watch()
        self.assertEqual(self.ran, [list(self.RESUME)] * 2)

    def test_at_work(self) -> None:
        """It is left alone while its process is at it."""
        self.put("/proc/77/cmdline", "python\0gnt-cluster\0upgrade\0--to\x000.2\0")
        self.assertEqual((self.watch(), self.ran), (0, []))

    def test_elsewhere(self) -> None:
        """Only the master resumes it, and no watcher of a group."""
        self.watch(Options(node_group="default"))
        self.master_name = "node2"
        self.watch()
        self.assertEqual(self.ran, [])

    def test_torn(self) -> None:
        """What can't be understood is given to the command, which says what to do."""
        self.put(f"{DATA}/intent-to-upgrade", "")
        self.watch()
        self.assertEqual(self.ran, [list(self.RESUME)])


class PauseTests(WatcherCase):
    """The pause file."""

    def test_paused(self) -> None:
        """A pause keeps the watcher from doing anything, unless it is told to ignore it."""
        self.put(PAUSE, f"{NOW + 1}\n")
        self.assertEqual((self.watch(), self.ran, self.children), (0, [], []))
        self.assertEqual(self.watch(Options(ignore_pause=True)), 0)
        self.assertEqual(len(self.children), 1)
        self.assertIn("--ignore-pause", self.children[0])

    def test_expired(self) -> None:
        """A pause that is over pauses nothing, and is removed an hour later."""
        for age, kept in ((0, True), (3600, True), (3601, False)):
            self.put(PAUSE, f"{NOW - age}\n")
            self.rapi = [True]
            self.watch()
            self.assertEqual(self.files.exists(PAUSE), kept, age)
        self.assertEqual(len(self.children), 3)

    def test_no_number(self) -> None:
        """What is no number pauses nothing and is removed."""
        for text in ("", "tomorrow", "-1", "1e12", "9" * 20):
            self.put(PAUSE, text)
            self.rapi = [True]
            self.watch()
            self.assertFalse(self.files.exists(PAUSE), text)
        self.assertEqual(len(self.children), 5)


class MasterTests(WatcherCase):
    """What happens on the master."""

    def test_archive_and_children(self) -> None:
        """Old jobs are archived; each group has a watcher of its own, a second apart."""
        self.master.groups = [("uuid1", "a"), ("uuid2", "b")]
        options = Options(job_age=60, verify_disks=False)
        self.assertEqual(self.watch(options), 0)
        self.assertEqual(self.master.archived, [60])
        self.assertEqual(
            self.children,
            [[f"--node-group={uuid}", "--no-verify-disks"] for uuid in ("uuid1", "uuid2")],
        )
        self.assertEqual(self.slept, [1.0])

    def test_children_fail(self) -> None:
        """A child that fails makes the run fail, if it is waited for."""
        self.child_code = 1
        self.assertEqual(self.watch(), 1)
        self.rapi = [True]
        self.assertEqual(self.watch(Options(wait_children=False)), 0)

    def test_rapi_restarted_once(self) -> None:
        """A remote API that does not answer is restarted, once."""
        for answers in ([False, True], [False, False]):
            self.rapi, self.ran = answers, []
            self.assertEqual(self.watch(), 0)
            self.assertEqual(
                self.ran[1:],
                [["daemon-util", "stop", "ganeti-rapi"], ["daemon-util", "start", "ganeti-rapi"]],
            )

    def test_unknown_group(self) -> None:
        """A group that is not there is an error."""
        self.assertEqual(self.watch(Options(node_group="nowhere")), 1)

    def test_no_master_daemon(self) -> None:
        """A master daemon that can't be reached is an error."""

        def fails(method: str, *args: Any) -> Any:
            raise errors.LuxiError("Nobody listens.")

        self.master.call = fails  # type: ignore[method-assign]  # this master is not there
        self.assertEqual(self.watch(), 1)


class OptionsTests(SynchronousTestCase):
    """The command line."""

    def test_every_option(self) -> None:
        """Each option of the reference is taken and has its effect."""
        effects = {
            "--debug": ([], Options(debug=1)),
            "--node-group": (["default"], Options(node_group="default")),
            "--job-age": (["2h"], Options(job_age=7200)),
            "--ignore-pause": ([], Options(ignore_pause=True)),
            "--wait-children": ([], Options(wait_children=True)),
            "--no-wait-children": ([], Options(wait_children=False)),
            "--no-verify-disks": ([], Options(verify_disks=False)),
            "--rapi-ip": (["127.0.0.9"], Options(rapi_ip="127.0.0.9")),
        }
        table = load("cli")["other_programs"]["ganeti-watcher"]["options"]
        self.assertEqual({row["long"] for row in table}, set(effects))
        for row in table:
            value, expected = effects[row["long"]]
            for flag in (row["long"], row["short"]):
                if flag:
                    self.assertEqual(parse([flag, *value]), expected, flag)

    def test_children_get_what_they_need(self) -> None:
        """The command line of a child is one that the program takes."""
        options = Options(ignore_pause=True, verify_disks=False, debug=2)
        expected = Options(node_group="u", ignore_pause=True, verify_disks=False, debug=2)
        self.assertEqual(parse(options.of_child("u")), expected)

    def test_job_age(self) -> None:
        """Durations have units; all means every job that has ended."""
        for text, seconds in (("7", 7), ("3w", 1814400), ("2d", 172800), ("5m", 300), ("all", -1)):
            self.assertEqual(parse(["-A", text]).job_age, seconds)
        self.assertEqual(parse([]).job_age, 21600)
