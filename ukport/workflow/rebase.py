"""``ukport rebase``: carry any series from one version of anything to another."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ukport.errors import ExitCode, UkportError, UsageError
from ukport.git.repository import Repository, create
from ukport.series.outcome import Fate, HunkResult, Outcome, PatchResult, Rebase
from ukport.series.patch import Patch
from ukport.series.rebase import rebase
from ukport.series.series import read_series, write_series

SCHEMA = "ukport.rebase/1"
PROPOSALS = "proposals"


class Side(NamedTuple):
    """One end of the way: where it comes from and, in the common repository, what it is."""

    text: str
    repo: Repository | None
    rev: str


class Report(NamedTuple):
    """What ``ukport rebase`` has to tell, and its exit code."""

    rebase: Rebase
    out: Path

    @property
    def exit_code(self) -> ExitCode:
        """0 when all patches landed or are upstream, else 3."""
        return ExitCode.OK if self.rebase.clean else ExitCode.CONFLICT

    def document(self) -> dict[str, object]:
        """The JSON document, schema ``ukport.rebase/1``."""
        patches = [_patch_document(result) for result in self.rebase.results]
        return {"schema": SCHEMA, "patches": patches}

    def text(self) -> str:
        """For people: one line a patch, and what stands in the way of those that did not land."""
        results = self.rebase.results
        lines = [line for result in results for line in _patch_text(result)]
        counts = {o: sum(r.outcome is o for r in results) for o in Outcome}
        lines.append(", ".join(f"{count} {o.value}" for o, count in counts.items() if count))
        return "\n".join(lines)


def rebase_series(
    series: Path,
    old: str,
    new: str,
    out: Path,
    *,
    history: Path | None = None,
    review: Path | None = None,
) -> Report:
    """Carry the patches in ``series`` and write what lands, with its order, to ``out``.

    ``review`` is a file for the range-diff of both series, Markdown if its name ends in .md.

    ``old`` and ``new`` are folders, archives or ``REPO@REV``. Raises UsageError, GitError or
    PatchError for what cannot be read; nothing is written to ``out`` then.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out}: exists already and is not empty", "choose a new folder for --out")
    patches = read_series(series)
    if not patches:
        raise UsageError(f"{series}: holds no patches", "NNNN-*.patch or a quilt series file")
    with _workshop() as workshop:
        known = Repository(history) if history else None
        repo, ends = _common(workshop, _side(old), _side(new), known)
        result = rebase(repo, patches, *ends)
        report = Report(result, out)
        told = ""
        if review:
            told = _review(report, repo, ends, patches, workshop(), review.suffix == ".md")
        _write(report, out)
        if review:
            review.write_text(told, "utf-8", "surrogateescape")
    return report


def _review(
    report: Report,
    repo: Repository,
    ends: tuple[str, str],
    patches: Sequence[Patch],
    folder: Path,
    markdown: bool,  # noqa: FBT001 - only here
) -> str:
    """For the reviewer: what the adjusted patches change, and both series compared."""
    from ukport.series import stat
    from ukport.series.branch import range_diff

    results, series = report.rebase.results, report.rebase.series
    found = stat.adjusted(patches, results)
    compared = range_diff(repo, (ends[0], patches), (ends[1], series), scratch=folder / "review")
    if markdown:
        parts = (stat.as_markdown(found), compared.markdown)
    else:
        parts = (stat.as_text(found), compared.text)
    return "\n".join(part for part in parts if part)


@contextmanager
def _workshop() -> Iterator[Callable[[], Path]]:
    """A temporary folder, made when it is first asked for: most series are carried without."""
    with ExitStack() as stack:

        @cache
        def folder() -> Path:
            from tempfile import TemporaryDirectory

            return Path(stack.enter_context(TemporaryDirectory(prefix="ukport-rebase-")))

        yield folder


def _side(text: str) -> Side:
    if Path(text).exists():
        return Side(text, None, "")
    path, at, rev = text.rpartition("@")
    if not at or not rev or not Path(path).is_dir():
        raise UsageError(
            f"{text}: there is no such folder, archive or repository",
            "give a folder, an archive, or REPO@REV with a tag or commit",
        )
    return Side(text, Repository(Path(path)), rev)


