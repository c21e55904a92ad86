"""What several CPUs are good for: the time on one over the time on all of them; pure."""

import re
from collections.abc import Sequence

from ukport.verify.measure import Spread, spread

_ON_ONE = re.compile(r"(.+), 1 CPU")


def on(name: str, cpus: int) -> str:
    """What a subject is called on so many CPUs."""
    return f"{name}, {cpus} CPU{'s' if cpus > 1 else ''}"


def of(name: str) -> str:
    """Whose name it is on one CPU, or nothing."""
    found = _ON_ONE.fullmatch(name)
    return found[1] if found else ""


def scaling(one: Sequence[int], several: Sequence[int]) -> Spread | None:
    """The ratios of rounds in which both came to their end."""
    figures = [alone / together for alone, together in zip(one, several, strict=False) if together]
    return spread(figures) if figures else None
