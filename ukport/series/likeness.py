"""How much of a patch the new tree holds, where there is no history to ask.

A patch whose hunks are partly found upstream and whose other hunks no longer fit is, more often
than not, one that upstream took and went on from. It is called upstreamed only if none of its
hunks lands, at least one is there beyond doubt, and nearly all of its lines are accounted for.
"""

from collections import Counter
from collections.abc import Sequence

from ukport.series.carry import Plan
from ukport.series.fileplan import FilePlan
from ukport.series.fingerprint import signed, telling
from ukport.series.model import Hunk
from ukport.series.outcome import Evidence, Fate, HunkResult
from ukport.series.track import Track

_ENOUGH = 0.75
_SURE = 0.9


def tree_evidence(plans: Sequence[FilePlan]) -> Evidence | None:
    """The evidence of the new tree alone that a patch is upstream, if there is enough of it."""
    if any(lands_whole(hunk) for file in plans for hunk in file.hunks):
        return None
    tally = _Tally()
    for file in plans:
        counted = _count_file(file, tally) if not file.plans else _count_hunks(file, tally)
        if not counted:
            return None
    held, total, proven = tally.held, tally.total, tally.proven
    if not proven or held < total * _ENOUGH:
        return None
    share = held / total
    detail = f"upstream has {share:.0%} of its lines, and where it has not the code is rewritten"
    return Evidence("tree", detail, round(0.5 + share * 0.4, 2))


def lands_whole(hunk: HunkResult) -> bool:
    """Whether a mode, a name or a binary file is still to be changed: no line tells of it."""
    return not hunk.header and hunk.fate is Fate.EXACT


class _Tally:
    """Telling lines: all of them, those that upstream has; and whether any hunk is beyond doubt."""

    def __init__(self) -> None:
        self.held = self.total = 0
        self.proven = False


def _count_hunks(file: FilePlan, tally: _Tally) -> bool:
    for plan in file.plans:
        if plan.fate not in (Fate.PRESENT, Fate.OPEN) and not _weak(plan):
            return False
        weight = len(_telling(plan.hunk))
        tally.total += weight
        if plan.fate is Fate.OPEN:
            tally.held += _held(file.track, plan.hunk) if file.track else 0
            continue
        tally.held += weight
        sure = plan.presence is None or plan.presence.certainty >= _SURE
        tally.proven |= sure and weight > 0 and plan.fate is Fate.PRESENT
    return True


def _count_file(file: FilePlan, tally: _Tally) -> bool:
    """A file as a whole: there already, or added by both sides and much alike."""
    change = file.change
    if all(hunk.fate is Fate.PRESENT for hunk in file.hunks):
        return True
    if change.old is not None or not change.hunks or Fate.EXACT in file.fates:
        return False
    for hunk, result in zip(change.hunks, file.hunks, strict=True):
        wanted = Counter(_telling(hunk))
        there = Counter(signed(b"+", line) for line in result.upstream)
        tally.total += wanted.total()
        tally.held += (wanted & there).total()
    return True


def _weak(plan: Plan) -> bool:
    return plan.fate is Fate.EXACT and plan.presence is not None


def _telling(hunk: Hunk) -> list[bytes]:
    return telling(signed(tag, line) for tag, line in hunk.lines if tag != b" ")


def _held(track: Track, hunk: Hunk) -> int:
    """How many of the telling lines upstream added, or took away, as the hunk does."""
    change: Counter[bytes] = Counter()
    change.update(signed(b"+", line) for line in track.new.lines)
    change.subtract(Counter(signed(b"+", line) for line in track.old.lines))
    wanted = Counter(_telling(hunk))
    return sum(
        min(count, max(change[line], 0))
        if line[:1] == b"+"
        else min(count, max(-change[b"+" + line[1:]], 0))
        for line, count in wanted.items()
    )
