"""``bin/bench lab``: guests and mirrors through the cluster beside the bare programs, in turn.

In a lab that is up, see docs/lab.md. Starts alone are also measured in a virtual cluster of this
machine that has kvm and the system's libvirt.
"""

import argparse
import os
import re
import shlex
import statistics
import subprocess
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from ganetix.model import params, schema
from ganetix.storage import drbd_argv
from ganetix.storage.drbd_argv import SETUP, Side
from ganetix_test.bench.report import Measure, median_ms, table
from ganetix_test.lab.cluster import Lab
from ganetix_test.lab.network import address
from ganetix_test.lab.scenarios import steps

Shell = Callable[[str], str]
"""Runs a shell line and returns its output."""
GUEST: Final = "instance16.example.com"
SLOWER: Final = 1.3
"""How many times the time of ``virsh start`` a start may take."""
ADDED: Final = 150.0
"""Milliseconds that making a mirror may take beyond the bare commands."""
_VIRSH: Final = "virsh -q -c qemu:///system"
_NEW: Final = (
    "gnt-instance add --no-install --no-start --no-nics --no-name-check --no-ip-check "
    f"--ignore-ipolicy -B memory=128m -o noop {{options}} {GUEST} >&2"
)
_STARTED: Final = re.compile(rf"^(\S+ \S+): event 'lifecycle' for domain '?{GUEST}'?: Started Boo")
_STARTS: Final = f"""\
set -e
log=$(mktemp) xml=$(mktemp)
stdbuf -oL {_VIRSH} event --event lifecycle --loop --timestamp > $log & listening=$!
gnt-instance start {GUEST} > /dev/null
{_VIRSH} dumpxml --inactive --security-info {GUEST} > $xml
gnt-instance shutdown --timeout 0 {GUEST} > /dev/null
for time in $(seq {{times}}); do
    echo gnt $(date +%s.%N)
    gnt-instance start {GUEST} > /dev/null
    sleep 1
    gnt-instance shutdown --timeout 0 {GUEST} > /dev/null
    gnt-instance activate-disks {GUEST} > /dev/null
    {_VIRSH} define $xml > /dev/null
    echo virsh $(date +%s.%N)
    {_VIRSH} start {GUEST} > /dev/null
    sleep 1
    {_VIRSH} destroy {GUEST} > /dev/null
    {_VIRSH} undefine {GUEST} > /dev/null
    gnt-instance deactivate-disks {GUEST} > /dev/null
done
kill $listening
cat $log
rm $log $xml"""
_ELSEWHERE: Final = f"""\
{_VIRSH} migrate-setmaxdowntime {GUEST} {{downtime}} &&
{_VIRSH} migrate{{live}} --unsafe --persistent --undefinesource --bandwidth {{bandwidth}} {GUEST} \
'qemu+ssh://{{target}}/system?no_verify=1' tcp://{{address}} > /dev/null"""
_DOWNTIME: Final = re.compile(r"Total downtime: *(\d+)|stood still for (\d+) ms")


def starts(shell: Shell, options: str, times: int) -> list[Measure]:
    """Return how long a guest made with *options* takes to run, by gnt-instance and by virsh.

    From the command to what libvirt itself says of the guest's start.
    """
    shell(_NEW.format(options=options))
    try:
        taken = started(shell(_STARTS.format(times=times)))
    finally:
        shell(f"gnt-instance remove --force --shutdown-timeout=0 {GUEST} >&2")
    ratio = statistics.median(taken["gnt"]) / statistics.median(taken["virsh"])
    return [
        median_ms("gnt-instance start, to libvirt's word", taken["gnt"]),
        median_ms("virsh start, to libvirt's word", taken["virsh"]),
        Measure("their ratio", "", ratio, SLOWER),
    ]


def started(told: str) -> dict[str, list[float]]:
    """Return the seconds of each way to start, from what the measuring script *told*."""
    rows = told.splitlines()
    begun = [row.split() for row in rows if row.startswith(("gnt ", "virsh "))]
    ends = [
        datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S.%f%z").timestamp()
        for match in map(_STARTED.match, rows)
        if match
    ]
    # The first start, from which the domain was taken, was not timed.
    taken: dict[str, list[float]] = {"gnt": [], "virsh": []}
    for (who, begin), end in zip(begun, ends[1:], strict=True):
        taken[who].append(end - float(begin))
    return taken


