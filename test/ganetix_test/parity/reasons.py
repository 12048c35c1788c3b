"""Rows that are not done by the walk: each with its reason, which the walk prints."""

from collections.abc import Mapping
from typing import Final

_MIRRORS: Final = "mirrored disks need DRBD, which is the whole machine's"
_GROUPS_OF_VOLUMES: Final = "such storage units need LVM, which is the whole machine's"
_NO_UNIT: Final = "nothing does it in the reference either: its own unit tests alone use it"
_NO_DAEMON: Final = "it speaks to a daemon that is the reference's alone"
_UNUSED: Final = "it changes nothing, in the reference neither"
_DEFAULT: Final = "it asks for what is done anyway"
_NO_SSH: Final = "keys go to the nodes by the daemons, and no ssh checks whose they are"
_SECOND_HALF: Final = "the upgrade that is typed as a command ends with it"
_TYPED: Final = "it is typed as a command: without it there is nothing to compare with"

NOT_HERE: Final[Mapping[str, Mapping[str, str]]] = {
    "RAPI resources and methods": {
        "POST /2/instances/{instance_name}/replace-disks": _MIRRORS,
        "PUT /2/nodes/{node_name}/storage/modify": _GROUPS_OF_VOLUMES,
        "PUT /2/nodes/{node_name}/storage/repair": _GROUPS_OF_VOLUMES,
    },
    "opcodes": {
        "OP_INSTANCE_REPLACE_DISKS": _MIRRORS,
        "OP_NODE_MODIFY_STORAGE": _GROUPS_OF_VOLUMES,
        "OP_REPAIR_NODE_STORAGE": _GROUPS_OF_VOLUMES,
        "OP_TEST_DUMMY": _NO_UNIT,
    },
    "hooks": {"OP_INSTANCE_REPLACE_DISKS": _MIRRORS},
    "gnt-* commands": {
        "gnt-instance replace-disks": _MIRRORS,
        "gnt-node modify-storage": _GROUPS_OF_VOLUMES,
        "gnt-node repair-storage": _GROUPS_OF_VOLUMES,
        "gnt-debug metad": _NO_DAEMON,
        "gnt-debug wconfd": _NO_DAEMON,
    },
    "options": {
        "gnt-backup import --no-ip-check": _DEFAULT,
        "gnt-backup import --no-name-check": _DEFAULT,
        "gnt-backup list --units": _UNUSED,
        "gnt-cluster renew-crypto --no-ssh-key-check": _NO_SSH,
        "gnt-cluster upgrade --resume": _SECOND_HALF,
        "gnt-cluster upgrade --to": _TYPED,
        "gnt-instance console --priority": _UNUSED,
    },
}
"""By area and row; a row that is done after all must not be here."""
