"""The commands of gnt-group."""

from typing import Final

from ganetix.cli.command import Argument, Command
from ganetix.cli.options import shared

ENVIRONMENT_DEFAULTS: Final = ("GNT_GROUP_LIST",)

_GROUP: Final = Argument("group")
_TAG: Final = Argument("tag", 0, None)

COMMANDS: Final = {
    "list": Command(
        "lists:objects",
        "List node groups.",
        (Argument("group", 0, None),),
        shared.LIST,
        object="group",
    ),
    "list-fields": Command(
        "lists:fields_of",
        "List the fields that list can show.",
        (Argument("field", 0, None),),
        shared.FIELDS,
        object="group",
    ),
    "list-tags": Command("tags:show", "List a group's tags.", (_GROUP,), object="nodegroup"),
    "add-tags": Command(
        "tags:add", "Add tags to a group.", (_GROUP, _TAG), shared.TAGS, object="nodegroup"
    ),
    "remove-tags": Command(
        "tags:remove", "Take tags from a group.", (_GROUP, _TAG), shared.TAGS, object="nodegroup"
    ),
}