def migrations(lab: Lab, times: int) -> list[Measure]:
    """Return how long a guest stands still in a live migration, by gnt-instance and by virsh."""
    steps.without(lab, GUEST)
    shell = lab.master.run
    shell(_NEW.format(options="-H kvm -t sharedfile -s 32m -n node2.example.com"))
    hv = schema.defaults(params.hypervisor_schema("kvm"))
    stood: dict[str, list[float]] = {"gnt": [], "virsh": []}
    live = " --live"
    try:
        shell(f"gnt-instance start {GUEST}")
        steps.booted(lab.node(2), GUEST)
        for _ in range(times):
            for target in (3, 2):
                said = shell(f"gnt-instance migrate -f -n node{target}.example.com {GUEST} 2>&1")
                stood["gnt"].append(stood_still(said))
                # Where the driver does not trust QEMU with a running guest, virsh does as it does.
                live = "" if "paused meanwhile" in said else " --live"
            for source, target in ((2, 3), (3, 2)):
                _link(lab, source, target)
                lab.node(source).run(
                    _ELSEWHERE.format(
                        live=live, target=f"node{target}.example.com", address=address(target),
                        downtime=hv["migration_downtime"], bandwidth=hv["migration_bandwidth"],
                    )
                )  # fmt: skip
                told = f"{_VIRSH} domjobinfo --completed {GUEST}"
                stood["virsh"].append(stood_still(lab.node(target).run(told)))
    finally:
        steps.remove(lab, GUEST)
    return [
        median_ms("gnt-instance migrate, the guest stands still", stood["gnt"]),
        median_ms(f"virsh migrate{live}, the guest stands still", stood["virsh"]),
    ]


def _link(lab: Lab, source: int, target: int) -> None:
    """Let the guest's disk have the same path on *target*, as the cluster would."""
    link = f"/var/run/ganeti/instance-disks/{GUEST}:0"
    path = lab.node(source).run(f"readlink {link}").strip()
    lab.node(target).run(f"mkdir -p $(dirname {link}) && ln -sfn {path} {link}")


def stood_still(said: str) -> float:
    """Return the seconds that a guest stood still, from the job's log or virsh's statistics."""
    [found] = _DOWNTIME.finditer(said)
    return int(found[1] or found[2]) / 1000


def mirrors(lab: Lab, times: int) -> list[Measure]:
    """Return how long the job of a new mirror takes, and its programs alone on the same nodes."""
    steps.without(lab, GUEST)
    shell = lab.master.run
    options = "-H fake -t drbd -s 64m --no-wait-for-sync -n node1.example.com:node2.example.com"
    jobs, bare = [], []
    for _ in range(times):
        shell(_NEW.format(options=options))
        jobs.append(_last_job(shell))
        steps.remove(lab, GUEST)
        bare.append(_bare_mirror(lab))
    added = [(job - programs) for job, programs in zip(jobs, bare, strict=True)]
    return [
        median_ms("the job of a new mirror", jobs),
        median_ms("its programs alone, one after the other", bare),
        median_ms("what the cluster adds", added, ADDED),
    ]


def _last_job(shell: Shell) -> float:
    """Return the seconds of the last job."""
    row = shell("gnt-job list --no-headers --separator=, -o received_ts,end_ts | tail -n 1")
    begin, end = (datetime.fromisoformat(word.strip()) for word in row.split(","))
    return (end - begin).total_seconds()


