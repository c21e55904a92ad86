"""Carry one hunk from the old side of a file to the new one.

In this order: the lines it expects, where upstream's own changes put them; a three-way merge of
each of its changes; the same lines elsewhere, if they are unique on both sides and inside the same
function and preprocessor conditions; the change found to be there already. Never by fuzz.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ukport.series.model import Hunk
from ukport.series.outcome import Fate
from ukport.series.place import conditions_at, function_at, places, same_function
from ukport.series.present import Presence, presence
from ukport.series.track import Edit, Track, edits_of, to_lf

_MIN_MOVED = 3


@dataclass(frozen=True)
class Plan:
    """How a hunk lands: its edits with their place on the new side, and those still open."""

    hunk: Hunk
    fate: Fate
    edits: tuple[Edit, ...]
    open: tuple[Edit, ...] = ()
    reason: str = ""
    line: int = 0
    presence: Presence | None = None


def carry(track: Track, hunk: Hunk, at: int) -> Plan:
    """Decide about one hunk that starts at old line ``at``."""
    edits = edits_of(hunk, at)
    place = _whole(track, hunk, at, edits)
    if place is not None:
        shift = place - at
        landed = [_landed(track, edit, edit.old_start + shift) for edit in edits]
        duplicate = _duplicate(track, hunk, landed)
        return duplicate or Plan(hunk, Fate.EXACT, tuple(landed), (), "", place + 1)
    plan = _merge(track, hunk, edits)
    if plan.fate is Fate.OPEN:
        return _moved(track, hunk, at, edits) or plan
    return plan


def _whole(track: Track, hunk: Hunk, at: int, edits: Sequence[Edit]) -> int | None:
    """Where all lines of the hunk stand together, if upstream changed none of them."""
    place = track.alignment.shared(at, at + len(hunk.before))
    if place is None or (hunk.leading and hunk.trailing):
        return place
    fits = all(track.alignment.untouched(e.old_start, e.old_end) is not None for e in edits)
    return place if fits else None


def _landed(track: Track, edit: Edit, start: int) -> Edit:
    end = start + edit.old_end - edit.old_start
    lines = track.adapt(edit.old_lines)
    return replace(edit, new_start=start, new_end=end, new_lines=lines)


def _merge(track: Track, hunk: Hunk, edits: Sequence[Edit]) -> Plan:
    landed: list[Edit] = []
    left: list[Edit] = []
    for edit in edits:
        place = track.alignment.untouched(edit.old_start, edit.old_end)
        if place is None and edit.old_end > edit.old_start:
            # Upstream changed the line beside it: the lines to replace are still all there.
            place = track.alignment.shared(edit.old_start, edit.old_end)
        if place is None:
            left.append(edit)
        else:
            landed.append(_landed(track, edit, place))
    found = presence(track, left) if left else None
    present = list(found.edits) if found else []
    still = list(found.open) if found else left
    line = min((edit.new_start for edit in [*landed, *present]), default=0) + 1
    if still:
        return _open(track, hunk, [*landed, *present], still)
    if landed:
        duplicate = _duplicate(track, hunk, landed) if not present else None
        reason = "upstream changed lines around it"
        return duplicate or Plan(hunk, Fate.MERGED, (*landed, *present), (), reason, line, found)
    return Plan(hunk, Fate.PRESENT, tuple(present), (), found.why if found else "", line, found)


def _open(track: Track, hunk: Hunk, done: Sequence[Edit], still: Sequence[Edit]) -> Plan:
    region = track.alignment.region(still[0].old_start, still[0].old_end)
    if region.new_start == region.new_end:
        reason = "upstream deleted the lines that it changes"
    elif any(edit.old_end > edit.old_start for edit in still):
        reason = "upstream changed the same lines"
    else:
        reason = "upstream changed the lines at the place where it adds its own"
    parked = [replace(edit, new_start=(spot := _spot(track, edit)), new_end=spot) for edit in still]
    return Plan(hunk, Fate.OPEN, tuple(done), tuple(parked), reason, region.new_start + 1)


def _spot(track: Track, edit: Edit) -> int:
    return track.alignment.region(edit.old_start, edit.old_end).new_start


def _moved(track: Track, hunk: Hunk, at: int, edits: Sequence[Edit]) -> Plan | None:
    """The lines it expects at one other place, provably the same one."""
    telling = [line for line in hunk.before if re.search(rb"\w", line)]
    if len(telling) < _MIN_MOVED or not (hunk.leading or hunk.trailing):
        return None
    wanted = track.adapt(hunk.before)
    there = list(places(track.new.lines, wanted))
    if len(there) != 1 or len(list(places(track.old.lines, hunk.before))) != 1:
        return None
    place = there[0]
    old, new = function_at(track.old.lines, at), function_at(track.new.lines, place)
    if not same_function(old, new):
        return None
    if conditions_at(track.old.lines, at) != conditions_at(track.new.lines, place):
        return None
    landed = [_landed(track, edit, edit.old_start + place - at) for edit in edits]
    return Plan(hunk, Fate.MOVED, tuple(landed), (), f"moved to line {place + 1}", place + 1)


def _duplicate(track: Track, hunk: Hunk, landed: Sequence[Edit]) -> Plan | None:
    """A hunk that would land, but whose lines upstream has put in beside that place already."""
    if any(edit.old_end > edit.old_start for edit in landed):
        return None
    spots = []
    for edit in landed:
        spot = _already(track, edit)
        if spot is None:
            return None
        spots.append(spot)
    where = ", ".join(str(spot + 1) for spot in spots)
    found = Presence((), (), f"upstream has the same lines, at line {where}", 0.9)
    edits = [replace(edit, new_end=edit.new_start, present=True) for edit in landed]
    return Plan(hunk, Fate.PRESENT, tuple(edits), (), found.why, spots[0] + 1, found)


def _already(track: Track, edit: Edit) -> int | None:
    """Where upstream itself added exactly these lines within the same function."""
    wanted = [to_lf(line) for line in track.adapt(edit.old_lines)]
    telling = [line for line in wanted if len(re.findall(rb"\w", line)) >= 8]  # noqa: PLR2004
    if not telling:
        return None
    home = function_at(track.new.lines, edit.new_start)
    for start, end in track.alignment.own():
        own = [to_lf(line) for line in track.new.lines[start:end]]
        for at in places(own, wanted):
            around = function_at(track.new.lines, start + at)
            if same_function(home, around) or wanted[0].startswith(b"#include"):
                return start + at
    return None
