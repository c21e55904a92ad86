"""The symbols of a library as a whole: what it defines twice, and what it needs from outside."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from ukport.symbols.model import Place, Unit


class Source(StrEnum):
    """Where a needed symbol comes from."""

    LIBRARY = "library"
    # A library of the core that is not in this configuration has it.
    UNSELECTED = "unselected"
    # The compiler's own library has it, which Unikraft does not link.
    COMPILER = "compiler"
    # A source of upstream's that is not compiled has it.
    UNLISTED = "unlisted"
    NOBODY = "nobody"


class Provider(Struct, frozen=True):
    """Who provides a symbol: ``name`` is a library's, ``file`` the source that defines it."""

    source: Source
    name: str = ""
    file: str = ""


NOBODY = Provider(Source.NOBODY)


class Outside(Struct, frozen=True):
    """A symbol that the library needs and does not define."""

    name: str
    provider: Provider
    places: tuple[Place, ...] = ()


class Double(Struct, frozen=True):
    """A symbol that two units define, neither of them weakly."""

    name: str
    sources: tuple[str, ...]


class Symbols(Struct, frozen=True):
    """A library at a version."""

    recipe: str
    version: str
    library: str
    units: tuple[Unit, ...]
    outside: tuple[Outside, ...]
    doubles: tuple[Double, ...]

    @property
    def unparsed(self) -> tuple[Unit, ...]:
        return tuple(unit for unit in self.units if not unit.parsed)

    @property
    def broken(self) -> tuple[Unit, ...]:
        return tuple(unit for unit in self.units if unit.broken)

    @property
    def missing(self) -> tuple[Outside, ...]:
        """The symbols that nobody in the port provides."""
        return tuple(one for one in self.outside if one.provider.source is not Source.LIBRARY)


def outside(units: Sequence[Unit]) -> Mapping[str, tuple[Place, ...]]:
    """The symbols that units need and none of them defines, with the places that use them."""
    defined = {one.name for unit in units for one in unit.defines}
    needed: dict[str, list[Place]] = {}
    for unit in units:
        for one in unit.needs:
            if one.name not in defined:
                needed.setdefault(one.name, []).extend(one.places)
    return {name: tuple(dict.fromkeys(needed[name])) for name in sorted(needed)}


def doubles(units: Sequence[Unit]) -> tuple[Double, ...]:
    """The symbols that more than one unit defines for good."""
    sources: dict[str, list[str]] = {}
    for unit in units:
        for one in unit.defines:
            if not one.weak:
                sources.setdefault(one.name, []).append(unit.source)
    return tuple(
        Double(name, tuple(sources[name])) for name in sorted(sources) if len(sources[name]) > 1
    )
