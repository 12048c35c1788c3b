"""Promises of gnt-filter: rules are sent as they are typed, and shown in full."""

from ganetix_test.cli.scripted import NOW, CommandCase

RULE = ["u1", 12, 3, [["jobid", [">", "id", "watermark"]]], ["RATE_LIMIT", 2],
        [["gnt:user", "maintenance", 5]]]  # fmt: skip


class StoreTests(CommandCase):
    """gnt-filter add, replace, delete."""

    def test_rules(self) -> None:
        """Each option becomes its argument; without one a rule lets everything go on."""
        predicates = '[["opcode",["=","OP_ID","OP_TEST_DELAY"]]]'
        for words, expected in (
            ([], [0, [], "CONTINUE"]),
            (["--priority", "5"], [5, [], "CONTINUE"]),
            (["--action", "PAUSE"], [0, [], "PAUSE"]),
            (["--action=RATE_LIMIT 3"], [0, [], ["RATE_LIMIT", 3]]),
            (["--predicates", predicates],
             [0, [["opcode", ["=", "OP_ID", "OP_TEST_DELAY"]]], "CONTINUE"]),
        ):  # fmt: skip
            for verb, uuid in ((["add"], None), (["replace"], "u1")):
                line = ["gnt-filter", *verb, *words, *([uuid] if uuid else [])]
                ran = self.run_words(line, "u1")
                self.assertEqual((ran.code, ran.out), (0, "u1\n"), ran.err)
                sent = ran.args("ReplaceFilter")
                self.assertEqual(sent[:4], [uuid, *expected])
                self.assertEqual(sent[4], [["gnt:client:gnt-filter", verb[0], NOW]])

    def test_reason(self) -> None:
        """What the user says is kept with the rule."""
        ran = self.run_words(["gnt-filter", "add", "--reason", "storage work"], "u1")
        self.assertEqual(ran.args("ReplaceFilter")[4][0], ["gnt:user", "storage work", NOW])

    def test_refused(self) -> None:
        """Values that can't be read are refused before anything is sent."""
        for words in (["--predicates", "["], ["--predicates", "7"], ["--action", "STOP"],
                      ["--action", "RATE_LIMIT 0"], ["--action", "RATE_LIMIT"],
                      ["--priority", "high"]):  # fmt: skip
            ran = self.run_words(["gnt-filter", "add", *words], "u1")
            self.assertEqual((ran.code, ran.requests), (1, []), words)

    def test_delete(self) -> None:
        """A rule is deleted by its uuid."""
        ran = self.run_command("gnt-filter delete u1", None)
        self.assertEqual((ran.code, ran.args("DeleteFilter")), (0, ["u1"]))


class ShowTests(CommandCase):
    """gnt-filter info and list."""

    def test_info(self) -> None:
        """A rule is shown in full; one that there is not is an error."""
        ran = self.run_command("gnt-filter info u1", [RULE])
        for line in (
            "- UUID: u1", "  Watermark: 12", "  Priority: 3", "  Action: RATE_LIMIT 2",
            '    - ["jobid", [">", "id", "watermark"]]', '    - ["gnt:user", "maintenance", 5]',
        ):  # fmt: skip
            self.assertIn(f"{line}\n", ran.out)
        ran = self.run_command("gnt-filter info u2", [])
        self.assertEqual(ran.code, 1)
        self.assertIn("gnt-filter list", ran.err)

    def test_list(self) -> None:
        """Structures are shown as JSON."""
        fields = [
            {"name": name, "title": name, "kind": "other", "doc": name}
            for name in ("uuid", "predicates", "action")
        ]
        answer = {"fields": fields, "data": [[[0, "u1"], [0, RULE[3]], [0, "PAUSE"]]]}
        ran = self.run_command("gnt-filter list --no-headers", answer)
        self.assertEqual(ran.out, 'u1 [["jobid", [">", "id", "watermark"]]] PAUSE\n')