def open_side(text: str, folder: Path) -> tuple[Repository, str]:
    """A folder, an archive or ``REPO@REV`` as a tree or commit; ``folder`` is for what is unpacked.

    Raises UsageError, GitError.
    """
    side = _side(text)
    home = side.repo or create(folder)
    return home, _end(home, side, None)


def _common(
    workshop: Callable[[], Path], old: Side, new: Side, history: Repository | None
) -> tuple[Repository, tuple[str, str]]:
    """One repository that holds both ends, and what they are in it: commits where they can be."""
    known = [repo for repo in (history, new.repo, old.repo) if repo]
    if old.repo and new.repo and len({repo.gitdir for repo in known}) == 1:
        return old.repo, (old.rev, new.rev)
    folder = workshop() / "trees"
    home = known[0].scratch(folder, *known[1:]) if known else create(folder)
    ends = [_end(home, side, history) for side in (old, new)]
    return home, (ends[0], ends[1])


def _end(home: Repository, side: Side, history: Repository | None) -> str:
    from ukport.git.intake import import_tree

    if side.repo:
        return side.repo.resolve(side.rev)
    tree = import_tree(home, Path(side.text))
    return (nearest_commit(home, history, tree) if history else "") or tree


def nearest_commit(home: Repository, history: Repository, tree: str) -> str:
    """The commit of ``history`` that a tree without history was made from, if one is the same."""
    log = history.git(["log", "--branches", "--tags", "--format=%T %H"]).text
    for line in log.splitlines():
        if line.startswith(tree):
            return line.split()[1]
    del home
    return ""


def _write(report: Report, out: Path) -> None:
    """Write beside ``out`` and put all in its place in one step."""
    made = out.parent / f".{out.name}-{os.getpid()}"
    try:
        made.mkdir(parents=True)
        try:
            _fill(report, made)
            made.rename(out)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
    except OSError as error:
        raise UkportError(f"{out}: cannot be written: {error.strerror}") from error


def _fill(report: Report, folder: Path) -> None:
    write_series(folder, report.rebase.series)
    for result in report.rebase.results:
        if result.outcome is Outcome.PARTIAL and result.output:
            path = folder / PROPOSALS / result.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(result.output.raw)
        if result.rejects:
            path = folder / PROPOSALS / f"{result.name}.rej"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(result.rejects)


def _patch_document(result: PatchResult) -> dict[str, object]:
    return {
        "name": result.name,
        "outcome": result.outcome.value,
        "output": result.output.name if result.output else None,
        "hunks": [_hunk_document(hunk) for hunk in result.hunks],
        "reason": _text(result.reason),
        "verdict": result.verdict or None,
        "depends": list(result.depends),
        "evidence": [
            {
                "kind": one.kind,
                "commit": one.commit or None,
                "detail": one.detail,
                "certainty": round(one.certainty, 2),
            }
            for one in result.evidence
        ],
    }


def _hunk_document(hunk: HunkResult) -> dict[str, object]:
    document: dict[str, object] = {
        "file": _text(hunk.file),
        "header": hunk.header,
        "outcome": hunk.fate.value,
        "line": hunk.line,
        "reason": _text(hunk.reason),
    }
    if hunk.fate is Fate.OPEN:
        for key in ("expected", "wanted", "upstream", "proposed"):
            lines = getattr(hunk, key)
            document[key] = [line.decode("utf-8", "replace") for line in lines]
        document["broken_by"] = hunk.broken_by or None
        document["whereabouts"] = _text(hunk.whereabouts)
        document["missing"] = list(hunk.missing)
        document["proposal"] = _text(hunk.proposal) or None
    return document


def _patch_text(result: PatchResult) -> Iterator[str]:
    why = f"  ({_text(result.reason)})" if result.reason else ""
    yield f"{result.outcome.value:<10} {result.name}{why}"
    for one in result.evidence:
        yield f"           {_text(one.detail)}"
    if any(hunk.fate is Fate.OPEN for hunk in result.hunks):
        from ukport.report import conflict

        yield conflict.describe(result)


def _text(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
