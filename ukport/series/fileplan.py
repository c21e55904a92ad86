"""What becomes of one file of a patch: its hunks, or the file as a whole."""

from typing import NamedTuple, Protocol

from ukport.series.apply import Fitted, Misfit, fit_change
from ukport.series.carry import Plan, carry
from ukport.series.content import File
from ukport.series.model import FileChange, Hunk
from ukport.series.outcome import Fate, HunkResult
from ukport.series.place import expected, places
from ukport.series.render import Redone
from ukport.series.state import State
from ukport.series.track import Edit, Track, to_lf


class Settle(Protocol):
    """Moves both sides of a file on, once it is known whether the whole patch lands."""

    def __call__(self, state: State, /, *, landed: bool) -> None: ...


class FilePlan(NamedTuple):
    """One file change: per hunk what became of it, and how to move both sides on.

    ``settle`` changes a state; its argument says whether the whole patch lands. ``old`` is the file
    on the old side and ``at`` where each hunk starts in it.
    """

    change: FileChange
    hunks: tuple[HunkResult, ...]
    settle: Settle
    redone: Redone | bool = True
    plans: tuple[Plan, ...] = ()
    track: Track | None = None
    old: File | None = None
    at: tuple[int, ...] = ()

    @property
    def fates(self) -> set[Fate]:
        """Every fate among its hunks."""
        return {hunk.fate for hunk in self.hunks}


def plan_file(change: FileChange, state: State) -> FilePlan:
    """Decide about one file change of a patch."""
    fitted = fit_change(change, state.old, convert=True)
    if isinstance(fitted, Misfit):
        return _unfit(change, fitted, state)
    if change.old is None:
        return _added(change, fitted, state)
    if change.new is None:
        return _deleted(change, fitted, state)
    return _changed(change, fitted, state)


def _whole(change: FileChange, fate: Fate, reason: str, path: str = "") -> HunkResult:
    return HunkResult(path or change.path, "", fate, reason)


def _unfit(change: FileChange, misfit: Misfit, state: State) -> FilePlan:
    """It does not fit the old tree; it may have been written for the new one."""
    there = fit_change(change, state.new, convert=False)
    if isinstance(there, Fitted) and unambiguous(there):
        reason = "does not fit the old tree, but fits the new one as it is"
        fate = Fate.EXACT
        results = [
            HunkResult(change.path, hunk.header, fate, reason, at + 1)
            for hunk, at in zip(change.hunks, there.places, strict=True)
        ] or [_whole(change, fate, reason)]
        return FilePlan(
            change, tuple(results), lambda state, *, landed: state.adopt(there, landed=landed)
        )
    reason = f"does not fit the old tree: {misfit.why}"
    results = [
        HunkResult(
            change.path,
            hunk.header,
            Fate.OPEN,
            reason,
            misfit.line,
            hunk.before,
            misfit.found if hunk is misfit.hunk else (),
            hunk.after,
        )
        for hunk in change.hunks
    ] or [_whole(change, Fate.OPEN, reason)]
    return FilePlan(change, tuple(results), _stay, redone=False)


def _stay(target: State, *, landed: bool) -> None:
    """Neither side knows what the patch does to this file."""


def unambiguous(fitted: Fitted) -> bool:
    """Whether each of its hunks has but one place to go."""
    if fitted.before is None or not fitted.change.hunks:
        return True
    lines = fitted.before.lines
    return all(len(list(places(lines, hunk.before))) == 1 for hunk in fitted.change.hunks)


