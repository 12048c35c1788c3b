"""The node's side of joining: makes the key here, takes the certificate, starts the daemon."""

import os

from cryptography import x509

from ganetix import errors
from ganetix.daemons import cluster_files, daemon_util, layout, settings, ssh_files
from ganetix.master.bootstrap.join import Prepare, Prepared, Setup
from ganetix.paths import Paths
from ganetix.tls.credentials import (
    Credentials,
    certificate_from_pem,
    key_from_pem,
    key_to_pem,
    make_key,
    make_request,
)


def prepare(paths: Paths, request: Prepare) -> Prepared:
    """Make a new key and return its signing request; raise `errors.OpPrereqError`."""
    _check_name(paths, request.node_name)
    _leave_other(paths, request)
    layout.make_directories(paths)
    key = make_key()
    _write_secret(_pending(paths), key_to_pem(key))
    public = ""
    if request.ssh_host_keys:
        ssh_files.take(request.ssh_host_keys, request.authorised_keys)
        public = ssh_files.own_key(request.ssh_key_type, request.ssh_key_bits)
    return Prepared(make_request(key, request.node_name).decode(), public)


def _leave_other(paths: Paths, request: Prepare) -> None:
    """Take this machine out of another cluster; raise `errors.OpPrereqError` unless told to."""
    known = cluster_files.cluster_name(paths)
    ours = known == request.cluster_name
    if known is None or (request.readd and ours):
        return
    if daemon_util.is_master(paths):
        raise errors.OpPrereqError(
            f"{request.node_name} is the master of cluster {known}; end that one there first, with "
            "'gnt-cluster destroy'.",
            errors.STATE,
        )
    if not request.force:
        hint = "--readd' takes it in again" if ours else "--force-join' takes it away from there"
        raise errors.OpPrereqError(
            f"{request.node_name} is already part of cluster {known}; 'gnt-node add {hint}.",
            errors.STATE,
        )
    daemon_util.stop_all(paths)
    cluster_files.remove_cluster(paths)


def setup(paths: Paths, request: Setup) -> None:
    """Put certificate and cluster files in place, start noded; raise `errors.GanetiError`."""
    _check_name(paths, request.node_name)
    credentials = _credentials(paths, request)
    daemon_util.stop_all(paths)
    layout.write(paths, "server.pem", credentials.to_pem())
    layout.write(paths, "authority.pem", request.authority.encode())
    for name, text in request.files.items():
        layout.write(paths, _allowed(name), text.encode())
    for key, text in request.ssconf.items():
        layout.write_ssconf(paths, key, text)
    os.unlink(_pending(paths))
    if request.start_node_daemon and daemon_util.start(paths, "ganeti-noded") != 0:
        raise errors.OpExecError(
            f"ganeti-noded did not start on {request.node_name}; the reason is above and in "
            f"{settings.log_file(paths, 'ganeti-noded')}."
        )


def _credentials(paths: Paths, request: Setup) -> Credentials:
    """Return our key with the certificate, having checked that they belong together."""
    name = request.ssconf.get("cluster_name", "").strip()
    if name != request.cluster_name:
        raise errors.OpPrereqError(
            f"The files are those of cluster '{name}', not of {request.cluster_name}.",
            errors.INVAL,
        )
    pem = cluster_files.read_text(_pending(paths))
    if pem is None:
        raise errors.OpPrereqError(
            f"{request.node_name} has made no key: the first step of joining is missing."
        )
    certificate = certificate_from_pem(request.node_daemon_certificate.encode(), "The request")
    authority = certificate_from_pem(request.authority.encode(), "The request")
    _check_signed(certificate, authority)
    key = key_from_pem(pem.encode(), _pending(paths))
    if key.public_key() != certificate.public_key():
        raise errors.OpPrereqError(
            f"The certificate is not for the key that {request.node_name} made.", errors.INVAL
        )
    return Credentials(key, certificate)


def _check_signed(certificate: x509.Certificate, authority: x509.Certificate) -> None:
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception as error:
        raise errors.OpPrereqError(
            "The certificate is not signed by the authority that came with it.", errors.INVAL
        ) from error


def _check_name(paths: Paths, name: str) -> None:
    if paths.hostname != name:
        raise errors.OpPrereqError(
            f"This machine calls itself {paths.hostname}, and not {name}: the names must be the "
            "same.",
            errors.INVAL,
        )


def _allowed(name: str) -> str:
    if name not in cluster_files.SHARED:
        raise errors.OpPrereqError(f"'{name}' is no file that a new node is given.", errors.INVAL)
    return name


def _pending(paths: Paths) -> str:
    return cluster_files.data_file(paths, "joining.key")


def _write_secret(path: str, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as target:
        target.write(data)
