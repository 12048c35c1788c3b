"""Promises of the resources that submit jobs."""

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.opcodes import codec
from ganetix.rapi.faults import HttpFault
from ganetix.rapi.table import RESOURCES
from ganetix_test.rapi.master import Master, ask

BODIES: dict[str, Any] = {
    "POST /2/instances": {
        "__version__": 1, "name": "a.x", "os": "dummy", "mode": "create",
        "disk_template": "diskless", "disks": [], "nics": [],
    },
    "POST /2/instances-multi-alloc": {
        "instances": [{"name": "a.x", "os": "d", "mode": "create", "disks": [], "nics": []}]
    },
    "POST /2/groups": {"name": "g2"},
    "PUT /2/groups/a/assign-nodes": {"nodes": ["n1"]},
    "PUT /2/groups/a/rename": {"new_name": "b"},
    "POST /2/networks": {"name": "w2", "network": "192.0.2.0/24"},
    "PUT /2/networks/a/connect": {
        "group_name": "g", "network_mode": "bridged", "network_link": "br0"
    },
    "PUT /2/networks/a/disconnect": {"group_name": "g"},
    "POST /2/nodes/a/evacuate": {"mode": "all"},
    "PUT /2/nodes/a/role": "drained",
    "POST /2/instances/a/disk/0/grow": {"amount": 10},
    "PUT /2/instances/a/export": {"destination": "n2"},
    "PUT /2/instances/a/rename": {"new_name": "b"},
    "POST /2/instances/a/replace-disks": {"mode": "replace_auto"},
}  # fmt: skip
"""The least that a body must have."""

