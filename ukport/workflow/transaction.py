"""Changing files of a project all at once, or not at all.

The new contents are staged first; renaming the journal into place is the one step that commits.
A kill before it leaves everything as it was; a kill after it is finished by the next command.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ukport.errors import UkportError, UsageError

_STATE = ".ukport"
_JOURNAL = "journal.json"
_UNDO = "undo.json"


class _Step(msgspec.Struct, frozen=True):
    """One file: its path in the project, and the staged content; None where it goes away."""

    path: str
    staged: str | None


class _Change(msgspec.Struct, frozen=True):
    """What a change did to one file, for taking it back; None where there was or is no file."""

    path: str
    before: bytes | None
    after: bytes | None


def commit(project: Path, changes: Mapping[str, bytes | None]) -> tuple[str, ...]:
    """Write or delete files below ``project``; returns the paths that really change.

    Our own state may change with them, untold.

    Raises UkportError where the project cannot be written; nothing has changed then.
    """
    real = {path: new for path, new in sorted(changes.items()) if _read(project / path) != new}
    if not real:
        return ()
    state = project / _STATE
    told = tuple(path for path in real if not path.startswith(f"{_STATE}/"))
    try:
        shutil.rmtree(state / "next", ignore_errors=True)
        private_folder(project)
        (state / "next").mkdir()
        steps = [
            _stage(state, number, path, new) for number, (path, new) in enumerate(real.items())
        ]
        done = [_Change(path, _read(project / path), real[path]) for path in told]
        _write(state / "next" / _UNDO, msgspec.json.encode(done))
        draft = state / f"{_JOURNAL}.part"
        _write(draft, msgspec.json.encode(steps))
        draft.replace(state / _JOURNAL)
    except OSError as error:
        raise UkportError(
            f"{error.filename or project}: {error.strerror}; nothing was changed",
            "make room or give write permission, then run the same command again",
        ) from None
    recover(project)
    return told


def private_folder(project: Path) -> Path:
    """``.ukport``, which keeps itself out of git."""
    folder = project / _STATE
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n", "ascii")
    return folder


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _stage(state: Path, number: int, path: str, new: bytes | None) -> _Step:
    if new is None:
        return _Step(path, None)
    staged = f"next/{number}"
    _write(state / staged, new)
    return _Step(path, staged)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def recover(project: Path) -> bool:
    """Finish a committed change that was interrupted; True where there was one."""
    state = project / _STATE
    journal = state / _JOURNAL
    try:
        steps = msgspec.json.decode(journal.read_bytes(), type=list[_Step])
    except FileNotFoundError:
        return False
    except (msgspec.DecodeError, OSError) as error:
        raise UkportError(
            f"{journal} cannot be read: {error}",
            f"look at what stands in {state / 'next'}, then delete {journal}",
        ) from None
    for step in steps:
        target = _inside(project, step.path)
        if step.staged is None:
            target.unlink(missing_ok=True)
        elif (state / step.staged).exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            (state / step.staged).replace(target)
    if (state / "next" / _UNDO).exists():
        (state / "next" / _UNDO).replace(state / _UNDO)
    journal.unlink()
    shutil.rmtree(state / "next", ignore_errors=True)
    return True


def _inside(project: Path, path: str) -> Path:
    """Raises UkportError for a path that leaves the project: a journal is no more than a file."""
    target = project / path
    if not target.resolve().is_relative_to(project.resolve()):
        raise UkportError(f"{path} lies outside of {project}", f"delete {project / _STATE}")
    return target


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
