"""Room on the disk of a build folder: looked at before anything is built, named where it ends."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ukport.errors import FullError, UkportError

MB = 1_000_000
_FULL = (errno.ENOSPC, errno.EDQUOT)
# What a compiler, a linker or tar says, in the language that programs are started with.
_SAID = tuple(os.strerror(number) for number in _FULL)


def is_full(error: OSError) -> bool:
    """Whether it was room that was missing."""
    return error.errno in _FULL


@contextmanager
def room(folder: Path, needed: int) -> Iterator[None]:
    """For the time that ``folder`` is written to, which takes about ``needed`` bytes in all.

    Raises FullError at once where the disk has not that much, and in place of what a program or
    the system says of a full one later on.
    """
    if _free(folder) < needed and _free(folder) + _taken(folder) < needed:
        raise _error(folder, needed)
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        raise _error(folder, needed) from None
    except UkportError as error:
        said = error.message + getattr(error, "log", b"").decode("utf-8", "replace")
        if not any(words in said for words in _SAID):
            raise
        raise _error(folder, needed) from None


def _error(folder: Path, needed: int) -> FullError:
    taken, free = _taken(folder), _free(folder)
    missing = max(needed - taken - free, MB)
    return FullError(
        f"no room left on the disk of {folder}: {free / MB:.1f} MB are free, and this build folder"
        f" takes about {needed / MB:.0f} MB, of which it has {taken / MB:.1f}",
        f"make room there for {missing / MB:.0f} MB more, or set UKPORT_CACHE to"
        " a folder that has it; the same command then goes on where this one stopped",
    )


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _taken(folder: Path) -> int:
    """Bytes that the files of a folder take on the disk."""
    return sum(path.lstat().st_blocks for path in folder.rglob("*")) * 512
