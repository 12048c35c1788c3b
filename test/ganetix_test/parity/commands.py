"""Commands of the gnt-* programs: typed at the virtual cluster, each with what must come of it.

The lines are those that Debian's programs are tried with.
"""

import shlex
from collections.abc import Iterable, Iterator
from itertools import chain

from ganetix import errors
from ganetix_test import spec
from ganetix_test.compat.programs.commands import ALL, typed
from ganetix_test.parity import journeys
from ganetix_test.parity.journeys import Step
from ganetix_test.parity.place import Place

WEB = "instance1.example.com"
NODE = "node2.example.com"
MORE = (
    typed("gnt-cluster activate-master-ip"),
    typed("gnt-cluster deactivate-master-ip --yes"),
    typed("gnt-cluster verify-disks"),
    typed("gnt-cluster repair-disk-sizes"),
    typed("gnt-storage diagnose"),
    typed("gnt-job wait 2"),
    typed("gnt-filter list-fields", "uuid"),
    typed("gnt-group show-ispecs-cmd default", "gnt-group add"),
    typed("gnt-cluster show-ispecs-cmd", "gnt-cluster init"),
    typed(f"gnt-instance console --show-cmd {WEB}"),
    typed(f"gnt-instance migrate -f {WEB}"),
    typed(f"gnt-instance shutdown {WEB}"),
    typed(f"gnt-instance rename {WEB} instance5.example.com"),
    typed(f"gnt-instance rename instance5.example.com {WEB}"),
    typed(f"gnt-instance startup {WEB}"),
    typed(f"gnt-node evacuate -f --secondary-only -I hail {NODE}"),
    typed(f"gnt-node migrate -f {NODE}"),
    typed(f"gnt-node failover -f {NODE}"),
    typed("gnt-group evacuate -f default", code=1),
    typed("gnt-os diagnose", "OS: dummy [global status: valid]"),
    typed("gnt-os modify --hidden=no dummy"),
    typed("gnt-debug test-jobqueue", "has failed"),
    typed("gnt-debug test-osparams --os-parameters-secret=a=b"),
    typed(f"gnt-cluster command --node {NODE} true", "return code = 0"),
    typed(f"gnt-node volumes {NODE}", "PhysDev"),
    typed("gnt-node list-storage", "file-storage"),
    typed(f"gnt-node list-drbd {NODE}", "Minor"),
    typed("gnt-node health", "out-of-band"),
    typed("gnt-node power status", "out-of-band"),
    typed(f"gnt-cluster epo -f {NODE}", "out-of-band"),
    typed(f"gnt-cluster epo --on -f {NODE}", "out-of-band"),
    typed("gnt-cluster renew-crypto -f --new-node-certificates"),
    typed("gnt-debug iallocator --mode allocate -d in inst9.example.com", code=1),
)  # fmt: skip


def rows() -> Iterator[str]:
    """Yield program and subcommand of all that there are."""
    for program, script in spec.load("cli")["scripts"].items():
        for name in script["commands"]:
            yield f"{program} {name}"


def done(place: Place) -> Iterator[str]:
    """Yield the commands all of whose lines did what they must, and at least one successfully."""
    yield from ("gnt-cluster init", "gnt-node add")  # without them there was no place
    ways = (journey(place) for journey in journeys.ALL)
    yield from right(place, chain(map(Step, ALL), journeys.calm(place), map(Step, MORE), *ways))


def right(place: Place, steps: Iterable[Step]) -> Iterator[str]:
    """Type *steps*; yield the commands that were right."""
    good: dict[str, bool] = {}
    worked = set()
    for step in steps:
        program, name, *_ = shlex.split(step.row.line)
        key = f"{program} {name}"
        good[key] = _right(place, step) and good.get(key, True)
        if not step.row.code:
            worked.add(key)
    yield from sorted(key for key, right in good.items() if right and key in worked)


def _right(place: Place, step: Step) -> bool:
    row = step.row
    done = place.cluster.attempt(step.node, *shlex.split(row.line))
    found = done.stdout + done.stderr
    wrong = [
        text for text in row.texts
        if (text.removeprefix("!") in found) == text.startswith("!")
    ]  # fmt: skip
    if wrong or done.returncode != row.code:
        place.say(f"{row.line}: exit code {done.returncode}, lacks {wrong}: {found[-200:]!r}")
        return False
    try:
        so = bool(step.after())
    except (errors.GanetiError, AssertionError, OSError) as error:
        place.say(f"{row.line}: {error}")
        return False
    if not so:
        place.say(f"{row.line}: what must be so after it is not")
    return so
