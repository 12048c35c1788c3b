"""Changes: pure, checked, and with indexes that always say what the objects say."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.model.changes import Change, apply, stamped
from ganetix.model.cluster import Cluster
from ganetix.model.codec import data_of, indexed
from ganetix.model.objects import Disk, Instance, Nic
from ganetix.testing import masters

NOW = masters.EPOCH + 5.0


def changed(before: Cluster, **rows: Any) -> Cluster:
    """Apply a change of *rows*."""
    return apply(before, stamped(before, Change(**rows), NOW), NOW)


def drbd(number: int, node_a: int, node_b: int) -> Disk:
    """Return a mirrored disk; minors and port follow from its number."""
    where = [f"node{node_a}-uuid", f"node{node_b}-uuid", 11000 + number, number, number, "secret"]
    return Disk(f"disk{number}-uuid", "drbd", where, 1024)


def instance(number: int, primary: int, disks: list[str], macs: list[int]) -> Instance:
    """Return an instance with those disks and MAC addresses."""
    nics = [Nic(f"nic{mac}", f"aa:00:00:00:00:{mac:02x}") for mac in macs]
    return masters.instance(number, primary_node=f"node{primary}-uuid", disks=disks, nics=nics)


steps = st.lists(
    st.tuples(
        st.sampled_from(("put", "drop", "move")),
        st.integers(1, 4),
        st.integers(1, 3),
        st.integers(1, 3),
    ),
    max_size=12,
)


class IndexTests(SynchronousTestCase):
    """The indexes against the objects."""

    @given(steps)
    def test_updated_equals_rebuilt(self, moves: list[tuple[str, int, int, int]]) -> None:
        """After any sequence of changes the indexes are those of a configuration read anew."""
        state = masters.cluster(3)
        for what, number, node_a, node_b in moves:
            state = self.step(state, what, number, node_a, node_b)
            self.assertEqual(state.indexes, indexed(data_of(state)).indexes)

    def step(self, state: Cluster, what: str, number: int, node_a: int, node_b: int) -> Cluster:
        """Add, drop or move one instance with a mirrored disk."""
        uuid, disk = f"instance{number}-uuid", f"disk{number}-uuid"
        there = uuid in state.instances
        if what == "drop" and there:
            return changed(state, drop_instances=(uuid,), drop_disks=(disk,))
        if what == "move" and there:
            old = state.instances[uuid]
            fresh = msgspec.structs.replace(old, primary_node=f"node{node_a}-uuid")
            return changed(state, instances=(fresh,))
        row = instance(number, node_a, [disk], [number])
        return changed(state, instances=(row,), disks=(drbd(number, node_a, node_b),))


class InvariantTests(SynchronousTestCase):
    """What a change may not do."""

    def setUp(self) -> None:
        """Make a cluster with one mirrored instance."""
        empty = masters.cluster(3)
        row = instance(1, 1, ["disk1-uuid"], [1])
        self.state = changed(empty, instances=(row,), disks=(drbd(1, 1, 2),))

    def test_refused(self) -> None:
        """Doubled names, addresses, ports, minors, and references to nothing are refused."""
        twin_port = msgspec.structs.replace(
            drbd(2, 1, 3), logical_id=["node1-uuid", "node3-uuid", 11001, 9, 9, ""]
        )
        twin_minor = msgspec.structs.replace(
            drbd(2, 1, 3), logical_id=["node1-uuid", "node3-uuid", 11009, 1, 9, ""]
        )
        second = instance(2, 1, ["disk2-uuid"], [2])
        cases: list[dict[str, Any]] = [
            {"instances": (msgspec.structs.replace(self.first, uuid="other"),)},
            {"instances": (instance(2, 1, [], [1]),)},
            {"instances": (second,), "disks": (twin_port,)},
            {"instances": (second,), "disks": (twin_minor,)},
            {"instances": (instance(2, 9, [], [2]),)},
            {"instances": (second,)},
            {"nodes": (msgspec.structs.replace(masters.node(4), group="nowhere"),)},
            {"drop_nodes": ("node2-uuid",)},
            {"drop_nodegroups": (masters.GROUP.uuid,)},
            {"drop_instances": ("nobody",)},
        ]
        for rows in cases:
            self.assertRaises(errors.ConfigurationError, changed, self.state, **rows)

    @property
    def first(self) -> Instance:
        """The instance that is there."""
        return self.state.instances["instance1-uuid"]

    def test_serials_and_times(self) -> None:
        """A touched object gets the next serial and the time; its ctime stays."""
        before = self.first
        after = changed(self.state, instances=(before,)).instances[before.uuid]
        self.assertEqual(
            (after.serial_no, after.mtime, after.ctime), (before.serial_no + 1, NOW, before.ctime)
        )
