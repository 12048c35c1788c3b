"""The reference's planner, fetched from Debian into a directory of its own.

The packages are only unpacked: nothing of them is installed or started.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PACKAGES = (
    "ganeti-htools-3.0", "libcurl3-gnutls", "libffi8", "libgmp10", "libpcre3", "zlib1g",
    "libnghttp2-14", "libidn2-0", "librtmp1", "libssh2-1", "libpsl5", "libnettle8", "libgnutls30",
    "libgssapi-krb5-2", "libldap-2.5-0", "libzstd1", "libbrotli1", "libunistring2", "libhogweed6",
    "libssl3", "libkrb5-3", "libk5crypto3", "libcom-err2", "libkrb5support0", "libsasl2-2",
    "libp11-kit0", "libtasn1-6", "libkeyutils1", "libdb5.3", "libsasl2-modules-db",
)  # fmt: skip
BINARY = "usr/lib/ganeti/3.0/usr/bin/htools"
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")


class Result(NamedTuple):
    """What a program did."""

    code: int
    out: str
    err: str


class Reference:
    """The reference's programs in *root*."""

    def __init__(self, root: Path) -> None:
        self._binary = root / BINARY
        self._libraries = ":".join(str(root / path) for path in LIBRARIES)

    def run(self, role: str, args: Sequence[str], timeout: float = 300.0) -> Result:
        """Run one role; raises `subprocess.TimeoutExpired`."""
        env = {**os.environ, "HTOOLS": role, "LD_LIBRARY_PATH": self._libraries}
        done = subprocess.run(
            [str(self._binary), *args], env=env, capture_output=True, text=True, timeout=timeout,
            check=False,
        )  # fmt: skip
        return Result(done.returncode, done.stdout, done.stderr)

    @property
    def present(self) -> bool:
        """Whether the programs are there."""
        return self._binary.exists()


def fetch(cache: Path) -> Path:
    """Return where the reference is in *cache*; download and unpack it first if it is not there."""
    root = cache / "root"
    if Reference(root).present:
        return root
    debs = cache.absolute() / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    _apt(cache.absolute(), debs, "update")
    _apt(cache.absolute(), debs, "download", *PACKAGES)
    for deb in sorted(debs.glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(deb), str(root)], check=True)
    return root


def _apt(cache: Path, debs: Path, *words: str) -> None:
    """Run apt-get with lists and cache of its own, so that it takes no root."""
    for name in ("lists/partial", "archives/partial"):
        (cache / name).mkdir(parents=True, exist_ok=True)
    options = (
        f"Dir::State::Lists={cache / 'lists'}",
        f"Dir::Cache={cache}",
        "APT::Sandbox::User=root",
        "Debug::NoLocking=1",
    )
    own = [part for option in options for part in ("-o", option)]
    subprocess.run(["apt-get", "-qq", *own, *words], cwd=debs, check=True)
