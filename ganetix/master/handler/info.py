"""LUXI methods on the cluster itself: its parameters, tags, flags."""

from typing import Any

from ganetix import errors
from ganetix.master.handler.door import Door, arguments


async def query_cluster_info(door: Door, args: list[Any]) -> dict[str, Any]:
    """QueryClusterInfo: the cluster's parameters."""
    arguments("QueryClusterInfo", args, tuple[()])
    return door.facts.information()


async def query_daemon(door: Door, args: list[Any]) -> dict[str, Any]:
    """QueryDaemon (ganetix's own): how the master daemon fares."""
    arguments("QueryDaemon", args, tuple[()])
    master = door.master
    journal = master.store.journal
    return {
        "epoch": journal.epoch,
        "serial": journal.serial,
        "journal_bytes": journal.file.size,
        "running_jobs": len(master.queue.runs),
        **door.facts.candidates(),
        **door.stalls(),
    }


async def query_metrics(door: Door, args: list[Any]) -> str:
    """QueryMetrics (ganetix's own): the master's figures in Prometheus' text format."""
    arguments("QueryMetrics", args, tuple[()])
    return (await door.metrics()).decode()


async def query_config_values(door: Door, args: list[Any]) -> list[Any]:
    """QueryConfigValues: single values; an unknown name gives null."""
    (names,) = arguments("QueryConfigValues", args, tuple[list[str]])
    found = await door.facts.values(names)
    return [found[name] for name in names]


async def query_tags(door: Door, args: list[Any]) -> list[str]:
    """QueryTags: the tags of the cluster or of one object."""
    kind, name = arguments("QueryTags", args, tuple[str, str])
    cluster = door.master.store.cluster
    match kind:
        case "cluster":
            return list(cluster.cluster.tags)
        case "instance":
            return list(cluster.instance_named(name).tags)
        case "node":
            return list(cluster.node_named(name).tags)
        case "nodegroup":
            return list(cluster.group_named(name).tags)
        case "network":
            return list(cluster.network_named(name).tags)
    raise errors.OpPrereqError(f"There are no tags on a '{kind}'.", errors.INVAL)


async def set_drain_flag(door: Door, args: list[Any]) -> bool:
    """SetDrainFlag: close or open the queue for new jobs; answers true."""
    (flag,) = arguments("SetDrainFlag", args, tuple[bool])
    await door.master.store.set_drained(flag)
    return True


async def set_watcher_pause(door: Door, args: list[Any]) -> float | None:
    """SetWatcherPause: until that time (seconds since the epoch), or null to go on."""
    (until,) = arguments("SetWatcherPause", args, tuple[float | None])
    await door.master.watcher_pause.write(until)
    return until
