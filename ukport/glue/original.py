"""What becomes of the statements of an imported library's own makefiles.

Each has one fate: the generated part has the same effect, or it is wrong, or nothing needs it any
more, or it is kept by hand below the line that ukport leaves alone, with what it rests on.
"""

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

from ukport.glue.evaluate import Item, bare, words
from ukport.glue.fate import Fate, Kind, kept, of
from ukport.glue.importing import when
from ukport.glue.leftover import assembled
from ukport.glue.library import ORIGIN, Archive, ExternalLibrary, meets
from ukport.glue.lint import moves
from ukport.glue.makefile import (
    Assignment,
    Branch,
    Call,
    Comment,
    Define,
    Include,
    Opaque,
    Rule,
    Statement,
)


@dataclass(frozen=True)
class Pair:
    """An imported library, and what is made of its recipe: the generated part alone.

    ``archive`` is what the recipe fetches, ``tree`` the files in it.
    """

    old: ExternalLibrary
    made: ExternalLibrary
    archive: Archive
    tree: Collection[str]


@dataclass(frozen=True)
class Fates:
    """Of all statements, in their order; the text by hand, and who says what a new line says.

    ``partners`` are places in the original by the line of the generated Makefile.uk.
    """

    all: tuple[Fate, ...]
    hand: str
    partners: Mapping[int, str]


_Key = tuple[str, str, bool]
_REFERENCE = re.compile(r"\$[({](?:call\s+)?([\w.-]+)")


class _Lists:
    """The words of the lists that a recipe speaks of: sources, folders of headers, flags."""

    def __init__(self, library: ExternalLibrary, archive: Archive) -> None:
        self.archive, self.name = archive, library.name
        roots = _spoken(library.name)[1:]
        self.found: dict[tuple[str, int], list[tuple[_Key, Item, tuple[str, ...]]]] = {}
        for source in library.sources:
            if source.library == self.name:
                key = ("source", source.path, source.own)
                self._add(key, source.item, source.variants)
        for root in roots:
            for item in library.scope.items(root):
                self._add(_folder(root, item), item, ())

    def _add(self, key: _Key, item: Item, variants: tuple[str, ...]) -> None:
        place = (item.origin.file, item.origin.line)
        self.found.setdefault(place, []).append((key, item, variants))


def _spoken(name: str) -> tuple[str, ...]:
    """The lists of a library that a recipe fills; its sources come first."""
    prefix = name.upper()
    own = (f"{prefix}_CINCLUDES-y", f"{prefix}_CFLAGS-y")
    return (f"{prefix}_SRCS-y", "CINCLUDES-y", "CXXINCLUDES-y", *own)


def _folder(root: str, item: Item) -> _Key:
    own = not item.text.startswith(f"-I{ORIGIN}")
    if not item.text.startswith("-I") or not item.known:
        return root, item.text, own
    path = posixpath.normpath(item.text.removeprefix("-I").removeprefix(ORIGIN).lstrip("/"))
    return root, path if own else path.partition("/")[2] or ".", own


def judge(pair: Pair) -> Fates:
    """The fates of all statements of Makefile.uk and of what it includes."""
    return _Judge(pair).fates()


