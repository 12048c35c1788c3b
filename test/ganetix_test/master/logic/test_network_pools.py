"""Pools of addresses under everything that may happen to instances."""

import contextlib
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from twisted.trial.unittest import SynchronousTestCase

from ganetix.model import pools
from ganetix.opcodes.instance import OpInstanceRemove, OpInstanceSetParams
from ganetix_test.master.logic.cases import creation, fail_at
from ganetix_test.master.logic.network_cases import NetworkTestCase


class PoolMachine(RuleBasedStateMachine):
    """Instances come, change and go; now and then something breaks in the middle."""

    def __init__(self) -> None:
        """Begin with two small networks."""
        super().__init__()
        self.case = NetworkTestCase("assertTrue")
        self.case.setUp()
        for name, network in (("lan", "192.0.2.0/29"), ("dmz", "198.51.100.0/30")):
            self.case.have(name, network)

    def names(self) -> list[str]:
        """Return the instances that there are."""
        return sorted(self.case.context.cluster.indexes.instance_names)

    def attempt(self, op: Any, broken: int) -> None:
        """Run *op*; its call number *broken* fails. A refusal is an answer too."""
        context = self.case.context
        if broken:
            fail_at(context, broken, "after")
        with contextlib.suppress(self.case.failureException):
            self.case.run_op(op)
        context.world.after = lambda node, call: None

    nic = st.fixed_dictionaries(
        {},
        optional={
            "network": st.sampled_from(["lan", "dmz", "none"]),
            "ip": st.sampled_from(["pool", "none", "192.0.2.2", "198.51.100.1", "203.0.113.5"]),
        },
    )

    @rule(number=st.integers(1, 5), rows=st.lists(nic, max_size=3), broken=st.integers(0, 4))
    def create(self, number: int, rows: list[dict[str, Any]], broken: int) -> None:
        """Create an instance."""
        self.attempt(creation(f"vm{number}.example.com", nics=rows), broken)

    @precondition(lambda self: self.names())
    @rule(data=st.data(), row=nic, action=st.sampled_from(["add", "modify", "remove"]))
    def change(self, data: st.DataObject, row: dict[str, Any], action: Any) -> None:
        """Change a NIC."""
        name = data.draw(st.sampled_from(self.names()))
        given: Any = {} if action == "remove" else row
        which = -1 if action == "add" else data.draw(st.integers(0, 2))
        self.attempt(OpInstanceSetParams(instance_name=name, nics=[(action, which, given)]), 0)

    @precondition(lambda self: self.names())
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """Remove an instance."""
        self.attempt(OpInstanceRemove(instance_name=data.draw(st.sampled_from(self.names()))), 0)

    @invariant()
    def each_address_once(self) -> None:
        """An address is given at most once, and the pool shows exactly those that are given."""
        cluster = self.case.context.cluster
        given = list(pools.used(cluster.instances.values()))
        assert len(given) == len(set(given)), given
        for network in cluster.networks.values():
            mine = sorted(ip for uuid, ip in given if uuid == network.uuid)
            shown = pools.addresses(network, pools.by_instances(network))
            assert sorted(shown) == mine, network.name


class PoolPropertyTests(SynchronousTestCase):
    """Pools under everything that may happen to them."""

    def test_property(self) -> None:
        """An address is never given twice, and released exactly once."""
        found = settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(PoolMachine, settings=found)
