"""Programs that fail, hang or are killed half way: a clear error, and nothing is left."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ganetix_test.lab.cluster import Lab
from ganetix_test.lab.node import Node
from ganetix_test.lab.scenarios import steps

VM: Final = "instance17.example.com"
OTHER: Final = "instance18.example.com"
SIZE: Final = 64
"""MiB of a disk."""

IMAGE: Final = "/srv/image.raw"
_ONE_DISK: Final = (
    "gnt-instance add -H fake -t plain --disk 0:size=64m --no-start -B memory=32m "
    "--ignore-ipolicy --no-name-check {options} -n node3.example.com {name}"
)


@contextlib.contextmanager
def broken(node: Node, path: str, script: str) -> Iterator[None]:
    """Let the program *path* on *node* do what *script* says; ``real`` is the real one there."""
    text = f'#!/bin/sh\nreal() {{ {path}.real "$@"; }}\n{script}\n'
    node.run(f"cp -a {path} {path}.real && cat > {path}.new && chmod 755 {path}.new && "
             f"mv {path}.new {path}", text=text)  # fmt: skip
    try:
        yield
    finally:
        node.run(f"mv {path}.real {path}")


def failing(lab: Lab) -> str:
    """Programs fail, or are killed in the middle of their work."""
    before = steps.volumes(lab)
    mirror = steps.mirror(VM, SIZE)
    lab.node(3).run(f"truncate -s 8M {IMAGE}")
    image = _ONE_DISK.format(options=f"-o image -O image={IMAGE}", name=VM)
    half = 'case "$1" in {verb}) real "$@"; kill -9 $$;; esac; real "$@"'
    for node, path, script, line, words in (
        (lab.node(2), "/usr/sbin/lvcreate", "echo '  Out of luck.' >&2; exit 5", mirror,
         "Out of luck"),
        (lab.node(1), "/usr/sbin/drbdsetup", half.format(verb="connect"), mirror, "drbdsetup"),
        (lab.node(3), "/usr/bin/qemu-img", half.format(verb="convert"), image, "create"),
    ):  # fmt: skip
        with broken(node, path, script):
            steps.refused(lab, line, words)
        _require_nothing_left(lab, before, path)
    return "lvcreate, drbdsetup and qemu-img were named, no volume or device left"


def hanging(lab: Lab) -> str:
    """Programs that never end are ended: two jobs at once wait for one each."""
    before = steps.volumes(lab)
    plain = _ONE_DISK.format(options="-o noop --no-install --submit", name=OTHER)
    hang = 'case "$1" in {verb}) sleep 1000;; esac; real "$@"'
    with (
        broken(lab.node(3), "/usr/sbin/lvcreate", "sleep 1000"),
        broken(lab.node(2), "/usr/sbin/drbdsetup", hang.format(verb="attach")),
    ):
        jobs = [steps.submitted(lab, line) for line in (plain, steps.mirror(VM, SIZE, "--submit"))]
        for job, program in zip(jobs, ("lvcreate", "drbdsetup"), strict=True):
            steps.refused(lab, f"gnt-job watch {job}", "took longer than 120 seconds")
            steps.refused(lab, f"gnt-job watch {job}", program)
    _require_nothing_left(lab, before, "A program that hung")
    sleeps = [node.name for node in lab.nodes if node.attempt("pgrep -f 'sleep 1000$'").stdout]
    steps.require(not sleeps, f"The programs still run on {sleeps}.")
    return "lvcreate and drbdsetup were ended after 120 seconds, no volume or device left"


def _require_nothing_left(lab: Lab, before: list[str], who: str) -> None:
    now = steps.volumes(lab)
    steps.require(now == before, f"{who} left {now}, not {before}.")


SCENARIOS: Final[Mapping[str, Callable[[Lab], str]]] = {
    "programs that fail or are killed": failing,
    "programs that hang": hanging,
}
