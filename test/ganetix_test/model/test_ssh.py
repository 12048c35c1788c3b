"""Sizes of ssh keys."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.model.ssh import DEFAULT_BITS, key_bits


class SizeTests(SynchronousTestCase):
    """What ssh-keygen would refuse is refused before anything is made."""

    def test_default(self) -> None:
        """Each kind has a size of its own."""
        self.assertEqual({kind: key_bits(kind, None) for kind in DEFAULT_BITS}, DEFAULT_BITS)

    def test_given(self) -> None:
        """A size that fits is taken, another is refused with those that fit."""
        self.assertEqual((key_bits("rsa", 4096), key_bits("ecdsa", 521)), (4096, 521))
        for kind, bits, told in (
            ("rsa", 512, "1024 or more"), ("dsa", 2048, "1024"), ("ecdsa", 2048, "256, 384 or 521"),
        ):  # fmt: skip
            error = self.assertRaises(errors.OpPrereqError, key_bits, kind, bits)
            self.assertIn(f"give {told} ", error.message)
