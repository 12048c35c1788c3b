"""Promises of LUXI's messages and framing."""

import json

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.luxi import messages
from ganetix.luxi.server import encode_result
from ganetix_test import spec


class FramerTests(SynchronousTestCase):
    """Messages come out whole, however their bytes come in."""

    def test_any_pieces(self) -> None:
        """The same messages come out byte by byte, in one piece, and cut anywhere."""
        stream = b"one\x03two\x03\x03three\x03"
        for size in range(1, len(stream) + 1):
            framer = messages.Framer()
            got: list[bytes] = []
            for start in range(0, len(stream), size):
                got += framer.feed(stream[start : start + size])
            self.assertEqual(got, [b"one", b"two", b"", b"three"])
            self.assertFalse(framer.begun)

    def test_half_message(self) -> None:
        """A message without its end is known as begun and does not come out."""
        framer = messages.Framer()
        self.assertEqual(framer.feed(b"one\x03tw"), [b"one"])
        self.assertTrue(framer.begun)

    def test_limit(self) -> None:
        """A message of the limit passes; one byte more is refused before its end is there."""
        framer = messages.Framer(limit=4)
        self.assertEqual(framer.feed(b"1234\x03"), [b"1234"])
        framer.feed(b"123")
        with self.assertRaises(messages.MalformedRequest):
            framer.feed(b"45")


class RequestTests(SynchronousTestCase):
    """Requests survive the wire; everything else is refused in words."""

    def test_round_trip(self) -> None:
        """What is encoded is what the other end reads, with the version that clients send."""
        raw = messages.encode_request("QueryTags", ["node", "nöde"])
        self.assertEqual(raw[-1:], messages.TERMINATOR)
        self.assertEqual(json.loads(raw[:-1])["version"], 3000000)
        self.assertEqual(
            messages.decode_request(json.loads(raw[:-1])), ("QueryTags", ["node", "nöde"])
        )

    def test_refused(self) -> None:
        """Each kind of malformed request is refused with a sentence."""
        table: list[object] = [
            [], None, "text", {"method": 1, "args": []}, {"method": "X"}, {"args": []},
            {"method": "X", "args": {}},
        ]  # fmt: skip
        for message in table:
            with self.assertRaises(messages.MalformedRequest, msg=str(message)) as caught:
                messages.decode_request(message)
            self.assertTrue(str(caught.exception).endswith("."), message)


class ResponseTests(SynchronousTestCase):
    """Answers become results or the errors that they carry."""

    def test_result(self) -> None:
        """A result comes back as it was."""
        raw = encode_result([[0, "web1"], None])
        self.assertEqual(messages.decode_response(raw[:-1]), [[0, "web1"], None])

    def test_typed_errors(self) -> None:
        """Every error class of the interface that we raise comes back as itself."""
        known = set(spec.load("luxi")["error_classes"]) & set(errors.TABLE)
        self.assertGreater(len(known), 25)
        for name in sorted(known - {"OpPrereqError"}):
            wire = [name, ["text"]]
            text = json.dumps({"success": False, "result": wire}).encode()
            with self.assertRaises(errors.TABLE[name]) as caught:
                messages.decode_response(text)
            self.assertEqual(caught.exception.to_wire(), wire)

    def test_prerequisite(self) -> None:
        """A precondition error keeps its class."""
        raw = messages.encode_error(errors.OpPrereqError("no such node", errors.NOENT))
        with self.assertRaises(errors.OpPrereqError) as caught:
            messages.decode_response(raw[:-1])
        self.assertEqual(caught.exception.kind, errors.NOENT)

    def test_no_answer(self) -> None:
        """A refusal, and anything that is no answer, is a LUXI error in words."""
        for text in (messages.encode_refusal("no")[:-1], b"{", b"[]", b'{"success":true}',
                     b'{"success":true,"result":1,"version":2}'):  # fmt: skip
            with self.assertRaises(errors.LuxiError, msg=text):
                messages.decode_response(text)
