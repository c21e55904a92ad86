"""How a build compiles a source."""

import posixpath
import re
import shlex
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from msgspec import Struct

# Options that name the output, or that make the preprocessor write files.
_OUTPUT = re.compile(r"-c|-MM?D|-MP|-M[FTQ].*|-Wp,-M.*")
_OPTIMIZE = re.compile(r"-O(?:\d|s|g|fast|z)?")
_SILENT = re.compile(r"-w|-Werror.*|-Wno-undef")
_C = (".c",)
_ASSEMBLER = (".S", ".s", ".sx")


class Command(Struct, frozen=True, array_like=True):
    """A compiler with its options, the source, and the object that it makes (a bare name)."""

    program: str
    options: tuple[str, ...]
    source: str
    object: str

    @property
    def c(self) -> bool:
        """Whether the source is C; else it is assembler or another language."""
        return self.source.endswith(_C)

    @property
    def preprocess(self) -> list[str]:
        """Tells declarations and, with -dU and -Wundef, which macros are used and which missed."""
        kept = [option for option in self.options if not _SILENT.fullmatch(option)]
        return [self.program, *kept, "-E", "-dU", "-Wundef", self.source]

    def compile(self, output: Path) -> list[str]:
        """An object without optimisation, as the symbols are told."""
        kept = [option for option in self.options if not _OPTIMIZE.fullmatch(option)]
        return [self.program, *kept, "-O0", "-w", "-c", self.source, "-o", str(output)]


_QUOTED = re.compile(r"[\"'\\]")
_SPELLED = re.compile(r"(?:[^\s\"'\\]|\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.)+", re.DOTALL)


def _words(line: str) -> list[str]:
    """As ``shlex.split``, which takes ten milliseconds for a line of a build."""
    return [_bare(word) if _QUOTED.search(word) else word for word in _SPELLED.findall(line)]


@cache
def _bare(word: str) -> str:
    """A word without its quotes; a build gives the same ones to each of its sources."""
    return shlex.split(word)[0]


def parse(line: str, compilers: Iterable[str]) -> Command | None:
    """A line of a build that compiles one source with one of ``compilers``, else None."""
    words = _words(line)
    if not words or words[0] not in compilers or "-c" not in words:
        return None
    at = words.index("-c")
    if at + 1 >= len(words) or not words[at + 1].endswith((*_C, *_ASSEMBLER)):
        return None
    source = posixpath.normpath(words[at + 1])
    output = words[words.index("-o") + 1] if "-o" in words[:-1] else f"{source}.o"
    options = [*words[1:at], *words[at + 2 :]]
    if "-o" in options:
        place = options.index("-o")
        del options[place : place + 2]
    kept = tuple(option for option in options if not _OUTPUT.fullmatch(option))
    return Command(words[0], kept, source, posixpath.basename(output))
