"""The watcher's memory."""

import json

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ganetix.watcher.state import KEEP, State, Tries, decode, encode

NOW = 1_700_000_000.0
_TRIES = st.dictionaries(
    st.text(min_size=1), st.builds(Tries, st.integers(1, 9), st.floats(NOW - KEEP, NOW))
)


class StateTests(SynchronousTestCase):
    """The state file."""

    @given(st.builds(State, _TRIES, _TRIES, st.dictionaries(st.text(), st.text(min_size=1))))
    def test_round_trip(self, state: State) -> None:
        """What is written is what is read."""
        self.assertEqual(decode(encode(state), NOW), state)

    def test_layout(self) -> None:
        """The file has the reference's layout and names."""
        state = State().restarted("web", NOW).cleaned("web", NOW + 1).booted({"node1": "abc"})
        self.assertEqual(
            json.loads(encode(state)),
            {
                "instance": {
                    "web": {
                        "restart_count": 1,
                        "restart_when": NOW,
                        "cleanup_count": 1,
                        "cleanup_when": NOW + 1,
                    }
                },
                "node": {"node1": {"bootid": "abc"}},
            },
        )

    def test_old_tries_are_dropped(self) -> None:
        """Eight hours after its last try an instance has all its tries again."""
        state = State().restarted("web", NOW)
        self.assertEqual(decode(encode(state), NOW + KEEP), state)
        self.assertEqual(decode(encode(state), NOW + KEEP + 1), State())

    def test_tries_from_the_future_expire(self) -> None:
        """After the clock was set back, tries count from now and not from a time to come."""
        found = decode(encode(State().restarted("web", NOW + 10 * KEEP)), NOW)
        self.assertEqual(found.restarts, {"web": Tries(1, NOW)})

    def test_damage_is_refused(self) -> None:
        """What is no state file is told apart, whatever it holds."""
        for text in (
            b"", b"{", b"[]", b"3", b'{"instance": 3}', b'{"node": {"a": 3}}', b"\xff",
            b'{"instance": {"a": {"restart_count": "x"}}}',
            b'{"instance": {"a": {"restart_count": 1, "restart_when": NaN}}}',
        ):  # fmt: skip
            self.assertRaises(ValueError, decode, text, NOW)
