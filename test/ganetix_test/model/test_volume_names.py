"""Which names LVM takes."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix.model import volume_names


class NameTests(SynchronousTestCase):
    """Names of volumes and groups."""

    def test_names(self) -> None:
        """Names that LVM refuses are known before it is asked."""
        for name in ("a.disk0", "A+b_c-1", "x" * 127):
            self.assertEqual(volume_names.wrong_name(name), "", name)
        for name in ("", "-a", "a b", "a/b", "..", "snapshot1", "a_mlog", "x" * 128, "ä"):
            self.assertNotEqual(volume_names.wrong_name(name), "", name)
