"""Answers to ``ukport symbols`` that are kept, named by all that they rest on.

It imports little, so that an answer that is there costs little more than the start of Python.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from ukport.process import require
from ukport.recipe import Recipe, load
from ukport.recipe import files as own
from ukport.source.cache import Cache
from ukport.symbols import difference
from ukport.symbols.difference import Difference
from ukport.symbols.library import Symbols
from ukport.symbols.model import FORMAT
from ukport.symbols.store import store

FOLDER = "symbols"
T = TypeVar("T")
# With three numbers it means itself for good.
_EXACT = re.compile(r"v?\d+(?:\.\d+){2,}[0-9A-Za-z.-]*")


@dataclass(frozen=True)
class Question:
    """Which library is asked about: the recipe's own, or ``of`` another one of its build.

    ``only`` is a pattern for the sources; ``version`` as the user wrote it.
    """

    recipe: str
    version: str | None = None
    of: str = ""
    only: str = ""


def known(project: Path, question: Question, cache: Cache) -> Symbols | None:
    """The kept answer, if there is one."""
    return decoded(place(project, question, cache), Symbols)


def decoded(kept: Path | None, kind: type[T]) -> T | None:
    """What a file keeps; None where there is none, or another format's."""
    try:
        return msgspec.msgpack.decode(kept.read_bytes(), type=kind) if kept else None
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return None


def keep(project: Path, question: Question, cache: Cache, found: Symbols) -> None:
    """Keep an answer for the next time."""
    kept = place(project, question, cache)
    if kept is not None:
        store(kept, msgspec.msgpack.encode(found))


Pair = tuple[Question, Question]


def known_difference(project: Path, questions: Pair, cache: Cache) -> Difference | None:
    """The kept comparison of two answers, if there is one."""
    return decoded(_between(project, questions, cache), Difference)


def keep_difference(project: Path, questions: Pair, cache: Cache, found: Difference) -> None:
    """Keep a comparison for the next time."""
    kept = _between(project, questions, cache)
    if kept is not None:
        store(kept, msgspec.msgpack.encode(found))


def _between(project: Path, questions: Pair, cache: Cache) -> Path | None:
    """A comparison rests on what both answers rest on."""
    old, new = (place(project, question, cache) for question in questions)
    if old is None or new is None:
        return None
    digest = hashlib.sha256(f"{difference.FORMAT}\0{old.name}\0{new.name}".encode())
    return old.with_name(f"diff-{digest.hexdigest()[:32]}.msgpack")


def place(project: Path, question: Question, cache: Cache) -> Path | None:
    """Where the answer is kept, named by all that it rests on; None where that cannot be told.

    A version such as ``2.1`` may mean another one tomorrow.
    """
    if question.version is not None and not _EXACT.fullmatch(question.version):
        return None
    recipe = load(project, question.recipe)
    digest = hashlib.sha256(repr((FORMAT, question)).encode())
    for path in _inputs(project, recipe):
        try:
            digest.update(b"\0%s\0" % str(path.relative_to(project)).encode() + path.read_bytes())
        except OSError:
            return None
    for path in _tools(recipe, cache):
        try:
            state = path.stat()
        except OSError:
            digest.update(b"\0none")
            continue
        digest.update(f"\0{path} {state.st_size} {state.st_mtime_ns}".encode())
    return cache.root / FOLDER / "answers" / f"{digest.hexdigest()[:32]}.msgpack"


def _inputs(project: Path, recipe: Recipe) -> list[Path]:
    folder = project / "recipes" / recipe.name
    paths = [folder / "recipe.toml", folder / "recipe.lock"]
    for part in ("glue", "test"):
        paths += [folder / part / name for name in own.paths(project, recipe.name, part)]
    series = [backend.series for backend in recipe.backends]
    series += [cure.series for cure in recipe.cures]
    series += [tree.series for tree in recipe.pinned]
    for name in filter(None, dict.fromkeys(series)):
        paths += sorted((project / "patches" / name).glob("*.patch"))
    return [path for path in paths if path.name != "recipe.lock" or path.exists()]


def _tools(recipe: Recipe, cache: Cache) -> list[Path]:
    """What has a date of its own: the compiler, and the tags of what was fetched."""
    paths = [Path(os.path.realpath(require(name))) for name in ("gcc", "ld")]
    trees = [(recipe.upstream.name, recipe.upstream.url)]
    for tree in recipe.pinned:
        trees.append((tree.name, tree.url))
        if tree.origin:
            trees.append((tree.origin.name, tree.origin.url))
    for name, url in trees:
        repository = cache.place(name, url)
        paths += [repository / part for part in ("packed-refs", "refs/tags", "refs/heads")]
    return paths
