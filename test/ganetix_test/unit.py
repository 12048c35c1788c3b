"""The unit run: trial over every room of the tests but those that have a run of their own.

Usage: ``python -m ganetix_test.unit DIRECTORY [OPTION...]``; options are trial's, the workers' logs
stay in DIRECTORY.
"""

import pathlib
import sys

from twisted.scripts.trial import run

ELSEWHERE = frozenset({"house", "sim", "vcluster", "packaging", "compat", "lab", "openapi"})


def rooms() -> list[str]:
    """Return the names of all packages and modules that hold unit tests, sorted."""
    here = pathlib.Path(__file__).parent
    packages = {path.parent.name for path in here.glob("*/__init__.py")} - ELSEWHERE
    modules = {path.stem for path in here.glob("test_*.py")}
    return [f"ganetix_test.{name}" for name in sorted(packages | modules)]


def never_awaited(directory: pathlib.Path) -> list[str]:
    """Return what the workers said of coroutines that were found after their test had ended."""
    return [
        line
        for log in sorted(directory.glob("*/err.log"))
        for line in log.read_text("utf-8", "replace").splitlines()
        if "was never awaited" in line
    ]


def main() -> None:
    """Run trial; also fail if a coroutine was never awaited and no test could say so."""
    directory, *options = sys.argv[1:]
    # Trial reads the command line; its name keeps its usage errors readable.
    sys.argv = ["trial", f"--temp-directory={directory}", *options, *rooms()]
    status: object = 0
    try:
        run()
    except SystemExit as end:
        status = end.code
    found = never_awaited(pathlib.Path(directory))
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.exit(bool(status) or bool(found))


if __name__ == "__main__":
    main()