def _added(change: FileChange, fitted: Fitted, state: State) -> FilePlan:
    path, made = change.path, fitted.after
    there = state.new.get(path)

    def settle(target: State, *, landed: bool) -> None:
        target.add(path, made, landed=landed)

    def results(fate: Fate, reason: str) -> tuple[HunkResult, ...]:
        if not change.hunks:
            return (_whole(change, fate, reason),)
        return tuple(
            HunkResult(
                path,
                hunk.header,
                fate,
                reason,
                1,
                (),
                tuple(there.lines) if there else (),
                hunk.after,
            )
            for hunk in change.hunks
        )

    if made is None or there is None:
        return FilePlan(change, results(Fate.EXACT, ""), settle)
    if [to_lf(line) for line in there.lines] == [to_lf(line) for line in made.lines]:
        why = "upstream has the same file"
        return FilePlan(change, results(Fate.PRESENT, why), settle, redone=False)
    why = "upstream has another file of this name"
    return FilePlan(change, results(Fate.OPEN, why), settle, redone=False)


def _deleted(change: FileChange, fitted: Fitted, state: State) -> FilePlan:
    path = fitted.source or change.path
    target = state.path_of(path)
    there = state.new.get(target) if target else None

    def settle(goal: State, *, landed: bool) -> None:
        goal.remove(path, landed=landed)

    if there is None:
        result = _whole(change, Fate.PRESENT, "upstream deleted the file", path)
        return FilePlan(change, (result,), settle, redone=False)
    if fitted.before is not None and there.lines == fitted.before.lines and target == path:
        return FilePlan(change, (_whole(change, Fate.EXACT, "", path),), settle)
    why = "upstream changed the file that the patch deletes"
    result = _whole(change, Fate.OPEN, why, path)._replace(upstream=tuple(there.lines))
    return FilePlan(change, (result,), settle, redone=False)


def _changed(change: FileChange, fitted: Fitted, state: State) -> FilePlan:
    path = fitted.source or change.path
    track = state.track(path)
    if track is None:
        return _gone(change, fitted)
    if change.binary or (not change.hunks and not change.renamed and not change.copied):
        return _replaced(change, fitted, track)
    starts = _starts(fitted)
    plans = [carry(track, hunk, at) for hunk, at in zip(fitted.hunks, starts, strict=True)]
    results = [
        _result(track, original, plan) for original, plan in zip(change.hunks, plans, strict=True)
    ]
    if change.renamed or change.copied:
        results += _rename_result(change, track, state)
    if _sets_mode(change, track):
        results.append(_whole(change, Fate.EXACT, ""))
    edits = [edit for plan in plans for edit in plan.edits]
    every = [*edits, *(edit for plan in plans for edit in plan.open)]
    mode = change.new_mode

    def settle(target: State, *, landed: bool) -> None:
        target.change(change, path, every, landed=landed, mode=mode)

    redone = _redone(change, track, plans, edits)
    whole = (fitted.before, starts)
    return FilePlan(change, tuple(results), settle, redone, tuple(plans), track, *whole)


def _starts(fitted: Fitted) -> tuple[int, ...]:
    """Where each hunk starts in the file as it was before the first of them."""
    starts = []
    shift = 0
    for hunk, at in zip(fitted.hunks, fitted.places, strict=True):
        starts.append(at - shift)
        shift += len(hunk.after) - len(hunk.before)
    return tuple(starts)


def _rename_result(change: FileChange, track: Track, state: State) -> list[HunkResult]:
    if track.new_path == change.new:
        return [_whole(change, Fate.PRESENT, "upstream made the same rename")]
    if track.new_path != change.old:
        why = f"upstream moved the file to {track.new_path}"
        return [_whole(change, Fate.OPEN, why)]
    if change.new in state.new:
        return [_whole(change, Fate.OPEN, "upstream has another file of the new name")]
    return [_whole(change, Fate.EXACT, "")]


def _redone(
    change: FileChange, track: Track, plans: list[Plan], edits: list[Edit]
) -> Redone | bool:
    real = [edit for edit in edits if not edit.present]
    if not real and change.hunks:
        return (
            Redone(track.new, track.new, (), track.new_path) if _sets_mode(change, track) else False
        )
    if all(plan.fate is Fate.EXACT for plan in plans) and _serves(change, track, plans):
        return True
    after = list(track.new.lines)
    for edit in sorted(real, key=lambda edit: edit.new_start, reverse=True):
        after[edit.new_start : edit.new_end] = edit.new_lines
    return Redone(
        track.new, track.new._replace(lines=after), tuple(real), _final_path(change, track)
    )