class _Judge:
    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.scope = pair.old.scope
        self.name = pair.old.name
        self.spoken = _spoken(self.name)
        self.lists = _Lists(pair.old, pair.archive)
        self.made: dict[_Key, list[tuple[tuple[str, ...], tuple[str, ...], int]]] = {}
        new = _Lists(pair.made, pair.made.archives[0])
        for (_, line), entries in new.found.items():
            for key, item, variants in entries:
                options, _ = when(item, new.archive, new.name)
                self.made.setdefault(key, []).append((options, variants, line))
        self.partners: dict[int, str] = {}
        calls = {(s.file, s.line) for s in self.scope.statements if isinstance(s, Call)}
        # Without what a call of an own macro stands for: the call itself is looked at.
        self.statements = tuple(
            s
            for s in self.scope.statements
            if not (isinstance(s, Assignment) and (s.file, s.line) in calls)
        )

    @cached_property
    def _referenced(self) -> frozenset[str]:
        return frozenset(n for s in self.statements for n in _names(s.raw))

    def fates(self) -> Fates:
        first = {s: self._fate(s) for s in self.statements}
        done = self._with_what_it_rests_on(first)
        hand, branches = assembled(self.statements, done)
        left = Fate("", 0, 0, Kind.GONE, "nothing is left in it")
        found = []
        for statement in self.statements:
            fate = done[statement]
            if isinstance(statement, Branch):
                fate = of(statement, left.kind, left.why)
                if statement in branches:
                    fate = of(statement, Kind.KEPT, "around what is kept by hand")
            found.append(fate)
        return Fates(tuple(found), hand, self.partners)

    def _fate(self, statement: Statement) -> Fate:
        match statement:
            case Comment():
                return self._comment(statement)
            case Assignment():
                return self._assignment(statement)
            case Call():
                return self._call(statement)
            case Include() if all(self._own(path) for path in statement.paths):
                return of(statement, Kind.GONE, "what it includes stands here itself")
            case Define(name=name) if name in self._referenced:
                return of(statement, Kind.GONE, _UNUSED)
        return of(statement, Kind.GONE, "") if isinstance(statement, Branch) else _unsaid(statement)

    def _own(self, path: str) -> bool:
        ends = path.rpartition("/")[2]
        return any(name.rpartition("/")[2] == ends for name in self.pair.old.files)

    def _comment(self, comment: Comment) -> Fate:
        if comment in self._heading:
            return kept(comment, "the words of its authors")
        return of(comment, Kind.GONE, "a comment or an empty line")

    @cached_property
    def _heading(self) -> tuple[Statement, ...]:
        """The comments that Makefile.uk begins with: who wrote it, and under which licence."""
        return tuple(takewhile(_is_text, self.statements))

    def _call(self, call: Call) -> Fate:
        first = call.arguments[0] if call.arguments else ""
        if call.function.startswith("addlib"):
            if first == self.name:
                return of(call, Kind.SAME, "registered in the generated part")
            return kept(call, f"{first} is another library in the same files")
        if call.function.startswith("fetch") and first == self.pair.archive.library:
            return of(call, Kind.SAME, "fetched in the generated part, and checked")
        if call.function == "patch" and any(call == one for one, _ in self.pair.old.patch_folders):
            return of(call, Kind.SAME, "patched in the generated part")
        return kept(call, f"a call of {call.function}")

    def _assignment(self, statement: Assignment) -> Fate:
        if not meets(statement.conditions, self.pair.archive.held):
            return self._elsewhere(statement)
        name = bare(statement.name)
        if name in self.spoken or (statement.file, statement.line) in self.lists.found:
            return self._list(statement)
        if name in self.pair.made.scope.names:
            line = self.pair.made.scope.names[name][0].line
            return of(statement, Kind.SAME, f"the generated part sets it in line {line}")
        if name in self._referenced:
            return of(statement, Kind.GONE, _UNUSED)
        return kept(statement, f"{statement.name} is nothing that a recipe says")

    def _elsewhere(self, statement: Assignment) -> Fate:
        others = [a for a in self.pair.old.archives if set(statement.conditions) <= a.held]
        if any(moves(one.url) for one in others):
            why = "of a branch's archive, which no sum can hold [branch-archive]"
            return of(statement, Kind.THEIRS, why)
        return of(statement, Kind.GONE, "of another archive; a recipe fetches one")

    def _delegates(self, statement: Assignment) -> list[str]:
        """The lists inside of a list that a recipe speaks of."""
        if bare(statement.name) not in self.spoken:
            return []
        inner = [_inner(word) for word in words(statement.value)]
        return [name for name in inner if name and self.scope.names.get(name)]

    def _list(self, statement: Assignment) -> Fate:
        """Word by word: what is not covered is kept."""
        stays, lines, wrong, notes = [], [], [], []
        entries = self.lists.found.get((statement.file, statement.line), [])
        spelled = words(statement.value)
        for word in spelled:
            inner = _inner(word)
            if inner and self.scope.names.get(inner):
                if not self._covers(inner):
                    stays.append(word)
                continue
            values = self.scope.values(word, frozenset(statement.conditions))
            texts = {text for value in values for text in value.text.split()}
            mine = [one for one in entries if one[1].text in texts]
            here = [one for one in mine if meets(one[1].held, self.pair.archive.held)]
            told = [self._word(*one) for one in here or mine]
            wrong += [why for kind, why, _ in told if kind is Kind.THEIRS]
            if not told or any(kind is Kind.KEPT for kind, _, _ in told):
                stays.append(word)
                notes += [why for kind, why, _ in told if kind is Kind.KEPT and why]
            else:
                lines += [line for kind, _, line in told if kind is Kind.SAME]
        if stays:
            why = "; ".join(dict.fromkeys(notes)) or "no recipe says it"
            whole = len(stays) == len(spelled)
            text = f"{statement.name} {statement.operator} {' '.join(stays)}\n"
            return of(statement, Kind.KEPT, why, statement.raw if whole else text)
        if wrong:
            return of(statement, Kind.THEIRS, "; ".join(dict.fromkeys(wrong)))
        return of(statement, Kind.SAME, _told(lines))

    def _word(self, key: _Key, item: Item, variants: tuple[str, ...]) -> tuple[Kind, str, int]:
        """One word's fate, why, and the line of the generated part that says the same."""
        if not meets(item.held, self.pair.archive.held):
            return Kind.THEIRS, "of another archive; a recipe fetches one", 0
        what, path, own = key
        if what == "source" and not own and path not in self.pair.tree:
            return Kind.THEIRS, f"{path} is not in the archive [source-gone]", 0
        if what == "source" and own and path not in self.pair.old.files:
            return Kind.THEIRS, f"{path} is not in the library [glue-gone]", 0
        options, why = when(item, self.pair.archive, self.name)
        for made, theirs, line in self.made.get(key, ()):
            fits = made in ((), options) if not why else made == ()
            if fits and (not variants or variants == theirs):
                self.partners.setdefault(line, f"{item.origin.file}:{item.origin.line}")
                return Kind.SAME, "", line
        if variants:
            return Kind.KEPT, "its object has a name of its own", 0
        return Kind.KEPT, f"only where {why or ' and '.join(options)}" if why or options else "", 0

    def _covers(self, name: str) -> bool:
        """Whether the generated part has all words of a list, and of the lists in it."""
        for setting in self.scope.names[name]:
            if meets(setting.conditions, self.pair.archive.held):
                fate = self._assignment(setting)
                if fate.kind is Kind.KEPT or fate.why == _UNUSED:
                    return False
        return True

    def _with_what_it_rests_on(self, first: Mapping[Statement, Fate]) -> Mapping[Statement, Fate]:
        """The variables and macros that something kept refers to are kept, too."""
        done = dict(first)
        reached = {(s.file, s.line) for s in done if (s.file, s.line) in self.lists.found}
        while True:
            needed: dict[str, bool] = {}
            for statement, fate in done.items():
                for name in _names(fate.kept):
                    needed[name] = needed.get(name, False) or not self._lends(statement)
            more = {}
            for statement, fate in done.items():
                name = _defined(statement)
                if fate.kind in (Kind.KEPT, Kind.THEIRS) or name not in needed:
                    continue
                elsewhere = not meets(statement.conditions, self.pair.archive.held)
                if elsewhere or name in self.spoken or self._settled(name):
                    continue
                if (statement.file, statement.line) in reached and not needed[name]:
                    continue  # what is left of the list is kept already
                if any(key[0] == "source" for key, _, _ in self._entries(statement)):
                    continue  # compiled once, by the generated part
                more[statement] = kept(statement, "what is kept by hand uses it")
            if not more:
                return done
            done |= more

    def _entries(self, statement: Statement) -> Sequence[tuple[_Key, Item, tuple[str, ...]]]:
        return self.lists.found.get((statement.file, statement.line), ())

    def _lends(self, statement: Statement) -> bool:
        """Whether a statement only adds a list to one whose other words are generated."""
        return isinstance(statement, Assignment) and bool(self._delegates(statement))

    def _settled(self, name: str) -> bool:
        """Whether the generated part gives a variable the very same value."""
        made = {value.text for value in self.pair.made.scope.of(name)}
        if not made:
            return False
        return made == {value.text for value in self.scope.of(name, self.pair.archive.held)}


