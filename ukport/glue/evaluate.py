"""What a Makefile.uk says, as far as it can be told without running make.

Make decides by a configuration that is not known here, so a variable has a value in each branch
of the conditionals around its assignments. An expansion keeps the branches that it rests on:
branches that exclude each other never meet in one value. What is not known stays in the text, as
``$(NAME)``.
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from ukport.glue.makefile import (
    Assignment,
    Call,
    Condition,
    Define,
    Include,
    Makefile,
    Opaque,
    Statement,
    parse,
    split_arguments,
)

# Alternatives of one text, and references inside of references, that are followed.
_MOST = 64
_DEEPEST = 24
_SUFFIX = re.compile(r"(?P<base>.*[^-])-(?P<guard>y|n|m|\$[({].*[)}])", re.DOTALL)

Held = frozenset[Condition]


@dataclass(frozen=True)
class Value:
    """A text, the branches in which it is so, and whether something in it is not known."""

    text: str
    held: Held = frozenset()

    @property
    def known(self) -> bool:
        return "$" not in self.text


@dataclass(frozen=True)
class Item:
    """A word of a list such as ``LIBX_SRCS-y``: where it is written and when it is in it.

    ``dropped`` are the branches in which the list is set anew after it.
    """

    text: str
    origin: Statement
    held: Held
    guards: tuple[str, ...] = ()
    dropped: tuple[Held, ...] = ()

    @property
    def known(self) -> bool:
        return "$" not in self.text

    def meets(self, other: "Item") -> bool:
        """Whether some configuration has both; of what hangs on two options that is not known."""
        if any(a.excludes(b) for a in self.held for b in other.held):
            return False
        if self.guards and other.guards and self.guards != other.guards:
            return False
        both = self.held | other.held
        return not any(dropped <= both for dropped in (*self.dropped, *other.dropped))


@dataclass(frozen=True)
class Library:
    """A registered library: its name, the switch, and whether its objects keep their folders."""

    name: str
    switch: str
    tree: bool
    statement: Statement

    @property
    def prefix(self) -> str:
        """What its variables begin with, as core's ``uc`` makes it."""
        return upper(self.name)


@dataclass(frozen=True)
class Scope:
    """All statements of a library's makefiles in the order in which make reads them."""

    statements: tuple[Statement, ...]
    fixed: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, tuple[Assignment, ...]] = field(default_factory=dict)
    # What was not evaluated: the statement, and why.
    left: tuple[tuple[Statement, str], ...] = ()

    @property
    def libraries(self) -> tuple[Library, ...]:
        """What ``addlib`` and its kin register."""
        found = []
        for call in self.calls("addlib", "addlib_s", "addlib_tree", "addlib_tree_s"):
            if call.arguments:
                switch = call.arguments[1] if len(call.arguments) > 1 else "y"
                tree = "tree" in call.function
                found.append(Library(call.arguments[0], switch, tree, call))
        return tuple(found)

    def calls(self, *functions: str) -> Iterator[Call]:
        """The calls of some functions of core's."""
        for statement in self.statements:
            if isinstance(statement, Call) and statement.function in functions:
                yield statement

    def values(self, text: str, held: Held = frozenset()) -> tuple[Value, ...]:
        """Every value that ``text`` can have where ``held`` holds; at least one."""
        return tuple(islice(_expand(self, text, held, 0), _MOST)) or (Value(text, held),)

    def of(self, name: str, held: Held = frozenset()) -> tuple[Value, ...]:
        """Every value of a variable; none where it is never set."""
        return tuple(islice(_variable(self, name, held, 0), _MOST))

    def items(self, name: str) -> tuple[Item, ...]:
        """The words of a list that is built with ``+=``, with those of the lists in it."""
        return tuple(_items(self, name, frozenset(), (), 0))


def upper(name: str) -> str:
    """Core's ``uc``: upper case, with dots and hyphens as they are."""
    return name.upper()


def read(main: str, files: Mapping[str, str]) -> Scope:
    """The scope of ``main`` and of what it includes from ``files`` (text by path).

    ``$(LIBX_BASE)`` stands for the library's folder and is empty here, so that own files read as
    ``/glue.c``; ``$(LIBX_ORIGIN)`` reads as ``origin:``.
    """
    makefile = parse(main, files[main])
    fixed: dict[str, str] = {}
    for call in makefile.statements:
        if isinstance(call, Call) and call.function.startswith("addlib") and call.arguments:
            prefix = upper(call.arguments[0])
            fixed |= {f"{prefix}_BASE": "", f"{prefix}_ORIGIN": "origin:"}
    left: list[tuple[Statement, str]] = []
    statements = tuple(_flat(makefile, files, fixed, left, (main,)))
    names: dict[str, list[Assignment]] = {}
    for statement in statements:
        if isinstance(statement, Assignment):
            names.setdefault(bare(statement.name), []).append(statement)
    return Scope(statements, fixed, {n: tuple(a) for n, a in names.items()}, tuple(left))


