"""Load of instances from the monitoring daemons."""

import json
import urllib.request
from typing import Any, Final

from ganetix.cli.htools.given import read
from ganetix.cli.htools.options import Values
from ganetix.cli.htools.output import tell
from ganetix.htools import dynamic
from ganetix.htools.faults import PlanError
from ganetix.htools.model import Cluster, Load, Node

PORT: Final = 1815
TIMEOUT: Final = 5.0
CPU: Final = "cpu-avg-load"
XEN: Final = "xen-cpu-avg-load"


def _asked(node: Node, collector: str) -> Any:
    """Ask the daemon of *node* for one report; None when there is no answer."""
    url = f"http://{node.name}:{PORT}/1/report/default/{collector}"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # always http
            return dynamic.report_value(json.loads(answer.read()), collector)
    except (OSError, ValueError):
        return None


def _recorded(values: Values) -> dict[tuple[str, str], Any]:
    """Return the reports in the file that was given, by node and collector."""
    path = values.mond_data or ""
    try:
        entries = json.loads(read(path))
        return {
            (entry["node"], report["name"]): report["data"]
            for entry in entries
            for report in entry["reports"]
        }
    except (ValueError, KeyError, TypeError) as err:
        raise PlanError(f"{path} is not a list of nodes with their reports: {err}") from None


def _reports(cluster: Cluster, values: Values, collector: str) -> dict[int, Any] | None:
    """Return the data of *collector* for each online node, None if one of them lacks."""
    recorded = _recorded(values) if values.mond_data is not None else None
    found = {}
    for idx, node in cluster.nodes.items():
        if node.spec.offline:
            continue
        if recorded is None:
            data = _asked(node, collector)
        else:
            data = recorded.get((node.name, collector))
        if data is None:
            return None
        found[idx] = data
    return found


def _loads(cluster: Cluster, reports: dict[int, Any], collector: str) -> dict[str, float]:
    loads: dict[str, float] = {}
    for idx, data in reports.items():
        primaries = [cluster.instances[i] for i in cluster.nodes[idx].primaries]
        if collector == XEN:
            loads |= {name: float(value) for name, value in dict(data).items()}
        else:
            total = float(data["cpu_total"] if isinstance(data, dict) else data)
            loads |= dynamic.share_cpu(total, primaries)
    return loads


def loads(cluster: Cluster, values: Values) -> dict[str, Load]:
    """Return the load of each instance that the daemons know of; raises `PlanError`."""
    found: dict[str, float] = {}
    for collector in (CPU, XEN) if values.mond_xen else (CPU,):
        reports = _reports(cluster, values, collector)
        if reports is None:
            if values.mond_exit_missing:
                raise PlanError(f"Not all required data available: {collector}")
            tell(f"Not every node's monitoring daemon has answered: {collector} is not looked at.")
            continue
        found |= _loads(cluster, reports, collector)
    known = {inst.name: inst.load for inst in cluster.instances.values()}
    return {name: known[name]._replace(cpu=value) for name, value in found.items() if name in known}
