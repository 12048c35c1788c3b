"""Running another program for a command, with what it says in one text."""

import importlib


def run(words: list[str]) -> tuple[int, str]:
    """Run the program *words*; return its exit code and its output, errors among it.

    A program that is not there ends with 127. (subprocess is imported here: lists don't need it.)
    """
    subprocess = importlib.import_module("subprocess")
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except OSError as error:
        return 127, f"{words[0]} can't be started: {error.strerror}\n"
    return done.returncode, done.stdout.decode(errors="replace")
