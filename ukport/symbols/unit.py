"""The symbols of a translation unit, put together from its declarations as a compiler would.

The rules are those of an object that is not optimised: every function that is not inline is in
it, used or not, and every object; an inline one where something in the object mentions it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from ukport.symbols.book import Book, Entry, Scope
from ukport.symbols.model import Defined, Needed, Place, Unit
from ukport.symbols.preprocessed import Piece, Preprocessed
from ukport.symbols.record import Declared, Record, Reference


class UnreadableError(Exception):
    """A unit that cannot be read from its text; its object has to serve."""


@dataclass
class _Symbol:
    """All that a unit says about one name."""

    name: str
    symbol: str = ""
    static: bool = False
    function: bool = False
    # Whether all of its declarations are inline, and none is extern.
    inline: bool = True
    gnu_inline: bool = False
    extern_inline: bool = False
    weak: bool = False
    kept: bool = False
    declared: bool = False
    alias: str = ""
    definition: Declared | None = None
    place: Piece | None = None
    entry: Entry | None = None

    def add(self, one: Declared, piece: Piece, entry: Entry) -> None:
        self.symbol = self.symbol if self.symbol not in ("", self.name) else one.symbol
        # A later extern keeps the linkage of the first.
        self.static = self.static or one.static
        self.function = one.function
        self.weak = self.weak or one.weak
        self.kept = self.kept or one.kept
        self.gnu_inline = self.gnu_inline or one.gnu_inline
        self.inline = self.inline and one.inline and not one.extern
        self.extern_inline = self.extern_inline or (one.inline and one.extern)
        self.alias = one.alias or self.alias
        if one.defined and not (one.tentative and self.definition):
            self.definition, self.place, self.entry = one, piece, entry

    @property
    def emitted(self) -> bool:
        """Whether the object has it whatever uses it."""
        if self.definition is None:
            return False
        if not self.function or self.alias or self.kept:
            return True
        if self.gnu_inline:
            return not self.static and not self.extern_inline
        return not self.inline

    @property
    def in_object(self) -> bool:
        """Whether a use of it puts it into the object, or finds it there."""
        return self.definition is not None and (self.static or self.emitted)


def combine(
    source: str,
    read: Preprocessed,
    book: Book,
    compilers: Sequence[str],
    name: Callable[[str], str] = str,
) -> Unit:
    """The unit's symbols; ``compilers`` are the folders of the compiler's own headers.

    ``name`` makes of a path what people read.

    Raises UnreadableError with the first declaration that cannot be read.
    """
    if read.renaming:
        raise UnreadableError(f"{source}: {read.renaming} renames symbols")
    symbols = _symbols(read.pieces, book, name)
    reached = _reached(symbols, book, name)
    found = _Collector(symbols, compilers, name)
    for one in reached:
        found.uses(symbols[one])
    emitted = [symbols[one] for one in reached if symbols[one].in_object]
    return Unit(
        source=source,
        defines=tuple(
            sorted((_defined(s, name) for s in emitted if not s.static), key=attrgetter("name"))
        ),
        local=tuple(
            sorted((_defined(s, name) for s in emitted if s.static), key=attrgetter("name"))
        ),
        needs=_needed(found.needs),
        headers=tuple(name(header) for header in read.headers[1:]),
        builtins=_needed(found.builtins),
        intrinsics=_needed(found.intrinsics),
        used=tuple(sorted(read.used)),
        missed=tuple(sorted(read.missed - read.used)),
    )


def _symbols(
    pieces: Iterable[Piece], book: Book, name_of: Callable[[str], str]
) -> dict[str, _Symbol]:
    scope = Scope()
    symbols: dict[str, _Symbol] = {}
    for piece in pieces:
        entry = book.entry(piece.text, scope)
        record = entry.record
        if record.error:
            raise _unreadable(piece, record, name_of)
        scope.learn(entry)
        for one in record.declared:
            symbol = symbols.get(one.name)
            if symbol is None:
                symbol = symbols[one.name] = _Symbol(one.name)
            symbol.add(one, piece, entry)
    return symbols


def _unreadable(piece: Piece, record: Record, name_of: Callable[[str], str]) -> UnreadableError:
    place = f"{name_of(piece.file)}:{piece.line + record.line}"
    return UnreadableError(f"{place}: {record.error}")


def _whole(symbol: _Symbol, book: Book, name_of: Callable[[str], str]) -> Declared | None:
    """A definition with all that it refers to."""
    piece, definition = symbol.place, symbol.definition
    if definition is None or not definition.unread or piece is None or symbol.entry is None:
        return definition
    record = book.whole(symbol.entry)
    if record.error:
        raise _unreadable(piece, record, name_of)
    symbol.definition = next(one for one in record.declared if one.name == symbol.name)
    return symbol.definition


def _reached(
    symbols: Mapping[str, _Symbol], book: Book, name_of: Callable[[str], str]
) -> list[str]:
    """The names whose definitions are in the object, or inlined into it by their nature."""
    reached = {name: None for name, symbol in symbols.items() if symbol.emitted}
    waiting = list(reached)
    while waiting:
        definition = _whole(symbols[waiting.pop()], book, name_of)
        for reference in definition.references if definition else ():
            symbol = symbols.get(reference.name)
            if not symbol or not symbol.definition or reference.name in reached:
                continue
            # The body of an inline function that is external elsewhere does not count, but that
            # of one that the compiler must put in place does.
            if symbol.static or symbol.gnu_inline:
                reached[reference.name] = None
                waiting.append(reference.name)
    return list(reached)


class _Collector:
    """Sorts what reached definitions use into needs, builtins and intrinsics."""

    def __init__(
        self,
        symbols: Mapping[str, _Symbol],
        compilers: Sequence[str],
        name: Callable[[str], str],
    ) -> None:
        self._symbols = symbols
        self._name = name
        self._compilers = tuple(f"{folder.rstrip('/')}/" for folder in compilers)
        self.needs: dict[str, list[Place]] = {}
        self.builtins: dict[str, list[Place]] = {}
        self.intrinsics: dict[str, list[Place]] = {}

    def uses(self, user: _Symbol) -> None:
        piece, definition = user.place, user.definition
        if piece is None or definition is None:
            return
        if user.alias and user.alias not in self._symbols:
            self.needs.setdefault(user.alias, [])
        for reference in definition.references:
            place = Place(self._name(piece.file), piece.line + reference.line, user.name)
            inside = piece.file.startswith(self._compilers)
            self._sort(reference, place, inside=inside)

    def _sort(self, reference: Reference, place: Place, *, inside: bool) -> None:
        name = reference.name
        symbol = self._symbols.get(name)
        if symbol is not None and symbol.definition is not None:
            at = symbol.place.file if symbol.place else ""
            if at.startswith(self._compilers) and not inside:
                self.intrinsics.setdefault(name, []).append(place)
            if symbol.in_object or symbol.gnu_inline:
                return
        if name.startswith(("__builtin_", "__sync_", "__atomic_")) and symbol is None:
            if not inside:
                self.builtins.setdefault(name, []).append(place)
            return
        if symbol is None and name.startswith("__func__"):
            return
        if symbol is not None and symbol.static and symbol.definition is None:
            return
        self.needs.setdefault(symbol.symbol if symbol else name, []).append(place)


def _needed(found: Mapping[str, list[Place]]) -> tuple[Needed, ...]:
    return tuple(Needed(name, tuple(dict.fromkeys(found[name]))) for name in sorted(found))


def _defined(symbol: _Symbol, name: Callable[[str], str]) -> Defined:
    piece, definition = symbol.place, symbol.definition
    line = (piece.line if piece else 0) + (definition.line if definition else 0)
    return Defined(
        name=symbol.symbol,
        file=name(piece.file) if piece else "",
        line=line,
        function=symbol.function,
        weak=symbol.weak,
        signature=definition.signature if definition else "",
    )
