"""The built-in allocator as a process: long work for it must not hold up the master daemon."""

import json
import sys

from ganetix.htools.faults import PlanError
from ganetix.htools.reasons import answer_with_reasons


def main() -> int:
    """Answer the request in the file that is the first argument, with the options after it."""
    path, *words = sys.argv[1:]
    with open(path, "rb") as file:
        request = json.load(file)
    options = dict(_option(word) for word in words)
    try:
        answer = answer_with_reasons(request, options)
    except PlanError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(answer))
    return 0


def _option(word: str) -> tuple[str, str | None]:
    """Return name and value of ``--name=value``."""
    name, equals, value = word.removeprefix("--").partition("=")
    return name, value if equals else None


if __name__ == "__main__":
    sys.exit(main())
