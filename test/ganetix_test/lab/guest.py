"""A guest small enough to test with: Debian's kernel and a busybox that counts and writes."""

import pathlib
import shutil
import subprocess
import tempfile
from typing import Final

from ganetix_test.lab import host
from ganetix_test.lab.host import LabError, command

GUEST: Final = host.LABS / ".guest"
"""Made once, the same for all labs; nodes see it at the same path."""

KERNEL: Final = GUEST / "vmlinuz"
INITRD: Final = GUEST / "initrd.img"

MODULES: Final = (
    "virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci",
    "virtio_blk", "failover", "net_failover", "virtio_net", "virtio_balloon", "virtio_console",
    "evdev", "button",
)  # fmt: skip
"""In the order in which they are loaded; one that the kernel has built in is left out."""

_INIT: Final = host.SOURCE / "test/ganetix_test/lab/guest-init.sh"
_POWER_BUTTON: Final = "#!/bin/sh\necho 'guest: power button' > /dev/console\npoweroff -f\n"


def make() -> None:
    """Make kernel and initramfs unless they are there."""
    host.LABS.mkdir(parents=True, exist_ok=True)
    if not KERNEL.exists():
        _fetch()
    _pack()


def records(lines: str) -> int:
    """Return how many records a guest's disk begins with; raise `LabError` on a gap."""
    count = 0
    for line in lines.splitlines():
        if not line.startswith("record "):
            break
        count += 1
        if line != f"record {count}":
            raise LabError(f"The guest's disk has '{line}' where record {count} should be.")
    return count


def _fetch() -> None:
    """Fetch the newest kernel package and unpack it; nothing is installed."""
    command("apt-get", "-qq", "update", timeout=300)
    depends = command("apt-cache", "depends", host.KERNEL_PACKAGE).split()
    package = depends[depends.index("Depends:") + 1]
    with tempfile.TemporaryDirectory(dir=host.LABS) as place:
        done = subprocess.run(
            ["apt-get", "-qq", "download", package], cwd=place, capture_output=True, check=False
        )
        found = list(pathlib.Path(place).glob("*.deb"))
        if not found:
            raise LabError(f"{package} can't be fetched: {done.stderr.decode()}")
        command("dpkg-deb", "-x", str(found[0]), f"{place}/unpacked")
        unpacked = pathlib.Path(place, "unpacked")
        (GUEST / "modules").mkdir(parents=True, exist_ok=True)
        for name in MODULES:
            for path in unpacked.glob(f"lib/modules/*/kernel/**/{name}.ko"):
                shutil.copy(path, GUEST / "modules" / path.name)
        [kernel] = unpacked.glob("boot/vmlinuz-*")
        shutil.copy(kernel, KERNEL)


def _pack() -> None:
    """Make the initramfs of busybox, the modules and the init script."""
    with tempfile.TemporaryDirectory(dir=host.LABS) as place:
        root = pathlib.Path(place)
        for name in ("bin", "dev", "proc", "sys", "etc/acpi/PWRF", "modules", "var/log"):
            (root / name).mkdir(parents=True)
        shutil.copy("/bin/busybox", root / "bin/busybox")
        (root / "bin/sh").symlink_to("busybox")
        there = [name for name in MODULES if (GUEST / "modules" / f"{name}.ko").exists()]
        for name in there:
            shutil.copy(GUEST / "modules" / f"{name}.ko", root / "modules")
        (root / "modules/order").write_text("\n".join(there) + "\n", "ascii")
        _script(root / "init", _INIT.read_text("ascii"))
        _script(root / "etc/acpi/PWRF/00000080", _POWER_BUTTON)
        command("sh", "-c", f"cd {root} && find . | cpio -o -H newc --quiet | gzip -1 > {INITRD}")


def _script(path: pathlib.Path, text: str) -> None:
    path.write_text(text, "ascii")
    path.chmod(0o755)
