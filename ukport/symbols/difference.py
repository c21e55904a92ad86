"""What changed in a library from one version to another, by the symbols of both."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct

from ukport.symbols.lexical import closing
from ukport.symbols.library import Symbols
from ukport.symbols.model import Defined

# Changes with the meaning of what is kept.
FORMAT = 1


class Function(Struct, frozen=True):
    """A function that came or went; ``static`` ones are of their file alone."""

    name: str
    file: str
    line: int
    signature: str
    static: bool = False


class Changed(Struct, frozen=True):
    """A function whose type is another one, parameters' names apart."""

    name: str
    file: str
    before: str
    after: str


class Moved(Struct, frozen=True):
    """A function that went to another file."""

    name: str
    before: str
    after: str


class Functions(Struct, frozen=True):
    """What became of the functions in the objects."""

    added: tuple[Function, ...] = ()
    removed: tuple[Function, ...] = ()
    changed: tuple[Changed, ...] = ()
    moved: tuple[Moved, ...] = ()


class Named(Struct, frozen=True):
    """An option, a macro or an enumerator, and a file that has it."""

    name: str
    file: str = ""


class CameAndWent(Struct, frozen=True):
    """Names of one kind that only one of two versions has."""

    added: tuple[Named, ...] = ()
    removed: tuple[Named, ...] = ()


class Touch(Struct, frozen=True):
    """Something of ours that a change reaches: ``kind`` is patch, glue or backend.

    ``place`` is the file, with its line where it has one; ``name`` what is changed, ``what`` how.
    """

    kind: str
    place: str
    name: str
    what: str


class Difference(Struct, frozen=True):
    """From ``version`` to ``other`` of a recipe's upstream.

    ``options`` are those of upstream's build, ``settings`` the macros that its sources ask for and
    leave to others, ``macros`` those that they define. ``backends`` serve the two versions.
    """

    recipe: str
    library: str
    version: str
    other: str
    backends: tuple[str, str]
    functions: Functions
    options: CameAndWent
    settings: CameAndWent
    macros: CameAndWent
    enumerators: CameAndWent
    touches: tuple[Touch, ...]


class _Found(NamedTuple):
    one: Defined
    static: bool


def functions(before: Symbols, after: Symbols, own: Collection[str]) -> Functions:
    """What became of the functions of both versions that lie in the files ``own``."""
    old, new = _by_name(before, own), _by_name(after, own)
    both = sorted(old.keys() & new.keys())
    return Functions(
        added=tuple(_flat(new, new.keys() - old.keys())),
        removed=tuple(_flat(old, old.keys() - new.keys())),
        changed=tuple(one for name in both for one in _changed(old[name], new[name])),
        moved=tuple(one for name in both for one in _moved(old[name], new[name])),
    )


def _by_name(symbols: Symbols, own: Collection[str]) -> Mapping[str, Mapping[str, _Found]]:
    """The functions by name and by file; one in a header is in many units."""
    found: dict[str, dict[str, _Found]] = {}
    for unit in symbols.units:
        for static, some in ((False, unit.defines), (True, unit.local)):
            for one in some:
                if one.function and one.file in own:
                    found.setdefault(one.name, {}).setdefault(one.file, _Found(one, static))
    return found


def _flat(found: Mapping[str, Mapping[str, _Found]], names: Iterable[str]) -> Iterator[Function]:
    for name in sorted(names):
        for file, (one, static) in sorted(found[name].items()):
            yield Function(name, file, one.line, one.signature, static)


def _changed(old: Mapping[str, _Found], new: Mapping[str, _Found]) -> Iterator[Changed]:
    """In the files that both versions have it in, else where each has it first."""
    files = sorted(old.keys() & new.keys())
    pairs = [(old[file], new[file]) for file in files]
    for was, now in pairs or [(old[min(old)], new[min(new)])]:
        before, after = _declared(was), _declared(now)
        if _types(before) != _types(after):
            yield Changed(was.one.name, now.one.file, before, after)


def _declared(found: _Found) -> str:
    return f"static {found.one.signature}" if found.static else found.one.signature


def _moved(old: Mapping[str, _Found], new: Mapping[str, _Found]) -> Iterator[Moved]:
    gone, there = sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys())
    for before, after in zip(gone, there, strict=False):
        yield Moved(old[before].one.name, before, after)


_POINTER_TO = re.compile(r"\(\s*\*+\s*(?:const\s+)?(\w+)")
_LAST = re.compile(r"(?<=[\w*\s])\b[A-Za-z_]\w*(?=\s*(?:\[[^\]]*\]\s*)*$)")
_ALONE = frozenset({"void", "..."})


def _types(signature: str) -> str:
    """A definition's signature without its parameters' names: each has one there."""
    at = signature.find("(")
    if at < 0:
        return signature
    end = closing(signature, at + 1)
    parameters = [_nameless(one) for one in _parted(signature[at + 1 : end - 1])]
    return " ".join(f"{signature[:at]}({', '.join(parameters)}){signature[end:]}".split())


def _nameless(parameter: str) -> str:
    bare = parameter.strip()
    if bare in _ALONE:
        return bare
    pointer = _POINTER_TO.search(bare)
    if pointer:
        return bare[: pointer.start(1)] + bare[pointer.end(1) :]
    return " ".join(_LAST.sub("", bare, count=1).split())


def _parted(parameters: str) -> Iterator[str]:
    depth = start = 0
    for at, letter in enumerate(parameters):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            yield parameters[start:at]
            start = at + 1
    yield parameters[start:]


def declaration(name: str, signature: str) -> str:
    """A function's signature with its name, as a declaration of it is written."""
    returns, bracket, rest = signature.partition("(")
    return f"{returns}{name}{bracket}{rest}"


def named(before: Mapping[str, str], after: Mapping[str, str]) -> CameAndWent:
    """Names by the file that has each, compared."""
    return CameAndWent(
        tuple(Named(name, after[name]) for name in sorted(after.keys() - before.keys())),
        tuple(Named(name, before[name]) for name in sorted(before.keys() - after.keys())),
    )
