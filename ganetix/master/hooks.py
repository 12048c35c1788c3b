"""Hooks around an opcode: which scripts run where, with which environment, and what failure means.

Source: the hook table of the interface reference (directories, variables, phases, results).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from ganetix import errors
from ganetix.master.logic.unit import Hooks
from ganetix.model.cluster import Cluster
from ganetix.paths import Paths
from ganetix.rpc.call import INodes
from ganetix.rpc.tables.hooks import HOOKS_RUN, HookResults, HooksRun

VERSION: Final = "2"
SEARCH_PATH: Final = "/sbin:/bin:/usr/sbin:/usr/bin"
FAILED: Final = 1


def environment(
    hooks: Hooks, phase: str, op_id: str, cluster: Cluster, data_dir: str
) -> dict[str, str]:
    """Return the environment of *phase* with the opcode's own variables prefixed."""
    env = {f"GANETI_{key}": value for key, value in hooks.env.items()}
    env |= {
        "PATH": SEARCH_PATH,
        "GANETI_HOOKS_VERSION": VERSION,
        "GANETI_HOOKS_PHASE": phase,
        "GANETI_HOOKS_PATH": hooks.path,
        "GANETI_OP_CODE": op_id,
        "GANETI_DATA_DIR": data_dir,
        "GANETI_OBJECT_TYPE": hooks.object_type,
        "GANETI_CLUSTER": cluster.cluster.cluster_name,
        "GANETI_MASTER": cluster.master.name,
    }
    return env


@attrs.frozen
class HooksRunner:
    """Runs hooks on nodes through noded."""

    nodes: INodes
    paths: Paths

    async def pre(self, hooks: Hooks, op_id: str, cluster: Cluster) -> None:
        """Run the pre hooks; raise `errors.HooksAbort` when a script fails on a reachable node."""
        env = environment(hooks, "pre", op_id, cluster, self._data_dir)
        results = await self._run(_online(hooks.pre_nodes, cluster), hooks.path, "pre", env)
        failed = list(_failures(results, cluster))
        if failed:
            raise errors.HooksAbort(failed)

    async def post(
        self, before: Hooks, after: Hooks | None, op_id: str, cluster: Cluster
    ) -> list[str]:
        """Run the post hooks and return what to warn of, a sentence a failed script or node."""
        env = environment(before, "post", op_id, cluster, self._data_dir)
        if after is not None:
            env |= {f"GANETI_POST_{key}": value for key, value in after.env.items()}
        results = await self._run(_online(before.post_nodes, cluster), before.path, "post", env)
        return [
            *(
                f"Node {node}: post hook {script} failed with output: {output}"
                for node, script, output in _failures(results, cluster)
            ),
            *(
                f"Node {cluster.nodes[uuid].name}: post hooks could not be run: {found.message}"
                for uuid, found in results.items()
                if isinstance(found, errors.GanetiError)
            ),
        ]

    async def failures(self, hooks: Hooks, op_id: str, cluster: Cluster) -> list[tuple[str, str]]:
        """Run the post hooks and return (node, what is wrong) for what failed (no full stop)."""
        env = environment(hooks, "post", op_id, cluster, self._data_dir)
        results = await self._run(_online(hooks.post_nodes, cluster), hooks.path, "post", env)
        return [
            *(
                (node, f"hook {script} failed with output: {output}")
                for node, script, output in _failures(results, cluster)
            ),
            *(
                (cluster.nodes[uuid].name, f"hooks could not be run: {found.message.rstrip('.')}")
                for uuid, found in results.items()
                if isinstance(found, errors.GanetiError)
            ),
        ]

    async def config_update(self, op_id: str, cluster: Cluster) -> list[str]:
        """Run the hooks for a changed configuration on the master."""
        master = cluster.cluster.master_node
        hooks = Hooks("config-update", "CLUSTER", {}, (), (master,))
        return await self.post(hooks, None, op_id, cluster)

    @property
    def _data_dir(self) -> str:
        return self.paths.data_dir

    async def _run(
        self, nodes: Iterable[str], path: str, phase: str, env: dict[str, str]
    ) -> Mapping[str, Any]:
        targets = tuple(dict.fromkeys(nodes))
        if not targets:
            return {}
        return await self.nodes.call_each(targets, HOOKS_RUN, HooksRun(path, phase, env))


def _online(nodes: Iterable[str], cluster: Cluster) -> list[str]:
    """Return those of *nodes* that are in the cluster and not offline."""
    return [uuid for uuid in nodes if uuid in cluster.nodes and not cluster.nodes[uuid].offline]


def _failures(results: Mapping[str, Any], cluster: Cluster) -> Iterable[tuple[str, str, str]]:
    for uuid, found in results.items():
        if isinstance(found, HookResults):
            for row in found.results:
                if row.status == FAILED:
                    yield cluster.nodes[uuid].name, row.script, row.output
