"""Carry one hunk from the old side of a file to the new one.

In this order: the lines it expects, where upstream's own changes put them; a three-way merge of
each of its changes; the same lines elsewhere, if they are unique on both sides and inside the same
function and preprocessor conditions; the change found to be there already. Never by fuzz.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ukport.series.model import Hunk
from ukport.series.outcome import Fate
from ukport.series.place import conditions_at, function_at, places, same_function
from ukport.series.present import Presence, elsewhere, presence
from ukport.series.track import Edit, Track, edits_of

_MIN_MOVED = 3
_BESIDE = 3
_SURE = 0.8


class Plan(NamedTuple):
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
        if duplicate:
            return duplicate._replace(line=place + 1)
        return Plan(hunk, Fate.EXACT, tuple(landed), (), "", place + 1)
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
    return edit._replace(new_start=start, new_end=end, new_lines=lines)


def _merge(track: Track, hunk: Hunk, edits: Sequence[Edit]) -> Plan:
    landed: list[Edit] = []
    left: list[Edit] = []
    for edit in edits:
        place = track.alignment.untouched(edit.old_start, edit.old_end)
        if place is None:
            place = _beside(track, edit)
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
        if duplicate and duplicate.fate is Fate.PRESENT:
            return duplicate
        weak = duplicate.presence if duplicate else found
        return Plan(hunk, Fate.MERGED, (*landed, *present), (), reason, line, weak)
    return Plan(hunk, Fate.PRESENT, tuple(present), (), found.why if found else "", line, found)


def _beside(track: Track, edit: Edit) -> int | None:
    """Where an edit goes whose neighbour upstream changed, but not its own lines.

    git calls that a conflict; diff3 does not, and it is none as long as the order of the lines
    leaves only one place. Lines put in at the same spot by both sides leave two.
    """
    start, end = edit.old_start, edit.old_end
    region = track.alignment.region(start, end)
    place = track.alignment.shared(start, end)
    if start == end:
        # What upstream replaced must lie wholly on one side, and be a small thing.
        old_lines = region.old_end - region.old_start
        new_lines = region.new_end - region.new_start
        if not (0 < old_lines <= _BESIDE and 0 < new_lines <= 2 * _BESIDE):
            return None
        if region.old_end == start and start < track.alignment.old_size:
            place = region.new_end
        elif region.old_start == start and start > 0:
            place = region.new_start
    if place is None or (start == end and not _same_surroundings(track, start, place)):
        return None
    return place


def _same_surroundings(track: Track, old: int, new: int) -> bool:
    one, two = function_at(track.old.lines, old), function_at(track.new.lines, new)
    if not same_function(one, two):
        return False
    return conditions_at(track.old.lines, old) == conditions_at(track.new.lines, new)


def _open(track: Track, hunk: Hunk, done: Sequence[Edit], still: Sequence[Edit]) -> Plan:
    region = track.alignment.region(still[0].old_start, still[0].old_end)
    if region.new_start == region.new_end:
        reason = "upstream deleted the lines that it changes"
    elif any(edit.old_end > edit.old_start for edit in still):
        reason = "upstream changed the same lines"
    else:
        reason = "upstream changed the lines at the place where it adds its own"
    parked = [edit._replace(new_start=(spot := _spot(track, edit)), new_end=spot) for edit in still]
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
    if not _same_surroundings(track, at, place):
        return None
    landed = [_landed(track, edit, edit.old_start + place - at) for edit in edits]
    return Plan(hunk, Fate.MOVED, tuple(landed), (), f"moved to line {place + 1}", place + 1)


def _duplicate(track: Track, hunk: Hunk, landed: Sequence[Edit]) -> Plan | None:
    """A hunk that would land, but whose lines upstream has put in near that place already."""
    if any(edit.old_end > edit.old_start for edit in landed):
        return None
    found = [elsewhere(track, edit) for edit in landed]
    if not found or not all(found):
        return None
    spots = [one.line for one in found if one]
    where = ", ".join(str(spot + 1) for spot in spots)
    certainty = min(one.certainty for one in found if one)
    why = f"upstream has the same lines, at line {where}"
    if certainty < _SURE:
        # Not enough to drop a hunk by itself; it counts where the rest of its patch is upstream.
        there = Presence((), (), why, certainty)
        return Plan(hunk, Fate.EXACT, tuple(landed), (), "", landed[0].new_start + 1, there)
    edits = [edit._replace(new_end=edit.new_start, present=True) for edit in landed]
    there = Presence((), (), why, certainty)
    return Plan(hunk, Fate.PRESENT, tuple(edits), (), why, spots[0] + 1, there)
