"""A new key and certificate for this node, and a new authority, while its daemon goes on."""

from collections.abc import Callable, Sequence

import attrs
from cryptography import x509

from ganetix import errors
from ganetix.paths import Paths
from ganetix.rpc.call import Done, Nothing
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.crypto import NewAuthority, NewCertificate, SigningRequest
from ganetix.tls.credentials import (
    Credentials,
    certificate_from_pem,
    certificate_to_pem,
    certificates_from_pem,
    key_from_pem,
    key_to_pem,
    make_key,
    make_request,
)
from ganetix.tls.identity import identity_of
from ganetix.toolkit.interfaces import IFileSystem, IWorker


@attrs.frozen
class Certificates:
    """The calls about this node's certificate. *changed* is told when another one is in use."""

    paths: Paths
    files: IFileSystem
    worker: IWorker
    changed: Callable[[], None]

    async def request(self, request: Nothing, context: CallContext) -> SigningRequest:
        """``node_certificate_request``."""
        return SigningRequest(await self.worker.run(self._thd_request))

    async def install(self, request: NewCertificate, context: CallContext) -> Done:
        """``node_certificate_install``; raise `errors.OpPrereqError` for one that is not ours."""
        await self.worker.run(self._thd_install, request.certificate.encode())
        self.changed()
        return Done()

    async def restore(self, request: Nothing, context: CallContext) -> Done:
        """``node_certificate_restore``; nothing where nothing was changed."""
        await self.worker.run(self._thd_restore)
        self.changed()
        return Done()

    async def keep(self, request: Nothing, context: CallContext) -> Done:
        """``node_certificate_keep``."""
        await self.worker.run(self._thd_keep)
        self.changed()
        return Done()

    async def install_authority(self, request: NewAuthority, context: CallContext) -> Done:
        """``node_authority_install``: the old one is trusted as before."""
        await self.worker.run(self._thd_install_authority, request)
        self.changed()
        return Done()

    async def restore_authority(self, request: Nothing, context: CallContext) -> Done:
        """``node_authority_restore``; nothing where nothing was changed."""
        await self.worker.run(self._thd_restore_authority)
        self.changed()
        return Done()

    @property
    def _pending(self) -> str:
        return f"{self.paths.data_dir}/renewing.key"

    def _thd_request(self) -> str:
        key = make_key()
        self.files.replace(self._pending, key_to_pem(key), 0o600, True)
        return make_request(key, self.paths.hostname).decode()

    def _thd_install(self, pem: bytes) -> None:
        path = self.paths.node_cert_file
        before = self.files.read(path)
        fresh = certificate_from_pem(pem, "The new certificate")
        try:
            key = key_from_pem(self.files.read(self._pending), self._pending)
        except FileNotFoundError:
            raise errors.OpPrereqError(
                f"Node {self.paths.hostname} has made no new key; begin again.", errors.STATE
            ) from None
        self._check(Credentials(key, fresh), Credentials.from_pem(before, path))
        self._thd_exchange(path, Credentials(key, fresh).to_pem())
        self._thd_remove(self._pending)

    def _check(self, fresh: Credentials, old: Credentials) -> None:
        ours = fresh.key.public_key() == fresh.certificate.public_key()
        same = identity_of(fresh.certificate).uuid == identity_of(old.certificate).uuid
        # The first is the one that signs: what another signed would be of no use in the end.
        trusted = self.paths.authority_cert_file
        authority = certificate_from_pem(self.files.read(trusted), trusted)
        try:
            fresh.certificate.verify_directly_issued_by(authority)
        except Exception as error:
            raise errors.OpPrereqError(
                "The new certificate is not signed by this cluster's authority.", errors.INVAL
            ) from error
        if not ours or not same:
            raise errors.OpPrereqError(
                f"The new certificate is not for the key of node {self.paths.hostname}.",
                errors.INVAL,
            )

    def _thd_restore(self) -> None:
        self._thd_remove(self._pending)
        self._thd_bring_back(self.paths.node_cert_file)

    def _thd_install_authority(self, request: NewAuthority) -> None:
        fresh, before = request.certificate.encode(), self._thd_authorities()
        if certificate_from_pem(fresh, "The new authority") != before[0]:
            trusted = fresh + b"".join(certificate_to_pem(one) for one in before)
            self._thd_exchange(self.paths.authority_cert_file, trusted)
        key = self.paths.authority_key_file
        if request.key and self.files.exists(key):
            self._thd_exchange(key, request.key.encode())
        elif request.key:
            self.files.replace(key, request.key.encode(), 0o600, True)

    def _thd_restore_authority(self) -> None:
        for path in (self.paths.authority_key_file, self.paths.authority_cert_file):
            self._thd_bring_back(path)

    def _thd_keep(self) -> None:
        path, authorities = self.paths.authority_cert_file, self._thd_authorities()
        if len(authorities) > 1:
            mode = self.files.mode(path)
            self.files.replace(path, certificate_to_pem(authorities[0]), mode, True)
        for kept in (self.paths.node_cert_file, self.paths.authority_key_file, path):
            self._thd_remove(_old(kept))

    def _thd_authorities(self) -> Sequence[x509.Certificate]:
        path = self.paths.authority_cert_file
        return certificates_from_pem(self.files.read(path), path)

    def _thd_exchange(self, path: str, data: bytes) -> None:
        """Put *data* in the place of a file, which is kept; nothing when that was done before."""
        before = self.files.read(path)
        if before != data:
            self.files.replace(_old(path), before, 0o400, True)
            self.files.replace(path, data, self.files.mode(path), True)

    def _thd_bring_back(self, path: str) -> None:
        if self.files.exists(_old(path)):
            self.files.replace(path, self.files.read(_old(path)), self.files.mode(path), True)
            self._thd_remove(_old(path))

    def _thd_remove(self, path: str) -> None:
        if self.files.exists(path):
            self.files.remove(path)


def _old(path: str) -> str:
    return f"{path}.old"
