"""Every resource with its methods, in plain sight: path, method, who may, arguments, answer."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import attrs

from ganetix.rapi import cluster, instances, jobs, nodes
from ganetix.rapi.auth import READ, WRITE
from ganetix.rapi.cluster import Tagged
from ganetix.rapi.nouns import FILTERS, GROUPS, INSTANCES, JOBS, NETWORKS, NODES
from ganetix.rapi.request import Request
from ganetix.rapi.submit import DRY_RUN, FORCE, Arg, Submit

Answer = Callable[[Request], Awaitable[Any]]


@attrs.frozen
class Method:
    """What answers, which *query* arguments it reads, and which options its users need.

    One of *options* is enough; without any, everybody may unless all resources want a user.
    """

    answer: Answer
    query: tuple[str, ...] = ()
    options: frozenset[str] = frozenset()


@attrs.frozen
class Resource:
    """A path, and its methods by name."""

    path: str
    methods: Mapping[str, Method]

    @property
    def name(self) -> str:
        """How the reason trail calls it: ``/2/instances/{instance_name}/tags`` instances_name_tags.

        A part of the path that varies is called by the last word of its name.
        """
        parts = [part for part in self.path.split("/") if part not in ("", "2")]
        short = [part.strip("{}").rpartition("_")[2] if "{" in part else part for part in parts]
        return "_".join(short).replace("-", "_")


_WRITE: Final = frozenset({WRITE})
_EITHER: Final = frozenset({READ, WRITE})


def _read(answer: Answer, *query: str) -> Method:
    return Method(answer, query)


def _job(answer: Answer, *query: str) -> Method:
    """Return the method of a change that *answer* submits."""
    return Method(answer, (*query, "reason"), _WRITE)


def _does(op_id: str, *args: Arg, **how: Any) -> Method:
    """Return the method that submits *op_id*; see `Submit`."""
    return _job(Submit(op_id, args, **how), *(arg.name for arg in args))


def _tags(path: str, tagged: Tagged) -> Resource:
    return Resource(
        path,
        {
            "GET": _read(tagged.listed),
            "PUT": _job(tagged.add, "tag", "dry-run"),
            "DELETE": _job(tagged.remove, "tag", "dry-run"),
        },
    )


_QUERY: Final = Method(cluster.query, ("fields",), _EITHER)
_STORAGE: Final = Arg("storage_type", "text")
_STORAGE_NAME: Final = Arg("name", "text", required=True)
_INSTANCE: Final = "/2/instances/{instance_name}"
_NODE: Final = "/2/nodes/{node_name}"
_GROUP: Final = "/2/groups/{group_name}"
_NETWORK: Final = "/2/networks/{network_name}"

_CLUSTER: Final = (
    Resource("/", {"GET": _read(cluster.nothing)}),
    Resource("/version", {"GET": _read(cluster.version)}),
    Resource("/2", {"GET": _read(cluster.nothing)}),
    Resource("/2/features", {"GET": _read(cluster.features)}),
    Resource("/2/info", {"GET": _read(cluster.info)}),
    Resource("/2/modify", {"PUT": _job(cluster.MODIFY)}),
    Resource("/2/os", {"GET": _read(cluster.oses, "bulk")}),
    Resource("/2/query/{query_resource}", {"GET": _QUERY, "PUT": _QUERY}),
    Resource("/2/query/{query_resource}/fields", {"GET": _read(cluster.query_fields, "fields")}),
    Resource("/2/redistribute-config", {"PUT": _does("OP_CLUSTER_REDIST_CONF")}),
    _tags("/2/tags", Tagged("cluster")),
)

_JOBS: Final = (
    Resource("/2/jobs", {"GET": _read(JOBS.listed, "bulk")}),
    Resource(
        "/2/jobs/{job_id}", {"GET": _read(jobs.job), "DELETE": Method(jobs.cancel, (), _WRITE)}
    ),
    Resource("/2/jobs/{job_id}/wait", {"GET": Method(jobs.wait, (), _WRITE)}),
    Resource(
        "/2/filters",
        {"GET": _read(FILTERS.listed, "bulk"), "POST": Method(jobs.add_filter, (), _WRITE)},
    ),
    Resource(
        "/2/filters/{filter_uuid}",
        {
            "GET": _read(FILTERS.single),
            "PUT": Method(jobs.replace_filter, (), _WRITE),
            "DELETE": Method(jobs.delete_filter, (), _WRITE),
        },
    ),
)

_GROUPS: Final = (
    Resource(
        "/2/groups",
        {
            "GET": _read(GROUPS.listed, "bulk"),
            "POST": _does("OP_GROUP_ADD", DRY_RUN, renames={"name": "group_name"}),
        },
    ),
    Resource(
        _GROUP,
        {
            "GET": _read(GROUPS.single, "lock"),
            "DELETE": _does("OP_GROUP_REMOVE", DRY_RUN, body=False),
        },
    ),
    Resource(f"{_GROUP}/assign-nodes", {"PUT": _does("OP_GROUP_ASSIGN_NODES", DRY_RUN, FORCE)}),
    Resource(
        f"{_GROUP}/modify",
        {
            "PUT": _does(
                "OP_GROUP_SET_PARAMS",
                renames={
                    "custom_ndparams": "ndparams",
                    "custom_ipolicy": "ipolicy",
                    "custom_diskparams": "diskparams",
                },
            )
        },
    ),
    Resource(f"{_GROUP}/rename", {"PUT": _does("OP_GROUP_RENAME", DRY_RUN)}),
    _tags(f"{_GROUP}/tags", Tagged("nodegroup", "group_name")),
)

_NETWORKS: Final = (
    Resource(
        "/2/networks",
        {
            "GET": _read(NETWORKS.listed, "bulk"),
            "POST": _does("OP_NETWORK_ADD", DRY_RUN, renames={"name": "network_name"}),
        },
    ),
    Resource(
        _NETWORK,
        {"GET": _read(NETWORKS.single, "lock"), "DELETE": _does("OP_NETWORK_REMOVE", DRY_RUN)},
    ),
    Resource(f"{_NETWORK}/connect", {"PUT": _does("OP_NETWORK_CONNECT", DRY_RUN)}),
    Resource(f"{_NETWORK}/disconnect", {"PUT": _does("OP_NETWORK_DISCONNECT", DRY_RUN)}),
    Resource(f"{_NETWORK}/modify", {"PUT": _does("OP_NETWORK_SET_PARAMS")}),
    _tags(f"{_NETWORK}/tags", Tagged("network", "network_name")),
)

_NODES: Final = (
    Resource("/2/nodes", {"GET": _read(NODES.listed, "bulk")}),
    Resource(_NODE, {"GET": _read(nodes.single, "lock")}),
    Resource(f"{_NODE}/evacuate", {"POST": _does("OP_NODE_EVACUATE", DRY_RUN)}),
    Resource(f"{_NODE}/migrate", {"POST": _job(nodes.migrate, "live", "mode")}),
    Resource(f"{_NODE}/modify", {"POST": _does("OP_NODE_SET_PARAMS")}),
    Resource(f"{_NODE}/powercycle", {"POST": _does("OP_NODE_POWERCYCLE", FORCE)}),
    Resource(
        f"{_NODE}/role",
        {"GET": _read(nodes.role, "lock"), "PUT": _job(nodes.set_role, "force", "auto-promote")},
    ),
    Resource(
        f"{_NODE}/storage",
        {
            "GET": _does(
                "OP_NODE_QUERY_STORAGE",
                _STORAGE,
                Arg("output_fields", "list", required=True),
                body=False,
                lists={"node_name": "nodes"},
            )
        },
    ),
    Resource(
        f"{_NODE}/storage/modify",
        {"PUT": _job(nodes.modify_storage, "storage_type", "name", "allocatable")},
    ),
    Resource(
        f"{_NODE}/storage/repair",
        {"PUT": _does("OP_REPAIR_NODE_STORAGE", _STORAGE, _STORAGE_NAME, body=False)},
    ),
    _tags(f"{_NODE}/tags", Tagged("node", "node_name")),
)

_INSTANCES: Final = (
    Resource(
        "/2/instances",
        {
            "GET": _read(INSTANCES.listed, "bulk", "lock"),
            "POST": _job(instances.create, "dry-run"),
        },
    ),
    Resource("/2/instances-multi-alloc", {"POST": _job(instances.multi_alloc, "dry-run")}),
    Resource(
        _INSTANCE,
        {"GET": _read(INSTANCES.single, "lock"), "DELETE": _does("OP_INSTANCE_REMOVE", DRY_RUN)},
    ),
    Resource(f"{_INSTANCE}/console", {"GET": Method(instances.console, (), _EITHER)}),
    Resource(
        f"{_INSTANCE}/info",
        {
            "GET": attrs.evolve(
                _does(
                    "OP_INSTANCE_QUERY_DATA",
                    Arg("static"),
                    body=False,
                    lists={"instance_name": "instances"},
                ),
                options=frozenset(),
            )
        },
    ),
    _tags(f"{_INSTANCE}/tags", Tagged("instance", "instance_name")),
)

_INSTANCE_STATE: Final = (
    Resource(f"{_INSTANCE}/failover", {"PUT": _does("OP_INSTANCE_FAILOVER")}),
    Resource(f"{_INSTANCE}/migrate", {"PUT": _does("OP_INSTANCE_MIGRATE")}),
    Resource(
        f"{_INSTANCE}/modify",
        {
            "PUT": _does(
                "OP_INSTANCE_SET_PARAMS",
                renames={"custom_beparams": "beparams", "custom_hvparams": "hvparams"},
            )
        },
    ),
    Resource(
        f"{_INSTANCE}/reboot",
        {
            "POST": _does(
                "OP_INSTANCE_REBOOT",
                Arg("type", "text", "reboot_type", "hard"),
                Arg("ignore_secondaries"),
                DRY_RUN,
            )
        },
    ),
    Resource(f"{_INSTANCE}/reinstall", {"POST": _job(instances.reinstall, "os", "nostartup")}),
    Resource(f"{_INSTANCE}/rename", {"PUT": _does("OP_INSTANCE_RENAME")}),
    Resource(
        f"{_INSTANCE}/shutdown",
        {"PUT": _does("OP_INSTANCE_SHUTDOWN", Arg("no_remember"), DRY_RUN)},
    ),
    Resource(
        f"{_INSTANCE}/startup",
        {"PUT": _does("OP_INSTANCE_STARTUP", FORCE, DRY_RUN, Arg("no_remember"), body=False)},
    ),
)

_INSTANCE_DISKS: Final = (
    Resource(
        f"{_INSTANCE}/activate-disks",
        {"PUT": _does("OP_INSTANCE_ACTIVATE_DISKS", Arg("ignore_size"), body=False)},
    ),
    Resource(
        f"{_INSTANCE}/deactivate-disks",
        {"PUT": _does("OP_INSTANCE_DEACTIVATE_DISKS", FORCE, body=False)},
    ),
    Resource(f"{_INSTANCE}/disk/{{disk}}/grow", {"POST": _does("OP_INSTANCE_GROW_DISK")}),
    Resource(
        f"{_INSTANCE}/export",
        {"PUT": _does("OP_BACKUP_EXPORT", renames={"destination": "target_node"})},
    ),
    Resource(
        f"{_INSTANCE}/prepare-export",
        {"PUT": _does("OP_BACKUP_PREPARE", Arg("mode", "text", required=True), body=False)},
    ),
    Resource(f"{_INSTANCE}/recreate-disks", {"POST": _does("OP_INSTANCE_RECREATE_DISKS")}),
    Resource(
        f"{_INSTANCE}/replace-disks",
        {"POST": _job(instances.replace_disks, "remote_node", "mode", "disks", "iallocator")},
    ),
)

RESOURCES: Final[tuple[Resource, ...]] = (
    *_CLUSTER, *_JOBS, *_GROUPS, *_NETWORKS, *_NODES, *_INSTANCES, *_INSTANCE_STATE,
    *_INSTANCE_DISKS,
)  # fmt: skip