def _is_text(statement: Statement) -> bool:
    return isinstance(statement, Comment) and bool(statement.raw.strip())


def _unsaid(statement: Statement) -> Fate:
    why = "no recipe says it"
    match statement:
        case Include():
            why = "it includes what is not here"
        case Rule(target=target):
            why = f"a rule for {target}"
        case Opaque(why=reason):
            why = f"cannot be evaluated: {reason}"
    return kept(statement, why)


_UNUSED = "only what is generated now used it"


def _told(lines: Sequence[int]) -> str:
    distinct = sorted(set(lines))
    if not distinct:
        return "the generated part has the same effect"
    if len(distinct) > 1:
        return f"the generated part has it in lines {distinct[0]}–{distinct[-1]}"  # noqa: RUF001 - a range
    return f"the generated part has it in line {distinct[0]}"


def _inner(word: str) -> str:
    """The variable that a whole word refers to."""
    shape = re.fullmatch(r"\$[({]([\w.-]+)[)}]", word)
    return bare(shape[1]) if shape else ""


def _names(text: str) -> Iterator[str]:
    plain = re.sub(r"(?m)^[ \t]*#.*$", "", text.replace("$$", "$"))
    return (bare(name) for name in _REFERENCE.findall(plain))


def _defined(statement: Statement) -> str:
    if isinstance(statement, Assignment):
        return bare(statement.name)
    return statement.name if isinstance(statement, Define) else ""
