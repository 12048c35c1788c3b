"""The real file system keeps the shared promises."""

import os

from twisted.trial.unittest import SynchronousTestCase

from ganetix.testing.file_tests import Made, make_filesystem_tests
from ganetix.toolkit.files import FileSystem


def make(case: SynchronousTestCase) -> Made:
    """Return the real file system with an empty directory."""
    base = os.path.abspath(case.mktemp())
    fs = FileSystem()
    fs.make_dirs(base, 0o755)
    return fs, base


class FileSystemTests(make_filesystem_tests(make)):  # type: ignore[misc]  # made by a function
    """What the operating system does is what the simulation's fake does."""
