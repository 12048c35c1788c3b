"""Jobs: latency, throughput, what they cost the master, and what others feel of it."""

import statistics
import time
from collections.abc import Sequence

from ganetix.luxi.client import Client
from ganetix_test.bench.pings import Pings
from ganetix_test.bench.report import Measure, median_ms
from ganetix_test.bench.target import DELAY, FINAL, Op, Target, timed, wait

NOOP: Op = {**DELAY, "duration": 0.001}


def latency(target: Target, share: int) -> list[Measure]:
    """No-op jobs, one at a time over one connection."""
    client = target.client()
    timed(client, NOOP)
    before = target.cpu()
    times = [timed(client, NOOP) for _ in range(max(5, 200 // share))]
    cost = (target.cpu() - before) / len(times)
    return [
        median_ms("no-op job, latency", times, 8),
        Measure("no-op job alone, master CPU", "ms", cost * 1000),
    ]


def throughput(target: Target, share: int) -> list[Measure]:
    """Many no-op jobs at once, the third round of three; pings meanwhile."""
    many = max(20, 1000 // share)
    client = target.client()
    for _ in range(2):
        _all(target, many)
    before, began = target.cpu(), time.perf_counter()
    with Pings(target) as pings:
        _all(target, many)
        took = time.perf_counter() - began
    cost = (target.cpu() - before) / many
    client.close()
    note = f"{many} at once"
    return [
        Measure("no-op jobs, throughput", "/s", many / took, 400, more=True, note=note),
        Measure("no-op jobs, master CPU a job", "ms", cost * 1000, 2.5, note=note),
        Measure("longest wait for a small query meanwhile", "ms", pings.longest * 1000),
    ]


def _all(target: Target, many: int) -> None:
    """Submit *many* no-op jobs as one and wait until the last has succeeded."""
    client = target.client()
    answers = client.call("SubmitManyJobs", [[NOOP]] * many)
    ends = {wait(client, job) for _, job in answers}
    client.close()
    if ends != {"success"}:
        raise RuntimeError(f"Jobs ended as {', '.join(sorted(ends))}.")


def tags(targets: Sequence[Target], share: int) -> list[Measure]:
    """Jobs that tag an instance, in turn on clusters of different sizes."""
    clients = [target.client() for target in targets]
    names = [target.names("instance") for target in targets]
    times: list[list[float]] = [[] for _ in targets]
    rounds = max(6, 50 // share)
    for turn in range(-2, rounds):
        for client, found, taken in zip(clients, names, times, strict=True):
            took = timed(client, _tag(found[0], turn))
            if turn >= 0:
                taken.append(took)
    rows = [
        median_ms(f"tag job, {len(found)} instances", taken)
        for found, taken in zip(names, times, strict=True)
    ]
    if len(targets) > 1:
        small, *_, large = sorted(zip(map(len, names), times, strict=True))
        ratio = statistics.median(large[1]) / statistics.median(small[1])
        what = f"tag jobs, {large[0]} against {small[0]}"
        rows.append(Measure(what, "", ratio, 1.3, note=f"{rounds} each, interleaved"))
    return rows


def _tag(instance: str, turn: int) -> Op:
    op = "OP_TAGS_DEL" if turn % 2 else "OP_TAGS_SET"
    return {"OP_ID": op, "kind": "instance", "name": instance, "tags": ["bench"], "reason": []}


def create(target: Target, share: int) -> list[Measure]:
    """Diskless instances of the fake hypervisor: created, one at a time, and removed again."""
    client, node = target.client(), target.names("node")[0]
    system = target.run("gnt-os", "list", "--no-headers").split()[0]
    made, gone = [], []
    for turn in range(max(3, 20 // share) + 1):
        name = f"bench{turn}.example.com"
        made.append(timed(client, _create(name, node, system)))
        gone.append(timed(client, _remove(name)))
    return [
        median_ms("diskless instance, create", made[1:], 40),
        median_ms("diskless instance, remove", gone[1:]),
    ]


def _create(name: str, node: str, system: str) -> Op:
    return {
        "OP_ID": "OP_INSTANCE_CREATE",
        "instance_name": name,
        "mode": "create",
        "disk_template": "diskless",
        "disks": [],
        "nics": [{}],
        "os_type": system,
        "pnode": node,
        "hypervisor": "fake",
        "hvparams": {},
        "beparams": {"minmem": 4, "maxmem": 4, "vcpus": 1},
        "start": True,
        "ip_check": False,
        "name_check": False,
        "conflicts_check": False,
        "force_variant": True,
        "reason": [],
    }


def _remove(name: str) -> Op:
    return {"OP_ID": "OP_INSTANCE_REMOVE", "instance_name": name, "reason": []}


def memory(target: Target, share: int) -> list[Measure]:
    """What 20 jobs in flight add to the memory of the master node."""
    client = target.client()
    before = most = target.memory()
    op = {**DELAY, "duration": 5.0}
    jobs = [job for _, job in client.call("SubmitManyJobs", [[op]] * 20)]
    together = 0
    while not set(states := _states(client, jobs)) <= set(FINAL):
        together = max(together, states.count("running"))
        most = max(most, target.memory())
        time.sleep(0.2)
    grown = (most - before) / 1e6
    note = f"{before / 1e6:.0f} MB before; {together} ran at once"
    return [Measure("20 jobs in flight, memory", "MB", grown, 20, note=note)]


def _states(client: Client, jobs: list[int]) -> list[str]:
    """Return the state of each of *jobs*."""
    return [state for [state] in client.call("QueryJobs", jobs, ["status"])]
