"""The program of the OS definition ``image`` that writes the seed of cloud-init.

``python3 -m ganetix.daemons.cloud_seed`` reads the environment of an OS script and writes the
disc's image to standard output; with ``check`` it only says what is wrong with the parameters.
"""

import os
import sys

from ganetix.guestos import cloud_init


def main() -> int:
    """Write the seed; return the exit code."""
    try:
        if sys.argv[1:] == ["check"]:
            cloud_init.ssh_keys(os.environ)
        else:
            sys.stdout.buffer.write(cloud_init.seed(os.environ))
    except ValueError as error:
        print(f"{error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
