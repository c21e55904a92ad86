"""A translation unit as the preprocessor leaves it: its declarations, headers and macros.

GCC's ``-dU`` also tells which macros were used, and which were asked for and not defined.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ukport.symbols.lexical import pieces

_DIRECTIVE = re.compile(r"^#.*$", re.MULTILINE)
_MARKER = re.compile(r'# (\d+) "((?:[^"\\]|\\.)*)"')
_MACRO = re.compile(r"#(define|undef) (\w+)")
_RENAMING = re.compile(r"#\s*pragma\s+(?:weak|redefine_extname)\b.*")
Split = Callable[[str], tuple[list[tuple[int, str]], str]]


@dataclass(frozen=True)
class Piece:
    """One declaration at the top level, and where it starts."""

    file: str
    line: int
    text: str


@dataclass(frozen=True)
class Preprocessed:
    """``used`` macros were expanded or found defined, ``missed`` ones were asked for in vain.

    ``renaming`` is a pragma that changes symbols in a way no declaration tells, if there is one.
    """

    pieces: tuple[Piece, ...]
    headers: tuple[str, ...]
    used: frozenset[str]
    missed: frozenset[str]
    renaming: str


_UNDEFINED = re.compile(r'warning: "(\w+)" is not defined')


def read(text: str, warnings: str = "", split: Split = pieces) -> Preprocessed:
    """Take the preprocessor's output apart; ``split`` may remember texts that it has seen."""
    reader = _Reader(split, _UNDEFINED.findall(warnings))
    at = 0
    for directive in _DIRECTIVE.finditer(text):
        if directive.start() > at:
            reader.feed(text[at : directive.start()])
        reader.direct(directive[0])
        at = directive.end() + 1
    reader.feed(text[at:])
    return reader.done()


# A parameter's type behind the list of names: a function's head in the old style.
_OLD_STYLE = re.compile(r"\)\s+[A-Za-z_]")


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """A body that stands alone belongs to a head whose parameters are declared behind its names."""
    joined: list[Piece] = []
    for piece in pieces:
        if not piece.text.startswith("{"):
            joined.append(piece)
            continue
        whole = piece
        while joined:
            head = joined.pop()
            gap = "\n" * (whole.line - head.line - head.text.count("\n"))
            whole = Piece(head.file, head.line, f"{head.text}{gap or ' '}{whole.text}")
            if _OLD_STYLE.search(head.text):
                break
        joined.append(whole)
    return joined


class _Reader:
    def __init__(self, split: Split, missed: Iterable[str]) -> None:
        self._split = split
        self._file, self._line = "", 1
        self._rest, self._rest_file, self._rest_line = "", "", 1
        self._pieces: list[Piece] = []
        self._headers: dict[str, None] = {}
        self._used: set[str] = set()
        self._missed = set(missed)
        self._renaming = ""

    def feed(self, text: str) -> None:
        """Text between two directives; a declaration may have begun before it."""
        file, first = self._file, self._line
        if self._rest:
            file, first = self._rest_file, self._rest_line
            skipped = self._line - first - self._rest.count("\n")
            # What is between stood on as many lines, unless it came from another file.
            pad = "\n" * skipped if file == self._file and skipped > 0 else "\n"
            text = f"{self._rest}{pad}{text}"
        elif text.isspace():
            self._line += len(text)
            return
        found, rest = self._split(text)
        self._pieces += [Piece(file, first + offset, piece) for offset, piece in found]
        self._rest = rest.lstrip()
        self._rest_file = file
        if rest:
            at = len(text) - len(self._rest)
            self._rest_line = first + text.count("\n", 0, at)
        self._line = first + text.count("\n")

    def direct(self, directive: str) -> None:
        marker = _MARKER.match(directive)
        if marker:
            self._line, self._file = int(marker[1]), marker[2]
            self._headers.setdefault(self._file)
            return
        macro = _MACRO.match(directive)
        if macro:
            (self._used if macro[1] == "define" else self._missed).add(macro[2])
        elif _RENAMING.match(directive):
            self._renaming = directive
        self._line += 1

    def done(self) -> Preprocessed:
        if self._rest:
            self._pieces.append(Piece(self._rest_file, self._rest_line, self._rest))
        headers = tuple(h for h in self._headers if not h.startswith("<"))
        return Preprocessed(
            tuple(_joined(self._pieces)),
            headers,
            frozenset(self._used),
            frozenset(self._missed),
            self._renaming,
        )
