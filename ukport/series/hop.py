"""Carry a series by way of the tags between two versions, for patches that one jump cannot carry.

Every tag that contains the old version is landed on in turn, and the next hop starts from there.
What arrives counts only where the patch landed cleanly at each of them: a hop is the same merge as
the jump, with smaller changes of upstream's to get past.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, Protocol

from ukport.git.history import tags_between
from ukport.git.repository import Repository
from ukport.series.outcome import Evidence, Outcome, Rebase, Start
from ukport.series.patch import Patch

_LANDED = (Outcome.UNCHANGED, Outcome.ADJUSTED)
_MOST = 40
_CERTAINTY = 0.9


class Carry(Protocol):
    """How a series is carried over one hop."""

    def __call__(
        self, repo: Repository, series: Sequence[Patch], old: str, new: str, *, history: bool
    ) -> Rebase: ...


class Landing(NamedTuple):
    """A patch as it arrives at the new version, and what happened to it on the way."""

    patch: Patch
    evidence: Evidence


class Hops:
    """The way over the tags; it is gone once for the whole series, when the first patch asks."""

    def __init__(self, start: Start, carry: Carry) -> None:
        self._repo = start.repo
        self._series = start.series
        self._ends = (start.old, start.new)
        self._carry = carry

    def landing(self, name: str) -> Landing | None:
        """How a patch arrives; None where it does not, or where there is no way but the jump."""
        return self._landings.get(name) if all(self._ends) else None

    @cached_property
    def _landings(self) -> Mapping[str, Landing]:
        old, new = self._ends
        stops = _spread(tags_between(self._repo, old, new, past=True), {old, new})
        if not stops:
            return {}
        series, at = tuple(self._series), old
        told: dict[str, list[str]] = {}
        for tag, commit in (*stops, ("the new version", new)):
            hop = self._carry(self._repo, series, at, commit, history=False)
            for result in hop.results:
                if result.outcome is Outcome.ADJUSTED:
                    told.setdefault(result.name, []).append(f"adjusted at {tag}: {result.reason}")
            series, at = hop.series, commit
        way = ", ".join(tag for tag, _ in stops)
        return {
            patch.name: Landing(patch, _evidence(way, told.get(patch.name, ()))) for patch in series
        }


def _evidence(way: str, told: Sequence[str]) -> Evidence:
    detail = "; ".join([f"lands cleanly on each tag in turn: {way}", *told])
    return Evidence("hops", detail, _CERTAINTY)


def _spread(tags: Sequence[tuple[str, str]], ends: set[str]) -> tuple[tuple[str, str], ...]:
    """One tag a commit, those at the ends aside; evenly fewer where there are very many."""
    first = {commit: name for name, commit in reversed(tags) if commit not in ends}
    kept = [(name, commit) for name, commit in tags if first.get(commit) == name]
    step = -(-len(kept) // _MOST) or 1
    return tuple(kept[step - 1 :: step])
