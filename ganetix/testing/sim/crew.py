"""The usual crew of a simulation: the real units of logic."""

from ganetix import errors
from ganetix.htools.reasons import answer_with_reasons
from ganetix.master.logic import table
from ganetix.master.logic.outside import Facts, Outside
from ganetix.testing.sim.world import Crew


async def _resolve(name: str) -> tuple[str, str]:
    return name, "192.0.2.99"


async def _answers(address: str) -> bool:
    return False


async def _read_file(path: str) -> bytes | None:
    return None


async def _checkpoint() -> None:
    """The simulation's checkpoints come by themselves."""


def _facts() -> Facts:
    raise errors.GenericError("A simulated master does not answer queries by opcode; use LUXI's.")


def usual_crew() -> Crew:
    """Return the crew that a real cluster has."""
    outside = Outside(_resolve, _answers, _read_file, _checkpoint, answer_with_reasons, _facts)
    return Crew(table.units(outside))
