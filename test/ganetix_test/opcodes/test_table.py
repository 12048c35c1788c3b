"""Every opcode is as the interface table has it."""

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.opcodes import codec
from ganetix.opcodes.table import TABLE
from ganetix_test import spec
from ganetix_test.opcodes.values import samples, smallest, table

# Parameters that the reference does not have.
OWN = {
    "OP_CLUSTER_RENEW_CRYPTO": ["cluster_certificate"],
    "OP_NODE_ADD": ["node_uuid", "certificate_digest", "ssh_public_key"],
}


class TableTests(SynchronousTestCase):
    """The structs against the rows of the interface table."""

    def test_ids(self) -> None:
        """All opcodes of the table are known, and no others; each key is the struct's tag."""
        self.assertEqual(sorted(TABLE), sorted(row["id"] for row in table()))
        for op_id, struct in TABLE.items():
            self.assertEqual(struct.__struct_config__.tag, op_id)

    def test_names(self) -> None:
        """The structs are called as in the table."""
        for row in table():
            self.assertEqual(TABLE[row["id"]].__name__, row["name"])

    def test_parameters(self) -> None:
        """Each opcode has the common parameters, the table's in order, and then our own."""
        common = [param["name"] for param in spec.load("opcodes")["common_params"]]
        for row in table():
            names = [field.name for field in msgspec.structs.fields(TABLE[row["id"]])]
            listed = common + [param["name"] for param in row["params"]]
            self.assertEqual(names, listed + OWN.get(row["id"], []), row["id"])

    def test_defaults(self) -> None:
        """The smallest object that is valid is filled with the table's defaults."""
        whole = spec.load("opcodes")
        for row in table():
            encoded = codec.encode(codec.decode(smallest(row)))
            for param in whole["common_params"]:
                self.assertEqual(encoded[param["name"]], param["default"])
            for param in row["params"]:
                if not param["required"]:
                    self.assertEqual(encoded[param["name"]], param["default"], row["id"])

    def test_required(self) -> None:
        """Without a required parameter, or with null for it, an opcode is refused by name."""
        for row in table():
            for param in row["params"]:
                if not param["required"]:
                    continue
                raw = smallest(row)
                del raw[param["name"]]
                self.refused(raw, row["id"], param["name"])
                self.refused(raw | {param["name"]: None}, row["id"], param["name"])

    def test_values(self) -> None:
        """Each parameter takes what its type allows and refuses what it does not, by name."""
        for row in table():
            for param in row["params"]:
                good, bad = samples(param["type"])
                for value in good:
                    codec.decode(smallest(row) | {param["name"]: value})
                for value in bad:
                    self.refused(smallest(row) | {param["name"]: value}, row["id"], param["name"])

    def test_round_trip(self) -> None:
        """What is encoded is decoded to an equal opcode, ``OP_ID`` first."""
        for row in table():
            op = codec.decode(smallest(row))
            encoded = codec.encode(op)
            self.assertEqual(next(iter(encoded)), "OP_ID")
            self.assertEqual(codec.decode(encoded), op)

    def test_unknown_parameter(self) -> None:
        """A parameter that the opcode does not have is refused by name."""
        for row in table():
            self.refused(smallest(row) | {"colour": "red"}, row["id"], "colour")

    def test_summary(self) -> None:
        """The summary is the id without its prefix and the summary field's value."""
        for row in table():
            op = codec.decode(smallest(row))
            name = row["id"].removeprefix("OP_")
            if row["summary_field"]:
                value = getattr(op, row["summary_field"])
                self.assertEqual(codec.summary(op), f"{name}({value})")
            else:
                self.assertEqual(codec.summary(op), name)

    def refused(self, raw: dict[str, Any], *words: str) -> None:
        """Check that *raw* is refused in one sentence that has all *words*."""
        with self.assertRaises(errors.ParseError) as caught:
            codec.decode(raw)
        message = caught.exception.message
        for word in words:
            self.assertIn(word, message)
        self.assertTrue(message.endswith("."), message)
        self.assertNotIn("`", message)
