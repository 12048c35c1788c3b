"""What travels: frames as this release writes them, events, and the fake nodes."""

import msgspec
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from ganetix import errors
from ganetix.model.objects import Disk
from ganetix.rpc import codec
from ganetix.rpc.call import Done, INodes, Nothing
from ganetix.rpc.calls import TABLE
from ganetix.rpc.events import EventOrder, EventSource, TaskEvent, decode_push, known_events
from ganetix.rpc.session import Hello, check_versions
from ganetix.rpc.tables.blockdev import BLOCKDEV_CREATE, DiskRequest
from ganetix.rpc.tables.checks import TEST_DELAY, Delay
from ganetix.rpc.tables.sessions import MASTER_INFO, MasterInfo, VersionInfo
from ganetix.testing.nodes import FakeNodes

# Frames of call table 1, as its release sends them. They are never changed, only added to.
DELAY_1 = "95aa746573745f64656c6179a2723107cb404e00000000000081a86475726174696f6ecb3ff8000000000000"
DONE_1 = "92c381a46e6f7465a26f6b"
ERROR_1 = "92c292ab52656d6f74654572726f7291a7746f6f20626164"
HELLO_1 = (
    "83a876657273696f6e7383a8736f667477617265a3302e31a563616c6c7301a76a6f75726e616c01"
    "a565706f636803ab6d61737465725f6e6f6465a26e31"
)
PUSH_1 = (
    "94a6626f6f742d3105c39186a474797065a47461736baa726571756573745f6964a27239a66a6f625f6964c0"
    "a870726f6772657373cb3fe0000000000000a46e6f7465a0a4646f6e65c2"
)


class FrameTests(SynchronousTestCase):
    """Frames keep their form from release to release."""

    def test_written(self) -> None:
        """This release writes the frames of its call table as recorded."""
        self.assertEqual(codec.encode_request(TEST_DELAY, Delay(1.5), "r1", 7, 60.0).hex(), DELAY_1)
        self.assertEqual(codec.encode_answer(TEST_DELAY, Done("ok")).hex(), DONE_1)
        self.assertEqual(codec.encode_error(errors.RemoteError("too bad")).hex(), ERROR_1)
        self.assertEqual(codec.pack(Hello(VersionInfo("0.1", 1, 1), 3, "n1")).hex(), HELLO_1)

    def test_read(self) -> None:
        """Recorded frames are read as what they were."""
        envelope = codec.decode_envelope(bytes.fromhex(DELAY_1))
        self.assertEqual(
            (envelope.call, envelope.request_id, envelope.job_id), ("test_delay", "r1", 7)
        )
        self.assertEqual(codec.decode_request(TEST_DELAY, envelope.body), Delay(1.5))
        answer = codec.decode_answer(TEST_DELAY, bytes.fromhex(DONE_1))
        self.assertEqual(answer, Done("ok"))
        hello = codec.unpack(Hello, bytes.fromhex(HELLO_1))
        self.assertEqual((hello.epoch, hello.master_node), (3, "n1"))
        self.assertEqual(
            known_events(decode_push(bytes.fromhex(PUSH_1))), [TaskEvent("r9", None, 0.5)]
        )
        error = self.assertRaises(
            errors.RemoteError, codec.decode_answer, TEST_DELAY, bytes.fromhex(ERROR_1)
        )
        self.assertEqual(error.message, "too bad")

    def test_newer(self) -> None:
        """Fields of a newer release are ignored, also behind the end of an envelope."""
        newer = msgspec.msgpack.encode({"note": "x", "colour": "red"})
        frame = msgspec.msgpack.encode([True, msgspec.Raw(newer), "more"])
        self.assertEqual(codec.decode_answer(TEST_DELAY, frame), Done("x"))

    def test_garbage(self) -> None:
        """Frames that are none are errors in words."""
        for frame in (b"", b"\xff", b"\x93\x01\x02\x03", b"x" * 100):
            self.assertRaises(errors.ParseError, codec.decode_envelope, frame)
            self.assertRaises(errors.ParseError, codec.unpack, Hello, frame)
            self.assertRaises(errors.RemoteError, codec.decode_answer, TEST_DELAY, frame)
        body = msgspec.Raw(msgspec.msgpack.encode({"duration": "long"}))
        self.assertRaises(errors.ParseError, codec.decode_request, TEST_DELAY, body)

    def test_table(self) -> None:
        """Every row of the table is found under its own name, and its structs can travel."""
        for name, call in TABLE.items():
            self.assertEqual(name, call.name)
            for kind in (call.request, call.response):
                msgspec.msgpack.Decoder(kind)

    def test_versions(self) -> None:
        """Versions may differ by one; which one differs is said."""
        mine = VersionInfo("1", 5, 3)
        for calls_, journal in ((5, 3), (4, 2), (6, 4)):
            check_versions(mine, VersionInfo("2", calls_, journal))
        for calls_, journal, word in ((7, 3, "call table"), (5, 1, "journal")):
            error = self.assertRaises(
                errors.RemoteError, check_versions, mine, VersionInfo("2", calls_, journal)
            )
            self.assertIn(word, error.message)


