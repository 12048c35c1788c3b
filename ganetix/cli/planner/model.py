"""The cluster as the planner sees it, read from the master daemon."""

from collections.abc import Callable
from typing import TypeVar

from ganetix import errors
from ganetix.cli.context import Context
from ganetix.htools import build, queried
from ganetix.htools.faults import PlanError
from ganetix.htools.model import Cluster
from ganetix.htools.proposals import find_node

Found = TypeVar("Found")


def load(context: Context) -> Cluster:
    """Return the cluster as it is now."""
    return planned(lambda: build.assemble(queried.from_luxi(context.call)))[0]


def planned(work: Callable[[], Found], kind: str = errors.NORES) -> Found:
    """Return what *work* finds; raise an `errors.OpPrereqError` of *kind* where it gives up."""
    try:
        return work()
    except PlanError as error:
        raise errors.OpPrereqError(f"{str(error).rstrip('.')}.", kind) from None


def node(cluster: Cluster, name: str) -> int:
    """Return the number of the node called *name*; raise `errors.OpPrereqError`."""
    return planned(lambda: find_node(cluster, name), errors.NOENT)
