"""A daemon's own key and certificate, which may be renewed while it runs."""

import attrs

from ganetix.paths import Paths
from ganetix.tls.credentials import Credentials
from ganetix.toolkit.files import FileSystem


@attrs.define(eq=False)
class OwnKeys:
    """What is in ``server.pem``, read at the beginning and when `reload` is called."""

    credentials: Credentials
    path: str

    @classmethod
    def of(cls, paths: Paths) -> "OwnKeys":
        """Read them; raise `FileNotFoundError` on a machine without a cluster."""
        path = paths.node_cert_file
        return cls(Credentials.from_pem(FileSystem().read(path), path), path)

    def current(self) -> Credentials:
        """Return what is in use now."""
        return self.credentials

    def reload(self) -> None:
        """Use what the file has now, for new connections."""
        self.credentials = Credentials.from_pem(FileSystem().read(self.path), self.path)
