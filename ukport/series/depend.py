"""Which earlier patches of a series one builds on: they made the text that it expects.

Asked only of a patch that does not land: where an earlier one was lost, that may be the reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ukport.series.apply import Fitted, fit_change, put, touched
from ukport.series.content import File
from ukport.series.model import Hunk
from ukport.series.outcome import Fate, PatchResult
from ukport.series.patch import Patch


class _Line(NamedTuple):
    """Who wrote a line, and who took away what stood before it; empty for upstream."""

    owner: str = ""
    seam: str = ""


def dependencies(
    files: Mapping[str, File], earlier: Sequence[Patch], patch: Patch, result: PatchResult
) -> tuple[str, ...]:
    """The names of those ``earlier`` patches whose work the open hunks of a patch stand on.

    ``files`` are those of the old tree, without any patch.
    """
    state = _Authors(files)
    for one in _related(earlier, patch):
        state.apply(one)
    still = {(hunk.header, hunk.fate is Fate.OPEN) for hunk in result.hunks}
    found = state.under(patch, {header for header, is_open in still if is_open})
    return tuple(one.name for one in earlier if one.name in found)


def _related(earlier: Sequence[Patch], patch: Patch) -> list[Patch]:
    """Those that touch the same files, under whatever name."""
    paths = touched([patch])
    found = []
    for one in reversed(earlier):
        theirs = touched([one])
        if theirs & paths:
            found.append(one)
            if any(change.renamed or change.copied for change in one.files):
                paths |= theirs
    return found[::-1]


class _Authors:
    """The old side of some files, and who wrote each of their lines."""

    def __init__(self, files: Mapping[str, File]) -> None:
        self._files = dict(files)
        self._lines: dict[str, list[_Line]] = {}

    def apply(self, patch: Patch) -> None:
        for change in patch.files:
            fitted = fit_change(change, self._files, convert=True)
            if not isinstance(fitted, Fitted):
                continue
            lines = self._of(fitted)
            for hunk, at in zip(fitted.hunks, fitted.places, strict=True):
                lines[at : at + len(hunk.before)] = _signed(lines[at:], hunk, patch.name)
            put(self._files, fitted)
            self._lines[change.path] = lines

    def under(self, patch: Patch, headers: set[str]) -> set[str]:
        """Who wrote what the hunks with these headers expect."""
        found: set[str] = set()
        for change in patch.files:
            fitted = fit_change(change, self._files, convert=True)
            if not isinstance(fitted, Fitted):
                continue
            lines = self._of(fitted)
            if not fitted.hunks and lines:
                found |= _names(lines)
            pairs = zip(fitted.hunks, change.hunks, fitted.places, strict=True)
            for hunk, original, at in pairs:
                if original.header in headers or "" in headers:
                    found |= _names(lines[at : at + len(hunk.before)])
                lines[at : at + len(hunk.before)] = _signed(lines[at:], hunk, patch.name)
        return found - {"", patch.name}

    def _of(self, fitted: Fitted) -> list[_Line]:
        count = len(fitted.before.lines) if fitted.before else 0
        known = self._lines.get(fitted.source or "")
        return list(known) if known and len(known) == count else [_Line()] * count


def _signed(lines: Sequence[_Line], hunk: Hunk, name: str) -> list[_Line]:
    """The lines of a hunk's result, each with its author."""
    made: list[_Line] = []
    at = 0
    torn = False
    for tag, _ in hunk.lines:
        if tag == b"+":
            made.append(_Line(name, name))
            torn = False
            continue
        if tag == b" ":
            made.append(lines[at]._replace(seam=name) if torn else lines[at])
        torn = tag == b"-"
        at += 1
    return made


def _names(lines: Sequence[_Line]) -> set[str]:
    """Everyone at work in a stretch; what was cut off before it does not matter to it."""
    return {line.owner for line in lines} | {line.seam for line in lines[1:]}


def standing(names: Iterable[str], results: Iterable[PatchResult]) -> tuple[str, ...]:
    """Each name with what became of that patch."""
    outcomes = {result.name: result.outcome.value for result in results}
    return tuple(f"{name} ({outcomes.get(name, 'earlier')})" for name in names)
