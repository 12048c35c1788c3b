"""Tags: get, set, remove, search."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Mode, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.opcodes.tags import OpTagsDel, OpTagsGet, OpTagsSearch, OpTagsSet

MAX_LENGTH: Final = 128
MAX_TAGS: Final = 4096
_VALID = re.compile(r"[\w.+*/:@-]+", re.ASCII)


def tagged(cluster: Cluster, kind: str, name: str | None) -> Any:
    """Return the object of *kind* called *name*; raise `errors.OpPrereqError`."""
    if kind == "cluster":
        return cluster.cluster
    if name is None:
        raise errors.OpPrereqError(f"Tags of a {kind} need the name of one; give it.", errors.INVAL)
    finders = {
        "instance": cluster.instance_named,
        "node": cluster.node_named,
        "nodegroup": cluster.group_named,
        "network": cluster.network_named,
    }
    return finders[kind](name)


def valid_tag(tag: str) -> str:
    """Return *tag* if it may be one; raise `errors.TagError`."""
    if not tag:
        raise errors.TagError("A tag can't be empty; give a text.")
    if len(tag) > MAX_LENGTH:
        raise errors.TagError(
            f"Tag '{tag[:20]}...' has {len(tag)} characters; at most {MAX_LENGTH} are possible."
        )
    if not _VALID.fullmatch(tag):
        raise errors.TagError(
            f"Tag '{tag}' has characters that a tag can't have; use letters, digits and _.+*/:@-."
        )
    return tag


def with_tags(have: Iterable[str], more: Iterable[str]) -> list[str]:
    """Return the tags *have* and *more*, sorted; raise `errors.TagError` if that is too many."""
    tags = sorted({*have, *(valid_tag(tag) for tag in more)})
    if len(tags) > MAX_TAGS:
        raise errors.TagError(
            f"An object has at most {MAX_TAGS} tags; these would be {len(tags)}. Remove some first."
        )
    return tags


def _wants(cluster: Cluster, kind: str, name: str | None, mode: Mode) -> list[Want]:
    found = tagged(cluster, kind, name)
    if kind == "cluster":
        return [BGL_SHARED]
    key = found.name if kind == "instance" else found.uuid
    return [BGL_SHARED, Want(_LEVELS[kind], (key,), mode)]


_LEVELS: Final[dict[str, Any]] = {
    "instance": "instance",
    "node": "node",
    "nodegroup": "nodegroup",
    "network": "network",
}
_TABLES: Final = {
    "instance": "instances",
    "node": "nodes",
    "nodegroup": "nodegroups",
    "network": "networks",
}


def _change(cluster: Cluster, kind: str, name: str | None, tags: list[str]) -> Change:
    fresh = msgspec.structs.replace(tagged(cluster, kind, name), tags=tags)
    if kind == "cluster":
        return Change(cluster=fresh)
    rows: dict[str, Any] = {_TABLES[kind]: (fresh,)}
    return Change(**rows)


@implementer(IUnit)
class TagsGet:
    """OP_TAGS_GET: the tags of an object."""

    resumable = True

    def locks(self, op: OpTagsGet, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return _wants(cluster, op.kind, op.name, "shared")

    async def check(self, op: OpTagsGet, context: Context) -> None:
        """See `IUnit`."""
        tagged(context.cluster, op.kind, op.name)

    def hooks(self, op: OpTagsGet, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpTagsGet, plan: None, context: Context) -> list[str]:
        """Return the tags, sorted."""
        return sorted(tagged(context.cluster, op.kind, op.name).tags)


@implementer(IUnit)
class TagsSet:
    """OP_TAGS_SET: add tags to an object."""

    resumable = True

    def locks(self, op: OpTagsSet, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return _wants(cluster, op.kind, op.name, "exclusive")

    async def check(self, op: OpTagsSet, context: Context) -> None:
        """See `IUnit`."""
        with_tags(tagged(context.cluster, op.kind, op.name).tags, op.tags)

    def hooks(self, op: OpTagsSet, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpTagsSet, plan: None, context: Context) -> None:
        """Commit the tags."""

        def change(cluster: Cluster) -> Change:
            have = tagged(cluster, op.kind, op.name).tags
            return _change(cluster, op.kind, op.name, with_tags(have, op.tags))

        await context.commit(change)


@implementer(IUnit)
class TagsDel:
    """OP_TAGS_DEL: remove tags from an object, which must have all of them."""

    resumable = False

    def locks(self, op: OpTagsDel, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return _wants(cluster, op.kind, op.name, "exclusive")

    async def check(self, op: OpTagsDel, context: Context) -> None:
        """See `IUnit`."""
        missing = sorted(set(op.tags) - set(tagged(context.cluster, op.kind, op.name).tags))
        if missing:
            raise errors.OpPrereqError(
                f"The {_described(op)} does not have the tags {', '.join(missing)}; "
                "nothing was removed.",
                errors.NOENT,
            )

    def hooks(self, op: OpTagsDel, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpTagsDel, plan: None, context: Context) -> None:
        """Commit the tags that are left."""

        def change(cluster: Cluster) -> Change:
            left = set(tagged(cluster, op.kind, op.name).tags) - set(op.tags)
            return _change(cluster, op.kind, op.name, sorted(left))

        await context.commit(change)


def _described(op: OpTagsDel) -> str:
    return "cluster" if op.kind == "cluster" else f"{op.kind} {op.name}"


@implementer(IUnit)
class TagsSearch:
    """OP_TAGS_SEARCH: tags of all objects that match a regular expression."""

    resumable = True

    def locks(self, op: OpTagsSearch, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_SHARED]

    async def check(self, op: OpTagsSearch, context: Context) -> "re.Pattern[str]":
        """See `IUnit`."""
        try:
            return re.compile(op.pattern)
        except re.error as error:
            raise errors.OpPrereqError(
                f"'{op.pattern}' is not a regular expression: {error}.", errors.INVAL
            ) from error

    def hooks(self, op: OpTagsSearch, plan: "re.Pattern[str]", cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(
        self, op: OpTagsSearch, plan: "re.Pattern[str]", context: Context
    ) -> list[list[str]]:
        """Return ``[path, tag]`` of every match, in order."""
        found = ((path, tag) for path, tags in _all(context.cluster) for tag in sorted(tags))
        return [[path, tag] for path, tag in found if plan.search(tag)]


def _all(cluster: Cluster) -> Iterator[tuple[str, list[str]]]:
    yield "/cluster", cluster.cluster.tags
    for where, objects in (
        ("instances", cluster.instances),
        ("nodes", cluster.nodes),
        ("nodegroup", cluster.nodegroups),
        ("network", cluster.networks),
    ):
        rows: Any = objects.values()
        for row in sorted(rows, key=lambda row: row.name):
            yield f"/{where}/{row.name}", row.tags
