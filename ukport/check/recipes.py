"""Rules about recipes: what the model and the lock say, versions, licences."""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from ukport.check.rule import ERROR, NOTE, WARNING, Check, Hit, check
from ukport.errors import UsageError
from ukport.recipe.load import line_of
from ukport.recipe.lock import Lock
from ukport.recipe.model import Recipe, Tree

SCHEMA = check(
    "recipe-schema",
    ERROR,
    "A recipe that cannot be used: its text, a field, or a file that it names.",
    cure="ukport schema prints what a recipe may hold",
    example='memory = "512"',
)
LOCKED = check(
    "recipe-lock",
    ERROR,
    "The recipe and its lock name different trees: what was proven is not what is asked for.",
    cure="ukport upgrade RECIPE --to VERSION moves both",
    example='version = "2.1.9" beside a lock of 2.1.7',
)
VERSION = check(
    "recipe-version",
    ERROR,
    "A version that upstream never released.",
    cure="name one that ukport outdated or upstream's tags show",
    example='base = "2.1.77"',
)
UNTRIED = check(
    "recipe-untried",
    NOTE,
    "Upstream is not in the cache: whether the versions exist was not looked up.",
    cure="ukport fetch",
    example="a clone without a cache",
)
LICENCE = check(
    "recipe-licence",
    ERROR,
    "A licence that is no SPDX expression, or a source of the recipe that names none.",
    cure="write it as SPDX does (MIT, BSD-3-Clause); begin sources with SPDX-License-Identifier",
    example='license = "MIT-like"',
)
SERVED = check(
    "recipe-backend",
    WARNING,
    "A version that no backend serves, or a backend whose base is outside of what it serves.",
    cure="widen the backend's versions, or correct the base",
    example='base = "1.6.3" for versions = [">=2"]',
)
GLUE = check(
    "glue-stale",
    ERROR,
    "Generated glue that is not what the recipe makes.",
    cure="ukport glue RECIPE --write",
    example="LIBTOY_VERSION = 1.0.0 beside version = 1.1.0",
)
GLUE_UNTRIED = check(
    "glue-untried",
    NOTE,
    "The sources are not in the cache: the glue was not made anew.",
    cure="ukport fetch",
    example="a clone without a cache",
)
ALL: tuple[Check, ...] = (SCHEMA, LOCKED, VERSION, UNTRIED, LICENCE, SERVED)
GLUES: tuple[Check, ...] = (GLUE, GLUE_UNTRIED)

Keys = list[str | int]
_SPDX = re.compile(
    rb"SPDX-License-Identifier:[ \t]*([^\n]*?)[ \t]*(?:\*/|-->)?[ \t]*\r?$", re.MULTILINE
)


def locked(recipe: Recipe, text: str, lock: Lock | None) -> Iterator[Hit]:
    """Whether the lock is that of the recipe."""
    if lock is None:
        yield Hit(0, "there is no recipe.lock", "ukport fetch writes it")
        return
    if lock.version != recipe.version:
        what = f"the recipe is for {recipe.version}, the lock for {lock.version}"
        yield Hit(line_of(text, ["version"]), what)
    there = {tree.name: tree for tree in lock.trees}
    named = list(_trees(recipe))
    for keys, name, url, pin in named:
        tree = there.get(name)
        if tree is None:
            yield Hit(line_of(text, keys), f"the lock has no tree {name}")
        elif (tree.url, tree.tag) != (url, pin):
            what = f"{name}: the recipe has {pin} of {url}, the lock {tree.tag} of {tree.url}"
            yield Hit(line_of(text, keys), what)
    for name in sorted(set(there) - {one[1] for one in named}):
        yield Hit(1, f"the lock has the tree {name}, which the recipe does not name")


def _trees(recipe: Recipe) -> Iterator[tuple[Keys, str, str, str]]:
    upstream = recipe.upstream
    yield ["version"], upstream.name, upstream.url, upstream.tag_of(recipe.version)
    pinned: list[tuple[Keys, Tree]] = [(["core"], recipe.core)]
    pinned += [(["libraries", at], tree) for at, tree in enumerate(recipe.libraries)]
    pinned += [(["published"], recipe.published)] if recipe.published else []
    for keys, tree in pinned:
        yield [*keys, "pin"], tree.name, tree.url, tree.pin
        if tree.origin:
            origin = tree.origin
            yield [*keys, "origin", "pin"], origin.name, origin.url, origin.pin


def stored_versions(recipe: Recipe) -> Iterator[tuple[Keys, str]]:
    """Every version that the recipe writes down, with its place."""
    yield ["version"], recipe.version
    for at, backend in enumerate(recipe.backends):
        yield ["backends", at, "base"], backend.base
    for at, cure in enumerate(recipe.cures):
        yield ["cures", at, "base"], cure.base
    for at, version in enumerate(recipe.matrix.versions):
        yield ["matrix", "versions", at], version


def released(recipe: Recipe, text: str, tags: Collection[str]) -> Iterator[Hit]:
    """Whether upstream tagged each version; ``tags`` are all of upstream's."""
    for keys, version in stored_versions(recipe):
        tag = recipe.upstream.tag_of(version)
        if tag not in tags:
            yield Hit(line_of(text, keys), f"upstream has no tag {tag}")


def served(recipe: Recipe, text: str) -> Iterator[Hit]:
    """Whether backends serve what is built with them."""
    from ukport.source.versions import Version, within

    for keys, version in stored_versions(recipe):
        found = [b for b in recipe.backends if within(Version.parse(version), b.versions)]
        if keys[0] == "backends":
            backend = recipe.backends[int(keys[1])]
            if backend not in found:
                yield Hit(
                    line_of(text, keys), f"{version} is not among {' or '.join(backend.versions)}"
                )
        elif not found:
            yield Hit(line_of(text, keys), f"no backend serves {version}")


def licensed(recipe: Recipe, text: str) -> Iterator[Hit]:
    """Whether the licence is one that SPDX knows."""
    if why := not_spdx(recipe.glue.license):
        yield Hit(line_of(text, ["glue", "license"]), why)


def sources_licensed(files: Mapping[str, bytes]) -> Iterator[Hit]:
    """Whether each hand-written source names its licence."""
    for name, raw in files.items():
        found = _SPDX.search(raw[:4096])
        if found is None:
            yield Hit(1, "no SPDX-License-Identifier", file=name)
        elif why := not_spdx(found[1].decode("utf-8", "replace")):
            yield Hit(raw.count(b"\n", 0, found.start()) + 1, why, file=name)


def not_spdx(expression: str) -> str:
    """Why a licence is no SPDX expression; an empty string where it is one."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        canonicalize_license_expression(expression)
    except InvalidLicenseExpression:
        return f"{expression!r} is no SPDX licence"
    return ""


def place_of(error: UsageError, path: Path) -> Hit:
    """The line of a message such as ``recipes/x/recipe.toml:12: what``."""
    found = re.match(rf"{re.escape(str(path))}:(?:(\d+):)?\s*(.*)", error.message, re.DOTALL)
    if found is None:
        return Hit(0, error.message, error.hint)
    inner = re.search(r"\(at line (\d+), column \d+\)", found[2])
    line = found[1] or (inner[1] if inner else 0)
    return Hit(int(line), found[2], error.hint)
