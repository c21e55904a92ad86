"""Generated glue proven by the symbols of what it compiles."""

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ukport.finding import Finding, Rule, Severity
from ukport.glue.hand import edited, split
from ukport.symbols.library import Outside, Source, Symbols
from ukport.symbols.model import Unit

EDITED = Rule(
    "glue-edited",
    Severity.ERROR,
    "Generated glue that was changed by hand: the next ukport would overwrite the change.",
)
STALE = Rule(
    "glue-differs", Severity.ERROR, "Glue that is not what the recipe and upstream give today."
)
BROKEN = Rule("broken-source", Severity.ERROR, "A listed source that does not compile.")
MISSING = Rule(
    "missing-symbol", Severity.ERROR, "A symbol that a source needs and that nobody provides."
)
TWICE = Rule(
    "symbol-twice", Severity.ERROR, "A symbol that two sources define: one of them is too many."
)
UNSELECTED = Rule(
    "unselected-provider",
    Severity.ERROR,
    "A library that is needed, and that neither a select nor a dependency brings.",
)
HIDDEN = Rule(
    "hidden-symbol",
    Severity.ERROR,
    "A symbol that exportsyms.uk promises to others, and that no source defines.",
)
UNDEFINED = Rule(
    "declared-only",
    Severity.NOTE,
    "A symbol that a public header declares, and that no source defines here.",
)
UNPARSED = Rule("unparsed-source", Severity.NOTE, "A source whose symbols are its object's.")
ALL = (EDITED, STALE, BROKEN, MISSING, TWICE, UNSELECTED, HIDDEN, UNDEFINED, UNPARSED)

_MAKEFILE, _CONFIG, _EXPORTS = "Makefile.uk", "Config.uk", "exportsyms.uk"
_PLACES = 3


def drift(made: Mapping[str, str], there: Mapping[str, str]) -> Iterator[Finding]:
    """The project's files against those that are made today."""
    for name, text in made.items():
        old = there.get(name)
        if old is None:
            yield STALE.at(name, 0, "the file is not there", "run ukport glue --write")
        elif edited(old):
            yield EDITED.at(
                name,
                _first_difference(split(old)[0], split(text)[0]),
                "its generated part was changed by hand",
                "move the change below the line for what is written by hand, or into the recipe;"
                " ukport glue --diff shows it",
            )
        elif old != text:
            line = _first_difference(old, text)
            yield STALE.at(name, line, "it is made otherwise now", "run ukport glue --write")


def _first_difference(old: str, new: str) -> int:
    """The first line that differs, the sum in the heading apart."""
    lines = old.splitlines(), new.splitlines()
    for number, (left, right) in enumerate(zip(*lines, strict=False), 1):
        if left != right and "Made by ukport" not in left:
            return number
    return min(map(len, lines)) + 1 if len(lines[0]) != len(lines[1]) else 0


@dataclass(frozen=True)
class Ground:
    """What the proof stands on.

    ``makefile`` is the generated text. ``settled`` are the options that are set where only the
    library and what it depends on are asked for, ``options`` all that there are. ``exports`` are
    the names that the recipe adds, None where everything is exported; ``promised`` are all that
    exportsyms.uk has.
    """

    makefile: str
    settled: Container[str]
    options: Container[str]
    exports: Collection[str] | None
    promised: Sequence[str] = ()


def prove(symbols: Symbols, ground: Ground) -> Iterator[Finding]:
    """Nothing needed is missing, nothing is compiled twice, all that is needed is selected."""
    for unit in symbols.units:
        line = _line(ground.makefile, unit.source)
        if unit.broken:
            yield BROKEN.at(_MAKEFILE, line, f"{unit.source}: {unit.reason}", _header_cure(unit))
        elif not unit.parsed:
            yield UNPARSED.at(_MAKEFILE, line, f"{unit.source}: {unit.reason}")
    for double in symbols.doubles:
        line = _line(ground.makefile, double.sources[-1])
        where = " and ".join(double.sources)
        yield TWICE.at(_MAKEFILE, line, f"{double.name} is in {where}", "compile only one of them")
    for one in symbols.missing:
        yield MISSING.at(_MAKEFILE, 0, f"{one.name}: {_told(one)}", _cure(one))
    yield from _unselected(symbols, ground)
    yield from _unexported(symbols, ground)


def _line(text: str, source: str) -> int:
    name = source.rpartition("/")[2]
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.partition("|")[0]
        if bare.endswith((f")/{source}", f"_BASE)/{source.partition('/')[2]}", f"/{name}")):
            return number
    return 0


def _header_cure(unit: Unit) -> str:
    if not unit.missing:
        return "leave it out, or mend it with a patch"
    if not unit.offered:
        return f"no tree at hand has {unit.missing}: find the library that does, and select it"
    return (
        f"{unit.missing} is in {' or '.join(unit.offered)}: name its folder in glue.includes, or"
        " select that library"
    )


def _told(one: Outside) -> str:
    places = ", ".join(f"{p.file}:{p.line}" for p in one.places[:_PLACES])
    return {
        Source.UNSELECTED: f"only {one.provider.name} has it, which is not in this configuration",
        Source.UNLISTED: f"{one.provider.file} defines it, and is not compiled",
        Source.COMPILER: "only the compiler's library has it, which Unikraft does not link",
    }.get(one.provider.source, "nobody provides it") + (f"; used at {places}" if places else "")


def _cure(one: Outside) -> str:
    if one.provider.source is Source.UNSELECTED:
        return f"add {one.provider.name.upper()} to glue.selects in the recipe"
    if one.provider.source is Source.UNLISTED:
        return f"list {one.provider.file}, or take it out of glue.without in the recipe"
    return "compile the source that defines it, or write it in the recipe's glue"


def unselected(symbols: Symbols, ground: Ground) -> Mapping[str, Sequence[Outside]]:
    """The options of libraries that are needed and that nothing brings, and what for."""
    needed: dict[str, list[Outside]] = {}
    for one in symbols.outside:
        if one.provider.source is Source.LIBRARY:
            needed.setdefault(one.provider.name.upper(), []).append(one)
    tested = {name for unit in symbols.units for name in unit.used}
    # A library without an option of its own is part of the platform; what the sources ask for
    # themselves is used only where it is there.
    return {
        option: some
        for option, some in sorted(needed.items())
        if option in ground.options
        and option not in ground.settled
        and f"CONFIG_{option}" not in tested
    }


def _unselected(symbols: Symbols, ground: Ground) -> Iterator[Finding]:
    """Libraries that only this configuration happens to have."""
    for option, some in unselected(symbols, ground).items():
        names = ", ".join(one.name for one in some[:_PLACES])
        yield UNSELECTED.at(
            _CONFIG,
            0,
            f"{option} is needed for {names}, and nothing selects it",
            "run ukport glue --write, which has Config.uk select it",
        )


def _unexported(symbols: Symbols, ground: Ground) -> Iterator[Finding]:
    if ground.exports is None:
        return
    defined = {one.name for unit in symbols.units for one in unit.defines}
    for number, name in enumerate(ground.promised, 1):
        if not name or name in defined:
            continue
        if name in ground.exports:
            cure = "take it out of glue.exports in the recipe"
            yield HIDDEN.at(_EXPORTS, number, f"no source defines {name}", cure)
        else:
            yield UNDEFINED.at(_EXPORTS, number, f"no source defines {name}", "")


def promised(text: str) -> Sequence[str]:
    """The name on each line of an exportsyms.uk."""
    return tuple(line.partition("#")[0].strip() for line in text.splitlines())
