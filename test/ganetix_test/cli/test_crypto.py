"""Promises of gnt-cluster renew-crypto."""

from ganetix_test.cli.scripted import CommandCase, job_done


class RenewTests(CommandCase):
    """What is renewed by a job; what is written by the bootstrap program is tested with it."""

    def test_node_certificates(self) -> None:
        """Nodes' certificates are the opcode's."""
        ran = self.run_command("gnt-cluster renew-crypto -f -v --new-node-certificates",
                               *job_done())  # fmt: skip
        op = {"OP_ID": "OP_CLUSTER_RENEW_CRYPTO", "node_certificates": True,
              "renew_ssh_keys": False, "verbose": True}  # fmt: skip
        self.assertEqual(ran.opcodes(), [op])

    def test_cluster_certificate(self) -> None:
        """So is a new authority."""
        ran = self.run_command("gnt-cluster renew-crypto -f --new-cluster-certificate",
                               *job_done())  # fmt: skip
        [op] = ran.opcodes()
        self.assertEqual((op["cluster_certificate"], op["node_certificates"]), (True, False))

    def test_ssh(self) -> None:
        """Kind and size of ssh keys reach the opcode."""
        line = "--new-ssh-keys --ssh-key-type rsa --ssh-key-bits 4096"
        [op] = self.run_command(f"gnt-cluster renew-crypto -f {line}", *job_done()).opcodes()
        self.assertEqual((op["ssh_key_type"], op["ssh_key_bits"], op["renew_ssh_keys"]),
                         ("rsa", 4096, True))  # fmt: skip

    def test_asked(self) -> None:
        """It is asked about."""
        ran = self.run_command("gnt-cluster renew-crypto --new-node-certificates", 1)
        self.assertEqual((ran.code, ran.requests, len(self.asked)), (1, [], 1))

    def test_refused(self) -> None:
        """Nothing, and contradictions, before anything is done."""
        for line in (
            "", "--spice-certificate x", "--spice-ca-certificate x",
            "--new-spice-certificate --spice-certificate x --spice-ca-certificate x",
            "--new-rapi-certificate --rapi-certificate x",
            "--new-cluster-domain-secret --cluster-domain-secret x",
        ):  # fmt: skip
            ran = self.run_command(f"gnt-cluster renew-crypto -f {line}", 1)
            self.assertEqual((ran.code, ran.requests), (1, []), line)
