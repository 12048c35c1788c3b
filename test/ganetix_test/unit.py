"""The unit run: trial over every room of the tests but those that have a run of their own."""

import pathlib
import sys

from twisted.scripts.trial import run

ELSEWHERE = frozenset({"house", "sim", "vcluster", "packaging", "compat", "lab"})


def rooms() -> list[str]:
    """Return the names of all packages and modules that hold unit tests, sorted."""
    here = pathlib.Path(__file__).parent
    packages = {path.parent.name for path in here.glob("*/__init__.py")} - ELSEWHERE
    modules = {path.stem for path in here.glob("test_*.py")}
    return [f"ganetix_test.{name}" for name in sorted(packages | modules)]


if __name__ == "__main__":
    # "trial" as the program's name keeps its help and its usage errors readable.
    sys.argv = ["trial", *sys.argv[1:], *rooms()]
    run()
