"""`ganetix.daemons.cluster_init`: what is refused before anything is made."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.daemons.cluster_init import check_directories
from ganetix.paths import Paths
from ganetix.testing.logic import three_nodes

PATHS = Paths("/v/node1.x", "node1.x")


class DirectoriesTests(SynchronousTestCase):
    """The directories of file disks."""

    def test_possible(self) -> None:
        """The usual ones are."""
        check_directories(PATHS, three_nodes())

    def test_system_directories(self) -> None:
        """Where the system's own files are there may be no disks, if the template is enabled."""
        self.assertRaises(
            errors.FileStoragePathError,
            check_directories,
            PATHS,
            three_nodes(file_storage_dir="/etc"),
        )
        only = {"enabled_disk_templates": ["diskless"], "file_storage_dir": "/etc"}
        check_directories(PATHS, three_nodes(**only))
