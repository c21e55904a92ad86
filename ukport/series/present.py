"""Does the new side hold a change already? Judged line by line, in its own place."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ukport.series.alignment import Region
from ukport.series.place import places
from ukport.series.track import Edit, Track, to_lf

_SPACE = re.compile(rb"\s+")
_WORD = re.compile(rb"\w")
_TELLING = 4


@dataclass(frozen=True)
class Presence:
    """The edits that the new side holds already, those it does not, and how sure that is."""

    edits: tuple[Edit, ...]
    open: tuple[Edit, ...]
    why: str
    certainty: float


def presence(track: Track, edits: Sequence[Edit]) -> Presence:
    """Judge edits that no longer fit, grouped by the stretch that upstream rewrote."""
    done: list[Edit] = []
    still: list[Edit] = []
    certainty, why = 1.0, ""
    for region, group in _groups(track, edits):
        found = _judge(track, region, group)
        if found is None:
            single = [_contained(track, region, [edit]) for edit in group]
            found = single[0] if len(single) == 1 else None
            for edit, one in zip(group, single, strict=True):
                (still if one is None else done).append(edit if one is None else one.edits[0])
            kept = [one for one in single if one]
        else:
            done += found.edits
            kept = [found]
        for one in kept:
            if one.certainty < certainty or not why:
                certainty, why = min(one.certainty, certainty), one.why
    return Presence(tuple(done), tuple(still), why, certainty if done else 0.0)


def _groups(track: Track, edits: Sequence[Edit]) -> list[tuple[Region, list[Edit]]]:
    groups: list[tuple[Region, list[Edit]]] = []
    for edit in edits:
        region = track.alignment.region(edit.old_start, edit.old_end)
        if groups and region.old_start < groups[-1][0].old_end:
            last, members = groups[-1]
            wide = Region(last.old_start, region.old_end, last.new_start, region.new_end)
            groups[-1] = (wide, [*members, edit])
        elif groups and region == groups[-1][0]:
            groups[-1][1].append(edit)
        else:
            groups.append((region, [edit]))
    return groups


def _judge(track: Track, region: Region, group: Sequence[Edit]) -> Presence | None:
    base = track.old.lines[region.old_start : region.old_end]
    ours = track.new.lines[region.new_start : region.new_end]
    theirs = list(base)
    for edit in reversed(group):
        at = edit.old_start - region.old_start
        theirs[at : at + edit.old_end - edit.old_start] = edit.old_lines
    if [to_lf(line) for line in theirs] == [to_lf(line) for line in ours]:
        edit = Edit(
            region.old_start,
            region.old_end,
            tuple(theirs),
            region.new_start,
            region.new_end,
            present=True,
        )
        return Presence((edit,), (), "upstream made the same change", 1.0)
    if _squashed(theirs) == _squashed(ours) and _squashed(theirs):
        edits = tuple(_parked(region, edit) for edit in group)
        return Presence(edits, (), "upstream made the same change but for white space", 0.95)
    return _contained(track, region, group)


def _parked(region: Region, edit: Edit) -> Edit:
    return replace(edit, new_start=region.new_start, new_end=region.new_start, present=True)


def _contained(track: Track, region: Region, group: Sequence[Edit]) -> Presence | None:
    """Upstream's rewrite of the place has every line that is added and none that is removed."""
    base = track.old.lines[region.old_start : region.old_end]
    ours = track.new.lines[region.new_start : region.new_end]
    gained = Counter(_squash(line) for line in ours)
    gained.subtract(Counter(_squash(line) for line in base))
    own = [_squash(line) for line in ours]
    telling = 0
    for edit in group:
        added = [_squash(line) for line in edit.old_lines]
        removed = track.old.lines[edit.old_start : edit.old_end]
        if not added or next(places(own, added), None) is None:
            return None
        change = Counter(added)
        change.subtract(Counter(_squash(line) for line in removed))
        for line, count in change.items():
            if not _WORD.search(line):
                continue
            if (count > 0 and gained[line] < count) or (count < 0 and gained[line] > count):
                return None
            telling += count > 0 and len(_WORD.findall(line)) >= _TELLING
    if not telling:
        return None
    edits = tuple(_parked(region, edit) for edit in group)
    return Presence(edits, (), "upstream's change of this place includes it", 0.9)


def _squash(line: bytes) -> bytes:
    return _SPACE.sub(b"", line)


def _squashed(lines: Sequence[bytes]) -> bytes:
    return b"".join(_squash(line) for line in lines)
