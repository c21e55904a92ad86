"""Recipes and their generated glue, checked with what is in the cache."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ukport.check import recipes as rules
from ukport.check.rule import Check, Hit
from ukport.check.run import Looking
from ukport.errors import FetchError, MissingError, UkportError, UsageError
from ukport.recipe import Lock, Recipe, load
from ukport.recipe import files as own
from ukport.recipe import lock as locks
from ukport.recipe.load import RECIPE

if TYPE_CHECKING:
    from ukport.source import Cache
    from ukport.workflow.check import Request


def look(project: Path, name: str, looking: Looking, request: "Request", shown: str) -> None:
    """All rules about one recipe; ``shown`` is how its project is told."""
    folder = "" if shown in ("", ".") else f"{shown}/"
    folder += f"recipes/{name}"
    path = project / "recipes" / name / RECIPE
    raw = path.read_bytes()
    looking.off(f"{folder}/{RECIPE}", raw)
    one = _One(folder, looking)
    try:
        recipe = load(project, name)
    except UsageError as error:
        one.add(rules.SCHEMA, [rules.place_of(error, path.relative_to(project))])
        return
    store = replace(request.cache(), offline=True)
    try:
        lock = locks.read(path.parent)
    except UsageError as error:
        one.add(rules.LOCKED, [Hit(0, error.message, error.hint, locks.LOCK)])
        return
    if "recipes" in request.only:
        one.recipe(project, recipe, raw.decode(), lock, store)
    if "glue" in request.only and request.settings.wanted(rules.GLUE.id):
        _glue(project, recipe, lock, store, one)


class _One:
    """One recipe while it is looked at."""

    def __init__(self, folder: str, looking: Looking) -> None:
        self._folder = folder
        self._looking = looking

    def add(self, rule: Check, hits: Iterable[Hit]) -> None:
        file = f"{self._folder}/{RECIPE}"
        self._looking.looked(rule, file)
        for hit in hits:
            self._looking.add(rule, f"{self._folder}/{hit.file}" if hit.file else file, hit)

    def recipe(
        self, project: Path, recipe: Recipe, text: str, lock: Lock | None, cache: "Cache"
    ) -> None:
        self.add(rules.LOCKED, rules.locked(recipe, text, lock))
        self.add(rules.SERVED, rules.served(recipe, text))
        self.add(rules.LICENCE, rules.licensed(recipe, text))
        for part in ("glue", "test"):
            sources = own.read(project, recipe.name, part)
            named = {f"{part}/{name}": content for name, content in sources.items()}
            self.add(rules.LICENCE, rules.sources_licensed(named))
        try:
            repository = cache.repository(recipe.upstream.name, recipe.upstream.url)
        except FetchError as error:
            self.add(rules.UNTRIED, [Hit(0, error.message, f"ukport fetch {recipe.name}")])
        else:
            self.add(rules.VERSION, rules.released(recipe, text, repository.tags().keys()))


def _glue(project: Path, recipe: Recipe, lock: Lock | None, cache: "Cache", one: _One) -> None:
    """The glue made anew from what is in the cache, and compared."""
    from ukport.workflow.glue import beside
    from ukport.workflow.port import Request as PortRequest
    from ukport.workflow.port import make
    from ukport.workflow.stage import Stages

    wanted = PortRequest(project, recipe, recipe.version, lock, stored=True)
    try:
        with cache.scratch() as scratch:
            made = make(wanted, cache, Stages(lambda _: None), scratch)
    except (FetchError, MissingError) as error:
        one.add(rules.GLUE_UNTRIED, [Hit(0, error.message, error.hint)])
        return
    except UkportError as error:
        one.add(rules.GLUE, [Hit(0, f"cannot be made: {error.message}", error.hint)])
        return
    drift = beside(project, made).drift()
    one.add(rules.GLUE, [Hit(at.line, at.message, at.cure, f"lib/{at.file}") for at in drift])