QUERIES: dict[str, dict[str, Any]] = {
    "GET /2/nodes/a/storage": {"output_fields": "name,free"},
    "PUT /2/nodes/a/storage/modify": {"storage_type": "lvm-pv", "name": "x", "allocatable": "0"},
    "PUT /2/nodes/a/storage/repair": {"storage_type": "lvm-vg", "name": "x"},
    "PUT /2/instances/a/prepare-export": {"mode": "local"},
}
"""The least that a query must have."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def submitting() -> list[str]:
    """Return every method that submits a job, as it is asked for."""
    return [
        f"{verb} {re.sub(r'{[a-z_]+}', 'a', row.path.replace('{disk}', '0'))}"
        for row in RESOURCES
        for verb, method in row.methods.items()
        if "reason" in method.query
    ]


class ChangeTests(SynchronousTestCase):
    """From a request to the opcodes of a job."""

    def submitted(self, asked: str, body: Any = None, **query: Any) -> list[dict[str, Any]]:
        """Return the opcodes that a request submits, each of them valid."""
        master = Master()
        self.assertEqual(self.successResultOf(ask(master, asked, body, **query)), 12)
        ops = master.ops()
        for op in ops:
            codec.decode_submitted(op)
        return ops

    def status_of(self, asked: str, body: Any = None, **query: Any) -> int:
        """Return the status with which a request is refused; nothing was submitted."""
        master = Master()
        failure = self.failureResultOf(ask(master, asked, body, **query), HttpFault)
        self.assertEqual(master.asked, [])
        return int(failure.value.status)

    def test_every_change_submits(self) -> None:
        """Each way to submit a job does, with as little as its opcode needs and who asked."""
        for asked in submitting():
            query = QUERIES.get(asked, {"tag": ["t"]} if asked.endswith("tags") else {})
            ops = self.submitted(asked, BODIES.get(asked), reason="why", **query)
            for op in ops:
                self.assertEqual(op["reason"][0], ["gnt:user", "why", 5])
                self.assertTrue(op["reason"][1][0].startswith("gnt:library:rlib2:"))

    def test_names_come_from_the_path(self) -> None:
        """A name in the path can't be given again in the body."""
        [op] = self.submitted("PUT /2/instances/a/migrate", {"mode": "live"})
        self.assertEqual((op["instance_name"], op["mode"]), ("a", "live"))
        wrong: tuple[Any, ...] = (
            {"instance_name": "b"}, {"OP_ID": "OP_CLUSTER_DESTROY"}, {"reason": []},
        )  # fmt: skip
        for body in wrong:
            self.assertEqual(self.status_of("PUT /2/instances/a/migrate", body), 400)

    def test_bodies(self) -> None:
        """No body, null and an empty object are the same; a list is refused."""
        empty: tuple[Any, ...] = (None, {})
        for body in empty:
            [op] = self.submitted("PUT /2/instances/a/shutdown", body)
            self.assertEqual(op["OP_ID"], "OP_INSTANCE_SHUTDOWN")
        self.assertEqual(self.status_of("PUT /2/instances/a/shutdown", []), 400)
        self.assertEqual(self.status_of("PUT /2/instances/a/shutdown", {"colour": 1}), 400)
        self.assertEqual(self.status_of("PUT /2/instances/a/shutdown", {"timeout": "x"}), 400)

    def test_dependencies(self) -> None:
        """A body may say which jobs have to come first."""
        [op] = self.submitted("PUT /2/instances/a/migrate", {"depends": [[3, ["success"]]]})
        self.assertEqual(op["depends"], [[3, ["success"]]])

    def test_create(self) -> None:
        """The body's older names are known, and the opcode's own; the version is asked for."""
        whole = BODIES["POST /2/instances"]
        [op] = self.submitted("POST /2/instances", whole, dry_run="1")
        self.assertEqual((op["instance_name"], op["os_type"]), ("a.x", "dummy"))
        self.assertEqual(op["dry_run"], True)
        own = {**whole, "instance_name": "b.x"}
        del own["name"]
        self.assertEqual(self.submitted("POST /2/instances", own)[0]["instance_name"], "b.x")
        bodies: tuple[Any, ...] = (
            None,
            [],
            {**whole, "__version__": 0},
            {**whole, "instance_name": "b.x"},
            {**whole, "dry_run": True},
            {**whole, "disks": "many"},
        )
        for wrong in bodies:
            self.assertEqual(self.status_of("POST /2/instances", wrong), 400, wrong)

    def test_multi_alloc(self) -> None:
        """Each instance is an opcode of its own within the opcode."""
        [op] = self.submitted(
            "POST /2/instances-multi-alloc", BODIES["POST /2/instances-multi-alloc"]
        )
        [one] = op["instances"]
        self.assertEqual((one["OP_ID"], one["instance_name"]), ("OP_INSTANCE_CREATE", "a.x"))
        bodies: tuple[Any, ...] = ({}, {"instances": [1]}, {"instances": [{"colour": 1}]})
        for wrong in bodies:
            self.assertEqual(self.status_of("POST /2/instances-multi-alloc", wrong), 400)

    def test_reinstall(self) -> None:
        """One job stops, installs and starts; the older form is in the query."""
        asked = "POST /2/instances/a/reinstall"
        ids = ["OP_INSTANCE_SHUTDOWN", "OP_INSTANCE_REINSTALL", "OP_INSTANCE_STARTUP"]
        ops = self.submitted(asked, {"os": "new", "osparams": {"x": "y"}})
        self.assertEqual([op["OP_ID"] for op in ops], ids)
        self.assertEqual((ops[1]["os_type"], ops[1]["osparams"]), ("new", {"x": "y"}))
        older = self.submitted(asked, None, os="new", nostartup="1")
        self.assertEqual([op["OP_ID"] for op in older], ids[:2])
        self.assertEqual(older[1]["os_type"], "new")
        bodies: tuple[Any, ...] = ({"start": "yes"}, {"colour": 1}, [])
        for wrong in bodies:
            self.assertEqual(self.status_of(asked, wrong), 400)

    def test_replace_disks(self) -> None:
        """By the body, or by the query where there is none."""
        asked = "POST /2/instances/a/replace-disks"
        [op] = self.submitted(asked, {"mode": "replace_on_primary", "disks": [0]}, mode="ignored")
        self.assertEqual((op["mode"], op["disks"]), ("replace_on_primary", [0]))
        [op] = self.submitted(asked, None, mode="replace_on_primary", disks="0,1")
        self.assertEqual((op["mode"], op["disks"]), ("replace_on_primary", [0, 1]))
        self.assertEqual(self.status_of(asked, None, mode="replace_auto", disks="0,x"), 400)

    def test_node_role(self) -> None:
        """The body is a word; the opcode has the three marks that make the role."""
        for role, marks in (
            ("regular", (False, False, False)),
            ("master-candidate", (True, None, None)),
            ("drained", (None, None, True)),
            ("offline", (None, True, None)),
        ):
            [op] = self.submitted("PUT /2/nodes/n/role", role, force="1", **{"auto-promote": "1"})
            self.assertEqual((op["master_candidate"], op["offline"], op["drained"]), marks)
            self.assertEqual((op["force"], op["auto_promote"]), (True, True))
        for wrong in (None, "master", {"role": "drained"}):
            self.assertEqual(self.status_of("PUT /2/nodes/n/role", wrong), 400)

    def test_node_migrate(self) -> None:
        """The mode is in the body, or in one of two arguments, not both."""
        asked = "POST /2/nodes/n/migrate"
        for query, body, mode in (
            ({"live": "1"}, None, "live"),
            ({"live": "0"}, None, "non-live"),
            ({"mode": "live"}, None, "live"),
            ({}, {"mode": "non-live"}, "non-live"),
        ):
            self.assertEqual(self.submitted(asked, body, **query)[0]["mode"], mode)
        self.assertEqual(self.status_of(asked, None, live="1", mode="live"), 400)

    def test_tags(self) -> None:
        """Several tags at once; the cluster has no name."""
        [op] = self.submitted("PUT /2/instances/a/tags", tag=["x", "y"])
        self.assertEqual((op["kind"], op["name"], op["tags"]), ("instance", "a", ["x", "y"]))
        [op] = self.submitted("DELETE /2/tags", tag="x", dry_run="1")
        self.assertEqual((op["OP_ID"], op["kind"]), ("OP_TAGS_DEL", "cluster"))
        self.assertEqual((op["name"], op["dry_run"]), (None, True))
        self.assertEqual(self.status_of("PUT /2/tags"), 400)

    def test_forbidden(self) -> None:
        """The programs that compress can't be set from afar: root runs them."""
        self.assertEqual(self.status_of("PUT /2/modify", {"compression_tools": ["sh"]}), 403)

    def test_storage(self) -> None:
        """Nodes are a list there; what is asked for must be said."""
        [op] = self.submitted("GET /2/nodes/n/storage", output_fields="name,free")
        self.assertEqual((op["nodes"], op["output_fields"]), (["n"], ["name", "free"]))
        self.assertEqual(self.status_of("GET /2/nodes/n/storage"), 400)
        query = QUERIES["PUT /2/nodes/a/storage/modify"]
        [op] = self.submitted("PUT /2/nodes/n/storage/modify", **query)
        self.assertEqual(op["changes"], {"allocatable": False})

    def test_filters(self) -> None:
        """A rule has defaults, is refused when it is malformed, and is replaced by uuid."""
        master = Master({"ReplaceFilter": "u-1"})
        self.assertEqual(self.successResultOf(ask(master, "POST /2/filters", {})), "u-1")
        self.assertEqual(
            self.successResultOf(ask(master, "PUT /2/filters/u-1", {"priority": 3})), "u-1"
        )
        [(_, *first), (_, *second)] = master.asked
        self.assertEqual(first[:4], [None, 0, [], "CONTINUE"])
        self.assertEqual(second[:2], ["u-1", 3])
        for wrong in ({"priority": "x"}, {"predicates": [1]}, {"colour": 1}, {"priority": True}):
            self.assertEqual(self.status_of("POST /2/filters", wrong), 400, wrong)

    def test_cancel(self) -> None:
        """Whether a job was cancelled, and a sentence."""
        master = Master({"CancelJob": [True, "done"]})
        found = self.successResultOf(ask(master, "DELETE /2/jobs/7"))
        self.assertEqual((found, master.asked), ([True, "done"], [("CancelJob", 7)]))

    def test_the_masters_refusal(self) -> None:
        """An error of the master is passed on as it is."""
        master = Master({"SubmitJob": errors.JobQueueFull("full")})
        self.failureResultOf(ask(master, "PUT /2/redistribute-config"), errors.JobQueueFull)

    @settings(deadline=None, max_examples=8)
    @given(JSON)
    def test_any_body(self, body: Any) -> None:
        """Whatever a body has, it is submitted as valid opcodes or refused with a sentence."""
        for asked in submitting():
            master = Master()
            asking = ask(master, asked, body, **QUERIES.get(asked, {}))
            failed: list[Any] = []
            self.assertIs(asking.addErrback(failed.append), asking)
            if failed:
                self.assertEqual(failed[0].check(HttpFault), HttpFault, (asked, failed[0]))
            else:
                for op in master.ops():
                    codec.decode_submitted(op)
