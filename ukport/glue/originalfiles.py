"""What becomes of the lines of an imported library's own Config.uk and Library.uk."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ukport.glue.fate import Fate, Kind
from ukport.glue.importing import BLOCK
from ukport.glue.library import CONFIG, LIBRARY, Archive

_ASKED = re.compile(r"\s*(select|depends on|imply|default|bool|help|---help---)\b\s*(.*)")
_FIELD = re.compile(r"\s*([a-z]+)\s*(?::=|\+=|=)\s*(.*?)\s*")


@dataclass(frozen=True)
class Texts:
    """A file as it was and as it is made, the generated part alone."""

    old: str
    made: str


def config(texts: Texts, name: str, unknown: Mapping[str, str]) -> tuple[tuple[Fate, ...], str]:
    """The fates of Config.uk's lines, and the text by hand; ``name`` is the library's option.

    ``unknown`` are options that no core has.
    """
    made = {_flat(line) for line in texts.made.splitlines()}
    found: list[Fate] = []
    own, others = [], []
    inside = helping = False
    for number, line in enumerate(texts.old.splitlines(), 1):
        block = BLOCK.match(line)
        if block:
            inside = "config" in block[1] and block[2].strip() == name
            helping = False
            if inside:
                why = f"{name} is declared in the generated part"
                found.append(Fate(CONFIG, number, 1, Kind.SAME, why))
                continue
        if not inside:
            others.append(line)
            found.append(_other(number, line))
            continue
        helping = helping or bool(re.match(r"\s*(?:---)?help", line))
        fate = _help(number, line) if helping else _property(number, line, made, unknown)
        found.append(fate)
        if fate.kind is Kind.KEPT:
            own.append(line)
    hand = "\n".join(others).strip("\n")
    if own:
        hand += f"\n\nconfig {name}\n" + "\n".join(own)
    return tuple(found), f"{hand}\n" if hand.strip() else ""


def _other(number: int, line: str) -> Fate:
    if not line.strip():
        return Fate(CONFIG, number, 1, Kind.GONE, "a comment or an empty line")
    return Fate(CONFIG, number, 1, Kind.KEPT, "options of its own", line)


def _help(number: int, line: str) -> Fate:
    return Fate(CONFIG, number, 1, Kind.KEPT, "a help text", line)


def _property(number: int, line: str, made: set[str], unknown: Mapping[str, str]) -> Fate:
    asked = _ASKED.match(line)
    if asked is None:
        empty = not line.strip() or line.lstrip().startswith("#")
        return _other(number, "") if empty else _unsaid(number, line)
    how, what = asked[1], asked[2].partition("#")[0].strip()
    option = (what.split() or [""])[0]
    if how == "select" and option in unknown:
        cure = unknown[option]
        why = f"no core has {option} [unknown-option]" + (f"; {cure}" if cure else "")
        return Fate(CONFIG, number, 1, Kind.THEIRS, why)
    instead = {
        "bool": "the prompt is the recipe's title",
        "default": "ukport writes default n: who needs a library selects it",
    }
    told = instead.get(how, "")
    if _flat(f"{how} {what}") in made:
        told = "the generated part asks for it, too"
    return Fate(CONFIG, number, 1, Kind.SAME, told) if told else _unsaid(number, line)


def _unsaid(number: int, line: str) -> Fate:
    return Fate(CONFIG, number, 1, Kind.KEPT, "no recipe says it", line)


def _flat(line: str) -> str:
    return " ".join(line.split())


def library(texts: Texts, archive: Archive) -> tuple[tuple[Fate, ...], str]:
    """The fates of Library.uk's lines, and the text by hand."""
    made = dict(_fields(texts.made))
    found, hand = [], []
    for number, line in enumerate(texts.old.splitlines(), 1):
        fate = _described(number, line, made, archive)
        found.append(fate)
        if fate.kind is Kind.KEPT:
            hand.append(fate.kept)
    return tuple(found), "".join(f"{line}\n" for line in hand)


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        shape = _FIELD.fullmatch(line)
        if shape:
            yield shape[1], _unquoted(shape[2])


def _unquoted(value: str) -> str:
    return value.removeprefix('"').removesuffix('"')


def _described(number: int, line: str, made: Mapping[str, str], archive: Archive) -> Fate:
    shape = _FIELD.fullmatch(line)
    if shape is None or line.lstrip().startswith("#"):
        if line.strip() and not line.lstrip().startswith("#"):
            why = "neither a field nor a version [library-syntax]"
            return Fate(LIBRARY, number, 1, Kind.THEIRS, why)
        return Fate(LIBRARY, number, 1, Kind.GONE, "a comment or an empty line")
    field, value = shape[1], _unquoted(shape[2])
    if field == "version":
        return _version(number, value, made, archive)
    if field not in made:
        return Fate(LIBRARY, number, 1, Kind.KEPT, "no recipe says it", line)
    if made[field] == value:
        return Fate(LIBRARY, number, 1, Kind.SAME, "the same value, written without quotes")
    return Fate(LIBRARY, number, 1, Kind.SAME, f"the recipe says {made[field]}")


def _version(number: int, value: str, made: Mapping[str, str], archive: Archive) -> Fate:
    mine, theirs = made.get("version", "").split(), value.split()
    if mine[:1] != theirs[:1]:
        why = "another version than Makefile.uk fetches [library-version]"
        return Fate(LIBRARY, number, 1, Kind.KEPT, why, f"version += {value}")
    if mine == theirs:
        return Fate(LIBRARY, number, 1, Kind.SAME, "the same version, address and sum")
    if mine[-1:] == theirs[-1:]:
        why = "the sum of what ukport makes of the tag stands in its place: take this one"
        return Fate(LIBRARY, number, 1, Kind.WRONG, why)
    if theirs[-1:] != [archive.url]:
        why = "another archive than Makefile.uk fetches [library-archive]"
        return Fate(LIBRARY, number, 1, Kind.THEIRS, why)
    why = "the recipe takes the archive of the tag, whose sum is known"
    return Fate(LIBRARY, number, 1, Kind.SAME, why)
