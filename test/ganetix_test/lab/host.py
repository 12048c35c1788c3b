"""This machine: what the lab runs on it, and what it lacks."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SOURCE: Final = pathlib.Path(__file__).resolve().parents[3]
LABS: Final = pathlib.Path("/var/tmp/ganetix-lab")
"""Where labs are, a directory for each; not /tmp, which nodes have their own of."""

PACKAGES: Final = (
    "user-mode-linux", "lvm2", "drbd-utils", "thin-provisioning-tools",
    "libvirt-daemon-system", "libvirt-daemon-driver-lxc", "libvirt-daemon-driver-qemu",
    "libvirt-clients", "qemu-system-x86", "qemu-utils", "ovmf",
    "libvirt-dev", "pkg-config", "gcc", "python3-dev",
    "debootstrap", "ganeti-instance-debootstrap", "ganeti-os-noop",
    "busybox-static", "cpio", "openssh-server", "openssh-client", "iproute2", "e2fsprogs", "kmod",
)  # fmt: skip
"""The Debian packages of the lab; the one place where they are named."""

KERNEL_PACKAGE: Final = "linux-image-cloud-amd64"
"""Depends on the kernel of guests, which is fetched and unpacked but never installed."""

PROGRAMS: Final = (
    "ganetix.daemons.masterd", "ganetix.daemons.noded", "ganetix.daemons.rapid",
    "ganetix.daemons.bootstrap", "ganetix.daemons.daemon_util", "ganetix.cli.main",
)  # fmt: skip
"""The modules whose imports nodes share in compiled form."""

_POLICY: Final = pathlib.Path("/usr/sbin/policy-rc.d")
_PACKAGE_TIME: Final = 900


class LabError(Exception):
    """The lab can't do what was asked; the message says why."""


def command(*argv: str, text: str | None = None, timeout: float = 120) -> str:
    """Run *argv* on this machine and return its output; raise `LabError`."""
    done = subprocess.run(
        argv, input=text, capture_output=True, text=True, check=False, timeout=timeout
    )
    if done.returncode:
        raise LabError(f"{' '.join(argv)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def let_signals_interrupt() -> None:
    """Let SIGTERM and a closed terminal end this program as Ctrl-C does: in good order."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # `nohup` has it ignored.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let nothing interrupt what is done meanwhile: whoever presses Ctrl-C twice is impatient."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def unable() -> str:
    """Say why this machine can't have a lab even with all packages, empty if it can."""
    if os.geteuid() != 0:
        return "it needs root, for namespaces and mounts"
    if os.uname().machine != "x86_64":
        return f"User-Mode Linux is packaged for x86_64, and this is {os.uname().machine}"
    if not pathlib.Path("/dev/net/tun").exists():
        return "there is no /dev/net/tun for the nodes' network"
    if shutil.which("apt-get") is None and lacking():
        return f"these packages are missing and there is no apt-get: {', '.join(lacking())}"
    return ""


def lacking() -> list[str]:
    """Return the packages of `PACKAGES` that are not installed."""
    if shutil.which("dpkg-query") is None:
        return list(PACKAGES)
    asked = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Abbrev}\n", *PACKAGES]
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    there = {line.split()[0] for line in told.splitlines() if line.split()[1:] == ["ii"]}
    return [name for name in PACKAGES if name not in there]


def install() -> None:
    """Install what is `lacking`; no daemon of these packages is started here."""
    wanted = lacking()
    if not wanted:
        return
    own_policy = not _POLICY.exists()
    if own_policy:
        _POLICY.write_text("#!/bin/sh\nexit 101\n", "ascii")
        _POLICY.chmod(0o755)
    try:
        command("apt-get", "-qq", "update", timeout=_PACKAGE_TIME)
        command(
            "env", "DEBIAN_FRONTEND=noninteractive",
            "apt-get", "-qq", "-y", "--no-install-recommends", "install", *wanted,
            timeout=_PACKAGE_TIME,
        )  # fmt: skip
    finally:
        if own_policy:
            _POLICY.unlink()


def compile_modules() -> None:
    """Compile what nodes import, once for all of them: they are slow at it."""
    command(
        "env", "--unset=PYTHONDONTWRITEBYTECODE", f"PYTHONPYCACHEPREFIX={LABS / '.pycache'}",
        sys.executable, "-c", f"import {', '.join(PROGRAMS)}",
    )  # fmt: skip
