"""Debian's packages of Ganeti, unpacked into a directory of their own.

    python -m ganetix_test.compat.debian DIRECTORY

Nothing of them is installed or started: `apt-get download` and `dpkg -x`, with lists and cache of
their own, so that it takes no root. The tests find the directory by GANETI_PACKAGES.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from twisted.trial.unittest import SkipTest

LIBRARIES: Final = (
    "libcurl3-gnutls", "libffi8", "libgmp10", "libpcre3", "zlib1g", "libnghttp2-14", "libidn2-0",
    "librtmp1", "libssh2-1", "libpsl5", "libnettle8", "libgnutls30", "libgssapi-krb5-2",
    "libldap-2.5-0", "libzstd1", "libbrotli1", "libunistring2", "libhogweed6", "libssl3",
    "libkrb5-3", "libk5crypto3", "libcom-err2", "libkrb5support0", "libsasl2-2", "libp11-kit0",
    "libtasn1-6", "libkeyutils1", "libdb5.3", "libsasl2-modules-db",
)  # fmt: skip
"""What the programs and modules of the packages are linked with."""
MODULES: Final = (
    "python3-simplejson", "python3-pyparsing", "python3-openssl", "python3-cryptography",
    "python3-cffi-backend", "python3-bcrypt", "python3-bitarray", "python3-psutil",
    "python3-pycurl",
)  # fmt: skip
"""The Python modules that the reference's programs import."""
CLIENTS: Final = ("ganeti-3.0", "ganeti-htools-3.0", "python3-ganeti-rapi")
"""The packages that are tried."""

PYTHON: Final = "/usr/bin/python3"
_SHARED: Final = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")
_PROGRAMS: Final = "usr/share/ganeti/3.0"
_MODULES: Final = "usr/lib/python3/dist-packages"
_TESTS: Final = Path(__file__).resolve().parents[2]
_HTOOLS: Final = "usr/lib/ganeti/3.0/usr/bin/htools"


class Missing(Exception):
    """The packages can't be had here; the message says why."""


def unpacked(cache: Path, packages: Sequence[str]) -> Path:
    """Return the directory below *cache* that has the files of *packages*; fetch what is missing.

    Raise `Missing` where they can't be had, `CalledProcessError` when fetching fails.
    """
    cache = cache.absolute()
    root, note = cache / "root", cache / "packages"
    if note.exists() and note.read_text("ascii").split() == list(packages):
        return root
    if shutil.which("apt-get") is None:
        raise Missing("The packages come from Debian, and there is no apt-get here.")
    debs = cache / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    _apt(cache, debs, "update")
    _look_for(cache, packages[0])
    _apt(cache, debs, "download", *packages)
    for deb in sorted(debs.glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(deb), str(root)], check=True)
    note.write_text("\n".join(packages), "ascii")
    return root


def _look_for(cache: Path, package: str) -> None:
    known = subprocess.run(
        ["apt-cache", *_options(cache), "show", package], capture_output=True, check=False
    )
    if known.returncode:
        raise Missing(f"{package} is in no package source of this machine: it is Debian 12's.")


def _apt(cache: Path, debs: Path, *words: str) -> None:
    for name in ("lists/partial", "archives/partial"):
        (cache / name).mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "-qq", *_options(cache), *words], cwd=debs, check=True)


def _options(cache: Path) -> list[str]:
    """Return the options for lists and cache of our own."""
    options = (
        f"Dir::State::Lists={cache / 'lists'}",
        f"Dir::Cache={cache}",
        "APT::Sandbox::User=root",
        "Debug::NoLocking=1",
    )
    return [part for option in options for part in ("-o", option)]


def root_or_skip() -> Path:
    """Return where the packages are; raise `SkipTest` when they are nowhere."""
    root = Path(os.environ.get("GANETI_PACKAGES", "/nonexistent"))
    if not (root / _PROGRAMS).exists():
        raise SkipTest(f"{root} has no packages of Debian: run bin/check compat.")
    return root


def libraries(root: Path) -> str:
    """Return the library path of the programs below *root*."""
    return ":".join(str(root / part) for part in _SHARED)


def python(root: Path, *, programs: bool) -> dict[str, str]:
    """Return the environment for `PYTHON`: with the client library's modules or the *programs*'."""
    first = [root / _PROGRAMS] if programs else []
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": os.environ.get("HOME", "/"),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": ":".join(str(part) for part in (*first, root / _MODULES, _TESTS)),
        "PYTHONWARNINGS": "ignore",
        "LD_LIBRARY_PATH": libraries(root),
    }


def program(root: Path, name: str) -> list[str]:
    """Return how the program gnt-... called *name* is started."""
    return [PYTHON, str(root / _PROGRAMS / name)]


def planner(root: Path, role: str) -> tuple[list[str], Mapping[str, str]]:
    """Return how the planner's program *role* is started, and its environment."""
    environment = {**os.environ, "HTOOLS": role, "LD_LIBRARY_PATH": libraries(root)}
    return [str(root / _HTOOLS)], environment


def main(arguments: Sequence[str]) -> int:
    """Fetch the packages into the directory that is named, or say why they can't be had."""
    try:
        unpacked(Path(arguments[0]), (*CLIENTS, *MODULES, *LIBRARIES))
    except Missing as error:
        sys.stdout.write(f"Nothing of Debian's is tried: {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