def _sets_mode(change: FileChange, track: Track) -> bool:
    return change.new_mode is not None and change.new_mode != track.new.mode


def _final_path(change: FileChange, track: Track) -> str:
    moved = track.new_path != (change.old or change.path)
    return track.new_path if moved and not change.renamed else change.path


def _serves(change: FileChange, track: Track, plans: list[Plan]) -> bool:
    """Whether git apply and patch(1) put the hunks, as they are written, where we do."""
    if track.new_path not in (change.old, change.new):
        return False
    shift = drift = 0
    size = len(track.new.lines)
    for hunk, plan in zip(change.hunks, plans, strict=True):
        start = plan.line - 1
        wanted = list(hunk.before)
        if track.new.lines[start : start + len(wanted)] != wanted:
            return False
        offset = start - expected(hunk)
        if offset not in (drift, 0) or offset != 0:
            found = list(places(track.new.lines, wanted))
            if len(found) != 1:
                return False
        if hunk.old_start <= 1 and hunk.old_count and start != 0:
            return False
        if not hunk.trailing and start + len(wanted) != size:
            return False
        drift = offset
        shift += len(hunk.after) - len(hunk.before)
    return True


def _result(track: Track, hunk: Hunk, plan: Plan) -> HunkResult:
    upstream: tuple[bytes, ...] = ()
    if plan.open:
        region = track.alignment.region(plan.open[0].old_start, plan.open[-1].old_end)
        low, high = max(region.new_start - 1, 0), region.new_end + 1
        upstream = tuple(track.new.lines[low:high])
    return HunkResult(
        track.new_path,
        hunk.header,
        plan.fate,
        plan.reason,
        plan.line,
        hunk.before,
        upstream,
        hunk.after,
    )


def _gone(change: FileChange, fitted: Fitted) -> FilePlan:
    """The file is not in the new tree, under this or any other name that git recognises."""
    path = fitted.source or change.path
    why = "upstream deleted the file"
    results = [
        HunkResult(path, hunk.header, Fate.OPEN, why, 0, hunk.before, (), hunk.after)
        for hunk in change.hunks
    ] or [_whole(change, Fate.OPEN, why, path)]

    def settle(target: State, *, landed: bool) -> None:  # noqa: ARG001 - as every settle
        target.old_only(change, path, fitted.after)

    before, starts = fitted.before, _starts(fitted)
    return FilePlan(change, tuple(results), settle, redone=False, old=before, at=starts)


def _replaced(change: FileChange, fitted: Fitted, track: Track) -> FilePlan:
    """Bytes or mode as a whole: they fit where upstream left the file alone."""
    path, made = fitted.source or change.path, fitted.after
    new = track.new
    wanted_mode = change.new_mode or new.mode
    same_bytes = made is not None and new.lines == made.lines

    def settle(target: State, *, landed: bool) -> None:
        target.replace(path, made, landed=landed)

    if same_bytes and new.mode == wanted_mode and (change.binary or change.new_mode):
        result = _whole(change, Fate.PRESENT, "upstream made the same change", path)
        return FilePlan(change, (result,), settle, redone=False)
    if change.binary and new.lines != track.old.lines:
        why = "upstream changed the binary file"
        return FilePlan(change, (_whole(change, Fate.OPEN, why, path),), settle, redone=False)
    if track.new_path != path:
        why = f"upstream moved the file to {track.new_path}"
        return FilePlan(change, (_whole(change, Fate.OPEN, why, path),), settle, redone=False)
    return FilePlan(change, (_whole(change, Fate.EXACT, "", path),), settle)
