"""Changing files of a project all at once, or not at all.

The new contents are staged first; renaming the journal into place is the one step that commits.
A kill before it leaves everything as it was; a kill after it is finished by the next command.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ukport.errors import UkportError

_STATE = ".ukport"
_JOURNAL = "journal.json"


class _Step(msgspec.Struct, frozen=True):
    """One file: its path in the project, and the staged content; None where it goes away."""

    path: str
    staged: str | None


def commit(project: Path, changes: Mapping[str, bytes | None]) -> tuple[str, ...]:
    """Write or delete files below ``project``; returns the paths that really change.

    Raises UkportError where the project cannot be written; nothing has changed then.
    """
    real = {path: new for path, new in sorted(changes.items()) if _read(project / path) != new}
    if not real:
        return ()
    state = project / _STATE
    try:
        shutil.rmtree(state / "next", ignore_errors=True)
        (state / "next").mkdir(parents=True)
        steps = [
            _stage(state, number, path, new) for number, (path, new) in enumerate(real.items())
        ]
        draft = state / f"{_JOURNAL}.part"
        _write(draft, msgspec.json.encode(steps))
        draft.replace(state / _JOURNAL)
    except OSError as error:
        raise UkportError(
            f"{error.filename or project}: {error.strerror}; nothing was changed",
            "make room or give write permission, then run the same command again",
        ) from None
    recover(project)
    return tuple(real)


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
        target = project / step.path
        if step.staged is None:
            target.unlink(missing_ok=True)
        elif (state / step.staged).exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            (state / step.staged).replace(target)
    journal.unlink()
    shutil.rmtree(state / "next", ignore_errors=True)
    return True
