"""A new key and certificate for this node, while its daemon goes on with the old ones."""

from collections.abc import Callable

import attrs

from ganetix import errors
from ganetix.paths import Paths
from ganetix.rpc.call import Done, Nothing
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.crypto import NewCertificate, SigningRequest
from ganetix.tls.credentials import (
    Credentials,
    certificate_from_pem,
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
        await self.worker.run(self._thd_remove, self._old)
        return Done()

    @property
    def _pending(self) -> str:
        return f"{self.paths.data_dir}/renewing.key"

    @property
    def _old(self) -> str:
        return f"{self.paths.node_cert_file}.old"

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
        mode = self.files.mode(path)
        self.files.replace(self._old, before, 0o400, True)
        self.files.replace(path, Credentials(key, fresh).to_pem(), mode, True)
        self._thd_remove(self._pending)

    def _check(self, fresh: Credentials, old: Credentials) -> None:
        ours = fresh.key.public_key() == fresh.certificate.public_key()
        same = identity_of(fresh.certificate).uuid == identity_of(old.certificate).uuid
        authority = certificate_from_pem(
            self.files.read(self.paths.authority_cert_file), self.paths.authority_cert_file
        )
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
        if self.files.exists(self._old):
            path = self.paths.node_cert_file
            mode = self.files.mode(path)
            self.files.replace(path, self.files.read(self._old), mode, True)
            self._thd_remove(self._old)

    def _thd_remove(self, path: str) -> None:
        if self.files.exists(path):
            self.files.remove(path)
