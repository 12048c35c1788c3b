"""Prometheus' own checker of figures: this machine's, or the one of Debian's package, unpacked."""

import atexit
import functools
import pathlib
import shutil
import subprocess
import tempfile

from twisted.trial.unittest import SkipTest


@functools.cache
def promtool() -> str:
    """Return the program's path; raise `SkipTest` when it can't be had."""
    here = shutil.which("promtool")
    if here is not None:
        return here
    directory = tempfile.mkdtemp(prefix="promtool-")
    atexit.register(shutil.rmtree, directory, True)
    try:
        subprocess.run(
            ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", "prometheus"],
            cwd=directory, check=True, capture_output=True, timeout=300,
        )  # fmt: skip
        [package] = pathlib.Path(directory).glob("*.deb")
        subprocess.run(["dpkg", "-x", str(package), directory], check=True, capture_output=True)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise SkipTest(f"promtool is not here, nor Debian's package prometheus: {error}") from error
    return f"{directory}/usr/bin/promtool"


def complaints(text: bytes) -> str:
    """Return what promtool says against *text*; empty when nothing."""
    done = subprocess.run(
        [promtool(), "check", "metrics"], input=text, capture_output=True, check=False
    )
    told = (done.stdout + done.stderr).decode()
    return told if done.returncode or told else ""
