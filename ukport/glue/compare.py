"""Generated glue against the files of an imported library: every line that differs, and why."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ukport.finding import Finding, Rule, Severity, in_order
from ukport.glue.fate import Fate, Kind
from ukport.glue.hand import split

THEIRS = Rule(
    Kind.THEIRS.value, Severity.WARNING, "An error of the library's: what is made is without it."
)
SAME = Rule(Kind.SAME.value, Severity.NOTE, "Written otherwise, and the same for a build.")
KEPT = Rule(
    Kind.KEPT.value, Severity.NOTE, "What no recipe says, kept below the line of what is by hand."
)
GONE = Rule(Kind.GONE.value, Severity.NOTE, "What nothing needs any more.")
ADDED = Rule("added", Severity.NOTE, "What the library does not say, and ukport does.")
WRONG = Rule(
    Kind.WRONG.value, Severity.WARNING, "Where what is made is worse than the original: correct it."
)
UNEXPLAINED = Rule("unexplained", Severity.ERROR, "A difference whose reason is not known.")
RULES = (THEIRS, SAME, KEPT, GONE, ADDED, WRONG, UNEXPLAINED)
_BY_KIND = {
    Kind.THEIRS: THEIRS,
    Kind.SAME: SAME,
    Kind.KEPT: KEPT,
    Kind.GONE: GONE,
    Kind.WRONG: WRONG,
}


@dataclass(frozen=True)
class File:
    """A file as it was, as it is made, and the fates of what it said.

    ``partners`` are places in the original by the line of the new file. ``checked`` says whether
    the original holds its archive to a sum, ``known`` whether the sum that is made is surely that
    of the archive at its address.
    """

    name: str
    old: str
    new: str
    fates: tuple[Fate, ...]
    partners: Mapping[int, str]
    checked: bool = True
    known: bool = True


@dataclass(frozen=True)
class Reason:
    """Why a line differs: ``old`` says whether it is the original's, else it is a new one."""

    old: bool
    line: int
    text: str
    rule: Rule
    why: str


def reasons(file: File) -> Iterator[Reason]:
    """One for each line that differs, the old ones in their order, then the new ones."""
    before, after = file.old.splitlines(), file.new.splitlines()
    gone, come = _differing(before, after)
    there, moved = {line.strip() for line in after}, {line.strip() for line in before}
    fates = {
        number: fate
        for fate in file.fates
        if fate.file == file.name
        for number in range(fate.line, fate.line + fate.lines)
    }
    for number in gone:
        text, fate = before[number - 1], fates.get(number)
        if fate is None:
            yield Reason(old=True, line=number, text=text, rule=UNEXPLAINED, why="")
        elif fate.kind is not Kind.KEPT and text.strip() and text.strip() in there:
            yield Reason(old=True, line=number, text=text, rule=SAME, why=_ORDER)
        else:
            yield Reason(
                old=True, line=number, text=text, rule=_BY_KIND[fate.kind], why=_short(fate)
            )
    by_hand = split(file.new)[0].count("\n")
    for number in come:
        text = after[number - 1]
        if number > by_hand:
            rule, why = KEPT, "taken over from the original"
        elif text.strip() in moved and text.strip():
            rule, why = SAME, _ORDER
        elif number in file.partners:
            rule, why = SAME, f"{file.partners[number].rpartition(':')[0]} says it otherwise"
        elif not file.known and "_ORIGIN_SHA256 = " in text:
            rule, why = WRONG, "the sum of what ukport makes of the tag, not of what is fetched"
        elif not file.checked and "_ORIGIN_SHA256 = " in text:
            rule, why = THEIRS, "the original fetches without a sum [unchecked-archive]"
        else:
            rule, why = _new(file.name, text)
        yield Reason(old=False, line=number, text=text, rule=rule, why=why)


_ORDER = "the order differs"


