"""A patch as the rules see it: its bytes, what can be read of it, and where in it things stand."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from ukport.series.header import Header, read_header
from ukport.series.model import FileChange, Hunk
from ukport.series.parse import PatchError
from ukport.series.patch import Patch

_OPENING = re.compile(rb"^(?:diff |Index: |--- [^\n]*\n\+\+\+ )", re.MULTILINE)
# Nobody reads more than this by eye; it bounds what a hostile file costs.
LARGEST = 8 << 20  # bytes


class Added(NamedTuple):
    """An added line: where it stands in the patch, and whether it ends its hunk."""

    line: int
    content: bytes
    change: FileChange
    hunk: Hunk
    last: bool


class _PatchFile(NamedTuple):
    path: str
    name: str
    raw: bytes
    strip: int = 1


class PatchFile(_PatchFile):
    """``path`` is what people are told; ``name`` the file's name in its folder."""

    @cached_property
    def patch(self) -> Patch:
        return Patch(self.name, self.raw if len(self.raw) <= LARGEST else b"", self.strip)

    @cached_property
    def trouble(self) -> PatchError | None:
        """Why it cannot be read; None where it can."""
        if len(self.raw) > LARGEST:
            what = f"{len(self.raw)} bytes are more than the {LARGEST >> 20} MiB that are read"
            return PatchError(self.name, 0, what)
        try:
            _ = self.patch.files
        except PatchError as error:
            return error
        return None

    @cached_property
    def changes(self) -> tuple[FileChange, ...]:
        """What it does, file by file; nothing where it cannot be read."""
        return () if self.trouble else self.patch.files

    @cached_property
    def prose(self) -> bytes:
        """Everything before the first change, in a broken patch as well."""
        if self.changes:
            return self.raw[: self.changes[0].start]
        found = _OPENING.search(self.raw[:LARGEST])
        return self.raw[: found.start()] if found else self.raw[:LARGEST]

    @cached_property
    def header(self) -> Header:
        return read_header(self.prose)

    @cached_property
    def message(self) -> str:
        """Subject and body, without what follows ``---`` and what is said to us."""
        lines = f"{self.header.subject}\n{self.header.body}".split("\n")
        return "\n".join(line for line in lines if "ukport-check" not in line.lower())

    def line_of(self, offset: int) -> int:
        """The line, from 1, in which a byte stands."""
        return self.raw.count(b"\n", 0, offset) + 1

    def prose_line(self, *starts: bytes) -> int:
        """The first line of the prose that starts so, whatever its case; 1 where none does."""
        for number, line in enumerate(self.prose.split(b"\n"), 1):
            if line.lower().startswith(starts):
                return number
        return 1

    @cached_property
    def added(self) -> tuple[Added, ...]:
        """Every added line with its place."""
        return tuple(self._walk())

    def _walk(self) -> Iterator[Added]:
        at = 0
        line = 1
        for change in self.changes:
            line += self.raw.count(b"\n", at, change.hunks_at)
            at = change.hunks_at
            place = line
            for hunk in change.hunks:
                place += 1
                last = len(hunk.lines) - 1
                for index, (tag, content) in enumerate(hunk.lines):
                    if tag == b"+":
                        yield Added(place, content, change, hunk, index == last)
                    # The line without an end is followed by git's word about it.
                    place += 1 if content.endswith(b"\n") else 2
