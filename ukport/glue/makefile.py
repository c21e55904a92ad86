"""Makefile.uk as the statements that it is made of; nothing of its text is lost.

``str(parse(path, text)) == text`` for every text. What is not understood is kept as it is, as a
statement of its own with its line, so that a linter can name it and a writer leave it alone.
The syntax is GNU make's: https://www.gnu.org/software/make/manual/html_node/Makefiles.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


class Condition(NamedTuple):
    """A branch of a conditional: which one (file and line of its start), the how-manieth, why.

    ``group`` is 0 where the reader may not assume anything about the test.
    """

    file: str
    line: int
    branch: int
    text: str

    def excludes(self, other: "Condition") -> bool:
        """Whether no run of make can be in both."""
        same = (self.file, self.line) == (other.file, other.line)
        return same and self.branch != other.branch


@dataclass(frozen=True)
class Statement:
    """Some lines of a makefile: where they start (from 1), their text, when they hold."""

    file: str
    line: int
    raw: str
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Comment(Statement):
    """A comment or an empty line."""


@dataclass(frozen=True)
class Assignment(Statement):
    """``NAME op VALUE``; continuation lines of the value are joined by a space."""

    name: str = ""
    operator: str = ""
    value: str = ""


@dataclass(frozen=True)
class Call(Statement):
    """``$(eval $(call FUNCTION,ARGUMENT,...))``, or the same without ``eval``."""

    function: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Include(Statement):
    """``include`` and ``-include``."""

    paths: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True)
class Branch(Statement):
    """``ifeq``, ``ifneq``, ``ifdef``, ``ifndef``, ``else`` or ``endif``."""

    word: str = ""


@dataclass(frozen=True)
class Define(Statement):
    """``define NAME`` … ``endef``."""

    name: str = ""
    body: str = ""


@dataclass(frozen=True)
class Rule(Statement):
    """A target with its prerequisites and its recipe lines."""

    target: str = ""


@dataclass(frozen=True)
class Directive(Statement):
    """``export``, ``unexport``, ``undefine`` and ``vpath``: they name nothing that is built."""


@dataclass(frozen=True)
class Opaque(Statement):
    """What cannot be evaluated, and why; it is kept as it is."""

    why: str = ""


@dataclass(frozen=True)
class Makefile:
    """One file; ``str`` gives its text back."""

    path: str
    statements: tuple[Statement, ...] = field(repr=False)

    def __str__(self) -> str:
        return "".join(statement.raw for statement in self.statements)


def parse(path: str, text: str) -> Makefile:
    """Any text; there is no syntax error, only statements that are opaque."""
    return Makefile(path, tuple(_Parser(path, text).statements()))


# The name may hold references such as $(CONFIG_LIBX) or $(call gcc_version_ge,8,0).
_REFERENCE = r"\$\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|\$\{[^{}]*\}"
_ASSIGNMENT = re.compile(
    rf"\s*(?:(?:export|override|private)[ \t]+)*"
    rf"(?P<name>(?:{_REFERENCE}|[^\s:=+?!#$(){{}}])+)[ \t]*"
    rf"(?P<op>\+=|:{{0,3}}=|\?=|!=)(?P<value>.*)",
    re.DOTALL,
)
_BRANCH = re.compile(r"\s*(ifeq|ifneq|ifdef|ifndef|else|endif)\b(.*)", re.DOTALL)
_INCLUDE = re.compile(r"\s*(-include|sinclude|include)[ \t]+(.*)", re.DOTALL)
_DEFINE = re.compile(r"[ ]*(?:override[ \t]+)?define[ \t]+(\S+)")
_ENDEF = re.compile(r"[ ]*endef\b")
_DIRECTIVE = re.compile(r"\s*(?:export|unexport|undefine|vpath)\b[^=]*")
_EVAL = re.compile(r"\$[({]eval\s+(.*)[)}]", re.DOTALL)
_CALL = re.compile(r"\$[({]call\s+([^,(){}$\s]+)\s*(,.*)?[)}]", re.DOTALL)
_MESSAGE = re.compile(r"\$[({](error|warning|info)\s+(.*)[)}]", re.DOTALL)
_RULE = re.compile(rf"(?P<target>(?:{_REFERENCE}|[^\s:=#$]|[ \t])+?)\s*::?(?!=)")
_DEPTH = {"(": 1, "{": 1, ")": -1, "}": -1}


class _Parser:
    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._lines = re.findall(r"[^\n]*\n|[^\n]+\Z", text)
        self._at = 0
        self._open: list[Condition] = []

    def statements(self) -> Iterator[Statement]:
        while self._at < len(self._lines):
            start = self._at
            yield self._statement(start, self._logical())

    def _logical(self) -> str:
        """The next line with its continuations; a value of ``$(…`` may not be split otherwise."""
        start = self._at
        while self._at < len(self._lines):
            line = self._lines[self._at].rstrip("\r\n")
            self._at += 1
            if (len(line) - len(line.rstrip("\\"))) % 2 == 0:
                break
        return "".join(self._lines[start : self._at])

    def _statement(self, start: int, raw: str) -> Statement:
        text = _joined(raw)
        where = (self._path, start + 1, raw, tuple(self._open))
        if branch := _BRANCH.fullmatch(text):
            return self._branch(start, raw, branch[1], branch[2].strip())
        if define := _DEFINE.match(text):
            return self._define(start, define[1])
        if simple := _simple(text, where):
            return simple
        if raw.startswith("\t"):
            return Opaque(*where, why="a recipe line without a rule")
        if rule := _RULE.match(text):
            return self._rule(start, raw, rule["target"].strip())
        return Opaque(*where, why="no statement of make that ukport knows")

    def _branch(self, start: int, raw: str, word: str, rest: str) -> Statement:
        line, outer = start + 1, tuple(self._open)
        if word.startswith("if"):
            self._open.append(Condition(self._path, line, 0, f"{word} {rest}"))
            return Branch(self._path, line, raw, outer, word)
        if not self._open:
            return Opaque(self._path, line, raw, (), f"{word} without an if before it")
        last = self._open.pop()
        if word == "else":
            text = rest or f"else of: {last.text}"
            self._open.append(last._replace(branch=last.branch + 1, text=text))
        return Branch(self._path, line, raw, tuple(self._open), word)

    def _define(self, start: int, name: str) -> Statement:
        body: list[str] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            if _ENDEF.match(line):
                raw = "".join(self._lines[start : self._at])
                conditions = tuple(self._open)
                return Define(self._path, start + 1, raw, conditions, name, "".join(body))
            body.append(line)
        # Back to the first line alone: the rest is read as if there were no define.
        self._at = start + 1
        return Opaque(
            self._path, start + 1, self._lines[start], tuple(self._open), "define without endef"
        )

    def _rule(self, start: int, raw: str, target: str) -> Statement:
        while self._at < len(self._lines) and self._lines[self._at].startswith("\t"):
            raw += self._logical()
        return Rule(self._path, start + 1, raw, tuple(self._open), target)


def _simple(text: str, where: tuple[str, int, str, tuple[Condition, ...]]) -> Statement | None:
    """A statement that is one logical line."""
    if not text.strip():
        return Comment(*where)
    if include := _INCLUDE.fullmatch(text):
        paths, optional = tuple(include[2].split()), include[1] != "include"
        return Include(*where, paths=paths, optional=optional)
    if call := _call(text):
        return Call(*where, function=call[0], arguments=call[1])
    if assignment := _ASSIGNMENT.fullmatch(text):
        name, operator, value = (assignment[key] for key in ("name", "op", "value"))
        return Assignment(*where, name=name, operator=operator, value=value.strip())
    return Directive(*where) if _DIRECTIVE.fullmatch(text) else None


def _joined(raw: str) -> str:
    """A logical line as make reads it: continuations joined, the comment and the end cut off."""
    text = re.sub(r"[ \t]*\\\r?\n[ \t]*", " ", raw).rstrip("\r\n")
    cut = re.search(r"(?<!\\)#", text)
    return text[: cut.start()] if cut else text


def _call(text: str) -> tuple[str, tuple[str, ...]] | None:
    inner = text.strip().rstrip(";").rstrip()
    if wrapped := _EVAL.fullmatch(inner):
        inner = wrapped[1].strip()
    if _balance(inner) != 0:
        return None
    if message := _MESSAGE.fullmatch(inner):
        return message[1], (message[2],)
    shape = _CALL.fullmatch(inner)
    if shape is None or _balance(shape[2] or "") != 0:
        return None
    return shape[1], split_arguments(shape[2][1:]) if shape[2] else ()


def _balance(text: str) -> int:
    return sum(_DEPTH.get(character, 0) for character in text)


def split_arguments(text: str) -> tuple[str, ...]:
    """``a,$(b,c),d`` in three: commas inside of parentheses do not count."""
    parts, depth = [""], 0
    for character in text:
        depth += _DEPTH.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return tuple(part.strip() for part in parts)