def bare(name: str) -> str:
    """``LIBX_SRCS-$(CONFIG_LIBX)`` and ``LIBX_SRCS-y`` are one list."""
    shape = _SUFFIX.fullmatch(name)
    return f"{shape['base']}-y" if shape else name


def _guard(name: str) -> tuple[str, ...]:
    shape = _SUFFIX.fullmatch(name)
    return (shape["guard"],) if shape and shape["guard"] != "y" else ()


def _flat(
    makefile: Makefile,
    files: Mapping[str, str],
    fixed: Mapping[str, str],
    left: list[tuple[Statement, str]],
    seen: tuple[str, ...],
    defined: dict[str, Define] | None = None,
) -> Iterator[Statement]:
    """Statements with includes and calls of own macros in their place."""
    defined = {} if defined is None else defined
    for statement in makefile.statements:
        yield statement
        if isinstance(statement, Opaque):
            left.append((statement, statement.why))
        elif isinstance(statement, Define):
            defined[statement.name] = statement
        elif isinstance(statement, Include):
            for path in statement.paths:
                name = _own(path, fixed)
                if name in seen:
                    left.append((statement, f"{path} includes itself"))
                elif name is None or name not in files:
                    if not statement.optional:
                        left.append((statement, f"it includes {path}, which is not here"))
                else:
                    inner = _inside(parse(name, files[name]), statement.conditions)
                    yield from _flat(inner, files, fixed, left, (*seen, name), defined)
        elif isinstance(statement, Call) and statement.function in defined:
            yield from _called(statement, defined[statement.function])


def _own(path: str, fixed: Mapping[str, str]) -> str | None:
    """The library's own file that an include names, if it does."""
    for name, value in fixed.items():
        path = path.replace(f"$({name})", value).replace(f"${{{name}}}", value)
    path = posixpath.normpath(path.lstrip("/"))
    return None if "$" in path or path.startswith("..") else path


def _inside(makefile: Makefile, outer: tuple[Condition, ...]) -> Makefile:
    """An included file holds where its include does."""
    from dataclasses import replace

    if not outer:
        return makefile
    held = (replace(s, conditions=(*outer, *s.conditions)) for s in makefile.statements)
    return Makefile(makefile.path, tuple(held))


def _called(call: Call, define: Define) -> Iterator[Statement]:
    """The body of an own macro with the arguments put in, as statements of the call's line."""
    from dataclasses import replace

    text = define.body
    for number, argument in enumerate(call.arguments, 1):
        text = text.replace(f"$({number})", argument)
    text = re.sub(r"\$\(call uc,([\w.-]+)\)", lambda m: upper(m[1]), text).replace("$$", "$")
    for statement in parse(call.file, text).statements:
        if isinstance(statement, Assignment):
            conditions = (*call.conditions, *statement.conditions)
            yield replace(statement, file=call.file, line=call.line, conditions=conditions)


def compatible(statement: Statement, held: Held) -> bool:
    """Whether a statement can hold where ``held`` does."""
    return not any(one.excludes(other) for one in statement.conditions for other in held)


_OPENING = re.compile(r"\$(?:([({])|(.))", re.DOTALL)


def _expand(scope: Scope, text: str, held: Held, depth: int) -> Iterator[Value]:
    opening = _OPENING.search(text)
    if opening is None or depth > _DEEPEST:
        yield Value(text, held)
        return
    before = text[: opening.start()]
    if opening[1] is None:  # $$, $@, $<: nothing that a makefile knows before its rules run
        literal = "$" if opening[2] == "$" else opening[0]
        for rest in _expand(scope, text[opening.end() :], held, depth):
            yield Value(before + literal + rest.text, rest.held)
        return
    end = _closing(text, opening.end(), opening[1])
    if end is None:
        yield Value(text, held)
        return
    for one in _reference(scope, text[opening.end() : end], held, depth + 1):
        for rest in _expand(scope, text[end + 1 :], one.held, depth):
            yield Value(before + one.text + rest.text, rest.held)


def _closing(text: str, at: int, opened: str) -> int | None:
    closes, depth = {"(": ")", "{": "}"}[opened], 1
    for place in range(at, len(text)):
        depth += (text[place] == opened) - (text[place] == closes)
        if depth == 0:
            return place
    return None


