"""A machine of a few instructions that tells whether KVM works. Building it is pure.

Where KVM is broken, such as in some virtual machines, ``/dev/kvm`` opens and libvirt offers it,
but guests hang in their BIOS. The trial boots a disk of one sector: its code, run by the BIOS, ends
QEMU with a status of its own.
"""

from typing import Final

from ganetix.process.command import Command

SECTOR: Final = 512
PORT: Final = 0xF4
VALUE: Final = 0x10
STATUS: Final = VALUE << 1 | 1
"""QEMU's exit status after `VALUE` was written to the port of its debug exit device."""
SECONDS: Final = 3.0
"""The trial takes half a second where KVM works; where it is broken, 14 seconds or for ever."""
_CODE: Final = bytes([0xB0, VALUE, 0xE6, PORT, 0xF4, 0xEB, 0xFD])
"""mov al, VALUE; out PORT, al; then halt for ever."""


def disk() -> bytes:
    """Return the disk: code, padding, and the mark of a boot sector."""
    return _CODE.ljust(SECTOR - 2, b"\0") + b"\x55\xaa"


def command(emulator: str, image: str) -> Command:
    """Return the run of *emulator* with KVM that boots the disk in file *image*."""
    return Command(
        (
            emulator, "-machine", "pc,accel=kvm", "-m", "16", "-nodefaults", "-display", "none",
            "-no-reboot", "-drive", f"file={image},format=raw,if=ide,readonly=off",
            "-device", f"isa-debug-exit,iobase={PORT:#x},iosize=4",
        ),
        timeout=SECONDS,
    )  # fmt: skip
