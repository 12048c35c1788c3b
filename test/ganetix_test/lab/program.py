"""``bin/lab``: the lab by hand."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence

from ganetix_test.lab import guest, host
from ganetix_test.lab.cluster import Lab
from ganetix_test.lab.host import LabError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bin/lab", description="Nodes that are kernels of their own, and a cluster on them."
    )
    parser.add_argument("--name", default="lab", help="which lab (default: lab)")
    verbs = parser.add_subparsers(dest="verb", required=True)
    up = verbs.add_parser("up", help="make the lab and its cluster")
    up.add_argument("--nodes", type=int, default=3, choices=range(1, 10), metavar="N")
    up.add_argument("--no-cluster", action="store_true", help="nodes alone")
    for verb, told in (
        ("shell", "a shell in a node"),
        ("kill", "cut a node's power"),
        ("start", "power a node on"),
        ("console", "what a node's kernel said"),
    ):
        verbs.add_parser(verb, help=told).add_argument("node")
    run = verbs.add_parser("run", help="run a command in a node")
    run.add_argument("node")
    run.add_argument("command", nargs=argparse.REMAINDER)
    partition = verbs.add_parser("partition", help="let two nodes not reach each other")
    partition.add_argument("nodes", nargs=2, metavar="node")
    verbs.add_parser("heal", help="take all partitions back")
    verbs.add_parser("status", help="which nodes have power")
    verbs.add_parser("down", help="end the lab and remove every trace of it")
    return parser


def _up(lab: Lab, *, cluster: bool) -> int:
    began = time.monotonic()

    def tell(what: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - began:3.0f} s] {what}" + "\n")

    why = host.unable()
    if why:
        raise LabError(f"There can be no lab on this machine: {why}.")
    if host.lacking():
        tell(f"Installing {', '.join(host.lacking())}")
        host.install()
    guest.make()
    if lab.directory.exists():
        raise LabError(f"Lab '{lab.name}' is up already; 'bin/lab down' takes it down.")
    try:
        lab.up(tell, cluster=cluster)
    except BaseException:
        with host.undisturbed():
            lab.down()
        raise
    tell(f"Ready: {', '.join(node.name for node in lab.nodes)}")
    return 0


def _enter(lab: Lab, which: str, words: Sequence[str]) -> int:
    node = lab.node(which)
    if not node.running():
        raise LabError(f"{node.name} has no power; 'bin/lab start {which}' turns it on.")
    line = " ".join(words)
    if not line:
        return subprocess.run(node.ssh("sh -l", terminal=True), check=False).returncode
    return subprocess.run(
        node.ssh(f". /root/.profile; {line}", terminal=sys.stdin.isatty()), check=False
    ).returncode


def _do(options: argparse.Namespace) -> int:
    if options.verb == "up":
        return _up(Lab(options.name, options.nodes), cluster=not options.no_cluster)
    lab = Lab.known(options.name)
    if options.verb in ("shell", "run"):
        return _enter(lab, options.node, getattr(options, "command", ()))
    if options.verb == "kill":
        lab.node(options.node).kill()
    elif options.verb == "start":
        lab.node(options.node).start()
        lab.node(options.node).wait()
    elif options.verb == "console":
        sys.stdout.write(lab.node(options.node).said())
    elif options.verb == "partition":
        lab.partition(*(lab.node(which) for which in options.nodes))
    elif options.verb == "heal":
        lab.heal()
    elif options.verb == "status":
        for node in lab.nodes:
            sys.stdout.write(f"{node.name} {'on' if node.running() else 'off'}\n")
    else:
        lab.down()
    return 0


def main() -> None:
    """Do what the command line says."""
    options = _parser().parse_args()
    if os.geteuid() != 0:
        sys.exit("bin/lab: it needs root, for namespaces and mounts.")
    host.let_signals_interrupt()
    try:
        sys.exit(_do(options))
    except LabError as error:
        sys.exit(f"bin/lab: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
