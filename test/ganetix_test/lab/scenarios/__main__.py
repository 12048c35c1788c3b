"""``python -m ganetix_test.lab.scenarios [--lab NAME] [SCENARIO...]``, in a lab that is up.

Prints a row for each: its name, the result, seconds, and what the guest proved. A scenario that is
named is tried without those before it.
"""

import argparse
import sys
import time

from ganetix_test.lab.cluster import Lab
from ganetix_test.lab.host import LabError
from ganetix_test.lab.scenarios import guests, steps


def main() -> int:
    """Run them; return how many failed."""
    parser = argparse.ArgumentParser(prog="ganetix_test.lab.scenarios")
    parser.add_argument("--lab", default="lab")
    parser.add_argument("scenario", nargs="*", choices=[[], *guests.SCENARIOS])
    options = parser.parse_args()
    lab = Lab.known(options.lab)
    steps.prepare(lab)
    failed = 0
    for name, scenario in guests.SCENARIOS.items():
        if options.scenario and name not in options.scenario:
            continue
        began = time.monotonic()
        try:
            proved, result = scenario(lab), "ok"
        except LabError as error:
            proved, result = str(error), "FAILED"
            failed += 1
        seconds = time.monotonic() - began
        sys.stdout.write(f"{name:36} {result:7} {seconds:5.0f} s  {proved}\n")
        sys.stdout.flush()
    return failed


if __name__ == "__main__":
    sys.exit(main())
