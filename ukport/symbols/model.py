"""What is known of a translation unit; light to import, for answers that are kept."""

from msgspec import Struct

# Changes with the meaning of what is kept.
FORMAT = 6


class Place(Struct, frozen=True, array_like=True):
    """Where a symbol is used: in which function or object, on which line of which file."""

    file: str
    line: int
    inside: str


class Defined(Struct, frozen=True):
    """A symbol that other units can see; ``signature`` is empty for an object."""

    name: str
    file: str
    line: int
    function: bool
    weak: bool = False
    signature: str = ""


class Needed(Struct, frozen=True):
    """A symbol that the unit does not define, and the places that use it."""

    name: str
    places: tuple[Place, ...] = ()


class Unit(Struct, frozen=True):
    """A source, and what its object defines and needs.

    ``local`` are functions and objects of its own that are in the object. ``missed`` are macros
    that it asks for and that nobody defines, ``used`` those that it uses. Where ``parsed`` is
    off, ``reason`` says why, and ``defines`` and ``needs`` are the object's. One that does not
    compile is ``broken`` and has neither; ``missing`` is the header that was not found, ``offered``
    who has one of that name.
    """

    source: str
    defines: tuple[Defined, ...]
    needs: tuple[Needed, ...]
    local: tuple[Defined, ...] = ()
    headers: tuple[str, ...] = ()
    builtins: tuple[Needed, ...] = ()
    intrinsics: tuple[Needed, ...] = ()
    used: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    parsed: bool = True
    reason: str = ""
    broken: bool = False
    missing: str = ""
    offered: tuple[str, ...] = ()
