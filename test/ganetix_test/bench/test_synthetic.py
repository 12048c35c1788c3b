"""A grown configuration is one that a master takes."""

import json
import os

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.bench.synthetic import Config, fill, grown


def small() -> Config:
    """Return a configuration with two nodes and a diskless instance."""
    return {
        "serial_no": 7,
        "nodes": {"n1": {"name": "node1"}, "n2": {"name": "node2"}},
        "instances": {
            "i1": {
                "uuid": "i1",
                "name": "one",
                "primary_node": "n1",
                "admin_state": "up",
                "tags": ["a"],
                "disks": [],
                "nics": [{"uuid": "c1", "mac": "aa:00:00:00:00:01"}],
            }
        },
    }


class GrownTests(SynchronousTestCase):
    """Copies of an instance."""

    def test_number_and_nodes(self) -> None:
        """As many as asked for, spread over the nodes, with a newer serial number."""
        made = grown(small(), 300)
        self.assertEqual(len(made["instances"]), 300)
        self.assertEqual(made["serial_no"], 8)
        on_first = [i for i in made["instances"].values() if i["primary_node"] == "n1"]
        self.assertEqual(len(on_first), 150)

    def test_everything_unique(self) -> None:
        """No two instances share a name, a MAC address or a uuid."""
        rows = list(grown(small(), 1000)["instances"].values())
        for found in (
            {row["name"] for row in rows},
            {row["uuid"] for row in rows},
            {row["nics"][0]["mac"] for row in rows},
            {row["nics"][0]["uuid"] for row in rows},
        ):
            self.assertEqual(len(found), 1000)

    def test_original_stays(self) -> None:
        """What is copied is not changed, and the copies are switched off."""
        config = small()
        made = grown(config, 2)
        self.assertEqual(config, small())
        self.assertEqual(made["instances"]["i1"], config["instances"]["i1"])
        self.assertEqual([i["admin_state"] for i in made["instances"].values()], ["up", "down"])

    def test_nothing_to_copy(self) -> None:
        """Without a diskless instance it says what to do."""
        error = self.assertRaises(ValueError, grown, {**small(), "instances": {}}, 5)
        self.assertIn("add one", str(error))

    def test_fill_takes_the_journal_away(self) -> None:
        """The file is replaced with its mode; a journal of the smaller cluster does not survive."""
        root = self.mktemp()
        data = f"{root}/var/lib/ganeti"
        os.makedirs(data)
        with open(f"{data}/config.data", "w", encoding="utf-8") as file:
            json.dump(small(), file)
        os.chmod(f"{data}/config.data", 0o640)
        with open(f"{data}/journal", "wb"):
            pass
        self.assertIn("has 4 instances", fill(root, 4))
        self.assertEqual(os.listdir(data), ["config.data"])
        self.assertEqual(os.stat(f"{data}/config.data").st_mode & 0o777, 0o640)