class EventTests(SynchronousTestCase):
    """A table kept the same on both ends."""

    def setUp(self) -> None:
        """A source and one listener."""
        self.source = EventSource("boot-1")
        self.frames: list[bytes] = []
        self.source.listen(self.frames.append)

    def test_changes_only(self) -> None:
        """A value that is there already is not told again; an end is told once."""
        for progress in (0.1, 0.1, 0.2):
            self.source.publish(TaskEvent("r", 1, progress))
        for _ in range(2):
            self.source.publish(TaskEvent("r", 1, 1.0, done=True))
        told = [known_events(decode_push(frame)) for frame in self.frames]
        self.assertEqual(
            [[event.progress for event in push if isinstance(event, TaskEvent)] for push in told],
            [[], [0.1], [0.2], [1.0]],
        )
        self.assertEqual(decode_push(self.source.whole()).events, [])

    def test_gap(self) -> None:
        """A push after a lost one, or of another run of the daemon, does not follow."""
        for progress in (0.1, 0.2):
            self.source.publish(TaskEvent("r", 1, progress))
        whole, _, second = (decode_push(frame) for frame in self.frames)
        order = EventOrder()
        self.assertTrue(order.follows(whole))
        self.assertFalse(order.follows(second))
        self.assertTrue(order.follows(decode_push(self.source.whole())))
        other = EventSource("boot-2")
        frames: list[bytes] = []
        other.publish(TaskEvent("a", 1, 0.1))
        other.publish(TaskEvent("a", 1, 0.2))
        other.listen(frames.append)
        other.publish(TaskEvent("a", 1, 0.3))
        self.assertFalse(order.follows(decode_push(frames[1])))

    def test_unlisten(self) -> None:
        """Who listens no more is told no more."""
        self.source.unlisten(self.frames.append)
        self.source.publish(TaskEvent("r", 1, 0.5))
        self.assertEqual(len(self.frames), 1)


class FakeNodesTests(SynchronousTestCase):
    """The nodes for tests of logic."""

    def test_interface(self) -> None:
        """They provide what the master's logic uses."""
        self.assertTrue(verifyObject(INodes, FakeNodes()))

    def test_serialises(self) -> None:
        """A handler gets what would have travelled; its answer, errors too, travel as well."""
        seen: list[object] = []

        async def create(node: str, request: DiskRequest) -> Done:
            seen.append((node, request))
            if request.owner == "bad":
                raise errors.BlockDeviceError("No space on node n1.")
            return Done("made")

        nodes = FakeNodes({"blockdev_create": create})
        request = DiskRequest(Disk("u", "file", ["loop", "/a"], 10), "i1")
        made = self.successResultOf(nodes.call("n1", BLOCKDEV_CREATE, request))
        self.assertEqual(made, Done("made"))
        self.assertEqual(seen, [("n1", request)])
        self.assertIsNot(seen[0][1], request)  # type: ignore[index]  # a pair
        bad = nodes.call("n1", BLOCKDEV_CREATE, msgspec.structs.replace(request, owner="bad"))
        self.failureResultOf(bad, errors.BlockDeviceError)

    def test_down_and_unknown(self) -> None:
        """Nodes that are down, and calls without a handler, are remote errors."""
        nodes = FakeNodes(down={"n2"})
        answers = self.successResultOf(nodes.call_each(["n1", "n2"], MASTER_INFO, Nothing()))
        self.assertEqual({type(answer) for answer in answers.values()}, {errors.RemoteError})
        self.assertFalse(nodes.connected("n2"))
        self.assertNotIsInstance(answers["n1"], MasterInfo)
