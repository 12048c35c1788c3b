"""gnt-cluster renew-crypto."""

from argparse import Namespace
from typing import Any, Final

from ganetix import errors
from ganetix.cli import bootstrap
from ganetix.cli.context import Context
from ganetix.cli.submit import opcode, result_of

_FILES: Final = (
    "new_rapi_cert", "rapi_cert", "new_confd_hmac_key", "new_cluster_domain_secret",
    "cluster_domain_secret", "new_spice_cert", "spice_cert", "spice_cacert",
)  # fmt: skip
_PAIRS: Final = (
    ("--new-rapi-certificate", "new_rapi_cert", "rapi_cert"),
    ("--new-cluster-domain-secret", "new_cluster_domain_secret", "cluster_domain_secret"),
    ("--new-spice-certificate", "new_spice_cert", "spice_cert"),
    ("--new-spice-certificate", "new_spice_cert", "spice_cacert"),
)  # fmt: skip


def renew_crypto(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Make secrets and certificates anew, and bring them to every node."""
    _check(options)
    files = {name: value for name in _FILES if (value := getattr(options, name))}
    by_job = options.new_node_cert or options.new_cluster_cert or options.new_ssh_keys
    if not files and not by_job:
        raise errors.OpPrereqError(
            "Say what to renew. Show what there is with: gnt-cluster renew-crypto --help",
            errors.INVAL,
        )
    if not options.force:
        context.confirm("Make keys, certificates or secrets of the cluster anew?")
    if files:
        bootstrap.carry_out(context, "renew", files)
        result_of(context, options, opcode("OP_CLUSTER_REDIST_CONF"))
    if by_job:
        result_of(context, options, _opcode(options))
    return 0


def _opcode(options: Namespace) -> dict[str, Any]:
    return opcode(
        "OP_CLUSTER_RENEW_CRYPTO",
        node_certificates=options.new_node_cert,
        cluster_certificate=options.new_cluster_cert or None,
        renew_ssh_keys=options.new_ssh_keys,
        ssh_key_type=options.ssh_key_type,
        ssh_key_bits=options.ssh_key_bits,
        verbose=options.verbose,
    )


def _check(options: Namespace) -> None:
    """Refuse what contradicts itself."""
    for flag, made, given in _PAIRS:
        if getattr(options, made) and getattr(options, given):
            raise errors.OpPrereqError(
                f"{flag} and a file for it exclude each other: leave out one of them.",
                errors.INVAL,
            )
    if bool(options.spice_cert) != bool(options.spice_cacert):
        raise errors.OpPrereqError(
            "--spice-certificate and --spice-ca-certificate belong together: give both.",
            errors.INVAL,
        )