def _bare_mirror(lab: Lab) -> float:
    """Make and remove a mirror with LVM's and DRBD's programs alone; return the seconds it took."""
    port, minor = 14000, 40
    ends = [f"ipv4:{address(number)}:{port}" for number in (1, 2)]
    sides = [Side(minor, ends[0], ends[1], "bare"), Side(minor, ends[1], ends[0], "bare")]
    made = [_timed(lab, number, _halves(side)) for number, side in enumerate(sides, 1)]
    # The other node first, as the cluster does.
    up = [_timed(lab, number, _device(sides[number - 1], number == 1)) for number in (2, 1)]
    for number in (1, 2):
        lab.node(number).run(
            f"{SETUP} down {sides[0].resource} && "
            "lvremove --quiet --force xenvg/bare_data xenvg/bare_meta"
        )
    return sum(made) + sum(up)


def _halves(side: Side) -> list[Sequence[str]]:
    make = ("lvcreate", "--quiet", "--yes", "--wipesignatures", "n", "--zero", "n", "--size")
    return [
        (*make, "64m", "--name", "bare_data", "xenvg"),
        (*make, "128m", "--name", "bare_meta", "xenvg"),
        drbd_argv.create_metadata(side, "/dev/xenvg/bare_meta"),
    ]


def _device(side: Side, primary: bool) -> list[Sequence[str]]:
    given = schema.defaults(params.DISK["drbd"])
    data, meta = "/dev/xenvg/bare_data", "/dev/xenvg/bare_meta"
    made: list[Sequence[str]] = [
        (SETUP, "new-resource", side.resource),
        (SETUP, "new-minor", side.resource, str(side.minor), "0"),
        drbd_argv.apply_log(side, meta),
        drbd_argv.attach(side, data, meta, given),
        drbd_argv.rates(side, given),
        drbd_argv.connect(side, given),
    ]
    return [*made, (SETUP, "primary", str(side.minor), "--force")] if primary else made


def _timed(lab: Lab, number: int, lines: Sequence[Sequence[str]]) -> float:
    """Run *lines* on node *number* and return their seconds there, without the way to it."""
    script = " > /dev/null 2>&1 && ".join(shlex.join(line) for line in lines)
    told = lab.node(number).run(f"date +%s.%N && {script} > /dev/null 2>&1 && date +%s.%N")
    begin, end = map(float, told.split())
    return end - begin


def _here(root: str, programs: str) -> Shell:
    """Return what runs a shell line on this machine, on the virtual node *root*."""
    found = {"GANETI_ROOTDIR": root, "GANETI_HOSTNAME": os.path.basename(root.rstrip("/"))}
    env = {**os.environ, **found, "PATH": f"{programs}:{os.environ['PATH']}"}

    def run(line: str) -> str:
        done = subprocess.run(
            ["sh", "-c", line], env=env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{line}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    return run


def _in_lab(lab: Lab, wanted: Sequence[str], times: int) -> list[Measure]:
    steps.mend(lab)
    steps.prepare(lab)
    rows: list[Measure] = []
    if "starts" in wanted:
        steps.without(lab, GUEST)
        rows += starts(lab.master.run, "-H kvm -t plain -s 32m -n node1.example.com", times)
    if "migrations" in wanted:
        rows += migrations(lab, times)
    if "mirrors" in wanted:
        rows += mirrors(lab, times)
    return rows


def main(args: Sequence[str], path: str, say: Callable[[str], object]) -> int:
    """Run the command line *args*; return 1 when a figure was missed."""
    known = ("starts", "migrations", "mirrors")
    parser = argparse.ArgumentParser(prog="bin/bench lab", description=__doc__)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--name", default="lab", help="the lab, which is up (default: lab)")
    where.add_argument("--rootdir", metavar="DIR", help="a virtual node with kvm, for starts")
    parser.add_argument("--path", default=path, metavar="DIR", help="the programs of that node")
    parser.add_argument("--times", type=int, default=5, metavar="N")
    parser.add_argument("bench", nargs="*", metavar="|".join(known), default=known)
    options = parser.parse_args(args)
    if options.rootdir:
        node = os.path.basename(options.rootdir.rstrip("/"))
        shell = _here(options.rootdir, options.path)
        rows = starts(shell, f"-H kvm -t diskless -n {node}", options.times)
    else:
        rows = _in_lab(Lab.known(options.name), options.bench, options.times)
    for row in table(rows):
        say(row)
    return 0 if all(row.reached for row in rows) else 1
