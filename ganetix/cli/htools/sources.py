"""Where the programs read a cluster from: files, sockets, simulation."""

import sys
from collections.abc import Callable

from ganetix.cli.htools.given import read, write
from ganetix.cli.htools.options import Values
from ganetix.htools import build
from ganetix.htools.faults import PlanError
from ganetix.htools.model import Cluster, Load, Nodes
from ganetix.htools.names import lookup_all

FAILED = "failed to load data, aborting: "


def _from_text(values: Values) -> build.Raw:
    from ganetix.htools import text

    path = values.text_data or ""
    return text.parse(read(path), path)


def _from_request(values: Values) -> build.Raw:
    from ganetix.htools import fields, iallocator

    path = values.ialloc_src or ""
    return iallocator.cluster(fields.decode(read(path), path))


def _from_simulation(values: Values) -> build.Raw:
    from ganetix.htools import simulate

    return simulate.parse(values.simulate)


def _from_luxi(values: Values) -> build.Raw:
    from ganetix.cli.htools import luxi
    from ganetix.htools import queried

    with luxi.connected(values.luxi or "") as call:
        return queried.from_luxi(call)


def _from_rapi(values: Values) -> build.Raw:
    from ganetix.cli.htools import rapi
    from ganetix.htools import queried

    return queried.from_rapi(rapi.fetcher(values.master or ""))


def _backend(values: Values) -> Callable[[Values], build.Raw]:
    chosen = [
        (values.master, _from_rapi),
        (values.luxi, _from_luxi),
        (values.simulate or None, _from_simulation),
        (values.text_data, _from_text),
        (values.ialloc_src, _from_request),
    ]
    exclusive = [
        option for option in (values.master, values.luxi, values.text_data) if option is not None
    ]
    if len(exclusive) > 1:
        raise PlanError("Give only one of the options -m, -L and -t.")
    for option, backend in chosen:
        if option is not None:
            return backend
    raise PlanError(FAILED + "no source of data was given; use one of -t, -m, -L or -I.")


def _loads(values: Values) -> dict[str, Load]:
    if values.dynu_file is None:
        return {}
    from ganetix.htools import dynamic

    return dynamic.parse_loads(read(values.dynu_file), values.dynu_file)


def wishes(values: Values) -> build.Wishes:
    """Return what the options add to the data."""
    return build.Wishes(
        {} if values.ignore_dynu else _loads(values),
        values.ignore_dynu,
        tuple(tag + ":" for tag in values.exclusion_tags),
        values.selected,
        values.excluded,
        values.kvm_memory,
    )


def warn(warnings: list[str]) -> None:
    """Print warnings about data that contradicts itself."""
    if warnings:
        sys.stderr.write("Warning: cluster has inconsistent data:\n")
        sys.stderr.write("".join(f"  - {warning}\n" for warning in warnings) + "\n")


def finished(raw: build.Raw, wanted: build.Wishes, values: Values) -> tuple[Cluster, list[str]]:
    """Build the cluster, with what the monitoring daemons know if they are to be asked."""
    cluster, warnings = build.assemble(raw, wanted)
    if values.mond:
        from ganetix.cli.htools import mond

        loads = {**wanted.loads, **mond.loads(cluster, values)}
        cluster, warnings = build.assemble(raw, wanted._replace(loads=loads))
    return cluster, warnings


def load(values: Values) -> Cluster:
    """Read the cluster; raises `PlanError`."""
    backend = _backend(values)
    wanted = wishes(values)
    try:
        raw = backend(values)
        cluster, warnings = finished(raw, wanted, values)
    except PlanError as err:
        message = str(err)
        raise PlanError(message if message.startswith(FAILED) else FAILED + message) from None
    if values.verbose:
        warn(warnings)
    return cluster


def with_status(nodes: Nodes, values: Values) -> Nodes:
    """Apply the options that change nodes: offline, free disk margin, virtual CPU limit."""
    known = [node.name for node in nodes.values()]
    offline = lookup_all(known, values.offline, "wrong node name(s) set as offline")
    done = {}
    for idx, node in nodes.items():
        spec = node.spec
        spec = spec._replace(
            offline=spec.offline or spec.name in offline,
            lo_disk=int(values.min_disk * spec.t_disk // 1),
        )
        if values.max_cpu is not None:
            spec = spec._replace(
                policy=spec.policy._replace(vcpu_ratio=values.max_cpu),
                hi_cpu=int(values.max_cpu * spec.t_cpu // 1),
            )
        done[idx] = node._replace(spec=spec)
    return done


def save(values: Values, stage: str, what: str, cluster: Cluster) -> None:
    """Write the cluster where ``-S`` says."""
    if values.save is None:
        return
    from ganetix.htools import text

    path = f"{values.save}.{stage}"
    write(path, text.serialize(cluster))
    sys.stderr.write(f"The cluster state {what} has been written to file '{path}'\n")
