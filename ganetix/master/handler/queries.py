"""LUXI methods that list objects."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from ganetix.master.handler.door import Door

METHODS: Final[dict[str, Callable[[Door, list[Any]], Awaitable[object]]]] = {}
