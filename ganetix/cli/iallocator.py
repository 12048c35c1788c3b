"""gnt-debug iallocator."""

from argparse import Namespace
from typing import Any, Final

from ganetix import errors
from ganetix.cli.context import Context
from ganetix.cli.submit import opcode, result_of
from ganetix.cli.units import parse_size

_SEVERAL: Final = ("node-evacuate", "change-group")
_NIC: Final = ("mac", "ip", "bridge")


def test(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Print the request to an allocator, or its answer."""
    several = options.mode in _SEVERAL
    if len(arguments) > 1 and not several:
        raise errors.OpPrereqError(
            f"Mode {options.mode} is about one instance; name one.", errors.INVAL
        )
    op = opcode(
        "OP_TEST_ALLOCATOR",
        direction=options.direction,
        mode=options.mode,
        name=arguments[0],
        memory=options.memory,
        disks=[{"size": parse_size(text), "mode": "w"} for text in options.disks.split(",")],
        disk_template=options.disk_template,
        nics=[_nic(text) for text in options.nics.split(",")],
        vcpus=options.vcpus,
        os=options.os,
        tags=options.tags.split(",") if options.tags else None,
        iallocator=options.iallocator,
        evac_mode=options.evac_mode,
        instances=arguments if several else None,
        target_groups=options.target_groups,
        spindle_use=options.spindle_use,
        count=options.count,
    )
    context.print(str(result_of(context, options, op)))
    return 0


def _nic(text: str) -> dict[str, Any]:
    """Read ``MAC/IP/BRIDGE``; what is left out is not given."""
    return {key: value for key, value in zip(_NIC, text.split("/"), strict=False) if value}
