"""DRBD's kernel module and programs without disks: one node's view of its devices."""

from typing import Any, Final

import attrs

from ganetix.process.command import Command, Result
from ganetix.testing.processes import Program

STATUS: Final = "/proc/drbd"
_HEAD: Final = "version: 8.4.11 (api:1/proto:86-101)\nsrcversion: 059B1B470318F053F5077D5 \n"


@attrs.define(eq=False)
class FakeDrbd:
    """*devices* by minor: resource, disk, meta, addresses, role; *metadata* has what was written.

    The peer is never there. *in_the_way*: files are where devices should be. *status* is what
    ``/proc/drbd`` says.
    """

    devices: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    metadata: set[str] = attrs.field(factory=set)
    asked: list[tuple[str, ...]] = attrs.field(factory=list)
    in_the_way: bool = False

    def programs(self) -> dict[str, Program]:
        """Return the programs by their absolute names."""
        return {
            "/usr/sbin/drbdsetup": self._setup,
            "/usr/sbin/drbdmeta": self._meta,
            "/usr/sbin/blockdev": self._measure,
        }

    @property
    def status(self) -> bytes:
        """What ``/proc/drbd`` says."""
        rows = [
            f" {minor}: cs:{'WFConnection' if one['remote'] else 'StandAlone'} "
            f"ro:{one['role']}/Unknown ds:{self._disk(one)}/DUnknown C r-----"
            for minor, one in sorted(self.devices.items())
        ]
        return (_HEAD + "\n".join(rows) + "\n").encode()

    @staticmethod
    def _disk(one: dict[str, Any]) -> str:
        if not one["disk"]:
            return "Diskless"
        return "UpToDate" if one["good"] else "Inconsistent"

    async def _measure(self, command: Command) -> Result:
        """Only a primary's device can be opened."""
        minor = int(command.argv[-1].removeprefix("/dev/drbd"))
        known = self.devices.get(minor, {})
        return Result(command, 0 if known.get("role") == "Primary" and not self.in_the_way else 1)

    async def _meta(self, command: Command) -> Result:
        if "create-md" in command.argv:
            self.metadata.add(command.argv[4])
        return Result(command, 0)

    async def _setup(self, command: Command) -> Result:
        verb, words = command.argv[1], command.argv[2:]
        self.asked.append(command.argv[1:])
        try:
            text = getattr(self, f"_do_{verb.replace('-', '_')}")(*words)
        except KeyError:
            told = b"0: Failure: (127) Device minor not allocated\n"
            return Result(command, 10, b"", told)
        except ValueError as error:
            return Result(command, 10, b"", f"0: Failure: {error}\n".encode())
        return Result(command, 0, (text or "").encode())

    def _of(self, resource: str) -> dict[str, Any]:
        return self.devices[int(resource.removeprefix("resource"))]

    def _do_new_resource(self, resource: str) -> None:
        """A resource without devices is not kept apart."""

    def _do_new_minor(self, resource: str, minor: str, volume: str) -> None:
        fresh = {"disk": "", "meta": "", "local": "", "remote": "", "role": "Secondary"}
        self.devices.setdefault(int(minor), {**fresh, "good": False})

    def _do_attach(self, minor: str, data: str, meta: str, index: str, *more: str) -> None:
        if meta not in self.metadata:
            raise ValueError("(119) No valid meta-data signature found.")
        self.devices[int(minor)] |= {"disk": data, "meta": meta}

    def _do_disk_options(self, minor: str, *more: str) -> None:
        self.devices[int(minor)]["options"] = more

    def _do_connect(self, resource: str, local: str, remote: str, *more: str) -> None:
        self._of(resource).update(local=local, remote=remote)

    def _do_disconnect(self, local: str, remote: str) -> None:
        [one] = [row for row in self.devices.values() if row["remote"] == remote]
        one.update(local="", remote="")

    def _do_net_options(self, local: str, remote: str, option: str) -> None:
        [one] = [row for row in self.devices.values() if row["remote"] == remote]
        one["two"] = option.endswith("yes")

    def _do_primary(self, minor: str, force: str = "") -> None:
        one = self.devices[int(minor)]
        if not one["good"] and not force:
            raise ValueError("(2) Need access to UpToDate data")
        one.update(role="Primary", good=True)

    def _do_secondary(self, minor: str) -> None:
        self.devices[int(minor)]["role"] = "Secondary"

    def _do_detach(self, minor: str) -> None:
        self.devices[int(minor)].update(disk="", meta="")

    def _do_resize(self, minor: str) -> None:
        self.devices[int(minor)]["resized"] = True

    def _do_down(self, resource: str) -> None:
        del self.devices[int(resource.removeprefix("resource"))]

    def _do_show(self, resource: str) -> str:
        one = self._of(resource)
        text = f"resource {resource} {{\n"
        if one["remote"]:
            text += (
                "    _remote_host {\n        address\t\t\t" + _shown(one["remote"]) + ";\n    }\n"
            )
        text += "    _this_host {\n"
        if one["local"]:
            text += f"        address\t\t\t{_shown(one['local'])};\n"
        if one["disk"]:
            text += f'        disk\t\t\t"{one["disk"]}";\n        meta-disk\t\t\t"{one["meta"]}";\n'
        return text + "    }\n}\n"


def _shown(address: str) -> str:
    return address.replace(":", " ", 1)
