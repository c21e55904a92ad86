"""What a new port needs from others: who provides it, and what nobody does, with its places."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ukport.glue.propose import Missing
from ukport.symbols.closure import Object, outside
from ukport.symbols.library import Outside, Source, Symbols

_MOST_PLACES = 20
# What may stand in a comment of C.
_PLACE = re.compile(r"[A-Za-z0-9_./+-]+:\d+(?: in \w+)?")


@dataclass(frozen=True)
class Needs:
    """By library what it provides; ``selects`` are core's libraries that are not chosen yet.

    ``weak`` is what nobody provides and the library can do without. ``broken`` are units that do
    not compile for Unikraft, and why; ``parsed`` of ``units`` were read by what they say, the
    others by their objects.
    """

    providers: Mapping[str, tuple[str, ...]]
    missing: tuple[Missing, ...]
    weak: tuple[str, ...] = ()
    selects: Mapping[str, tuple[str, ...]] | None = None
    broken: Mapping[str, str] | None = None
    units: int = 0
    parsed: int = 0


def by_symbols(found: Symbols, weak: frozenset[str], data: frozenset[str]) -> Needs:
    """From what each translation unit says, as Unikraft's build compiles it.

    ``weak`` are names that are only asked for weakly, ``data`` those that are never called.
    """
    by_library: dict[str, list[str]] = {}
    selects: dict[str, list[str]] = {}
    missing, without = [], []
    for one in found.outside:
        if one.provider.source is Source.LIBRARY:
            by_library.setdefault(one.provider.name, []).append(one.name)
        elif one.name in weak:
            without.append(one.name)
        elif one.provider.source is Source.UNSELECTED:
            selects.setdefault(one.provider.name.upper(), []).append(one.name)
        else:
            missing.append(Missing(one.name, _places(one), callable=one.name not in data))
    return Needs(
        providers={k: tuple(v) for k, v in sorted(by_library.items())},
        missing=tuple(missing),
        weak=tuple(without),
        selects={k: tuple(v) for k, v in sorted(selects.items())},
        broken={unit.source: _why(unit.missing, unit.reason) for unit in found.broken},
        units=len(found.units),
        parsed=sum(unit.parsed for unit in found.units),
    )


def _places(one: Outside) -> tuple[str, ...]:
    return tuple(_told(one))[:_MOST_PLACES]


def _told(one: Outside) -> Iterator[str]:
    for place in one.places:
        inside = f" in {place.inside}" if place.inside else ""
        text = f"{place.file}:{place.line}{inside}"
        if _PLACE.fullmatch(text):
            yield text


def _why(header: str, reason: str) -> str:
    return f"there is no {header}" if header else reason


def by_objects(build: Path, library: str) -> Needs:
    """From the objects of a build, as the linker sees them; the places are units."""
    paths = sorted((build / library).rglob("*.o"))
    own = {path.name: Object.of(path) for path in paths}
    others: dict[str, Object] = {}
    for path in sorted(build.glob("*.o")):
        if not path.name.endswith(".ld.o") and path.stem != library:
            others[path.stem] = Object.of(path)
    where = {name: other for other, made in others.items() for name in made.defines}
    by_library: dict[str, list[str]] = {}
    missing, weak = [], []
    for name, units in outside(own, own).items():
        if name in where:
            by_library.setdefault(where[name], []).append(name)
        elif all(name in own[unit].weak for unit in units):
            weak.append(name)
        else:
            missing.append(Missing(name, units, callable=any(name in own[u].calls for u in units)))
    by_name = {k: tuple(v) for k, v in sorted(by_library.items())}
    return Needs(by_name, tuple(missing), tuple(weak), units=len(own))


def todo(needs: Needs) -> Iterator[str]:
    """What a person must still do about each of them."""
    for one in needs.missing:
        where = f"; used in {', '.join(one.places[:5])}" if one.places else ""
        stub = (
            "nobody provides it, and missing.c stops the guest where it is called"
            if one.callable
            else "nobody provides this object, and no stub can stand for one"
        )
        yield f"{one.name}: {stub}{where}"
    for option, names in sorted((needs.selects or {}).items()):
        yield f"confirm that {option} is to be selected, for {_some(names)}"
    for path, why in (needs.broken or {}).items():
        yield f"{path} does not compile for Unikraft: {why}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")  # noqa: PLR2004 - as many as fit
