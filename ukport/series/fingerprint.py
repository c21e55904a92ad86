"""A change without its place: the signed lines of a diff, white space aside.

As ``git patch-id`` does, but per file and without context, so that one change can be looked for
inside another and found though the lines around it differ.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from ukport.series.model import FileChange

_BLANKS = b" \t\r\f\v"
_WORD = re.compile(rb"\w")
_TELLING = 6
_SECTION = re.compile(rb"^diff --git ", re.MULTILINE)
_NAME = re.compile(
    rb"^(?:\+\+\+ \"?b/|--- \"?a/|rename to |diff --git .* b/)([^\n]*)$", re.MULTILINE
)

Lines = Counter[bytes]


class Fingerprint(NamedTuple):
    """The signed lines of every file, by the last part of its path."""

    files: dict[bytes, Lines]

    @property
    def all(self) -> Lines:
        """All files together."""
        total: Lines = Counter()
        for lines in self.files.values():
            total.update(lines)
        return total


def signed(sign: bytes, line: bytes) -> bytes:
    """One line as it counts here; empty for a line without any letter or sign."""
    plain = line.rstrip(b"\n").translate(None, _BLANKS)
    return sign + plain if plain else b""


def of_changes(changes: Iterable[FileChange]) -> Fingerprint:
    """The fingerprint of (part of) a patch."""
    files: dict[bytes, Lines] = {}
    for change in changes:
        lines = files.setdefault(_base(change.path), Counter())
        lines.update(
            signed(tag, content)
            for hunk in change.hunks
            for tag, content in hunk.lines
            if tag != b" "
        )
        lines.pop(b"", None)
    return Fingerprint(files)


def of_diff(patch: bytes) -> Fingerprint:
    """The fingerprint of what ``git log -p -U0`` prints for one commit."""
    files: dict[bytes, Lines] = {}
    for section in _SECTION.split(patch)[1:]:
        head, at, body = section.partition(b"\n@@ ")
        names = _NAME.findall(b"diff --git " + head)
        if not names or not at:
            continue
        name = names[-1] if names[-1] != b"dev/null" else names[0]
        lines = files.setdefault(name.rstrip(b'"').rsplit(b"/", 1)[-1], Counter())
        rows = body.split(b"\n")[1:]
        lines.update(signed(row[:1], row[1:]) for row in rows if row[:1] in (b"+", b"-"))
        lines.pop(b"", None)
    return Fingerprint(files)


def inverse(lines: Lines) -> Lines:
    """The change that undoes it."""
    turned = {b"+": b"-", b"-": b"+"}
    return Counter({turned[line[:1]] + line[1:]: count for line, count in lines.items()})


def net(lines: Lines) -> Lines:
    """Without lines that are both added and removed: those only moved."""
    left = Counter(lines)
    left.subtract(inverse(lines))
    return Counter({line: count for line, count in left.items() if count > 0})


def telling(lines: Iterable[bytes]) -> list[bytes]:
    """The signed lines that say something: brackets and blank lines prove nothing."""
    return [line for line in lines if len(_WORD.findall(line)) >= _TELLING]


def share(part: Lines, whole: Lines) -> float:
    """How much of ``part`` is in ``whole``, 0 to 1, weighed by telling lines."""
    weights = Counter({line: part[line] for line in telling(part)}) or part
    total = weights.total()
    return (weights & whole).total() / total if total else 0.0


def _base(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape").rsplit(b"/", 1)[-1]
