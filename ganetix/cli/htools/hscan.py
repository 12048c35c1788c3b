"""hscan: write clusters to files in the text format."""

import os
import sys
from collections.abc import Sequence
from typing import Final

from ganetix.cli.htools import luxi, output, rapi, sources
from ganetix.cli.htools.given import write
from ganetix.cli.htools.options import Values
from ganetix.cli.htools.output import say, tell
from ganetix.htools import build, queried, tables, text
from ganetix.htools.balance import unhappy_nodes
from ganetix.htools.faults import PlanError
from ganetix.htools.fixed import fixed
from ganetix.htools.model import Cluster
from ganetix.htools.totals import totals

OPTIONS: Final = (
    "print-nodes", "output-dir", "luxi", "verbose", "no-headers", "static-kvm-node-memory",
)  # fmt: skip
HEADER: Final = (
    "Name", "Nodes", "Inst", "BNode", "BInst", "t_mem", "f_mem", "t_disk", "f_disk", "Score",
)  # fmt: skip
LOCAL: Final = "LOCAL"


def _row(name: str, cluster: Cluster) -> list[str]:
    bad = unhappy_nodes(cluster.nodes)
    touched = {idx for node in bad for idx in (*node.primaries, *node.secondaries)}
    sums = totals(cluster.nodes)
    return [
        name, str(len(cluster.nodes)), str(len(cluster.instances)), str(len(bad)),
        str(len(touched)), fixed(sums.t_mem, 0), str(sums.f_mem), fixed(sums.t_disk / 1024, 0),
        str(sums.f_disk // 1024), fixed(sums.score, 8),
    ]  # fmt: skip


def _load(values: Values, name: str) -> Cluster:
    if name == LOCAL and not values.args:
        with luxi.connected(values.luxi or "") as call:
            raw = queried.from_luxi(call)
    else:
        raw = queried.from_rapi(rapi.fetcher(name))
    cluster, warnings = build.assemble(raw, sources.wishes(values))
    if values.verbose > 1:
        sources.warn(warnings)
    return cluster


def body(values: Values) -> int:
    """Scan each cluster that the arguments name, or the local one."""
    rows: list[Sequence[str]] = []
    failed = False
    for name in values.args or (LOCAL,):
        try:
            cluster = _load(values, name)
            path = os.path.join(values.output_dir, name.replace("/", "_") + ".data")
            write(path, text.serialize(cluster))
        except PlanError as err:
            failed = True
            tell(f"Error: {name}: {err}")
            continue
        rows.append(_row(name, cluster))
        output.show_nodes(values, "Cluster", cluster.nodes)
    if not values.no_headers:
        rows.insert(0, HEADER)
    for line in tables.table("", rows, [False, *[True] * 9]) if rows else ():
        say(line)
    return 2 if failed else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run hscan and return its exit code."""
    return output.run("hscan", OPTIONS, argv, body, most=1000)


if __name__ == "__main__":
    sys.exit(main())
