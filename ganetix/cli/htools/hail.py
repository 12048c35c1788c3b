"""hail: the iallocator program."""

import json
import sys
from collections.abc import Sequence
from typing import Final

from ganetix.cli.htools import output, sources
from ganetix.cli.htools.given import read
from ganetix.cli.htools.options import Values
from ganetix.htools import build, fields, hail, iallocator
from ganetix.htools.model import Cluster

OPTIONS: Final = (
    "print-nodes", "save", "text-data", "simulate", "verbose", "ignore-dynu",
    "ignore-soft-errors", "no-capacity-checks", "restrict-allocation-to", "mond", "mond-xen",
    "static-kvm-node-memory",
)  # fmt: skip


def _cluster(values: Values, message: fields.Json) -> Cluster:
    """Return the cluster of the request, or the one that the options name."""
    if values.text_data is not None or values.simulate:
        return sources.load(values)
    raw = iallocator.cluster(message)
    cluster, warnings = sources.finished(raw, sources.wishes(values), values)
    sources.warn(warnings)
    return cluster


def body(values: Values) -> int:
    """Answer the request in the file that is the only argument."""
    path = values.args[0]
    message = fields.decode(read(path), path)
    cluster = _cluster(values, message)
    request = iallocator.request(message, cluster, build.marks(cluster.tags))
    if values.verbose > 1:
        output.tell(f"Received request: {request}")
    if values.verbose > 2:
        output.tell(f"Received cluster data: {cluster}")
    output.show_nodes(values, "Initial cluster", cluster.nodes)
    sources.save(values, "pre-ialloc", "before iallocator run", cluster)
    found = hail.answer(output.algorithm(values), cluster, request)
    output.say(json.dumps(found.to_wire(), separators=(",", ":")))
    output.show_nodes(values, "Final cluster", found.after.nodes)
    sources.save(values, "post-ialloc", "after iallocator run", found.after)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run hail and return its exit code."""
    return output.run("hail", OPTIONS, argv, body, least=1, most=1)


if __name__ == "__main__":
    sys.exit(main())