def _short(fate: Fate) -> str:
    """Without the generated part's line, which is another one for each."""
    return re.sub(r" in lines? [\d–]+$", "", fate.why)  # noqa: RUF001 - a range


def _differing(before: Sequence[str], after: Sequence[str]) -> tuple[list[int], list[int]]:
    gone: list[int] = []
    come: list[int] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            gone += range(a + 1, b + 1)
            come += range(c + 1, d + 1)
    return gone, come


# What a generated line is for, by its shape; the first that fits.
_NEW = {
    "Makefile.uk": (
        (r"\s*$|#", SAME, "a heading or an empty line"),
        (r"\w+_ORIGIN_SHA256 = ", ADDED, "the sum of the archive that the recipe fetches"),
        (r"\w+_(?:VERSION|URL|PATCHDIR) = ", SAME, "the recipe's value, under a name of ukport's"),
        (r"\w+ = \$\(\w+_ORIGIN\)/", SAME, "the recipe's value, under a name of ukport's"),
        (r"ifeq \(\$\(CONFIG_\w+\),y\)|endif$", ADDED, "nothing is fetched for what is not chosen"),
        (r"\$\(eval \$\(call fetch,", SAME, "the archive that the recipe fetches"),
        (r"\$\(eval \$\(call patch,", SAME, "the recipe's series, where it has one"),
        (r"CXXINCLUDES-", ADDED, "the same folders for C++"),
        (r"\w+_CINCLUDES-y \+= -I\$\(\w+_BASE\)$", ADDED, "headers beside the library's own code"),
        (r"\w+_CINCLUDES-y \+= -idirafter", ADDED, "the compiler's own headers"),
    ),
    "Config.uk": (
        (r"\s*$|#", SAME, "a heading or an empty line"),
        (r"\tbool ", SAME, "the prompt is the recipe's title and description"),
        (r"\tdefault n$", SAME, "ukport writes default n: who needs a library selects it"),
        (r"menuconfig |if |endif$", SAME, "options of its own have a menu"),
    ),
    "Library.uk": (
        (r"\s*$|#", SAME, "a heading or an empty line"),
        (r"(?:name|description|gitrepo|homepage|license|version) := ", SAME, "the recipe's words"),
    ),
}


def _new(file: str, text: str) -> tuple[Rule, str]:
    for pattern, rule, why in _NEW.get(file, ()):
        if re.match(pattern, text):
            return rule, why
    return UNEXPLAINED, ""


def findings(files: Sequence[File]) -> tuple[Finding, ...]:
    """What differs and what is kept, one finding a reason, with all of its lines."""
    found: list[Finding] = []
    for file in files:
        groups: dict[tuple[str, Rule, str], dict[int, str]] = {}
        for one in reasons(file):
            name = file.name if one.old else f"{file.name} as it is made"
            groups.setdefault((name, one.rule, one.why), {})[one.line] = one.text
        for fate in file.fates:
            if fate.kind in (Kind.KEPT, Kind.THEIRS):
                lines = groups.setdefault((fate.file, _BY_KIND[fate.kind], fate.why), {})
                lines |= {
                    fate.line + n: lines.get(fate.line + n, fate.kept) for n in range(fate.lines)
                }
        found += [_finding(*key, lines) for key, lines in groups.items()]
    return in_order(found)


def _finding(file: str, rule: Rule, why: str, lines: Mapping[int, str]) -> Finding:
    numbers = sorted(lines)
    text = " ".join(lines[numbers[0]].split())[:60]
    told = f"{'lines' if len(numbers) > 1 else 'line'} {_ranges(numbers)}"
    return rule.at(file, numbers[0], f"{told}: {text}" if text else told, why)


def _ranges(numbers: Sequence[int]) -> str:
    """Neighbours as one: lines 3 to 5, and 9."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] + 1 == number:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(f"{p[0]}–{p[-1]}" if len(p) > 1 else str(p[0]) for p in parts)  # noqa: RUF001 - a range
