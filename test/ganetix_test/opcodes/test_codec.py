"""Opcodes from and to JSON: common parameters, older forms, secrets, summaries, sentences."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.opcodes import codec
from ganetix.opcodes.instance import OpInstanceCreate, OpInstanceSetParams
from ganetix.opcodes.instance_state import OpInstanceReboot
from ganetix.opcodes.tags import OpTagsGet
from ganetix.opcodes.test import OpTestDelay, OpTestDummy, OpTestOsParams
from ganetix.opcodes.verify import OpClusterVerifyGroup


def said(raw: Any) -> str:
    """Return the sentence with which *raw* is refused."""
    try:
        codec.decode_submitted(raw)
    except errors.ParseError as error:
        return error.message
    raise AssertionError(f"{raw} was taken.")


class SentenceTests(SynchronousTestCase):
    """What a person reads who sent something wrong."""

    def test_not_an_opcode(self) -> None:
        """What is not an object with an id, or has an unknown one, is told so."""
        self.assertEqual(said([]), "An opcode must be an object with the text 'OP_ID'.")
        self.assertEqual(said({}), "An opcode must be an object with the text 'OP_ID'.")
        self.assertEqual(
            said({"OP_ID": "OP_FLY"}), "Opcode 'OP_FLY' is not known; see the list of opcodes."
        )

    def test_reason(self) -> None:
        """A submitted opcode needs a reason list; the codec itself does not ask for it."""
        raw = {"OP_ID": "OP_TEST_DUMMY"}
        self.assertEqual(
            said(raw),
            "Opcode OP_TEST_DUMMY needs parameter 'reason', a list that may be empty.",
        )
        self.assertEqual(codec.decode(raw), OpTestDummy())
        self.assertEqual(codec.decode_submitted(raw | {"reason": []}), OpTestDummy())

    def test_types(self) -> None:
        """The sentence names the parameter, what is expected and what came."""
        delay = {"OP_ID": "OP_TEST_DELAY", "reason": []}
        self.assertEqual(
            said(delay | {"duration": "1"}),
            "Opcode OP_TEST_DELAY: parameter 'duration': expected a number, got a text.",
        )
        self.assertEqual(
            said(delay | {"duration": 1, "on_nodes": ["a", ""]}),
            "Opcode OP_TEST_DELAY: parameter 'on_nodes[1]': a text that is not empty is expected.",
        )
        self.assertEqual(
            said(delay | {"duration": 1, "repeat": -1}),
            "Opcode OP_TEST_DELAY: parameter 'repeat': expected a whole number >= 0.",
        )
        self.assertEqual(
            said(delay | {"duration": 1, "repeat": 10**400}),
            f"Opcode OP_TEST_DELAY: parameter 'repeat': expected a whole number <= {2**63 - 1}.",
        )

    def test_choices(self) -> None:
        """A value that is not among the choices is shown with them."""
        self.assertEqual(
            said({"OP_ID": "OP_INSTANCE_REBOOT", "instance_name": "a", "reboot_type": "cold"}),
            "Opcode OP_INSTANCE_REBOOT: parameter 'reboot_type' is 'cold'; "
            "it may be full or hard or soft.",
        )

    def test_addresses(self) -> None:
        """A text that is not an address is refused in words, not with a pattern."""
        raw = {"OP_ID": "OP_NETWORK_ADD", "network_name": "n", "network": "192.0.2.0/40"}
        self.assertEqual(
            said(raw),
            "Opcode OP_NETWORK_ADD: parameter 'network': expected an IPv4 network, address/prefix.",
        )


class CommonTests(SynchronousTestCase):
    """The parameters that every opcode has."""

    def test_priority(self) -> None:
        """Only the three priorities of submission are taken."""
        raw = {"OP_ID": "OP_TEST_DUMMY", "reason": []}
        for priority in (-10, 0, 10):
            self.assertEqual(codec.decode(raw | {"priority": priority}).priority, priority)
        self.assertIn("'priority' is 5", said(raw | {"priority": 5}))

    def test_depends(self) -> None:
        """Job ids in dependencies may be texts of digits, or negative numbers."""
        raw = {"OP_ID": "OP_TEST_DUMMY", "depends": [["12", ["success"]], [-1, []]]}
        self.assertEqual(codec.decode(raw).depends, [(12, ["success"]), (-1, [])])
        self.assertIn("depends", said(raw | {"depends": [["x", []]]}))
        self.assertIn("'lost'", said(raw | {"depends": [[1, ["lost"]]]}))

    def test_older_device_changes(self) -> None:
        """Device changes of two elements become those of three; encoded they have three."""
        raw = {
            "OP_ID": "OP_INSTANCE_SET_PARAMS",
            "instance_name": "a",
            "disks": [["add", {"size": 5}], [1, {"mode": "ro"}]],
            "nics": [["remove", {}]],
        }
        op = codec.decode(raw)
        assert isinstance(op, OpInstanceSetParams)
        self.assertEqual(op.disks, [("add", -1, {"size": 5}), ("modify", 1, {"mode": "ro"})])
        self.assertEqual(op.nics, [("remove", -1, {})])
        self.assertEqual(codec.encode(op)["nics"], [["remove", -1, {}]])


class SecretTests(SynchronousTestCase):
    """Values that must not be seen."""

    op = OpInstanceCreate(
        instance_name="a",
        disks=[],
        mode="create",
        nics=[],
        osparams={"mirror": "here"},
        osparams_private={"account": "root"},
        osparams_secret={"password": "x"},
    )

    def test_stored(self) -> None:
        """Job files hold private values and not secret ones."""
        stored = codec.encode_stored(self.op)
        self.assertEqual(stored["osparams_private"], {"account": "root"})
        self.assertEqual(stored["osparams_secret"], {"password": codec.REDACTED})
        self.assertEqual(stored["osparams"], {"mirror": "here"})

    def test_shown(self) -> None:
        """Logs show neither; an absent value stays absent."""
        shown = codec.encode_shown(self.op)
        self.assertEqual(shown["osparams_private"], {"account": codec.REDACTED})
        self.assertEqual(shown["osparams_secret"], {"password": codec.REDACTED})
        self.assertIsNone(codec.encode_shown(OpTestOsParams())["osparams_secret"])

    def test_lost(self) -> None:
        """An opcode read back from its job file tells which secrets it lost."""
        self.assertEqual(codec.lost_secrets(self.op), [])
        again = codec.decode(codec.encode_stored(self.op))
        self.assertEqual(codec.lost_secrets(again), ["osparams_secret"])


class SummaryTests(SynchronousTestCase):
    """The short texts of job lists."""

    def test_full(self) -> None:
        """Values are printed as they are; an unset one as None."""
        self.assertEqual(codec.summary(OpTestDelay(duration=0.5)), "TEST_DELAY(0.5)")
        self.assertEqual(codec.summary(OpTagsGet(kind="cluster")), "TAGS_GET(None)")

    def test_tiny(self) -> None:
        """Nouns are shortened to a letter, and nothing is in brackets."""
        reboot = OpInstanceReboot(instance_name="a", reboot_type="soft")
        self.assertEqual(codec.tiny_summary(reboot), "I_REBOOT")
        verify = OpClusterVerifyGroup(group_name="g")
        self.assertEqual(codec.tiny_summary(verify), "C_VERIFY_GROUP")
        self.assertEqual(codec.tiny_summary(OpTestDelay(duration=1)), "TEST_DELAY")
