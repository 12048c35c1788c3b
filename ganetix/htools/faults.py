"""What can go wrong in the planner, for people and inside a search."""

from enum import IntEnum
from typing import Final

from ganetix.errors import GanetiError


class PlanError(GanetiError):
    """Input that cannot be planned with: bad data, an unknown name, an impossible request."""


class FailMode(IntEnum):
    """Why an instance cannot be put somewhere; the order is the reference's order of reporting."""

    FailMem = 0
    FailDisk = 1
    FailCPU = 2
    FailN1 = 3
    FailTags = 4
    FailMig = 5
    FailDiskCount = 6
    FailSpindles = 7
    FailInternal = 8


FAULTS: Final = tuple(FailMode)
