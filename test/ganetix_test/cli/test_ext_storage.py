"""gnt-storage, and the commands of gnt-debug that only try something out."""

from ganetix import errors
from ganetix_test.cli.scripted import CommandCase, job_done, job_failed

GOOD = ["rbdx", {"n1": [["/srv/rbdx", True, "", []]]}, {"default": True}, [["pool", "The pool"]]]
BAD = ["half", {"n1": [["/srv/half", False, "No attach.", []]], "n2": []}, {"default": False}, []]


class StorageTests(CommandCase):
    """gnt-storage."""

    def test_diagnose(self) -> None:
        """Each node with what is wrong; exit code 1 when something is."""
        ran = self.run_command("gnt-storage diagnose", *job_done([GOOD, BAD]))
        self.assertEqual(ran.code, 1)
        for line in (
            "Provider: rbdx [valid]",
            "  Node: n1, status: invalid (path: /srv/half): No attach.",
            "  Node: n2, status: invalid (not found)",
        ):
            self.assertIn(f"{line}\n", ran.out)
        self.assertEqual(self.run_command("gnt-storage diagnose", *job_done([GOOD])).code, 0)

    def test_info(self) -> None:
        """Parameters; a provider that there is not is named."""
        ran = self.run_command("gnt-storage info rbdx nfs", *job_done([GOOD]))
        self.assertEqual(ran.code, 1)
        self.assertIn("pool: The pool", ran.out)
        self.assertIn("nfs", ran.err)


class DebugTests(CommandCase):
    """gnt-debug."""

    def test_queue(self) -> None:
        """A job that succeeds and one that fails: both as they should is 0."""
        failed = job_failed(errors.OpExecError("As asked."), 8)
        ran = self.run_command("gnt-debug test-jobqueue", *job_done(True), *failed)
        self.assertEqual((ran.code, ran.err), (0, ""))
        ran = self.run_command("gnt-debug test-jobqueue", *job_done(True), *job_done(True))
        self.assertEqual(ran.code, 1)

    def test_secrets(self) -> None:
        """The secrets are in the opcode."""
        ran = self.run_words(
            ["gnt-debug", "test-osparams", "--os-parameters-secret", "a=b"], *job_done(None)
        )
        self.assertEqual(ran.opcodes()[0]["osparams_secret"], {"a": "b"})

    def test_refused(self) -> None:
        """What does not exist here says why."""
        for what, words in (("metad", "cloud-init"), ("wconfd", "manhole")):
            ran = self.run_command(f"gnt-debug {what} echo")
            self.assertEqual(ran.code, 1)
            self.assertIn(words, ran.err)
