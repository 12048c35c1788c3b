"""Options of gnt-os."""

from ganetix.cli.command import Option

HYPERVISOR_PARAMETERS = Option(
    ("-H", "--hypervisor-parameters"),
    "hvparams",
    "Parameters of a hypervisor for this system: NAME:key=value,...",
    kind="identkeyval",
    action="append",
    default=(),
)
OS_PARAMETERS = Option(
    ("-O", "--os-parameters"),
    "osparams",
    "Parameters of the system's scripts: key=value,...; the value default takes one away.",
    kind="keyval",
    default={},
)
OS_PARAMETERS_PRIVATE = Option(
    ("--os-parameters-private",),
    "osparams_private",
    "The same, kept out of logs and lists.",
    kind="keyprivateval",
    default={},
)
HIDDEN = Option(
    ("--hidden",), "hidden", "Whether lists leave the system out: yes or no.", kind="bool"
)
BLACKLISTED = Option(
    ("--blacklisted",),
    "blacklisted",
    "Whether no instance may be installed with it: yes or no.",
    kind="bool",
)
CHANGES = (HYPERVISOR_PARAMETERS, OS_PARAMETERS, OS_PARAMETERS_PRIVATE, HIDDEN, BLACKLISTED)
"""What modify changes."""
