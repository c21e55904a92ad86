"""Whether a build folder is as the last make left it, so that make need not be asked again.

Unikraft's make reads its rules for two seconds before it finds that there is nothing to do.
"""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ukport.verify.workspace import Workspace

_TICK = 0.02  # seconds; a file's times are no finer than the kernel's tick, 10 ms at most


def note(workspace: Workspace, asked: Sequence[str | Path]) -> None:
    """Write down, after a make that went well, what it was asked for."""
    time.sleep(_TICK)  # younger than all that make left
    _stamp(workspace).write_text(_text(asked), "utf-8")


def untouched(workspace: Workspace, asked: Sequence[str | Path]) -> bool:
    """Whether the last make was asked the same, and nothing that it read or left changed since."""
    stamp = _stamp(workspace)
    if not stamp.exists() or stamp.read_text("utf-8") != _text(asked):
        return False
    when = stamp.stat().st_ctime_ns
    return all(changed < when for changed in _changes(workspace))


def _stamp(workspace: Workspace) -> Path:
    return workspace.root / "make.stamp"


def _text(asked: Sequence[str | Path]) -> str:
    return "\n".join(map(str, asked))


def _changes(workspace: Workspace) -> Iterator[int]:
    """When each file and folder changed last, in nanoseconds.

    That of the inode: no program can set it back, and a folder's tells of what was removed from it.
    """
    if workspace.config.exists():
        yield workspace.config.stat().st_ctime_ns
    left = [workspace.core, workspace.root / "libs", workspace.application, workspace.build]
    while left:
        folder = left.pop()
        if not folder.is_dir():
            continue
        yield folder.stat().st_ctime_ns
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    left.append(Path(entry.path))
                else:
                    yield entry.stat(follow_symlinks=False).st_ctime_ns
