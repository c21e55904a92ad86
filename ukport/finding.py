"""What a check found: where, by which rule, how bad, and what cures it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How bad a finding is; SARIF's own words, so that nothing is lost on the way there."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Rule(NamedTuple):
    """What is checked: a short name for people and machines, and a sentence that says why."""

    id: str
    severity: Severity
    summary: str

    def at(self, file: str, line: int, message: str, cure: str = "") -> "Finding":
        """A finding of this rule."""
        return Finding(file, line, self.id, self.severity, message, cure)


class Finding(NamedTuple):
    """One finding.

    ``file`` is relative to what was checked, with slashes; ``line`` counts from 1, and 0 stands
    for the whole file. ``cure`` says what to do next.
    """

    file: str
    line: int
    rule: str
    severity: Severity
    message: str
    cure: str = ""

    @property
    def place(self) -> str:
        """``Makefile.uk:12``, as compilers write it."""
        return f"{self.file}:{self.line}" if self.line else self.file


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By file, line and rule, each once: the same findings are always told the same way."""
    return tuple(sorted(set(findings), key=lambda f: (f.file, f.line, f.rule, f.message)))
