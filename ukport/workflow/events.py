"""What a workflow tells while it works; the command line decides how it looks."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Begun:
    """A stage has begun: ``detail`` says on what."""

    stage: str
    detail: str = ""


@dataclass(frozen=True)
class Ended:
    """A stage has ended: one line of what came out, and its ``seconds`` of wall time."""

    stage: str
    detail: str
    seconds: float


@dataclass(frozen=True)
class Moved:
    """A stage goes on: ``detail`` says how far it is."""

    stage: str
    detail: str


@dataclass(frozen=True)
class Planned:
    """So many cells of a matrix are to come."""

    cells: int


@dataclass(frozen=True)
class Working:
    """A cell of a matrix goes on: ``detail`` says how far it is."""

    cell: str
    detail: str


@dataclass(frozen=True)
class Finished:
    """A cell of a matrix has its verdict; ``kept`` from an earlier run; ``seconds`` it took."""

    cell: str
    verdict: str
    detail: str
    seconds: float
    kept: bool = False


Event = Begun | Moved | Ended
Tell = Callable[[Event], None]
CellEvent = Planned | Working | Finished
TellCells = Callable[[CellEvent], None]
