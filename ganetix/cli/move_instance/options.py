"""The command line of move-instance."""

from typing import Final

from ganetix.cli.command import Argument, Command, Option
from ganetix.cli.options import shared

PORT: Final = 5080


def _end(which: str, what: str) -> tuple[Option, ...]:
    return (
        Option((f"--{which}-rapi-port",), f"{which}_rapi_port", f"Port of {what}'s remote API.",
               kind="int"),
        Option((f"--{which}-ca-file",), f"{which}_ca_file",
               f"PEM file with the certificate that {what} shows; default: the system's."),
        Option((f"--{which}-username",), f"{which}_username", f"User of {what}'s remote API."),
        Option((f"--{which}-password-file",), f"{which}_password_file",
               "File with that user's password."),
    )  # fmt: skip


COMMAND: Final = Command(
    "move_instance.run:move",
    "Move instances from one cluster to another. Both need the same cluster domain secret.",
    (Argument("source-cluster"), Argument("dest-cluster"), Argument("instance", 1, None)),
    (
        shared.VERBOSE,
        Option(("-I", "--iallocator"), "iallocator", "Allocator of the other cluster."),
        shared.BACKEND,
        Option(("-H", "--hypervisor-parameters"), "hvparams", "Other hypervisor parameters.",
               kind="keyval", default={}),
        Option(("-O", "--os-parameters"), "osparams", "Other OS parameters.", kind="keyval",
               default={}),
        Option(("--net",), "nics", "Other network interfaces: N:mac=...,link=...",
               kind="identkeyval", action="append", default=()),
        *_end("src", "the source"),
        *_end("dest", "the destination"),
        Option(("--dest-instance-name",), "dest_instance_name", "Another name there.",
               metavar="NAME"),
        Option(("--dest-primary-node",), "dest_primary_node", "Primary node there.",
               metavar="NODE"),
        Option(("--dest-secondary-node",), "dest_secondary_node", "Secondary node there.",
               metavar="NODE"),
        Option(("--dest-disk-template",), "dest_disk_template", "Another disk template there.",
               metavar="TEMPL"),
        Option(("--compress",), "compress", "Tool of both clusters that compresses on the way.",
               default="none"),
        Option(("-p", "--parallel"), "parallel", "How many instances at once.", kind="int",
               default=1),
        Option(("--opportunistic-tries",), "opportunistic_tries",
               "How often to try with the nodes that are free just then.", kind="int"),
        Option(("--opportunistic-delay",), "opportunistic_delay",
               "Seconds between two such tries.", kind="int", default=0),
    ),
)  # fmt: skip
