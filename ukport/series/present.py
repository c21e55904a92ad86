"""Does the new side hold a change already? Judged line by line, in its own place."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ukport.series.alignment import Region
from ukport.series.place import function_at, places, same_function
from ukport.series.track import Edit, Track, to_lf

_SPACE = re.compile(rb"\s+")
_WORD = re.compile(rb"\w")
_TELLING = 4
_MANY = 3
_CLEAR = 8


class Presence(NamedTuple):
    """The edits that the new side holds already, those it does not, and how sure that is."""

    edits: tuple[Edit, ...]
    open: tuple[Edit, ...]
    why: str
    certainty: float


class Elsewhere(NamedTuple):
    """Where upstream itself put lines that a patch adds, and how sure that is."""

    line: int
    certainty: float


def elsewhere(track: Track, edit: Edit) -> Elsewhere | None:
    """Find lines that an edit adds among those that upstream added to the same file."""
    wanted = [line for line in track.adapt(edit.old_lines) if _counts(line, _CLEAR)]
    if not wanted or not any(line in track.new.lines for line in wanted[:_MANY]):
        return None
    own = [at for start, end in track.alignment.own() for at in range(start, end)]
    lines = [_squash(track.new.lines[at]) for at in own]
    telling = [_squash(line) for line in wanted]
    run = _run(telling, lines)
    if run is None:
        return None
    spot = own[run[0]]
    if len(telling) >= _MANY and run[1] - run[0] <= 2 * len(edit.old_lines) + _MANY:
        return Elsewhere(spot, 0.9)
    home = function_at(track.new.lines, edit.new_start)
    near = same_function(home, function_at(track.new.lines, spot))
    if len(telling) < _MANY and (near or wanted[0].startswith(b"#include")):
        return Elsewhere(spot, 0.9)
    # One line that the old file had nowhere: a hint, no proof.
    return Elsewhere(spot, 0.7) if not any(line in track.old.lines for line in wanted) else None


def _run(wanted: Sequence[bytes], lines: list[bytes]) -> tuple[int, int] | None:
    """First and last index of ``wanted`` in ``lines``, in order, others between allowed."""
    try:
        first = at = lines.index(wanted[0])
        for line in wanted[1:]:
            at = lines.index(line, at + 1)
    except ValueError:
        return None
    return first, at


def _counts(line: bytes, least: int) -> bool:
    return len(_WORD.findall(line)) >= least


def presence(track: Track, edits: Sequence[Edit]) -> Presence:
    """Judge edits that no longer fit, grouped by the stretch that upstream rewrote."""
    done: list[Edit] = []
    still: list[Edit] = []
    certainty, why = 1.0, ""
    for region, group in groups(track, edits):
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


def groups(track: Track, edits: Sequence[Edit]) -> list[tuple[Region, list[Edit]]]:
    """Edits by the stretch that upstream rewrote around them, overlapping ones made one."""
    found: list[tuple[Region, list[Edit]]] = []
    for edit in edits:
        region = track.alignment.region(edit.old_start, edit.old_end)
        if found and region.old_start < found[-1][0].old_end:
            last, members = found[-1]
            wide = Region(last.old_start, region.old_end, last.new_start, region.new_end)
            found[-1] = (wide, [*members, edit])
        elif found and region == found[-1][0]:
            found[-1][1].append(edit)
        else:
            found.append((region, [edit]))
    return found


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
    return edit._replace(new_start=region.new_start, new_end=region.new_start, present=True)


def _contained(track: Track, region: Region, group: Sequence[Edit]) -> Presence | None:
    """Upstream's rewrite of the place has every line that is added and none that is removed."""
    base = [_squash(line) for line in track.old.lines[region.old_start : region.old_end]]
    ours = [_squash(line) for line in track.new.lines[region.new_start : region.new_end]]
    gained = Counter(ours)
    gained.subtract(Counter(base))
    whole = True
    telling: list[bytes] = []
    for edit in group:
        added = [_squash(line) for line in edit.old_lines]
        removed = [_squash(line) for line in track.old.lines[edit.old_start : edit.old_end]]
        if not added or not _net_holds(gained, added, removed):
            return None
        whole = whole and next(places(ours, added), None) is not None
        telling += [line for line in added if len(_WORD.findall(line)) >= _TELLING]
    if not telling or not (whole or (len(telling) >= _MANY and _in_order(telling, ours))):
        return None
    why = "upstream's change of this place includes it"
    if not whole:
        why += ", with lines of its own in between"
    edits = tuple(_parked(region, edit) for edit in group)
    return Presence(edits, (), why, 0.9 if whole else 0.85)


def _net_holds(gained: Counter[bytes], added: Sequence[bytes], removed: Sequence[bytes]) -> bool:
    """Whether upstream's own change of the place adds and removes at least the same lines."""
    change = Counter(added)
    change.subtract(Counter(removed))
    return not any(
        _WORD.search(line)
        and ((count > 0 and gained[line] < count) or (count < 0 and gained[line] > count))
        for line, count in change.items()
    )


def _in_order(wanted: Sequence[bytes], lines: Sequence[bytes]) -> bool:
    rest = iter(lines)
    return all(line in rest for line in wanted)


def _squash(line: bytes) -> bytes:
    return _SPACE.sub(b"", line)


def _squashed(lines: Sequence[bytes]) -> bytes:
    return b"".join(_squash(line) for line in lines)
