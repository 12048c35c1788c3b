"""Every hypervisor parameter is accounted for: it has a meaning, or values that are refused.

``python -m ganetix_test.hypervisor.test_meanings`` writes the tables of the documentation anew.
"""

import pathlib
from collections.abc import Mapping
from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from ganetix.hypervisor.kvm.meaning import MEANING as KVM
from ganetix.hypervisor.lxc.meaning import MEANING as LXC
from ganetix.model import hv_refused
from ganetix_test import spec

PAGE: Final = pathlib.Path(__file__).parents[3] / "docs" / "hypervisors.md"
MEANINGS: Final[dict[str, Mapping[str, str]]] = {"kvm": KVM, "lxc": LXC}


def table(hypervisor: str) -> str:
    """Return the documentation's table of the parameters of *hypervisor*."""
    refused = {one.name: one for one in hv_refused.REFUSED[hypervisor]}
    lines = ["| parameter | meaning | refused |", "|---|---|---|"]
    for name, meaning in MEANINGS[hypervisor].items():
        one = refused.get(name)
        told = f"{one.values}: {one.reason}" if one else ""
        lines.append(f"| `{name}` | {meaning} | {told} |".replace("|  |", "| |"))
    return "\n".join(lines) + "\n"


def parts(page: str, hypervisor: str) -> tuple[str, str, str]:
    """Return *page* before, in and after the table of *hypervisor*."""
    head, begin, rest = page.partition(f"<!-- parameters of {hypervisor} -->\n\n")
    inside, end, tail = rest.partition("\n<!-- end of parameters -->")
    return head + begin, inside, end + tail


class MeaningTests(SynchronousTestCase):
    """The tables of parameters."""

    def test_every_parameter_has_a_meaning(self) -> None:
        """Each parameter of the interface table is described, and no other."""
        known = spec.load("constants")["hypervisors"]
        for name, meanings in MEANINGS.items():
            self.assertEqual(list(meanings), sorted(known[name]["parameters"]))

    def test_documentation(self) -> None:
        """The page on hypervisors has these tables."""
        page = PAGE.read_text("utf-8")
        for name in MEANINGS:
            self.assertEqual(parts(page, name)[1], table(name), name)


if __name__ == "__main__":
    text = PAGE.read_text("utf-8")
    for hypervisor_name in MEANINGS:
        before, _, after = parts(text, hypervisor_name)
        text = before + table(hypervisor_name) + after
    PAGE.write_text(text, "utf-8")