def _reference(scope: Scope, inside: str, held: Held, depth: int) -> Iterator[Value]:
    """What ``$(inside)`` gives: of a variable, of a function, or itself where it is not known."""
    word, space, rest = inside.partition(" ")
    if space and word in _FUNCTIONS:
        arguments = split_arguments(rest)
        for values in _each(scope, arguments, held, depth):
            known = _FUNCTIONS[word](*(v.text for v in values)) if _fits(word, values) else None
            at = values[-1].held if values else held
            yield Value(f"$({inside})" if known is None else known, at)
        return
    if inside.startswith("call uc,"):
        for value in _expand(scope, inside.removeprefix("call uc,"), held, depth):
            yield Value(upper(value.text), value.held)
        return
    for name in _expand(scope, inside, held, depth) if "$" in inside else (Value(inside, held),):
        found = False
        for value in _variable(scope, name.text, name.held, depth):
            found = True
            yield value
        if not found:
            yield Value(f"$({name.text})", name.held)


def _each(
    scope: Scope, arguments: Sequence[str], held: Held, depth: int
) -> Iterator[tuple[Value, ...]]:
    if not arguments:
        yield ()
        return
    for first in _expand(scope, arguments[0], held, depth):
        for more in _each(scope, arguments[1:], first.held, depth):
            yield (first, *more)


def _variable(scope: Scope, name: str, held: Held, depth: int) -> Iterator[Value]:
    if name in scope.fixed:
        yield Value(scope.fixed[name], held)
        return
    if depth > _DEEPEST:
        return
    settings = [a for a in scope.names.get(bare(name), ()) if compatible(a, held)]
    if any(setting.operator == "+=" for setting in settings):
        text = " ".join(setting.value for setting in settings)
        yield from _expand(scope, text, held, depth)
        return
    for setting in reversed(settings):
        certain = set(setting.conditions) <= held
        now = held | set(setting.conditions)
        yield from _expand(scope, setting.value, now, depth)
        if certain:
            return


def _items(
    scope: Scope,
    name: str,
    held: Held,
    guards: tuple[str, ...],
    depth: int,
    dropped: tuple[Held, ...] = (),
) -> Iterator[Item]:
    settings = scope.names.get(bare(name), ())
    for number, setting in enumerate(settings):
        now = held | set(setting.conditions)
        anew = [frozenset(s.conditions) for s in settings[number + 1 :] if s.operator != "+="]
        if not compatible(setting, held) or depth > _DEEPEST or any(one <= now for one in anew):
            continue
        under = (*guards, *_guard(setting.name))
        for word in words(setting.value):
            inner = re.fullmatch(r"\$[({]([\w.-]+)[)}]", word)
            if inner and bare(inner[1]) in scope.names and inner[1] != name:
                yield from _items(scope, inner[1], now, under, depth + 1, (*dropped, *anew))
                continue
            if inner and _SUFFIX.fullmatch(inner[1]):
                continue  # a list that nothing is in
            for value in scope.values(word, now):
                for text in value.text.split() if value.known else (value.text,):
                    yield Item(text, setting, value.held, under, (*dropped, *anew))


def words(text: str) -> list[str]:
    """Split at spaces outside of parentheses."""
    words, depth = [""], 0
    for character in text:
        depth += (character in "({") - (character in ")}")
        if character.isspace() and depth == 0:
            words.append("")
        else:
            words[-1] += character
    return [word for word in words if word]


def _patsubst(pattern: str, replacement: str, text: str) -> str:
    before, percent, after = pattern.partition("%")
    if not percent:
        return " ".join(replacement if word == pattern else word for word in text.split())
    done = []
    for word in text.split():
        fits = word.startswith(before) and word.endswith(after)
        if fits and len(word) >= len(before) + len(after):
            stem = word[len(before) : len(word) - len(after)]
            done.append(replacement.replace("%", stem, 1))
        else:
            done.append(word)
    return " ".join(done)


def _by_word(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: " ".join(change(word) for word in text.split())


_FUNCTIONS: Mapping[str, Callable[..., str]] = {
    "subst": lambda old, new, text: text.replace(old, new) if old else text + new,
    "patsubst": _patsubst,
    "strip": lambda text: " ".join(text.split()),
    "notdir": _by_word(posixpath.basename),
    "dir": _by_word(lambda word: word[: word.rfind("/") + 1] or "./"),
    "basename": _by_word(lambda word: posixpath.splitext(word)[0]),
    "suffix": _by_word(lambda word: posixpath.splitext(word)[1]),
    "addprefix": lambda prefix, text: " ".join(prefix + word for word in text.split()),
    "addsuffix": lambda suffix, text: " ".join(word + suffix for word in text.split()),
    "firstword": lambda text: (text.split() or [""])[0],
    "lastword": lambda text: (text.split() or [""])[-1],
}
_ARITY = {"subst": 3, "patsubst": 3, "addprefix": 2, "addsuffix": 2}


def _fits(function: str, values: Sequence[Value]) -> bool:
    return len(values) == _ARITY.get(function, 1) and all(value.known for value in values)
