"""`ganetix.daemons.cluster_init`: what is refused before anything is made."""

import os

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.daemons.cluster_init import check_allocator, check_directories, init
from ganetix.master.bootstrap.request import Init
from ganetix.paths import Paths
from ganetix.testing.logic import three_nodes

PATHS = Paths("/v/node1.x", "node1.x")


class CleanTests(SynchronousTestCase):
    """A machine that is part of a cluster."""

    def test_in_a_cluster(self) -> None:
        """It is told of that, whether or not the new cluster's name resolves."""
        paths = Paths(f"{os.path.abspath(self.mktemp())}/node1.x", "node1.x")
        os.makedirs(paths.data_dir)
        with open(paths.config_file, "w", encoding="utf-8") as file:
            file.write("{}")
        error = self.assertRaises(errors.OpPrereqError, init, paths, Init("nowhere.invalid"))
        self.assertIn("already part of cluster", error.message)


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


class AllocatorTests(SynchronousTestCase):
    """The default instance allocator."""

    def test_known(self) -> None:
        """The built-in one, none at all, and a program on the search path are taken."""
        paths = Paths(f"{os.path.abspath(self.mktemp())}/node1.x", "node1.x")
        for name in ("hail", ""):
            check_allocator(paths, three_nodes(default_iallocator=name))
        cluster = three_nodes(default_iallocator="dice")
        error = self.assertRaises(errors.OpPrereqError, check_allocator, paths, cluster)
        self.assertIn("no instance allocator 'dice'", error.message)
        directory = paths.iallocator_search_path[0]
        os.makedirs(directory)
        with open(f"{directory}/dice", "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n")
        os.chmod(file.name, 0o755)
        check_allocator(paths, cluster)
