"""Instance policies: defaults as in the interface table, faults, changes."""

import attrs
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.model import policy
from ganetix.model.policy import Shape
from ganetix_test import spec

FITTING = Shape(1, 128, 128, (1024,), 1, 1, "file")


class ViolationTests(SynchronousTestCase):
    """What does not fit."""

    def test_defaults(self) -> None:
        """The default policy is the table's."""
        self.assertEqual(policy.DEFAULTS, spec.load("constants")["ipolicy"]["defaults"])

    def test_fits(self) -> None:
        """The smallest instance fits, with and without disks."""
        self.assertEqual(policy.violations(policy.DEFAULTS, FITTING), [])
        diskless = attrs.evolve(FITTING, disks=(), template="diskless")
        self.assertEqual(policy.violations(policy.DEFAULTS, diskless), [])

    def test_each(self) -> None:
        """Each value outside of its range is told with the range."""
        rows = {
            "cpu-count": attrs.evolve(FITTING, vcpus=9),
            "memory-size": attrs.evolve(FITTING, memory=64, minmem=64),
            "disk-size": attrs.evolve(FITTING, disks=(1024, 1)),
            "disk-count": attrs.evolve(FITTING, disks=(1024,) * 17),
            "nic-count": attrs.evolve(FITTING, nics=0),
            "spindle-use": attrs.evolve(FITTING, spindles=13),
        }
        for name, shape in rows.items():
            (told,) = policy.violations(policy.DEFAULTS, shape)
            self.assertIn(name, told)
            self.assertIn("is not in range", told)

    def test_template(self) -> None:
        """A template that the policy does not list is told."""
        (told,) = policy.violations({**policy.DEFAULTS, "disk-templates": ["drbd"]}, FITTING)
        self.assertEqual(told, "disk template file is not allowed (allowed: drbd)")

    def test_any_pair(self) -> None:
        """One fitting pair is enough."""
        small = {**policy.DEFAULTS["minmax"][0]["max"], "memory-size": 64}
        pairs = [{"min": policy.DEFAULTS["std"], "max": small}, *policy.DEFAULTS["minmax"]]
        self.assertEqual(policy.violations({**policy.DEFAULTS, "minmax": pairs}, FITTING), [])


class ChangeTests(SynchronousTestCase):
    """Changing a policy."""

    def test_values(self) -> None:
        """Values are converted and kept; ``default`` drops a group's."""
        after = policy.changed({"vcpu-ratio": 2.0}, {"spindle-ratio": "4"}, partial=True)
        self.assertEqual(after, {"vcpu-ratio": 2.0, "spindle-ratio": 4.0})
        self.assertEqual(policy.changed(after, {"vcpu-ratio": "default"}, partial=True),
                         {"spindle-ratio": 4.0})  # fmt: skip

    def test_group(self) -> None:
        """A group has no standard size, so its pairs need not hold the built-in one."""
        pair = {
            "min": {**policy.DEFAULTS["std"], "disk-size": 4096},
            "max": policy.DEFAULTS["minmax"][0]["max"],
        }
        self.assertEqual(policy.changed({}, {"minmax": [pair]}, partial=True), {"minmax": [pair]})
        with self.assertRaisesRegex(errors.OpPrereqError, "no 'std'"):
            policy.changed({}, {"std": policy.DEFAULTS["std"]}, partial=True)

    def test_refused(self) -> None:
        """Unknown keys, bad numbers and contradictions are refused in words."""
        std = policy.DEFAULTS["std"]
        for given, words in (
            ({"colour": 1}, "no key 'colour'"),
            ({"vcpu-ratio": "x"}, "not a number"),
            ({"vcpu-ratio": "nan"}, "not a number"),
            ({"spindle-ratio": 10**400}, "not a number"),
            ({"disk-templates": ["tape"]}, "known templates"),
            ({"disk-templates": 7}, "known templates"),
            ({"disk-templates": [[]]}, "known templates"),
            ({"std": {"cpu-count": 1}}, "exactly"),
            ({"std": {**std, "cpu-count": 99}}, "none of the pairs"),
            ({"minmax": [{"min": {**std, "cpu-count": 5}, "max": std}]}, "above maximum"),
            ({"minmax": []}, "list of pairs"),
            ({"vcpu-ratio": "default"}, "can't be unset"),
        ):
            with self.assertRaisesRegex(errors.OpPrereqError, words):
                policy.changed({}, given, partial=False)
