"""The functions of a C source as it is written, before any preprocessor: where, and what they say.

Of the branches of a conditional each is read as if it were the only one, so both heads of a
function that has two are found, and its body goes with the last. A head whose parameters are
declared behind it, the old way, is not found.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ukport.symbols.lexical import STRING

_COMMENT = re.compile(rf"{STRING}|//(?:\\\n|[^\n])*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_TOKEN = re.compile(
    rf"(?P<directive>^[ \t]*\#[ \t]*(?P<word>\w*)(?:\\\n|[^\n])*)|{STRING}|(?P<mark>[(){{}};])",
    re.DOTALL | re.MULTILINE,
)
_CALLED = re.compile(r"([A-Za-z_]\w*)\s*$")
_NO_NAMES = frozenset(
    ("__attribute__", "__attribute", "__declspec", "_Alignas", "alignas", "__asm__", "asm")
)
_LINKAGE = re.compile(r'extern\s*"[^"]*"\s*$')


@dataclass(frozen=True)
class Function:
    """A function that is defined on the lines from ``first`` to ``last``, counted from 1.

    ``head`` is what stands before its body, ``text`` all of it; white space and comments apart,
    equal texts are equal code.
    """

    name: str
    first: int
    last: int
    head: str
    text: str


def plain(text: str) -> str:
    """A source without its comments; its lines stay where they are."""
    return _COMMENT.sub(lambda found: _blank(found[0]), text)


def _blank(found: str) -> str:
    return " " + "\n" * found.count("\n") if found.startswith("/") else found


def functions(text: str) -> tuple[Function, ...]:
    """Every function that a source defines, in its order; what does not balance hides none after.

    A macro that makes functions makes none here.
    """
    return tuple(_Scanner(plain(text)).functions())


_ENUM = re.compile(r"\benum\b[^;{}()]*\{([^{}]*)\}")
_ENUMERATOR = re.compile(r"(?:^|,)\s*([A-Za-z_]\w*)")
_DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.MULTILINE)


def enumerators(text: str) -> frozenset[str]:
    """The constants of every enum that a source spells out."""
    bare = _DIRECTIVE.sub("", plain(text))
    return frozenset(name for body in _ENUM.findall(bare) for name in _ENUMERATOR.findall(body))


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._braces = self._brackets = 0
        self._start = 0  # of what stands at the top level
        self._group = 0  # the opening bracket of the outermost group
        self._groups: list[tuple[int, int]] = []
        self._open: tuple[str, int] | None = None  # the function whose body is open
        self._conditions: list[tuple[int, int]] = []

    def functions(self) -> Iterator[Function]:
        for token in _TOKEN.finditer(self._text):
            if token["directive"] is not None:
                self._direct(token["word"], token.start(), token.end())
            elif token["mark"] is not None:
                found = self._mark(token["mark"], token.start())
                if found:
                    yield found

    def _direct(self, word: str, at: int, end: int) -> None:
        if word in ("if", "ifdef", "ifndef"):
            self._conditions.append((self._braces, self._brackets))
        elif word in ("else", "elif") and self._conditions:
            self._braces, self._brackets = self._conditions[-1]
        elif word == "endif" and self._conditions:
            self._conditions.pop()
        if self._braces or self._brackets:
            return
        if word in ("else", "elif") or not self._text[self._start : at].strip():
            self._begin(end)

    def _begin(self, at: int) -> None:
        self._start, self._groups, self._open = at, [], None

    def _mark(self, mark: str, at: int) -> Function | None:
        if mark in "()":
            self._bracket(mark, at)
        elif mark == ";" and not self._braces and not self._brackets:
            self._begin(at + 1)
        elif mark == "{":
            if not self._braces:
                if _LINKAGE.search(self._text[self._start : at]):
                    self._begin(at + 1)
                    return None
                name = self._name(at)
                self._open = (name, at) if name else None
            self._braces += 1
        elif mark == "}":
            return self._closed(at)
        return None

    def _bracket(self, mark: str, at: int) -> None:
        if self._braces:
            return
        if mark == "(":
            self._group = self._group if self._brackets else at
            self._brackets += 1
        elif self._brackets:
            self._brackets -= 1
            if not self._brackets:
                self._groups.append((self._group, at + 1))

    def _name(self, at: int) -> str:
        """The function's name before a brace; empty where it opens a type or a value."""
        self._brackets = 0
        names = []
        for opening, _ in self._groups:
            before = self._text[self._start : opening]
            called = _CALLED.search(before)
            if called and called[1] not in _NO_NAMES:
                names.append((called[1], bool(before[: called.start()].strip())))
        if not names or "=" in re.sub(r"\([^()]*\)", "", self._text[self._start : at]):
            return ""
        # An attribute's macro may stand before the type, or behind the parameters.
        return next((name for name, typed in names if typed), names[-1][0])

    def _closed(self, at: int) -> Function | None:
        if not self._braces:
            self._begin(at + 1)
            return None
        self._braces -= 1
        if self._braces or self._open is None:
            return None
        name, body = self._open
        start = body - len(self._text[self._start : body].lstrip())
        first = self._text.count("\n", 0, start) + 1
        text = self._text[start : at + 1]
        head = _DIRECTIVE.sub("", text[: body - start])
        self._begin(at + 1)
        return Function(name, first, first + text.count("\n"), _squeezed(head), _squeezed(text))


def _squeezed(text: str) -> str:
    return " ".join(text.split())
