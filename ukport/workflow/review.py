"""What a reviewer of an upgrade wants to see of its series: what each patch changes, was and is."""

from collections.abc import Sequence
from pathlib import Path

from ukport.errors import ConflictError
from ukport.git import GitError
from ukport.report.result import PatchStat, SeriesReview
from ukport.series import stat
from ukport.series.branch import range_diff
from ukport.series.outcome import Outcome
from ukport.workflow.carry import Carried, Move


def reviews(carried: Sequence[Carried], scratch: Path) -> tuple[SeriesReview, ...]:
    """One for each series of which a patch is not what it was."""
    moves = [(one.tree, move) for one in carried for move in one.moves]
    return tuple(
        _review(tree, move, scratch / f"review-{number}")
        for number, (tree, move) in enumerate(moves)
        if any(result.outcome is not Outcome.UNCHANGED for result in move.rebase.results)
    )


def _review(tree: str, move: Move, scratch: Path) -> SeriesReview:
    part, done = move.part, move.rebase
    rows = tuple(
        PatchStat(found.patch, found.file, str(found.before), str(found.after))
        for found in stat.adjusted(part.series, done.results)
    )
    was, now = (part.base, part.series), (move.goal, done.series)
    try:
        compared = range_diff(done.repo, was, now, scratch=scratch)
    except (ConflictError, GitError) as error:
        return SeriesReview(tree, part.folder, rows, note=error.message)
    return SeriesReview(tree, part.folder, rows, compared.text)
