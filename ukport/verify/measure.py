"""What a guest measured, from its console; and whether two series of figures differ: pure."""

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import comb

from ukport.verify.verdict import lines

_MEASURE = re.compile(r"ukport: measure ([a-z]{1,32}) (\d{1,18}) ([A-Za-z]{1,8})", re.ASCII)
_MARKS = tuple(
    re.compile(rb"^ukport: measure %b\r?\n" % word, re.MULTILINE) for word in (b"from", b"to")
)
# A call needs a chance below this that figures which do not differ would look so.
SIGNIFICANT = 0.01
# The fewest on each side for which that can be: 2 / comb(10, 5) is 0.008.
FEWEST = 5
# Nanoseconds; on a busy host a mark may be read some milliseconds after it was made.
SHORTEST = 50_000_000


def measures(console: bytes) -> Mapping[str, int]:
    """``ukport: measure left 123 B`` as ``{"left B": 123}``; the last one of a name counts."""
    found = (_MEASURE.fullmatch(line) for line in lines(console))
    return {f"{one[1]} {one[3]}": int(one[2]) for one in found if one}


def time_between_marks(console: bytes, arrivals: Sequence[tuple[int, int]]) -> int:
    """Nanoseconds of the emulator's processor time from ``ukport: measure from`` to ``… to``.

    ``arrivals`` as a Boot has them. 0 where a mark is missing, and else 1 at the least: marks that
    come together are too close to be told apart. A busy host takes the emulator's core away, which
    the guest's own clock would count.
    """
    ends = [found.end() for mark in _MARKS if (found := mark.search(console))]
    spent = [next((ns for size, ns in arrivals if size >= end), 0) for end in ends]
    return max(1, spent[1] - spent[0]) if len(spent) == len(_MARKS) else 0


@dataclass(frozen=True)
class Spread:
    """The median of some figures, and the quartiles around it."""

    median: float
    low: float
    high: float


def spread(figures: Sequence[float]) -> Spread:
    """Quartiles by linear interpolation; of one figure all three are itself."""
    if len(figures) == 1:
        return Spread(figures[0], figures[0], figures[0])
    low, median, high = statistics.quantiles(figures, n=4, method="inclusive")
    return Spread(median, low, high)


class Call(StrEnum):
    """What can be said of a figure against the noise.

    FEW where there are too few to say it, SHORT where what was timed is shorter than SHORTEST.
    """

    LESS = "less"
    MORE = "more"
    NOISE = "noise"
    FEW = "few"
    SHORT = "short"


def call(figures: Sequence[float], noise: Sequence[float]) -> Call:
    """Whether ``figures`` are told apart from ``noise``, the same figures of nothing changed.

    By the exact two-sided rank-sum test of Mann and Whitney (1947) at SIGNIFICANT.
    """
    if min(len(figures), len(noise)) < FEWEST:
        return Call.FEW
    if chance(figures, noise) >= SIGNIFICANT:
        return Call.NOISE
    return Call.LESS if statistics.median(figures) < statistics.median(noise) else Call.MORE


def chance(left: Sequence[float], right: Sequence[float]) -> float:
    """The exact two-sided p of the rank-sum test: ties get the middle of their ranks.

    Counts, for each sum of ranks, the ways to choose as many figures as ``left`` has.
    """
    everything = sorted([*left, *right])
    # Twice the rank, which is whole where two or more are tied.
    ranks = {one: 2 * everything.index(one) + 1 + everything.count(one) for one in everything}
    ways: list[dict[int, int]] = [{0: 1}, *({} for _ in left)]
    for one in everything:
        for size in range(len(left), 0, -1):
            for total, count in ways[size - 1].items():
                at = total + ranks[one]
                ways[size][at] = ways[size].get(at, 0) + count
    middle = len(left) * (len(everything) + 1)  # twice the mean of the sum of ranks
    seen = abs(sum(ranks[one] for one in left) - middle)
    extreme = sum(count for total, count in ways[-1].items() if abs(total - middle) >= seen)
    return extreme / comb(len(everything), len(left))
