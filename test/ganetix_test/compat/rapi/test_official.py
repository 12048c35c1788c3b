"""The official client (Debian's python3-ganeti-rapi), every method, against a virtual cluster."""

from pathlib import Path
from typing import Final

from ganetix_test.compat import debian
from ganetix_test.compat.cases import CompatTestCase
from ganetix_test.compat.recorded import Comparison, Record

HERE: Final = Path(__file__).parent
KNOWN: Final = {
    r"GetFeatures\.\d": "a set, which the reference gives in any order",
    r"Get(Info|Groups?)\.(0\.)?ipolicy\.disk-templates\.\d": "a set, as above",
    r"GetGroups?\.(0\.)?node_list\.\d": "a set, as above",
    r"GetJob(s|Status)\.(\d\.)?ops\..*": "a job has its opcodes as they were submitted",
    r"ModifyGroup\.0": "a changed allocation policy is told too",
    r"DeleteInstance( job|\.0)|GetNodes\.0\.pinst_(cnt|list)": (
        "the reference could not remove the files of a shared disk after its renaming"
    ),
    r"(Recreate|Replace)InstanceDisks\.0\.1\.1": "refused because of the instance's state",
    r"(Get|Modify|Repair)NodeStorageUnits\.0\.1": (
        "a refused type is refused with a class, which the reference leaves out here"
    ),
    r"ExportInstance\.0\.[01]": "a diskless instance is refused before anything is done",
}
"""Where our answers differ from the reference's, and why."""
PENDING: Final = {r"GetOperatingSystems(\.\d)?": "what is installed on the machine"}
"""Where answers may differ, by the machine."""


class OfficialClientTests(CompatTestCase):
    """A cluster of two nodes with one instance."""

    def test_every_method(self) -> None:
        """Each of the methods answers as the reference did."""
        line = [debian.PYTHON, str(HERE / "calls.py"), self.address]
        rows = self.called(line, debian.python(self.packages, programs=False))
        record = Record.read(HERE / "recorded.json")
        found = Comparison(KNOWN, PENDING).differences(record, rows)
        self.assertEqual(found, [], "\n".join(found))
        self.assertEqual(rows[-1]["call"], "every method")
