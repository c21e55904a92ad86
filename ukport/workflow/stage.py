"""Timing of stages."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ukport.workflow.events import Begun, Ended, Moved, Tell


@dataclass
class Stages:
    """Tells of each stage and keeps its seconds, in order."""

    tell: Tell
    seconds: dict[str, float] = field(default_factory=dict)

    def moved(self, name: str, detail: str) -> None:
        """Tell how far a stage is."""
        self.tell(Moved(name, detail))

    @contextmanager
    def stage(self, name: str, detail: str = "") -> Iterator[list[str]]:
        """A stage; the caller appends what came out of it to the list."""
        self.tell(Begun(name, detail))
        began = time.monotonic()
        outcome: list[str] = []
        try:
            yield outcome
        except BaseException:
            self.tell(Ended(name, "stopped", time.monotonic() - began))
            raise
        spent = time.monotonic() - began
        self.seconds[name] = spent
        self.tell(Ended(name, ", ".join(outcome) or detail, spent))
