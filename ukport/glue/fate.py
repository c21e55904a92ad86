"""What becomes of a piece of an imported library's own files, and why."""

from dataclasses import dataclass
from enum import StrEnum

from ukport.glue.makefile import Statement


class Kind(StrEnum):
    """What becomes of something that the original says."""

    SAME = "same-effect"
    THEIRS = "their-error"
    KEPT = "kept-by-hand"
    GONE = "no-longer-needed"
    WRONG = "to-be-corrected"


@dataclass(frozen=True)
class Fate:
    """A statement's: where it is (``lines`` long), why so, and the text that is kept."""

    file: str
    line: int
    lines: int
    kind: Kind
    why: str
    kept: str = ""


def of(statement: Statement, kind: Kind, why: str, kept: str = "") -> Fate:
    """That of a statement of a makefile."""
    lines = max(statement.raw.count("\n"), 1)
    return Fate(statement.file, statement.line, lines, kind, why, kept)


def kept(statement: Statement, why: str) -> Fate:
    """That of a statement which stays as it is, by hand."""
    return of(statement, Kind.KEPT, why, statement.raw)
