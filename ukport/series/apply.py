"""Apply patches at zero fuzz to files in memory."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ukport.errors import ConflictError
from ukport.git.repository import Repository
from ukport.git.write import write_tree
from ukport.series.content import File, changes, from_bytes, load
from ukport.series.model import FileChange, Hunk
from ukport.series.patch import Patch
from ukport.series.place import expected, nearest
from ukport.series.track import to_crlf, to_lf

_SHOWN = 12


class Misfit(NamedTuple):
    """Why one file or hunk of a patch does not apply, and what stands there instead."""

    path: str
    why: str
    hunk: Hunk | None = None
    found: tuple[bytes, ...] = ()
    line: int = 0


class Fitted(NamedTuple):
    """A file change that applies: before, after, and where each hunk starts in ``before``."""

    change: FileChange
    source: str | None
    before: File | None
    after: File | None
    places: tuple[int, ...] = ()
    hunks: tuple[Hunk, ...] = ()


def apply(repo: Repository, series: Sequence[Patch], commit: str, *, scratch: Path) -> str:
    """The oid of the tree that ``commit`` (or a tree) becomes with all patches, at zero fuzz.

    New objects go to a repository in ``scratch``. Raises ConflictError that names the patch, the
    file and the hunk, and shows the lines that stand there.
    """
    target = repo.scratch(scratch)
    with repo.reader() as reader:
        tree = reader.tree(commit)
        before = load(reader, tree, touched(series))
    after = dict(before)
    for patch in series:
        for fitted in fit(patch, after):
            if isinstance(fitted, Misfit):
                raise ConflictError(describe(patch.name, fitted), _HINT)
            put(after, fitted)
    return write_tree(target, tree, changes(before, after))


_HINT = "carry the series to this version with: ukport rebase"


def touched(series: Iterable[Patch]) -> set[str]:
    """Every path that any of the patches names."""
    paths = set()
    for patch in series:
        for change in patch.files:
            paths |= {path for path in (change.old, change.new) if path}
    return paths


def fit(patch: Patch, files: Mapping[str, File]) -> list[Fitted | Misfit]:
    """What each file change of a patch does to these files, or why it cannot."""
    seen: dict[str, File | None] = {}
    results: list[Fitted | Misfit] = []
    for change in patch.files:
        fitted = fit_change(change, files, seen)
        results.append(fitted)
        if isinstance(fitted, Fitted):
            _remember(fitted, seen)
    return results


def put(files: dict[str, File], fitted: Fitted) -> None:
    """Make the change in a tree."""
    change = fitted.change
    if fitted.source and not change.copied and fitted.source != change.new:
        files.pop(fitted.source, None)
    if fitted.after is None:
        files.pop(fitted.source or change.path, None)
    else:
        files[change.new or fitted.source or change.path] = fitted.after


def _remember(fitted: Fitted, seen: dict[str, File | None]) -> None:
    scratch: dict[str, File] = {}
    put(scratch, fitted)
    if fitted.source and not fitted.change.copied:
        seen[fitted.source] = None
    seen.update(scratch)


def fit_change(
    change: FileChange,
    files: Mapping[str, File],
    seen: Mapping[str, File | None] | None = None,
    *,
    convert: bool = False,
) -> Fitted | Misfit:
    """What one file change does to these files; ``seen`` are those that the patch changed before.

    With ``convert`` a patch whose line endings are not those of the file is read with them.
    """

    def look(path: str | None) -> File | None:
        if path is None:
            return None
        return seen[path] if seen and path in seen else files.get(path)

    source = change.old
    if source and look(source) is None and not change.git and look(change.new) is not None:
        source = change.new  # "--- a/file.orig" and the like
    before = look(source)
    if source is None:
        return _fit_new(change, look(change.new))
    if before is None:
        return Misfit(source, "there is no such file")
    if (change.renamed or change.copied) and change.new != source and look(change.new):
        return Misfit(change.path, f"the file to which {source} goes is already there")
    hunks = _converted(change.hunks, before) if convert else change.hunks
    return _fit_content(change, source, before, hunks)


def _converted(hunks: tuple[Hunk, ...], file: File) -> tuple[Hunk, ...]:
    """Hunks with the line endings of the file, where those are all of one kind."""
    lines = [content for hunk in hunks for _, content in hunk.lines if content.endswith(b"\n")]
    crlf = sum(line.endswith(b"\r\n") for line in lines)
    if not file.lines or file.crlf is None or crlf == (len(lines) if file.crlf else 0):
        return hunks
    turn = to_crlf if file.crlf else to_lf
    return tuple(
        hunk._replace(lines=tuple((tag, turn(content)) for tag, content in hunk.lines))
        for hunk in hunks
    )


def _fit_new(change: FileChange, there: File | None) -> Fitted | Misfit:
    if there is not None and there.lines:
        return Misfit(change.path, "the file that the patch adds is already there")
    empty = File(change.new_mode or "100644", [])
    fitted = _fit_content(change, None, empty, change.hunks)
    return fitted._replace(before=there) if isinstance(fitted, Fitted) else fitted


def _fit_content(
    change: FileChange, source: str | None, before: File, hunks: tuple[Hunk, ...]
) -> Fitted | Misfit:
    path = source or change.path
    if change.opaque:
        return Misfit(path, "the patch says that binary files differ, but does not hold them")
    mode = change.new_mode or before.mode
    if change.binary:
        return _fit_binary(change, source, before, mode)
    at_each = []
    lines = before.lines
    shift = 0
    for hunk, original in zip(hunks, change.hunks, strict=True):
        at = nearest(lines, hunk.before, expected(hunk) + shift)
        if at is None:
            return _misfit(path, original, hunk, lines, max(expected(hunk) + shift, 0))
        at_each.append(at)
        lines = lines.copy() if lines is before.lines else lines
        lines[at : at + len(hunk.before)] = hunk.after
        shift = at - expected(hunk) + len(hunk.after) - len(hunk.before)
    if change.new is None and lines:
        return Misfit(path, "the file that the patch deletes holds more lines")
    crlf = before.crlf if before.lines else from_bytes(b"".join(lines[:_SHOWN])).crlf
    after = None if change.new is None else File(mode, lines, crlf)
    return Fitted(change, source, before, after, tuple(at_each), hunks)


def _misfit(path: str, original: Hunk, hunk: Hunk, lines: list[bytes], start: int) -> Misfit:
    """Point at the first line, at the expected place, that is not the one expected."""
    there = lines[start : start + len(hunk.before)]
    pairs = enumerate(zip(hunk.before, there, strict=False))
    first = next((i for i, (one, two) in pairs if one != two), len(there))
    line = start + first
    return Misfit(path, "its lines are not there", original, tuple(lines[line:][:_SHOWN]), line + 1)


def _fit_binary(change: FileChange, source: str | None, before: File, mode: str) -> Fitted | Misfit:
    if change.binary is None:
        return Misfit(change.path, "there is no binary data")
    # Imported here: few patches hold any.
    from ukport.series.binary import DeltaError, apply_binary

    try:
        data = apply_binary(change.binary[0], before.data)
    except DeltaError as error:
        return Misfit(source or change.path, str(error))
    after = None if change.new is None else from_bytes(data, mode)
    return Fitted(change, source, before, after)


def describe(name: str, misfit: Misfit) -> str:
    """The text of a conflict: patch, file, hunk, what it expects and what is there."""
    if misfit.hunk is None:
        return f"{name}: {misfit.path}: {misfit.why}"
    skipped = misfit.line - 1 - max(expected(misfit.hunk), 0)
    wanted = _quote(misfit.hunk.before[max(skipped, 0) :] or misfit.hunk.before)
    found = _quote(misfit.found) or "    (the file ends before)"
    return (
        f"{name}: {misfit.path}: hunk {misfit.hunk.header} does not fit: {misfit.why}\n"
        f"  the patch expects:\n{wanted}\n"
        f"  line {misfit.line} on holds:\n{found}"
    )


def _quote(lines: Sequence[bytes]) -> str:
    shown = [line.decode("utf-8", "replace").rstrip("\r\n") for line in lines[:_SHOWN]]
    more = ["…"] if len(lines) > _SHOWN else []
    return "\n".join(f"    {line}" for line in [*shown, *more])
