"""Every command that README and docs/ show. To see what is done with each: python -m tests.docs"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:\.venv/bin/)?ukport (?!:)[^`]*)`")


class Shown(NamedTuple):
    """A command as a page shows it: in a block of shell, after a prompt, or in a sentence."""

    page: str
    line: int
    text: str
    inline: bool = False

    @property
    def ours(self) -> bool:
        """Whether it runs ukport."""
        return self.words[:1] in (["ukport"], [".venv/bin/ukport"])

    @property
    def words(self) -> list[str]:
        """Its words, as a shell would see them, without those of an ellipsis."""
        return [word for word in shlex.split(self.text, comments=True) if word not in ("…", "...")]

    @property
    def form(self) -> "Form":
        """What it does, whatever it does it to."""
        words = self.words[1:]
        options = [word.partition("=")[0] for word in words if word.startswith("--")]
        deep = 2 if words[:1] == ["report"] else 1
        return Form(tuple(words[:deep]), frozenset(options))


class Form(NamedTuple):
    """A command, and the names of its options."""

    command: tuple[str, ...]
    options: frozenset[str]


def shown() -> Iterator[Shown]:
    """All of them, in order."""
    for page, first, kind, block in blocks(ROOT):
        for number, line in enumerate(block.splitlines(), first):
            if line.startswith("$ ") or kind == "sh":
                for command in _commands(line.removeprefix("$ ")):
                    yield Shown(page, number, command)
    for path in _pages(ROOT):
        yield from _in_sentences(path.relative_to(ROOT).as_posix(), path.read_text())


def blocks(root: Path) -> Iterator[tuple[str, int, str, str]]:
    """Every block of README and docs/: its page, its first line, its language, its text."""
    for path in _pages(root):
        text = path.read_text()
        for block in _FENCE.finditer(text):
            line = text.count("\n", 0, block.start()) + 2
            yield path.relative_to(root).as_posix(), line, block[1], block[2]


def _pages(root: Path) -> list[Path]:
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def _in_sentences(page: str, text: str) -> Iterator[Shown]:
    prose = _FENCE.sub(lambda found: "\n" * found[0].count("\n"), text)
    for one in _INLINE.finditer(prose):
        line = prose.count("\n", 0, one.start()) + 1
        for command in _alternatives(" ".join(one[1].replace(r"\|", "|").split())):
            yield Shown(page, line, command, inline=True)


def _commands(line: str) -> Iterator[str]:
    """The simple commands of a line of shell."""
    lexer = shlex.shlex(line, posix=False, punctuation_chars=";&|")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    command: list[str] = []
    for token in [*lexer, ";"]:
        if token.strip(";&|"):
            command.append(token)
        elif command:
            yield " ".join(command)
            command = []


def _alternatives(text: str) -> Iterator[str]:
    """``a [--b|--c] [D]`` as the command lines that it stands for: a --b D, a --c D."""
    group = re.search(r"\[([^][]*)\]", text)
    if group is None:
        yield from _pipes(text)
        return
    for one in group[1].split("|"):
        yield from _alternatives(text[: group.start()] + one + text[group.end() :])


def _pipes(text: str) -> Iterator[str]:
    """``ukport lint PATH|URL`` as two, but a pipe into another program as one."""
    text = text.partition(" | ")[0]
    words = text.split()
    for at, word in enumerate(words):
        if "|" in word:
            for one in word.split("|"):
                yield from _pipes(" ".join([*words[:at], one, *words[at + 1 :]]))
            return
    yield text
