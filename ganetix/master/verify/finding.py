"""A finding of verify, and how the reference's clients expect it as text."""

from collections.abc import Collection, Iterable
from typing import Literal

import attrs

Severity = Literal["ERROR", "WARNING"]


@attrs.frozen
class Finding:
    """What is wrong with one object. *code* is one of the reference's verify codes."""

    code: str
    kind: str
    name: str
    text: str
    severity: Severity = "ERROR"

    def demoted(self, ignored: Collection[str]) -> "Finding":
        """Return the finding as a warning when its code is among *ignored*."""
        return attrs.evolve(self, severity="WARNING") if self.code in ignored else self

    def line(self, codes: bool) -> str:
        """Return the text line; with *codes* in the form that monitoring parses."""
        if codes:
            return f"  - {self.severity}:{self.code}:{self.kind}:{self.name}:{self.text}"
        subject = f"{self.kind} {self.name}".rstrip()
        return f"  - {self.severity}: {subject}: {self.text}"


def passed(findings: Iterable[Finding]) -> bool:
    """Whether none of *findings* is an error."""
    return all(found.severity != "ERROR" for found in findings)
