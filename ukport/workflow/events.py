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


Event = Begun | Moved | Ended
Tell = Callable[[Event], None]
