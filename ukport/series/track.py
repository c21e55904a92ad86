"""One file on both sides: as the old series leaves it and as the new one does."""

from collections.abc import Sequence
from typing import NamedTuple

from ukport.series.alignment import Alignment
from ukport.series.content import File
from ukport.series.model import Hunk


class Edit(NamedTuple):
    """Old lines [old_start, old_end) become ``old_lines``; the same for the new side.

    With ``present`` the new side has the lines already, and they stay as they are.
    """

    old_start: int
    old_end: int
    old_lines: tuple[bytes, ...]
    new_start: int = 0
    new_end: int = 0
    new_lines: tuple[bytes, ...] = ()
    present: bool = False


class Track(NamedTuple):
    """The two sides of one file and which of their lines are the same."""

    old: File
    new: File
    new_path: str
    alignment: Alignment

    @property
    def converts(self) -> bool:
        """Whether all line endings changed between the two sides."""
        one, two = self.old.crlf, self.new.crlf
        return bool(self.old.lines and self.new.lines and None not in (one, two) and one != two)

    def adapt(self, lines: Sequence[bytes]) -> tuple[bytes, ...]:
        """Lines of the old side with the new side's line endings."""
        if not self.converts:
            return tuple(lines)
        return tuple(to_crlf(line) if self.new.crlf else to_lf(line) for line in lines)

    def advanced(self, edits: Sequence[Edit], *, landed: bool, mode: str | None = None) -> "Track":
        """Both sides after a patch; the new one as it is where the patch did not land."""
        old, new, alignment = list(self.old.lines), self.new.lines, self.alignment
        if landed:
            new = list(new)
        # From the end, so that the places of the others stay true.
        for edit in sorted(edits, key=lambda edit: (edit.old_start, edit.old_end), reverse=True):
            old[edit.old_start : edit.old_end] = edit.old_lines
            place, count = (edit.new_start, edit.new_end), len(edit.new_lines)
            if edit.present:
                count = edit.new_end - edit.new_start
            elif landed:
                new[edit.new_start : edit.new_end] = edit.new_lines
            else:
                place, count = (edit.new_start, edit.new_start), 0
            spot = (edit.old_start, edit.old_end)
            alignment = alignment.spliced(spot, len(edit.old_lines), place, count)
        old_file = self.old._replace(lines=old, mode=mode or self.old.mode)
        new_mode = mode if mode and landed else self.new.mode
        new_file = self.new._replace(lines=new, mode=new_mode) if landed else self.new
        return self._replace(old=old_file, new=new_file, alignment=alignment)


def edits_of(hunk: Hunk, at: int) -> list[Edit]:
    """The changes of a hunk that starts at ``at``, without its context, on the old side alone."""
    edits = []
    position = start = at
    added: list[bytes] = []
    changing = False
    for tag, content in hunk.lines:
        if tag == b" ":
            if changing:
                edits.append(Edit(start, position, tuple(added)))
            changing = False
            position += 1
            continue
        if not changing:
            start, added, changing = position, [], True
        if tag == b"-":
            position += 1
        else:
            added.append(content)
    if changing:
        edits.append(Edit(start, position, tuple(added)))
    return edits


def to_lf(line: bytes) -> bytes:
    """The line with LF where it has CRLF."""
    return line[:-2] + b"\n" if line.endswith(b"\r\n") else line


def to_crlf(line: bytes) -> bytes:
    """The line with CRLF where it has LF."""
    return line[:-1] + b"\r\n" if line.endswith(b"\n") and not line.endswith(b"\r\n") else line
