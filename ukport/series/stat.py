"""How many lines each patch of a series changes, before it was carried and after."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ukport.series.outcome import Outcome, PatchResult
from ukport.series.patch import Patch


class Count(NamedTuple):
    """Lines put in and taken out."""

    added: int = 0
    removed: int = 0

    def __str__(self) -> str:
        return f"+{self.added} -{self.removed}"


class Stat(NamedTuple):
    """One file of one adjusted patch: what it changed there, and what it changes now."""

    patch: str
    file: str
    before: Count
    after: Count


def counts(patch: Patch) -> Mapping[str, Count]:
    """What a patch changes, by file."""
    found: dict[str, Count] = {}
    for change in patch.files:
        known = found.get(change.path, Count())
        added = sum(len(hunk.added) for hunk in change.hunks)
        removed = sum(len(hunk.removed) for hunk in change.hunks)
        found[change.path] = Count(known.added + added, known.removed + removed)
    return found


def adjusted(series: Sequence[Patch], results: Sequence[PatchResult]) -> tuple[Stat, ...]:
    """Every file of every adjusted patch, in the order of the series."""
    originals = {patch.name: patch for patch in series}
    found = []
    for result in results:
        if result.outcome is not Outcome.ADJUSTED or not result.output:
            continue
        before, after = counts(originals[result.name]), counts(result.output)
        for file in dict.fromkeys((*before, *after)):
            pair = (before.get(file, Count()), after.get(file, Count()))
            found.append(Stat(result.name, file, *pair))
    return tuple(found)


def as_text(stats: Sequence[Stat]) -> str:
    """A table for a terminal; empty where nothing was adjusted."""
    if not stats:
        return ""
    rows = [("adjusted patch", "file", "was", "is")]
    rows += [(one.patch, one.file, str(one.before), str(one.after)) for one in stats]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def as_markdown(stats: Sequence[Stat]) -> str:
    """The same for a pull request."""
    if not stats:
        return ""
    rows = ["| adjusted patch | file | was | is |", "|-|-|-|-|"]
    rows += [f"| {_cell(s.patch)} | {_cell(s.file)} | {s.before} | {s.after} |" for s in stats]
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    plain = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join(plain.split()).replace("|", "\\|").replace("<", "&lt;")
