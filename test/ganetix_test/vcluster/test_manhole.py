"""The consoles of a running virtual cluster's daemons, as gnt-debug manhole opens them."""

import os
import pty
import select
import subprocess
import termios

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.vcluster.test_cluster import running_cluster


def read_until(descriptor: int, wanted: bytes) -> bytes:
    """Return what comes from a terminal up to *wanted*; fail when it does not come."""
    shown = b""
    while wanted not in shown:
        ready, _, _ = select.select([descriptor], [], [], 30)
        assert ready, f"{wanted!r} did not come after {shown!r}"
        shown += os.read(descriptor, 4096)
    return shown


class ConsoleTests(SynchronousTestCase):
    """The cluster of the other tests; nothing here changes it."""

    def setUp(self) -> None:
        """Take the cluster; the first test makes it."""
        self.cluster = running_cluster()

    def typed(self, text: str, *options: str) -> str:
        """Return what the console of a daemon answers to the lines *text*."""
        return self.cluster.run(1, "gnt-debug", "manhole", *options, text=text)

    def test_consoles(self) -> None:
        """Each daemon has a console, also on another node; await works there."""
        self.assertEqual(self.typed("len(config.nodes)\n"), "3\n")
        lines = (
            "from ganetix.rpc.call import Nothing",
            "from ganetix.rpc.tables.sessions import VERSION",
            "found = await nodes.call(config.master.uuid, VERSION, Nothing())",
            "found.calls",
        )
        self.assertEqual(self.typed("\n".join(lines)), "1\n")
        node = ("--node", self.cluster.name(2), "--daemon=noded")
        self.assertEqual(self.typed("mastership.get().epoch\n", *node), "1\n")
        asked = '[name] = await luxi.call("QueryConfigValues", ["cluster_name"])\nprint(name)\n'
        self.assertEqual(self.typed(asked, "--daemon", "rapid"), "cluster.example.com\n")

    def test_console_on_a_terminal(self) -> None:
        """Keys are coloured as they are typed, Ctrl-D leaves, and the terminal is as before."""
        screen, terminal = pty.openpty()
        before = termios.tcgetattr(terminal)
        command = [str(self.cluster.root(1) / "cmd"), "gnt-debug", "manhole"]
        colours = {**os.environ, "TERM": "xterm"}
        client = subprocess.Popen(command, stdin=terminal, stdout=terminal, env=colours)
        try:
            shown = read_until(screen, b">>> ")
            self.assertIn(b"await works", shown)
            os.write(screen, b"6*7\r")
            shown = read_until(screen, b"42")
            self.assertIn(b"\x1b[36m6\x1b[0m", shown)
            os.write(screen, b"\x04")
            self.assertEqual(client.wait(30), 0)
        finally:
            # A test that fails must not wait for a console that nobody leaves.
            client.kill()
            client.wait(30)
        self.assertEqual(termios.tcgetattr(terminal), before)
        os.close(terminal)
        os.close(screen)

    def test_a_line_that_blocks(self) -> None:
        """It is interrupted with its stack, and the daemon goes on with its work."""
        answer = self.typed("import time\ntime.sleep(60)\n'on'\n", "--daemon", "rapid")
        self.assertIn('File "<console>", line 1, in <module>', answer)
        self.assertIn("LineTooLong", answer)
        self.assertTrue(answer.endswith("'on'\n"))

    def test_console_in_the_log(self) -> None:
        """Who came, what was typed and that they left stands in the daemon's log."""
        self.typed("'typed here'\n")
        told = [line for line in self.cluster.log(1, "master").splitlines() if "Console:" in line]
        whole = f"user {os.geteuid()}, process "
        self.assertTrue(all(whole in line for line in told[-3:]))
        self.assertIn("'typed here'", told[-2])
