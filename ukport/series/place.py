"""Find where a hunk belongs in a file, the way git apply and patch(1) look for it without fuzz."""

import re
from collections.abc import Iterator, Sequence

from ukport.series.model import Hunk

_NAMED = re.compile(rb"([A-Za-z_]\w*)\s*\(")
_SPACE = re.compile(rb"\s+")


def places(lines: Sequence[bytes], wanted: Sequence[bytes]) -> Iterator[int]:
    """Every place where ``wanted`` stands, from the top."""
    if not wanted:
        return
    pivot = max(range(len(wanted)), key=lambda i: len(wanted[i]))
    at = pivot
    size = len(wanted)
    listed = wanted if isinstance(wanted, list) else list(wanted)
    rare = listed[pivot]
    while True:
        try:
            at = lines.index(rare, at)
        except ValueError:
            return
        start = at - pivot
        if lines[start : start + size] == listed:
            yield start
        at += 1


def expected(hunk: Hunk) -> int:
    """The index of the line at which the hunk's header puts it in the old file."""
    return hunk.old_start - 1 if hunk.old_count else hunk.old_start


def nearest(lines: list[bytes], wanted: Sequence[bytes], at: int) -> int | None:
    """Where ``wanted`` stands: at ``at``, else at the nearest place; None where it is nowhere."""
    listed = list(wanted)
    if not listed:
        return at if 0 <= at <= len(lines) else None
    if at >= 0 and lines[at : at + len(listed)] == listed:
        return at
    return min(places(lines, listed), key=lambda place: (abs(place - at), place), default=None)


def function_at(lines: Sequence[bytes], at: int) -> bytes:
    """The line that opens the function (or section) around a place, as diff shows it after @@."""
    for index in range(min(at, len(lines)) - 1, -1, -1):
        line = lines[index]
        if line[:1].isalpha() or line[:1] in (b"_", b"$"):
            return line.rstrip()[:80]
    return b""


def same_function(one: bytes, other: bytes) -> bool:
    """Whether two such lines open the same function: its name, or else the line, is the same."""
    return _title(one) == _title(other)


def name_of(line: bytes) -> bytes:
    """The name of the function that a line opens; empty where it opens none."""
    named = _NAMED.search(line)
    return named[1] if named else b""


def _title(line: bytes) -> bytes:
    return name_of(line) or _SPACE.sub(b" ", line).strip()


def conditions_at(lines: Sequence[bytes], at: int) -> tuple[bytes, ...]:
    """The preprocessor conditions that hold at a place, outermost first."""
    stack: list[bytes] = []
    for line in lines[:at]:
        word = line.lstrip()
        if not word.startswith(b"#"):
            continue
        word = word[1:].lstrip()
        if word.startswith(b"if"):
            stack.append(_SPACE.sub(b" ", word).strip())
        elif word.startswith((b"elif", b"else")) and stack:
            stack[-1] += b" | " + _SPACE.sub(b" ", word).strip()
        elif word.startswith(b"endif") and stack:
            stack.pop()
    return tuple(stack)
