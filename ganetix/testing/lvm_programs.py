"""LVM's programs without disks: they answer as the real ones of version 2.03.16 were seen to."""

import re
from collections.abc import Sequence
from typing import Final

import attrs

from ganetix.process.command import Command, Result
from ganetix.testing.processes import Program

_MIB: Final = 1024 * 1024


@attrs.define(eq=False)
class FakeLvm:
    """Volume groups by name with their MiB, volumes by (group, name) with theirs.

    *physical* is the number of physical volumes of each group; all are of the same size.
    """

    groups: dict[str, int] = attrs.field(factory=lambda: {"xenvg": 1024})
    volumes: dict[tuple[str, str], int] = attrs.field(factory=dict)
    inactive: set[tuple[str, str]] = attrs.field(factory=set)
    busy: set[tuple[str, str]] = attrs.field(factory=set)
    physical: int = 1

    def programs(self) -> dict[str, Program]:
        """Return the programs by their absolute names."""
        own = {
            "lvs": self._lvs, "vgs": self._vgs, "pvs": self._pvs, "lvcreate": self._lvcreate,
            "lvremove": self._lvremove, "lvrename": self._lvrename, "lvextend": self._lvextend,
            "lvchange": self._lvchange,
        }  # fmt: skip

        def program(name: str) -> Program:
            async def run(command: Command) -> Result:
                words = list(command.argv[1:])
                try:
                    return Result(command, 0, own[name](words).encode())
                except _Refusal as refusal:
                    return Result(command, 5, b"", f"  {refusal}\n".encode())

            return run

        return {f"/usr/sbin/{name}": program(name) for name in own}

    def free(self, group: str) -> int:
        """Return the MiB of *group* that no volume has."""
        used = sum(size for (name, _), size in self.volumes.items() if name == group)
        return self.groups[group] - used

    def _group(self, name: str) -> str:
        if name not in self.groups:
            raise _Refusal(f'Volume group "{name}" not found\n  Cannot process volume group {name}')
        return name

    def _volume(self, place: str) -> tuple[str, str]:
        group, _, name = place.partition("/")
        if (self._group(group), name) not in self.volumes:
            raise _Refusal(f'Failed to find logical volume "{place}"')
        return group, name

    def _lvs(self, words: list[str]) -> str:
        wanted = re.findall(r'lv_name="([^"]*)"', _option(words, "--select"))
        group = self._group(_last(words))
        rows = [
            f"  {group}|{name}|{size * _MIB}|{self._attributes((group, name))}"
            for (place, name), size in sorted(self.volumes.items())
            if place == group and (not wanted or name in wanted)
        ]
        return "\n".join(rows)

    def _attributes(self, key: tuple[str, str]) -> str:
        active = "-" if key in self.inactive else "a"
        return f"-wi-{active}{'o' if key in self.busy else '-'}----"

    def _vgs(self, words: list[str]) -> str:
        group = self._group(_last(words))
        size, free = self.groups[group] * _MIB, self.free(group) * _MIB
        return f"  {group}|{size}|{free}|{self.physical}\n"

    def _pvs(self, words: list[str]) -> str:
        group = _option(words, "--select").removeprefix('vg_name="').removesuffix('"')
        each = self.groups[group] // self.physical * _MIB
        taken = len([key for key in self.volumes if key[0] == group])
        rows = [
            f"  /dev/sd{letter}|{group}|{each}|{0 if index < taken else each}|a--"
            for index, letter in enumerate("bcdefgh"[: self.physical])
        ]
        return "\n".join(rows)

    def _lvcreate(self, words: list[str]) -> str:
        size, name = int(_option(words, "--size")[:-1]), _option(words, "--name")
        group = words[words.index(name) + 1].partition("/")[0]
        key = (self._group(group), name)
        if key in self.volumes:
            raise _Refusal(f'Logical Volume "{name}" already exists in volume group "{key[0]}"')
        if self.free(key[0]) < size:
            raise _Refusal(f'Volume group "{key[0]}" has insufficient free space')
        self.volumes[key] = size
        return ""

    def _lvremove(self, words: list[str]) -> str:
        key = self._volume(_last(words))
        if key in self.busy:
            raise _Refusal(f"Logical volume {key[0]}/{key[1]} in use.")
        del self.volumes[key]
        return ""

    def _lvrename(self, words: list[str]) -> str:
        group, old, new = words[-3:]
        key = self._volume(f"{group}/{old}")
        if (group, new) in self.volumes:
            raise _Refusal(f'Logical Volume "{new}" already exists in volume group "{group}"')
        self.volumes[group, new] = self.volumes.pop(key)
        return ""

    def _lvextend(self, words: list[str]) -> str:
        size = int(_option(words, "--size")[:-1])
        place = next(word for word in words if "/" in word and not word.startswith("/"))
        key = self._volume(place)
        if self.free(key[0]) < size - self.volumes[key]:
            raise _Refusal("Insufficient free space")
        if "--test" not in words:
            self.volumes[key] = size
        return ""

    def _lvchange(self, words: list[str]) -> str:
        self.inactive.discard(self._volume(_last(words)))
        return ""


class _Refusal(Exception):
    """What a program says when it ends with exit code 5."""


def _option(words: Sequence[str], name: str) -> str:
    return words[words.index(name) + 1] if name in words else ""


def _last(words: Sequence[str]) -> str:
    """Return the object of a listing or change: what follows all options."""
    if "--select" in words:
        at = words.index("--select")
        words = [*words[:at], *words[at + 2 :]]
    return words[-1]
