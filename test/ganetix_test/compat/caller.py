"""Calls methods of a client by name and prints an object for each call.

It runs in the interpreter of the client's package, so it imports nothing of ours.
"""

import json
from typing import Any

Row = dict[str, Any]


class Caller:
    """Calls methods of *client*, waits for the jobs that they start, and prints what came.

    Subclasses say how a client waits for a job, and which of its methods have numbers as answers
    that are no jobs. The methods in *without* are not called.
    """

    plain: frozenset[str] = frozenset()

    def __init__(self, client: Any, without: tuple[str, ...] = ()) -> None:
        self.client = client
        self.without = without
        self.called: set[str] = set()

    def __call__(self, method: str, *args: Any, called: str = "", **named: Any) -> Any:
        """Call *method*; return its answer, or None when it is refused."""
        self.called.add(method)
        if method in self.without:
            return None
        try:
            answer = getattr(self.client, method)(*args, **named)
        except Exception as error:  # noqa: BLE001 - clients have classes of their own
            self.tell(called or method, self.refusal(error), "", None)
            return None
        number = isinstance(answer, int) and not isinstance(answer, bool)
        if number and method not in self.plain:
            self.tell(called or method, "ok", *self.job(answer))
        else:
            self.tell(called or method, "ok", "", answer)
        return answer

    def refusal(self, error: Exception) -> str:
        """Return what kind of refusal *error* is."""
        raise NotImplementedError

    def job(self, number: int) -> tuple[str, Any]:
        """Wait for the job *number*; return its status and its result."""
        raise NotImplementedError

    def tell(self, called: str, outcome: str, job: str, answer: Any) -> None:
        """Print one call: what became of it, of its job, and what came."""
        row: Row = {"call": called, "outcome": outcome, "job": job, "answer": answer}
        print(json.dumps(row, default=lambda value: value.ToDict()), flush=True)  # noqa: T201
