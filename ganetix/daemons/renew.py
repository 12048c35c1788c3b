"""``gnt-cluster renew-crypto`` on the master: secrets and certificates that all nodes share.

They are written here; OP_CLUSTER_REDIST_CONF brings them to the other nodes.
"""

import os
import time

import msgspec

from ganetix import errors
from ganetix.daemons import cluster_files, daemon_util, layout, rapi_certificate, settings
from ganetix.paths import Paths
from ganetix.tls.credentials import certificate_from_pem, certificate_to_pem

RAPI = "ganeti-rapi"


class Renew(msgspec.Struct, frozen=True):
    """What is made anew, and what is taken from files of this machine."""

    new_rapi_cert: bool = False
    rapi_cert: str | None = None
    new_confd_hmac_key: bool = False
    new_cluster_domain_secret: bool = False
    cluster_domain_secret: str | None = None
    new_spice_cert: bool = False
    spice_cert: str | None = None
    spice_cacert: str | None = None


def renew(paths: Paths, request: Renew) -> None:
    """Write what *request* asks for; nothing is written unless all of it can be.

    Raise `errors.GanetiError` with a sentence.
    """
    if not daemon_util.is_master(paths):
        raise errors.NotMasterError(
            f"{paths.hostname} is not the master; type the command on the master."
        )
    for name, data in _made(paths, request).items():
        layout.write(paths, name, data)
        print(f"{layout.FILES[name].path} is new.", flush=True)
        if name == "rapi.pem" and daemon_util.check(paths, RAPI) == 0:
            _restart(paths)


def _made(paths: Paths, request: Renew) -> dict[str, bytes]:
    made: dict[str, bytes] = {}
    cluster = cluster_files.cluster_name(paths) or paths.hostname
    if request.new_rapi_cert:
        made["rapi.pem"] = rapi_certificate.self_signed(cluster, time.time())
    if request.new_spice_cert:
        pem = rapi_certificate.self_signed(cluster, time.time())
        made["spice.pem"] = pem
        made["spice-ca.pem"] = certificate_to_pem(certificate_from_pem(pem, "spice.pem"))
    if request.rapi_cert is not None:
        made["rapi.pem"] = _certificate(request.rapi_cert)
    if request.spice_cert is not None and request.spice_cacert is not None:
        made["spice.pem"] = _certificate(request.spice_cert)
        made["spice-ca.pem"] = _read(request.spice_cacert)
        certificate_from_pem(made["spice-ca.pem"], request.spice_cacert)
    if request.new_confd_hmac_key:
        made["hmac.key"] = _secret()
    if request.new_cluster_domain_secret:
        made["cluster-domain-secret"] = _secret()
    if request.cluster_domain_secret is not None:
        made["cluster-domain-secret"] = _read(request.cluster_domain_secret)
    return made


def _secret() -> bytes:
    return f"{settings.randomness().secret(32)}\n".encode()


def _certificate(path: str) -> bytes:
    data = _read(path)
    certificate_from_pem(data, path)
    if b"PRIVATE KEY" not in data:
        raise errors.OpPrereqError(
            f"{path} has a certificate and no private key; both must be in it.", errors.INVAL
        )
    return data


def _read(path: str) -> bytes:
    if not os.path.isfile(path):
        raise errors.OpPrereqError(f"{path} is not a file.", errors.INVAL)
    with open(path, "rb") as source:
        data = source.read()
    if not data.strip():
        raise errors.OpPrereqError(f"{path} is empty.", errors.INVAL)
    return data


def _restart(paths: Paths) -> None:
    if daemon_util.stop(paths, RAPI) or daemon_util.start(paths, RAPI):
        raise errors.OpExecError(
            f"{RAPI} did not start with its new certificate; see its log, "
            f"{settings.log_file(paths, RAPI)}."
        )
