"""Changing files of a project all at once, or not at all.

The new contents are staged first; renaming the journal into place is the one step that commits.
A kill before it leaves everything as it was; a kill after it is finished by the next command. A
lock keeps a second ukport out of the project meanwhile.
"""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ukport.errors import UkportError, UsageError

_STATE = ".ukport"
_JOURNAL = "journal.json"
_UNDO = "undo.json"
_NEXT = "next"
# A journal is no more than a file: whatever it says, nothing else is ever written or moved.
_MAY_CHANGE = re.compile(r"(?:recipes|patches|\.ukport/upgrade)/[^/\0].*", re.DOTALL)
_STAGED = re.compile(r"next/\d+")


class _Step(msgspec.Struct, frozen=True):
    """One file: its path in the project, the staged content and its sha256; None: it goes away."""

    path: str
    staged: str | None
    sha256: str | None


class _Change(msgspec.Struct, frozen=True):
    """What a change did to one file, for taking it back; None where there was or is no file."""

    path: str
    before: bytes | None
    after: bytes | None


def differing(project: Path, changes: Mapping[str, bytes | None]) -> tuple[str, ...]:
    """The paths that ``changes`` would really change, our own state left out."""
    real = (path for path, new in changes.items() if _read(project / path) != new)
    return tuple(sorted(path for path in real if not path.startswith(f"{_STATE}/")))


def commit(project: Path, changes: Mapping[str, bytes | None]) -> tuple[str, ...]:
    """Write or delete files below ``project``; returns the paths that really change.

    Raises UkportError where one of them cannot be written; nothing has changed then.
    """
    with _held(project):
        _finish(project)
        told = differing(project, changes)
        real = {path: new for path, new in sorted(changes.items()) if _read(project / path) != new}
        for path in real:
            _check_writable(project, path)
        if real:
            _stage(project, real, told)
            _finish(project)
    return told


def recover(project: Path) -> bool:
    """Finish a committed change that was interrupted; True where there was one."""
    if not (project / _STATE / _JOURNAL).exists():
        return False
    with _held(project):
        return _finish(project)


def undo(project: Path) -> tuple[str, ...]:
    """Take back the last change; returns the paths.

    Raises UsageError where there is none, UkportError where a file was edited since.
    """
    record = project / _STATE / _UNDO
    try:
        changes = msgspec.json.decode(record.read_bytes(), type=list[_Change])
    except (FileNotFoundError, msgspec.DecodeError):
        raise UsageError("there is nothing to undo", "ukport undoes its last upgrade") from None
    edited = [change.path for change in changes if _read(project / change.path) != change.after]
    if edited:
        raise UkportError(
            f"edited since the upgrade: {', '.join(edited)}; nothing was undone",
            "take the upgrade back with git, or restore these files and try again",
        )
    paths = commit(project, {change.path: change.before for change in changes})
    record.unlink()
    return paths


def private_folder(project: Path) -> Path:
    """``.ukport``, which keeps itself out of git; raises UkportError where it is a link."""
    folder = project / _STATE
    if folder.is_symlink() or (folder / _NEXT).is_symlink():
        raise UkportError(f"{folder} is a symbolic link", "remove it; ukport keeps its state there")
    folder.mkdir(exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", "ascii")
    return folder


@contextmanager
def _held(project: Path) -> Iterator[None]:
    """The project's lock; the kernel releases it when its holder dies."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    try:
        handle = os.open(private_folder(project) / "lock", flags, 0o644)
    except OSError as error:
        raise _unwritable(project, error) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _unwritable(project: Path, error: OSError) -> UkportError:
    return UkportError(
        f"{error.filename or project}: {error.strerror}; nothing was changed",
        "make room or give write permission, then run the same command again",
    )


def _check_writable(project: Path, path: str) -> None:
    """Every folder on the way is one, or can be made; nothing on it is a link."""
    if not _MAY_CHANGE.fullmatch(path) or ".." in path.split("/"):
        raise UkportError(f"{path} lies outside of what ukport may change in {project}")
    target = project / path
    way = [project / part for part in reversed(Path(path).parents)]
    for folder in [*way, target]:
        if folder.is_symlink():
            raise UkportError(
                f"{folder} is a symbolic link; nothing was changed",
                "ukport does not write through links: put the file itself there",
            )
    standing = [folder for folder in way if folder.exists()]
    blocked = [folder for folder in standing if not folder.is_dir()]
    if blocked or target.is_dir() or not os.access(standing[-1], os.W_OK | os.X_OK):
        place = blocked[0] if blocked else target if target.is_dir() else standing[-1]
        raise UkportError(
            f"{place} stands in the way of {path}; nothing was changed",
            "make it a folder that can be written, then run the same command again",
        )


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _stage(project: Path, real: Mapping[str, bytes | None], told: Sequence[str]) -> None:
    """Everything up to and with the renaming of the journal."""
    state = project / _STATE
    try:
        shutil.rmtree(state / _NEXT, ignore_errors=True)
        (state / _NEXT).mkdir()
        steps = [_staged(state, number, *change) for number, change in enumerate(real.items())]
        done = [_Change(path, _read(project / path), real[path]) for path in told]
        _write(state / _NEXT / _UNDO, msgspec.json.encode(done))
        draft = state / f"{_JOURNAL}.part"
        _write(draft, msgspec.json.encode(steps))
        draft.replace(state / _JOURNAL)
    except OSError as error:
        raise _unwritable(project, error) from None


def _staged(state: Path, number: int, path: str, new: bytes | None) -> _Step:
    if new is None:
        return _Step(path, None, None)
    staged = f"{_NEXT}/{number}"
    _write(state / staged, new)
    return _Step(path, staged, hashlib.sha256(new).hexdigest())


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _finish(project: Path) -> bool:
    """Apply the journal, if there is one; every step can be done twice."""
    state = project / _STATE
    journal = state / _JOURNAL
    try:
        steps = msgspec.json.decode(journal.read_bytes(), type=list[_Step])
    except FileNotFoundError:
        return False
    except (msgspec.DecodeError, OSError) as error:
        raise UkportError(
            f"{journal} cannot be read: {error}",
            f"look at what stands in {state / _NEXT}, then delete {journal}",
        ) from None
    for step in steps:
        _check_writable(project, step.path)
        _check_staged(project, step)
    try:
        for step in steps:
            _apply(project, step)
        if (state / _NEXT / _UNDO).exists():
            (state / _NEXT / _UNDO).replace(state / _UNDO)
        journal.unlink()
    except OSError as error:
        raise UkportError(
            f"{error.filename}: {error.strerror}; some files are new, some old",
            "nothing is lost: make room or give write permission, and any ukport command finishes",
        ) from None
    shutil.rmtree(state / _NEXT, ignore_errors=True)
    return True


def _check_staged(project: Path, step: _Step) -> None:
    """The content is staged, or is in its place already."""
    if step.staged is None:
        return
    staged = project / _STATE / step.staged
    found = staged if staged.is_file() and not staged.is_symlink() else project / step.path
    content = _read(found) if _STAGED.fullmatch(step.staged) else None
    if content is None or hashlib.sha256(content).hexdigest() != step.sha256:
        raise UkportError(
            f"{project / _STATE / _JOURNAL}: the new content of {step.path} is not there",
            f"look at {step.path} with git diff, then delete {project / _STATE / _JOURNAL}",
        )


def _apply(project: Path, step: _Step) -> None:
    target = project / step.path
    if step.staged is None:
        target.unlink(missing_ok=True)
    elif (project / _STATE / step.staged).exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        (project / _STATE / step.staged).replace(target)
