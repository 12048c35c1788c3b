"""Running another program for a command, with what it says in one text."""

import importlib
from collections.abc import Callable

from ganetix.errors import OpExecError


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


def terminal(words: list[str]) -> int:
    """Run the program *words* on this terminal; return its exit code when it ends.

    Raise `OpExecError` when it can't be started.
    """
    subprocess = importlib.import_module("subprocess")
    try:
        return int(subprocess.run(words, check=False).returncode)
    except OSError as error:
        raise OpExecError(
            f"{words[0]} can't be started: {error.strerror}. Install it, or set PATH so that it "
            "is found."
        ) from None


def feed(words: list[str], text: str, line: Callable[[str], None] | None = None) -> int:
    """Run the program *words* with *text* on its standard input; return its exit code.

    Each line of its output is given to *line* as it comes; without that it is this program's own.
    """
    subprocess = importlib.import_module("subprocess")
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=line and pipe, text=True) as child:
        child.stdin.write(text)
        child.stdin.close()
        for said in child.stdout or ():
            if line:
                line(said)
    return int(child.returncode)
