"""The master loses power, or has no room on its disk: nothing that it had acknowledged is lost."""

from collections.abc import Callable, Mapping
from typing import Final

from ganetix_test.lab.cluster import Lab
from ganetix_test.lab.scenarios import steps

VM: Final = "instance16.example.com"
OTHERS: Final = "node2.example.com:node3.example.com"
_FILL: Final = """\
for part in 1 2 3; do fallocate -l $(df --output=avail -B1 / | tail -n 1) /fill.$part; done
dd if=/dev/zero of=/fill.last bs=512; :"""


def power_cut(lab: Lab) -> str:
    """The master loses power while jobs run; a candidate takes over, and they are done there."""
    steps.without(lab, VM)
    candidate = lab.node(2)
    with steps.slow_sync(lab):
        job = steps.syncing(lab, VM, OTHERS)
        waits = steps.submitted(lab, "gnt-debug delay --submit 60")
        lab.master.kill()
        steps.lead(candidate)
        said = candidate.run(f"gnt-job watch {job} 2>&1; gnt-job watch {waits} 2>&1")
        steps.mend(lab)
    steps.require("are in sync" in said, f"The job says: {said}")
    listed = steps.gnt(lab, f"gnt-job list --no-headers -o status {job} {waits}").split()
    steps.require(listed == ["success"] * 2, f"The jobs are {listed}.")
    verified = lab.master.attempt("gnt-cluster verify 2>&1").stdout
    steps.require(VM not in verified, f"Something is left of it: {verified}")
    steps.remove(lab, VM)
    return f"{candidate.name} went on with a sync and with a job that waits; verify is content"


def disk_full(lab: Lab) -> str:
    """With no room on the master's disk a change waits; with room again it is done."""
    try:
        lab.master.run(_FILL)
        waits = lab.master.attempt("timeout 10 gnt-cluster add-tags full 2>&1")
        steps.require(waits.returncode == 124, f"It was to wait: {waits.stdout}")
        log = lab.master.run("cat /var/log/ganeti/master-daemon.log")
        told = "No space left on device" in log
    finally:
        lab.master.run("rm -f /fill.*")
    steps.wait("The tag", 60, lambda: "full" in steps.gnt(lab, "gnt-cluster list-tags").split())
    steps.gnt(lab, "gnt-cluster remove-tags full")
    steps.require(told, f"The log does not say why: {log}")
    return "a change waited, the log said why, and it was done once there was room"


SCENARIOS: Final[Mapping[str, Callable[[Lab], str]]] = {
    "master loses power, failover": power_cut,
    "master's disk full": disk_full,
}
