"""Every distinct declaration read once, for all units and for all later runs.

What a declaration means depends on its text and on the types and constants that it names, so its
key is its text together with the keys of the declarations that these names come from. Of a
function's definition the head is read first, and all of it only where it is asked for.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from ukport.symbols import quick
from ukport.symbols.fold import Layout
from ukport.symbols.lexical import pieces
from ukport.symbols.record import Record

_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Entry:
    """A declaration that was read, what identifies it, and what it rests on."""

    key: bytes
    record: Record
    text: str
    rests: "Scope"


class Scope(dict[str, tuple[Entry, ...]]):
    """What declares each name so far: a typedef, or a tag or an enumerator, or one of both."""

    def learn(self, entry: Entry) -> None:
        """Take up the names of types and enumerators that a declaration gives."""
        for name in entry.record.tags:
            # A tag takes no typedef's name from it: typedef struct one one; struct one { … };
            before = self.get(name, ())
            self[name] = (*(one for one in before if name in one.record.types), entry)
        for name in entry.record.types:
            self[name] = (entry,)


class Book:
    """The declarations read so far; ``known`` are the records of earlier runs by their keys."""

    def __init__(self, known: Mapping[bytes, Record] | None = None) -> None:
        self._known = dict(known or {})
        self._entries: dict[tuple[str, tuple[bytes, ...]], Entry] = {}
        self._words: dict[str, tuple[str, ...]] = {}
        self._pieces: dict[str, tuple[list[tuple[int, str]], str]] = {}
        self._reader: object = None
        self._answers: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.used: dict[bytes, Record] = {}
        self.fresh = 0

    @property
    def all(self) -> Mapping[bytes, Record]:
        """The declarations of this run and of those before."""
        return {**self._known, **self.used}

    def remember(
        self, question: tuple[str, ...], ask: Callable[[tuple[str, ...]], tuple[str, ...]]
    ) -> tuple[str, ...]:
        """An answer that is the same for all units."""
        if question not in self._answers:
            self._answers[question] = ask(question)
        return self._answers[question]

    def split(self, text: str) -> tuple[list[tuple[int, str]], str]:
        """As ``lexical.pieces``; the same headers come again in every unit."""
        found = self._pieces.get(text)
        if found is None:
            found = self._pieces[text] = pieces(text)
        return found

    def entry(self, text: str, scope: Scope) -> Entry:
        """What a declaration says; ``scope`` has the declarations of each type name before it."""
        words = self._words.get(text)
        if words is None:
            words = self._words[text] = tuple(sorted(set(_WORD.findall(text))))
        rests = Scope((word, scope[word]) for word in words if word in scope)
        identity = (text, tuple([entry.key for some in rests.values() for entry in some]))
        found = self._entries.get(identity)
        if found is None:
            found = self._entries[identity] = self._make(text, rests)
        return found

    def _make(self, text: str, rests: Scope) -> Entry:
        digest = blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16)
        for word, some in rests.items():
            for entry in some:
                digest.update(b"\0%s\0%s" % (word.encode(), entry.key))
        key = digest.digest()
        record = quick.function(text) or self._kept(key, text, rests)
        return Entry(key, record, text, rests)

    def whole(self, entry: Entry) -> Record:
        """All that a declaration says, its function's body included."""
        return self._kept(entry.key, entry.text, entry.rests)

    def _kept(self, key: bytes, text: str, rests: Scope) -> Record:
        record = self.used.get(key) or self._known.get(key)
        if record is None:
            record = self._read(text, rests)
            self.fresh += 1
        self.used[key] = record
        return record

    def _read(self, text: str, rests: Scope) -> Record:
        from ukport.symbols.declare import Reader

        if self._reader is None:
            self._reader = Reader()
        assert isinstance(self._reader, Reader)  # noqa: S101 - for mypy
        types = []
        numbers: dict[str, int | None] = {}
        layouts: dict[str, Layout] = {}
        for word, some in rests.items():
            for record in (entry.record for entry in some):
                if word in record.types:
                    types.append(word)
                if word in record.numbers:
                    numbers[word] = record.numbers[word]
                if word in record.sizes:
                    layouts[word] = record.sizes[word]
        return self._reader.read(text, types, numbers, layouts)
