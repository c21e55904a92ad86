"""Judging an option that nothing at hand defines: misspelt, gone from core, or another's."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ukport.finding import Finding, Rule
from ukport.glue import rules
from ukport.glue.kconfig import Mention

# How core names its own libraries; LIBPOSIX_ and HAVE_ are its own, too.
_CORE = ("LIBUK", "LIBPOSIX_", "HAVE_", "UKPLAT_", "PLAT_", "UK_")

_LONG = 8  # letters: of shorter names many differ by one


@dataclass(frozen=True)
class Known:
    """Options by name, and for those that older releases of core had, the last one that did.

    ``core`` says which core was looked at, for people.
    """

    core: str
    defined: frozenset[str]
    last: Mapping[str, str]


def asked(mentions: Iterable[Mention], known: Known) -> Iterator[Finding]:
    """Findings for what a Config.uk selects, implies or depends on and nobody defines."""
    for (file, name), places in _grouped((m.file, m.name, m) for m in mentions):
        rule, why, cure = _judge(name, known, rules.UNKNOWN_OPTION, rules.FOREIGN_OPTION)
        said = f"{places[0].how} {name}: {why}{_also([m.line for m in places])}"
        yield rule.at(file, places[0].line, said, cure)


def used(
    file: str, names: Iterable[tuple[int, str]], known: Known, own: Sequence[str]
) -> Iterator[Finding]:
    """Findings for ``CONFIG_`` names in code and makefiles; ``own`` are the library's prefixes."""
    for (_, name), lines in _grouped((file, name, line) for line, name in names):
        if name not in known.defined:
            rule, why, cure = _judge(name, known, rules.UNSET_CONFIG, rules.FOREIGN_OPTION, own)
            yield rule.at(file, lines[0], f"CONFIG_{name}: {why}{_also(lines)}", cure)


def wrong(mentions: Iterable[Mention], known: Known) -> Mapping[str, str]:
    """What is asked for and is an error wherever it is asked for, each with its cure."""
    judged = {
        m.name: _judge(m.name, known, rules.UNKNOWN_OPTION, rules.FOREIGN_OPTION) for m in mentions
    }
    return {name: cure for name, (rule, _, cure) in judged.items() if rule is rules.UNKNOWN_OPTION}


T = TypeVar("T")


def _grouped(found: Iterable[tuple[str, str, T]]) -> Iterable[tuple[tuple[str, str], list[T]]]:
    """A name that stands in ten lines of a file is one thing to mend."""
    groups: dict[tuple[str, str], list[T]] = {}
    for file, name, place in found:
        groups.setdefault((file, name), []).append(place)
    return groups.items()


def _also(lines: Sequence[int]) -> str:
    more = [str(line) for line in dict.fromkeys(lines)][1:]
    return f" (also in line {', '.join(more)})" if more else ""


def _judge(
    name: str, known: Known, sure: Rule, unsure: Rule, own: Sequence[str] = ()
) -> tuple[Rule, str, str]:
    near = [one for one in known.defined if misspelt(name, one)]
    if near:
        return sure, f"{known.core} has no such option", f"write {min(near)}"
    if name in known.last:
        why = f"{known.core} has no such option any more; the last release with it is"
        return sure, f"{why} {known.last[name]}", "drop it, or ask for what took its place"
    if name.startswith(_CORE):
        return sure, f"{known.core} has no such option and no release of it ever had", "drop it"
    if any(name.startswith(prefix) for prefix in own):
        return sure, "this library's Config.uk defines no such option", "define it, or drop it"
    return (
        unsure,
        "no library at hand defines it",
        "name the library that does with --with URL, or drop it",
    )


def misspelt(name: str, other: str) -> bool:
    """Whether two long names differ by one letter more, less or other, or by two that swapped."""
    if name == other or min(len(name), len(other)) < _LONG or abs(len(name) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(name), len(other)) and name[start] == other[start]:
        start += 1
    a, b = name[start:], other[start:]
    if a[1:] == b[1:]:
        # Numbers at the end are names of their own: LWIP_MBOX_SIZE_32, _64.
        return not (a[:1].isdigit() or b[:1].isdigit())
    return a[1:] == b or a == b[1:] or (a[:2] == b[:2][::-1] and a[2:] == b[2:])
