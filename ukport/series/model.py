"""What a patch is made of, as values; line contents keep their endings and stay bytes."""

from functools import cached_property
from typing import NamedTuple


class _Hunk(NamedTuple):
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: bytes
    lines: tuple[tuple[bytes, bytes], ...]


class Hunk(_Hunk):
    r"""One hunk; ``lines`` are (tag, content) with tag one of space, minus, plus.

    ``\ No newline at end of file`` is already applied: that content has no line feed.
    """

    @property
    def header(self) -> str:
        """The ``@@`` line without what follows it."""
        return f"@@ -{self.old_start},{self.old_count} +{self.new_start},{self.new_count} @@"

    @cached_property
    def before(self) -> tuple[bytes, ...]:
        """The lines that the hunk expects."""
        return tuple(content for tag, content in self.lines if tag != b"+")

    @cached_property
    def after(self) -> tuple[bytes, ...]:
        """The lines that the hunk leaves."""
        return tuple(content for tag, content in self.lines if tag != b"-")

    @cached_property
    def removed(self) -> tuple[bytes, ...]:
        """The lines taken away."""
        return tuple(content for tag, content in self.lines if tag == b"-")

    @cached_property
    def added(self) -> tuple[bytes, ...]:
        """The lines put in."""
        return tuple(content for tag, content in self.lines if tag == b"+")

    @cached_property
    def leading(self) -> int:
        """How many lines of context stand before the first change."""
        return next((i for i, (tag, _) in enumerate(self.lines) if tag != b" "), len(self.lines))

    @cached_property
    def trailing(self) -> int:
        """How many lines of context stand after the last change."""
        rest = enumerate(reversed(self.lines))
        return next((i for i, (tag, _) in rest if tag != b" "), len(self.lines))


class Binary(NamedTuple):
    """One direction of a ``GIT binary patch``: how it is packed and the packed bytes."""

    method: str
    size: int
    data: bytes


class FileChange(NamedTuple):
    """What a patch does to one file; ``start`` and ``end`` are its span in the raw bytes.

    ``old`` and ``new`` are paths below the top of the tree, None for /dev/null. ``hunks_at`` is
    where the first hunk starts.
    """

    old: str | None
    new: str | None
    hunks: tuple[Hunk, ...]
    start: int
    hunks_at: int
    end: int
    git: bool = False
    old_mode: str | None = None
    new_mode: str | None = None
    copied: bool = False
    renamed: bool = False
    binary: tuple[Binary, Binary | None] | None = None
    opaque: bool = False  # "Binary files differ": the bytes are not in the patch

    @property
    def path(self) -> str:
        """The path that names this change to people."""
        return self.new or self.old or ""


def split_lines(data: bytes) -> list[bytes]:
    """Lines with their endings; only a line feed ends one."""
    parts = data.split(b"\n")
    last = parts.pop()
    lines = [part + b"\n" for part in parts]
    if last:
        lines.append(last)
    return lines
