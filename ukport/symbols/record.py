"""What one declaration at the top level says, kept by its content and by what it rests on."""

from msgspec import Struct


class Reference(Struct, frozen=True, array_like=True):
    """A name that a definition mentions; ``line`` counts from the declaration's first, at 0."""

    name: str
    line: int
    called: bool


class Declared(Struct, frozen=True, array_like=True):
    """A function or an object, declared or defined.

    ``tentative`` is a definition of an object without a value. ``symbol`` is its asm label, or its
    name; ``alias`` the symbol that it is another name of. ``unread`` is a definition of which only
    the head was read.
    """

    name: str
    symbol: str
    line: int
    function: bool
    static: bool
    extern: bool
    inline: bool
    defined: bool
    tentative: bool = False
    weak: bool = False
    gnu_inline: bool = False
    kept: bool = False
    noreturn: bool = False
    alias: str = ""
    signature: str = ""
    references: tuple[Reference, ...] = ()
    unread: bool = False


class Record(Struct, frozen=True, array_like=True):
    """The names that later declarations rest on, and what is declared.

    ``types`` are typedefs, ``tags`` all other names that belong to types, enumerators among them.
    ``numbers`` are the enumerators' values, ``sizes`` the layouts of types (see ``fold.Layout``),
    both where they are known. ``error`` says why a declaration could not be read, and ``line``
    where in it.
    """

    types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    numbers: dict[str, int | None] = {}
    sizes: dict[str, tuple[int, int, int]] = {}
    declared: tuple[Declared, ...] = ()
    error: str = ""
    line: int = 0
