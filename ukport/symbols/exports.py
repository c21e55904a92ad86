"""What public headers declare for others to link with."""

from collections.abc import Collection

from ukport.symbols import preprocessed
from ukport.symbols.book import Book, Scope


def declared(text: str, headers: Collection[str]) -> tuple[str, ...]:
    """The functions and objects that some headers declare, in a preprocessed unit with all others.

    ``headers`` are paths as the preprocessor tells them. What is static or inline is nobody
    else's, and what cannot be read is left out.
    """
    book = Book()
    scope = Scope()
    names: set[str] = set()
    for piece in preprocessed.read(text, split=book.split).pieces:
        entry = book.entry(piece.text, scope)
        scope.learn(entry)
        if piece.file in headers:
            names |= {
                one.symbol
                for one in entry.record.declared
                if not one.static and not one.inline and (one.function or one.extern)
            }
    return tuple(sorted(names))
