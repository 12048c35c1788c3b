"""Tests of adding a node over ssh, with Debian's sshd between two network namespaces."""

import atexit
import functools
import os
import shutil
import sys

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.vcluster import machines
from ganetix_test.vcluster.machines import Machine

NODE1, NODE2, CLUSTER = "node1.example.com", "node2.example.com", "cluster.example.com"
HOSTS = f"""\
127.0.0.1 localhost
198.51.100.1 {NODE1} node1
198.51.100.2 {NODE2} node2
198.51.100.100 {CLUSTER} cluster
"""
PROGRAMS = os.path.dirname(sys.executable)


def missing() -> str:
    """Return what this machine lacks for these tests, empty if nothing."""
    if os.geteuid() != 0:
        return "it needs root, for namespaces"
    for program in ("sshd", "ssh", "ssh-keygen", "unshare", "nsenter", "ip"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return ""


@functools.cache
def begun_cluster() -> tuple[Machine, Machine]:
    """Return two machines with ssh daemons, the first one master of a cluster; made once."""
    made = []
    for name in (NODE1, NODE2):
        machine = Machine.make(name)
        atexit.register(machine.remove)
        made.append(machine)
    first, second = made
    machines.connect(first, second)
    for number, machine in enumerate(made, 1):
        machine.address(f"198.51.100.{number}")
        machine.write("/etc/hosts", HOSTS)
        start_sshd(machine)
    first.run(
        f"{PROGRAMS}/gnt-cluster", "init", "--enabled-hypervisors=fake",
        "--enabled-disk-templates=file,diskless", "--master-netdev=eth0", CLUSTER,
    )  # fmt: skip
    return first, second


def start_sshd(machine: Machine) -> None:
    """Give *machine* host keys of its own and start its ssh daemon."""
    machine.run("rm", "-rf", "/root/.ssh", "/etc/ssh")
    machine.run("mkdir", "-p", "/etc/ssh")
    for kind in ("rsa", "ecdsa"):
        path = f"/etc/ssh/ssh_host_{kind}_key"
        machine.run("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path)
    machine.write("/etc/ssh/sshd_config", machines.SSHD_CONFIG)
    machine.run(str(shutil.which("sshd")))


class SshBootstrapTests(SynchronousTestCase):
    """A real cluster of two machines, as an administrator makes it."""

    if missing():
        skip = missing()

    def setUp(self) -> None:
        """Take the machines; the first test makes them."""
        self.first, self.second = begun_cluster()

    def trust(self) -> None:
        """Do what the administrator does by hand: let node 1 in, and know node 2's host keys."""
        self.second.write("/root/.ssh/authorized_keys", self.first.read("/root/.ssh/id_rsa.pub"))
        known = "".join(
            f"{NODE2} {self.second.read(f'/etc/ssh/ssh_host_{kind}_key.pub')}"
            for kind in ("rsa", "ecdsa")
        )
        self.first.write("/root/.ssh/known_hosts", known)

    def test_begun(self) -> None:
        """The first node's host keys are known under the cluster's name; root may log in."""
        known = self.first.read("/var/lib/ganeti/known_hosts").splitlines()
        kinds = [line.split()[1] for line in known]
        self.assertEqual({line.split()[0] for line in known}, {CLUSTER})
        self.assertEqual(sorted(kinds), ["ecdsa-sha2-nistp256", "ssh-rsa"])
        public = self.first.read("/root/.ssh/id_rsa.pub").strip()
        self.assertIn(public, self.first.read("/root/.ssh/authorized_keys"))
        self.assertIn(public, self.first.read("/var/lib/ganeti/ganeti_pub_keys"))

    def test_least_power(self) -> None:
        """The master daemon does not run as root; its files belong to its account."""
        pid = self.first.read("/var/run/ganeti/ganeti-masterd.pid").strip()
        user = self.first.run("stat", "-c", "%U", f"/proc/{pid}").strip()
        self.assertEqual(user, "gnt-masterd")
        for path, expected in (
            ("/var/lib/ganeti/config.data", "gnt-masterd 640"),
            ("/var/lib/ganeti/authority.key", "gnt-masterd 600"),
            ("/var/lib/ganeti/queue", "gnt-masterd 750"),
            ("/var/lib/ganeti/ssconf_master_node", "root 444"),
            ("/var/log/ganeti/master-daemon.log", "gnt-masterd 600"),
            ("/var/log/ganeti/node-daemon.log", "root 600"),
            ("/var/run/ganeti/socket/ganeti-query", "gnt-masterd 660"),
        ):
            self.assertEqual(self.first.run("stat", "-c", "%U %a", path).strip(), expected, path)

    def test_node_add(self) -> None:
        """A node whose host key is unknown is refused; known and let in, it becomes a node."""
        add = (f"{PROGRAMS}/gnt-node", "add", "node2")
        refused = self.first.attempt(*add)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("Host key verification failed", refused.stderr)
        self.trust()
        self.first.run(*add)
        listed = self.first.run(f"{PROGRAMS}/gnt-node", "list", "--no-headers", "-o", "name,role")
        self.assertEqual([row.split() for row in listed.splitlines()], [[NODE1, "M"], [NODE2, "C"]])
        self.check_keys()
        self.check_login()
        self.check_renewed()
        self.check_removed()

    def check_renewed(self) -> None:
        """New ssh keys and a new authority reach both; owners and modes are what they were."""
        keys = ("/root/.ssh/id_rsa.pub", "/var/lib/ganeti/server.pem",
                "/var/lib/ganeti/authority.pem")  # fmt: skip
        machines_ = (self.first, self.second)
        before = [machine.read(path).strip() for machine in machines_ for path in keys]
        stat = ("stat", "-c", "%n %U %a", *keys[1:], "/var/lib/ganeti/authority.key",
                "/var/lib/ganeti/ganeti_pub_keys")  # fmt: skip
        modes = self.first.run(*stat)
        self.first.run(f"{PROGRAMS}/gnt-cluster", "renew-crypto", "-f", "--new-ssh-keys",
                       "--ssh-key-bits=3072", "--new-cluster-certificate")  # fmt: skip
        after = [machine.read(path).strip() for machine in machines_ for path in keys]
        self.assertFalse(set(before) & set(after))
        for machine in machines_:
            self.assertEqual(machine.run(*stat), modes)
            doors = machine.read("/root/.ssh/authorized_keys")
            self.assertFalse([key for key in before if key in doors])
        self.check_keys()
        self.check_login()
        told = self.first.run(f"{PROGRAMS}/gnt-cluster", "command", "hostname")
        self.assertIn(NODE2, told)
        self.first.run(f"{PROGRAMS}/gnt-debug", "delay", "-n", NODE2, "0.1")

    def check_removed(self) -> None:
        """A node that is removed and the other one let each other in no more."""
        keys = [machine.read("/root/.ssh/id_rsa.pub").split()[1]
                for machine in (self.first, self.second)]  # fmt: skip
        self.first.run(f"{PROGRAMS}/gnt-node", "remove", NODE2)
        self.assertIn(keys[0], self.first.read("/root/.ssh/authorized_keys"))
        self.assertNotIn(keys[1], self.first.read("/root/.ssh/authorized_keys"))
        self.assertNotIn(keys[0], self.second.read("/root/.ssh/authorized_keys"))
        self.assertEqual(len(self.first.read("/var/lib/ganeti/ganeti_pub_keys").splitlines()), 1)

    def check_keys(self) -> None:
        """Each node made its own key, and its ssh daemon shows the cluster's host keys."""
        certificate = "/var/lib/ganeti/server.pem"
        self.assertNotEqual(self.first.read(certificate), self.second.read(certificate))
        self.assertEqual(self.second.attempt("cat", "/var/lib/ganeti/joining.key").returncode, 1)
        for kind in ("rsa", "ecdsa"):
            path = f"/etc/ssh/ssh_host_{kind}_key"
            self.assertEqual(self.first.read(path), self.second.read(path))
            self.assertNotEqual(self.second.read(f"{path}.before-ganeti"), self.second.read(path))
        rows = self.first.read("/var/lib/ganeti/ganeti_pub_keys").splitlines()
        self.assertEqual(len(rows), 2)
        self.assertIn(self.second.read("/root/.ssh/id_rsa.pub").strip(), rows[1])

    def check_login(self) -> None:
        """Both may log in to each other, by the cluster's known hosts alone."""
        options = (
            "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes",
            "-o", f"HostKeyAlias={CLUSTER}", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "GlobalKnownHostsFile=/var/lib/ganeti/known_hosts",
        )  # fmt: skip
        for machine, other in ((self.first, NODE2), (self.second, NODE1)):
            told = machine.run("ssh", *options, f"root@{other}", "hostname")
            self.assertEqual(told.strip(), other)
