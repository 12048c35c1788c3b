"""config.data: read, written, upgraded; what is not a configuration is refused in words."""

import json
import pathlib

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.model.codec import decode_config, encode_config
from ganetix.testing import masters

DATA = pathlib.Path(__file__).with_name("data")


class CodecTests(SynchronousTestCase):
    """The current version."""

    def test_round_trip(self) -> None:
        """What is written is read back, indexes and all."""
        state = masters.cluster(2, (masters.instance(1),))
        self.assertEqual(decode_config(encode_config(state)), state)

    def test_top_keys(self) -> None:
        """The file has the reference's top level keys."""
        keys = set(json.loads(encode_config(masters.cluster())))
        self.assertEqual(
            keys,
            {
                "version", "cluster", "nodes", "nodegroups", "instances", "networks", "disks",
                "filters", "serial_no", "ctime", "mtime",
            },
        )  # fmt: skip

    def test_refused(self) -> None:
        """Torn, truncated, foreign and contradicting files are refused, naming the file."""
        whole = encode_config(masters.cluster())
        dangling = json.loads(whole)
        dangling["nodes"]["node1-uuid"]["group"] = "nowhere"
        cases = [
            b"",
            whole[: len(whole) // 2],
            b"[]",
            b'{"version": 3000000}',
            b'{"hello": "world"}',
            whole.replace(b'"name"', b'"handle"'),
        ]
        for data in cases:
            error = self.assertRaises(errors.ConfigurationError, decode_config, data, "/x/config")
            self.assertIn("/x/config", error.message)
        raw = json.dumps(dangling).encode()
        self.assertRaises(errors.ConfigurationError, decode_config, raw)

    def test_unknown_version(self) -> None:
        """A version from the future is told with both numbers."""
        raw = encode_config(masters.cluster()).replace(b"3000000", b"4000000")
        error = self.assertRaises(
            errors.ConfigVersionMismatch, decode_config, raw, "/c/config.data"
        )
        self.assertIn("/c/config.data has version", error.message)
        self.assertEqual(error.args, (3000000, 4000000, "/c/config.data"))


class UpgradeTests(SynchronousTestCase):
    """Older versions, each with its golden file."""

    def test_2_16(self) -> None:
        """A 2.16 configuration becomes what the golden file says."""
        state = decode_config((DATA / "config-2.16.json").read_bytes())
        golden = json.loads((DATA / "config-2.16-upgraded.json").read_bytes())
        self.assertEqual(json.loads(encode_config(state)), golden)
