"""The commands of gnt-filter."""

from typing import Final

from ganetix.cli.command import Argument, Command
from ganetix.cli.options import filter as rule
from ganetix.cli.options import shared

ENVIRONMENT_DEFAULTS: Final[tuple[str, ...]] = ()

_RULE: Final = Argument("uuid")
_RULES: Final = Argument("uuid", 0, None)

COMMANDS: Final = {
    "add": Command("filter_rules:add", "Add a rule on jobs; print its uuid.", (), rule.RULE),
    "replace": Command(
        "filter_rules:replace", "Replace a rule as a whole, or add it.", (_RULE,), rule.RULE
    ),
    "delete": Command("filter_rules:delete", "Delete a rule.", (_RULE,)),
    "info": Command("filter_rules:info", "Show rules in full.", (_RULES,), (shared.FORMAT,)),
    "list": Command(
        "lists:objects",
        "List the rules.",
        (_RULES,),
        (shared.NO_HEADERS, shared.SEPARATOR, shared.OUTPUT, shared.VERBOSE, shared.FORMAT),
        object="filter",
    ),
    "list-fields": Command(
        "lists:fields_of",
        "List the fields that list can show.",
        (Argument("field", 0, None),),
        shared.FIELDS,
        object="filter",
    ),
}
