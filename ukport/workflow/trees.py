"""Series on the trees that their recipes lock: whether they apply, and survive commits and back.

The verdict depends on nothing but bytes, and is kept in the cache under their sum.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import msgspec

from ukport import __version__
from ukport.check.folder import Folder
from ukport.check.rule import Check, Hit
from ukport.check.run import APPLIES, EXPORT, UNTRIED
from ukport.errors import ConflictError, FetchError, UkportError
from ukport.git import Repository
from ukport.recipe import Recipe, load, names
from ukport.recipe import lock as locks
from ukport.source import Cache

_RULES = {rule.id: rule for rule in (APPLIES, EXPORT, UNTRIED)}
Told = tuple[Check, str, Hit]


class Use(NamedTuple):
    """A recipe's use of a series: the tree, its address, and the revision that it is made for."""

    recipe: str
    tree: str
    url: str
    revision: str


class _Kept(msgspec.Struct, frozen=True):
    rule: str
    file: str
    line: int
    message: str


def try_folders(
    folders: Sequence[tuple[Folder, Path, Path | None]],
    cache: Callable[[], Cache],
    against: str | None,
) -> Iterator[Told]:
    """Findings about each folder; one that no recipe uses is tried on ``against``, if given."""
    store = replace(cache(), offline=True)
    for folder, path, project in folders:
        if against is not None:
            yield from _against(folder, against, store)
        elif project is not None:
            yield from _kept(folder, path, project, store)


def _against(folder: Folder, against: str, cache: Cache) -> Iterator[Told]:
    from ukport.workflow.rebase import open_side

    with cache.scratch() as scratch:
        repository, revision = open_side(against, scratch / "tree")
        yield from _try(folder, repository, revision, scratch / "work")


def _kept(folder: Folder, path: Path, project: Path, cache: Cache) -> Iterator[Told]:
    key = _key(folder, path, project)
    kept = cache.root / "checks" / f"{key}.json"
    try:
        stored = msgspec.json.decode(kept.read_bytes(), type=list[_Kept])
    except (OSError, msgspec.DecodeError):
        pass
    else:
        for one in stored:
            yield _RULES[one.rule], f"{folder.path}/{one.file}", Hit(one.line, one.message)
        return
    found = list(_uses_tried(folder, path, project, cache))
    yield from found
    if all(rule is not UNTRIED for rule, _, _ in found):
        _keep(kept, folder, found)


def _keep(kept: Path, folder: Folder, found: Sequence[Told]) -> None:
    start = len(folder.path) + 1
    told = [_Kept(rule.id, file[start:], hit.line, hit.message) for rule, file, hit in found]
    part = kept.with_suffix(f".{os.getpid()}.part")
    # A cache that cannot be written costs time, and nothing else.
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(msgspec.json.encode(told))
        part.replace(kept)


def _key(folder: Folder, path: Path, project: Path) -> str:
    total = hashlib.sha256(f"{__version__}\0{path.relative_to(project)}".encode())
    recipes = sorted((project / "recipes").glob("*/recipe.*"))
    for file in recipes:
        total.update(b"\0%s\0" % file.name.encode() + file.read_bytes())
    for patch in folder.patches:
        total.update(b"\0%s\0%d\0" % (os.fsencode(patch.name), len(patch.raw)) + patch.raw)
    return total.hexdigest()[:32]


def _uses_tried(folder: Folder, path: Path, project: Path, cache: Cache) -> Iterator[Told]:
    wanted = path.relative_to(project / "patches").as_posix()
    first = folder.patches[0].path
    seen: set[tuple[str, str]] = set()
    for use in uses(project, wanted):
        if (use.url, use.revision) in seen:
            continue
        seen.add((use.url, use.revision))
        try:
            repository = cache.repository(use.tree, use.url, need=use.revision)
        except FetchError as error:
            cure = f"ukport fetch {use.recipe}"
            what = f"not tried on {use.tree} {use.revision[:16]}: {error.message}"
            yield UNTRIED, first, Hit(0, what, cure)
            continue
        with cache.scratch() as scratch:
            yield from _try(folder, repository, use.revision, scratch)


def uses(project: Path, folder: str) -> Iterator[Use]:
    """Every use of the series in ``patches/<folder>`` by a recipe that can be read."""
    for name in names(project):
        with suppress(UkportError):
            recipe = load(project, name)
            yield from _uses_of(recipe, locks.read(project / "recipes" / name), folder)


def _uses_of(recipe: Recipe, lock: locks.Lock | None, folder: str) -> Iterator[Use]:
    upstream = recipe.upstream
    for backend in recipe.backends:
        if backend.series == folder:
            tag = upstream.tag_of(backend.base)
            yield Use(recipe.name, upstream.name, upstream.url, _locked(lock, upstream.name, tag))
    for cure in recipe.cures:
        if cure.series == folder:
            tag = upstream.tag_of(cure.base)
            yield Use(recipe.name, upstream.name, upstream.url, _locked(lock, upstream.name, tag))
    for tree in recipe.pinned:
        if tree.series == folder:
            yield Use(recipe.name, tree.name, tree.url, _locked(lock, tree.name, tree.pin))


def _locked(lock: locks.Lock | None, name: str, tag: str) -> str:
    found = lock.tree(name, tag) if lock else None
    return found.commit if found else tag


def _try(folder: Folder, repository: Repository, revision: str, scratch: Path) -> Iterator[Told]:
    from ukport.series.apply import Misfit, describe, fit, put, touched
    from ukport.series.content import load as load_files

    series = [patch.patch for patch in folder.patches]
    with repository.reader() as reader:
        files = load_files(reader, reader.tree(revision), touched(series))
    for file in folder.patches:
        for fitted in fit(file.patch, files):
            if isinstance(fitted, Misfit):
                line = _line(file.raw, fitted.hunk.header if fitted.hunk else "")
                yield APPLIES, file.path, Hit(line, describe(file.name, fitted).partition(": ")[2])
                return
            put(files, fitted)
    yield from _exported(folder, repository, revision, scratch)


def _line(raw: bytes, header: str) -> int:
    at = raw.find(header.encode()) if header else -1
    return raw.count(b"\n", 0, at) + 1 if at >= 0 else 0


def _exported(
    folder: Folder, repository: Repository, revision: str, scratch: Path
) -> Iterator[Told]:
    """Commits from the series, patches from the commits, and the same again: nothing may change."""
    from ukport.series.branch import commit_series, export_commits

    home = repository.scratch(scratch)
    tree = repository.tree(revision)
    series = [patch.patch for patch in folder.patches]
    try:
        base, tip = commit_series(home, series, tree)
        once = export_commits(home, base, tip)
        base, again = commit_series(home, once, tree)
        twice = export_commits(home, base, again)
    except ConflictError as error:
        yield EXPORT, folder.patches[0].path, Hit(0, f"its export does not apply: {error.message}")
        return
    if len(once) != len(series):
        yield EXPORT, folder.patches[0].path, Hit(0, f"{len(series)} patches become {len(once)}")
        return
    for file, one, other in zip(folder.patches, once, twice, strict=True):
        if one.raw != other.raw:
            yield EXPORT, file.path, Hit(0, "its export changes when it is imported and exported")
