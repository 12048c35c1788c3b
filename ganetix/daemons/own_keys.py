"""A daemon's own key and certificate, and whom it trusts; both may be renewed while it runs."""

from typing import Self

import attrs

from ganetix.paths import Paths
from ganetix.tls.credentials import (
    Credentials,
    NodeKeys,
    certificate_from_pem,
    certificates_from_pem,
    key_from_pem,
)
from ganetix.toolkit.files import FileSystem


@attrs.frozen
class KeyFiles:
    """Where the keys are kept."""

    key: str
    certificate: str
    authorities: str

    @classmethod
    def of(cls, paths: Paths) -> Self:
        """Return where they are unless the command line says otherwise."""
        return cls(paths.node_cert_file, paths.node_cert_file, paths.authority_cert_file)

    def read(self) -> NodeKeys:
        """Read them; raise `FileNotFoundError` on a machine without a cluster."""
        read = FileSystem().read
        own = Credentials.matched(
            key_from_pem(read(self.key), self.key),
            certificate_from_pem(read(self.certificate), self.certificate),
            self.key,
        )
        return NodeKeys(own, certificates_from_pem(read(self.authorities), self.authorities))


@attrs.define(eq=False)
class OwnKeys:
    """What is in the files, read at the beginning and when `reload` is called."""

    files: KeyFiles
    _keys: NodeKeys = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Read them; raise `FileNotFoundError` on a machine without a cluster."""
        self.reload()

    def current(self) -> NodeKeys:
        """Return what is in use now."""
        return self._keys

    def reload(self) -> None:
        """Use what the files have now, for new connections."""
        self._keys = self.files.read()
