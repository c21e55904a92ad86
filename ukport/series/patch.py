"""One patch: its bytes, and a parsed view of them."""

from functools import cached_property
from typing import NamedTuple

from ukport.series.header import Header, read_header
from ukport.series.model import FileChange, Hunk
from ukport.series.parse import parse_files


class _Patch(NamedTuple):
    name: str
    raw: bytes
    strip: int = 1


class Patch(_Patch):
    """A patch; ``raw`` is the truth and is never rewritten, everything else is read from it.

    ``strip`` is the number of leading folders to drop from its paths, as in ``patch -p1``.
    """

    @cached_property
    def files(self) -> tuple[FileChange, ...]:
        """What it does, file by file; PatchError where it cannot be read or reaches outside."""
        return parse_files(self.raw, self.name, self.strip)

    @property
    def hunks(self) -> tuple[Hunk, ...]:
        """All hunks of all files."""
        return tuple(hunk for file in self.files for hunk in file.hunks)

    @property
    def prose(self) -> bytes:
        """Everything before the first change."""
        return self.raw[: self.files[0].start] if self.files else self.raw

    @cached_property
    def header(self) -> Header:
        """Subject, author and the rest, from mail headers, DEP-3 or plain prose."""
        return read_header(self.prose)

    @property
    def subject(self) -> str:
        """One line that says what it does; its name where it says nothing."""
        return self.header.subject or self.name

    @property
    def author(self) -> str:
        """``Name <address>``, or an empty string."""
        return self.header.author

    @property
    def date(self) -> str:
        """The date as it is written, or an empty string."""
        return self.header.date

    @property
    def body(self) -> str:
        """The message below the subject, without diffstat and signature."""
        return self.header.body

    @property
    def trailers(self) -> tuple[tuple[str, str], ...]:
        """Every ``Key: value`` line of the message, and ``cherry picked from`` lines."""
        return self.header.trailers
