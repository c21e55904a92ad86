"""The symbols of a library, for people and as JSON."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from ukport.errors import ExitCode
from ukport.symbols.library import Outside, Source, Symbols
from ukport.symbols.model import Needed, Place, Unit

if TYPE_CHECKING:
    from rich.console import RenderableType

SCHEMA = "ukport.symbols/1"
_PLACES = 3
_NAMES = 12


def to_json(found: Symbols) -> str:
    """One document: units, and what the library needs from outside."""
    data = {"schema": SCHEMA, **msgspec.to_builtins(found)}
    for unit in data["units"]:
        for key in ("needs", "builtins", "intrinsics"):
            for one in unit[key]:
                one["places"] = [_place(place) for place in one["places"]]
    for one in data["outside"]:
        one["places"] = [_place(place) for place in one["places"]]
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode()


def _place(place: Sequence[object]) -> dict[str, object]:
    return dict(zip(("file", "line", "inside"), place, strict=True))


def code(found: Symbols) -> ExitCode:
    """1 where a unit does not compile, or a symbol is provided by nobody or twice."""
    bad = found.broken or found.missing or found.doubles
    return ExitCode.FINDINGS if bad else ExitCode.OK


def table(found: Symbols) -> Iterator["RenderableType"]:
    """Units, then who provides what they need, then what is wrong."""
    from rich.table import Table
    from rich.text import Text

    yield Text(f"{found.recipe} {found.version}, {found.library}: {_counts(found)}", style="bold")
    units = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("unit", "defines", "local", "needs", "headers", "builtins", "intrinsics"):
        units.add_column(column, justify="left" if column == "unit" else "right", overflow="fold")
    for unit in found.units:
        units.add_row(*_row(unit))
    yield units
    yield Text("")
    yield _providers(found)
    for unit in found.unparsed:
        yield Text(f"{unit.source}: {_why(unit)}", style="red" if unit.broken else "yellow")
    for double in found.doubles:
        yield Text(f"{double.name} is defined twice: {', '.join(double.sources)}", style="red")
    for one in found.missing:
        yield Text(f"{one.name}: {_missing(one)}", style="red")


def _counts(found: Symbols) -> str:
    parsed = len(found.units) - len(found.unparsed)
    words = [f"{parsed} of {len(found.units)} units parsed"]
    words.append(f"{sum(len(unit.defines) for unit in found.units)} symbols defined")
    words.append(f"{len(found.outside)} needed from outside")
    words.append(f"{len(found.missing)} that nobody provides")
    return ", ".join(words)


def _row(unit: Unit) -> tuple[str, ...]:
    counts = (unit.defines, unit.local, unit.needs, unit.headers, unit.builtins, unit.intrinsics)
    mark = "" if unit.parsed else " (does not compile)" if unit.broken else " (from its object)"
    return (unit.source + mark, *(str(len(one)) for one in counts))


def _providers(found: Symbols) -> "RenderableType":
    from rich.table import Table

    shown = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("from", "symbols"):
        shown.add_column(column, overflow="fold")
    groups: dict[str, list[str]] = {}
    for one in found.outside:
        groups.setdefault(_provider(one), []).append(one.name)
    builtins = _names(one for unit in found.units for one in unit.builtins)
    intrinsics = _names(one for unit in found.units for one in unit.intrinsics)
    for name in sorted(groups):
        shown.add_row(name, ", ".join(groups[name]))
    if builtins:
        shown.add_row("the compiler", ", ".join(builtins))
    if intrinsics:
        shown.add_row("its headers", ", ".join(intrinsics))
    return shown


def _names(found: Iterator[Needed]) -> list[str]:
    return sorted({one.name for one in found})


def _provider(one: Outside) -> str:
    match one.provider.source:
        case Source.LIBRARY:
            return one.provider.name
        case Source.UNSELECTED:
            return f"{one.provider.name}, not selected"
        case Source.COMPILER:
            return f"{one.provider.name}, not linked"
        case Source.UNLISTED:
            return f"{one.provider.file}, not compiled"
    return "nobody"


def _missing(one: Outside) -> str:
    told = {
        Source.UNSELECTED: f"{one.provider.name} has it, but is not in this configuration",
        Source.UNLISTED: f"{one.provider.file} defines it, but is not compiled",
        Source.COMPILER: f"only {one.provider.name} has it, which Unikraft does not link",
    }.get(one.provider.source, "nobody provides it")
    return f"{told}{_used(one.places)}"


def _used(places: Sequence[Place]) -> str:
    if not places:
        return ""
    first = ", ".join(f"{one.file}:{one.line} ({one.inside})" for one in places[:_PLACES])
    more = f" and {len(places) - _PLACES} more" if len(places) > _PLACES else ""
    return f"; used at {first}{more}"


def _why(unit: Unit) -> str:
    if unit.broken:
        who = f"; {unit.missing} is in {', '.join(unit.offered)}" if unit.offered else ""
        return f"does not compile: {unit.reason}{who}"
    return f"read from its object: {unit.reason}"
