"""``ukport new``: from an upstream that nobody has ported to a unikernel that boots with it."""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ukport import git
from ukport.errors import UkportError, UsageError
from ukport.glue import propose
from ukport.glue.propose import Missing, Option, Proposal
from ukport.glue.sources import SourceListError
from ukport.recipe import find_project, load, names, parse
from ukport.recipe.load import RECIPE
from ukport.recipe.model import NAME, Configuration, Tree
from ukport.report.new import NewPort
from ukport.report.result import Result
from ukport.source import Cache
from ukport.source.named import Named
from ukport.source.versions import Version, releases, resolve
from ukport.symbols import objects
from ukport.symbols.closure import Object, outside
from ukport.workflow.events import Tell
from ukport.workflow.smoke import spoken
from ukport.workflow.stage import Stages
from ukport.workflow.surroundings import CORE, MUSL
from ukport.workflow.survey import Survey, survey
from ukport.workflow.verify import verify

# What a guest needs that prints, where no recipe of the project says it: feasible with Debian 12.
_CONFIGURATION = Configuration(
    enable=(
        *("KVM_VMM_QEMU", "KVM_BOOT_PROTO_MULTIBOOT", "PAGING", "LIBMUSL"),
        *("DEBUG_SYMBOLS_LVL1", "OPTIMIZE_PERF"),
    ),
    disable=("LIBUKRANDOM",),
)
_MOST_PLACES = 20


@dataclass(frozen=True)
class Found:
    """A new recipe: what was proposed, what is left to a person, and how it booted, if it did.

    ``providers`` are the libraries that provide what is needed; ``weak`` is what upstream asks for,
    but can do without.
    """

    proposal: Proposal
    survey: Survey
    todo: tuple[str, ...]
    folder: str
    providers: Mapping[str, tuple[str, ...]]
    missing: tuple[Missing, ...]
    result: Result | None
    weak: tuple[str, ...] = ()

    @property
    def summary(self) -> NewPort:
        """For reports."""
        proposal, seen = self.proposal, self.survey
        return NewPort(
            recipe=proposal.name,
            version=proposal.version,
            folder=self.folder,
            sources=proposal.sources,
            listed_in=seen.listed_in,
            headers=seen.headers,
            options=tuple(one.symbol for one in proposal.options),
            optional_sources=dict(proposal.optional_sources),
            functions=len(seen.functions),
            needed=tuple(seen.outside),
            providers=dict(self.providers),
            missing={one.name: one.places for one in self.missing},
            weak=self.weak,
            stubs=bool(proposal.stubs),
            todo=self.todo,
            verdict=self.result.verdict if self.result else "",
            reason=self.result.reason if self.result else "",
        )


@dataclass(frozen=True)
class Wish:
    """What is asked for: ``version`` as the user wrote it, ``name`` if not the repository's."""

    named: Named
    version: str
    name: str = ""
    boot: bool = True
    accel: str = "auto"


def new(start: Path, wish: Wish, cache: Cache, tell: Tell) -> Found:
    """Propose, write, build and boot; raises SurveyError, FetchError, UsageError, RecipeError.

    ``recipes/NAME`` is written whole or not at all, and never over one that is there.
    """
    project = _project(start)
    name = _name(wish)
    stages = Stages(tell)
    with cache.scratch() as scratch:
        with stages.stage("resolve", wish.version) as said:
            repository = cache.repository(wish.named.name, wish.named.url, fresh=True)
            template, separator, version, tag = _release(repository, wish)
            said.append(f"{wish.version} → {tag}")
        with stages.stage("survey", name) as said:
            top = scratch / "tree"
            tree = repository.tree(tag)
            repository.export(tree, top)
            seen = survey(repository, tree, wish.named.name, str(version), top)
            said.append(
                f"{len(seen.sources)} sources, {len(seen.functions)} public functions,"
                f" {len(seen.outside)} symbols from outside"
            )
    base = _base(project, wish, name, (template, separator, str(version)))
    proposal = _proposal(base, seen)
    found = Found(proposal, seen, (), f"recipes/{name}", {}, (), None)
    with stages.stage("write", f"recipes/{name}") as said:
        _own(project, found)
        found = _written(project, found)
        said.append(f"recipes/{name}: {len(found.todo)} things are left to a person")
    if not wish.boot:
        return found
    return _proven(project, found, wish, cache, tell, (repository, tree))


def _project(start: Path) -> Path:
    """The ports repository around ``start``, or ``start`` itself, which becomes one."""
    try:
        return find_project(start)
    except UsageError:
        if not start.is_dir():
            raise UsageError(f"{start}: there is no such folder", "name one with -C") from None
        return start


def _name(wish: Wish) -> str:
    name = wish.name or wish.named.name
    if not re.fullmatch(NAME, name) or len(name) > 32:  # noqa: PLR2004 - make and Kconfig names
        raise UsageError(f"{name!r} cannot be a recipe's name", "choose one with --name")
    return name


def _release(repository: git.Repository, wish: Wish) -> tuple[str, str, Version, str]:
    """How upstream writes its tags, the version that is meant, and its tag."""
    tags = repository.tags()
    stem = wish.named.name
    shapes = [
        (template, separator)
        for template in ("v{version}", "{version}", f"{stem}-{{version}}", "release-{version}")
        for separator in (".", "_")
    ]
    known = {shape: releases(tags, *shape) for shape in shapes}
    shape = max(shapes, key=lambda one: len(known[one]))
    version = resolve(wish.version, known[shape])
    return (*shape, version, known[shape][version])


def _base(
    project: Path, wish: Wish, name: str, release: tuple[str, str, str]
) -> tuple[str, Wish, tuple[str, str, str], Tree, tuple[Tree, ...]]:
    """Core and libraries as the first recipe of the project has them."""
    for other in names(project):
        recipe = load(project, other)
        return name, wish, release, recipe.core, recipe.libraries
    return name, wish, release, CORE, (MUSL,)


def _proposal(
    base: tuple[str, Wish, tuple[str, str, str], Tree, tuple[Tree, ...]], seen: Survey
) -> Proposal:
    name, wish, (template, separator, version), core, libraries = base
    if not seen.version_macro:
        raise UkportError(
            f"no public header of {name} defines its version as a number, by which the guest"
            " could prove what it runs",
            "write the recipe by hand, with test.version: ukport schema",
        )
    url = wish.named.url.removesuffix("/").removesuffix(".git")
    calls = spoken(seen, version)
    symbol = f"LIB{propose.identifier(name).upper()}"
    options = tuple(_option(symbol, name, one.switch.name, one.switch.help) for one in seen.options)
    listed = seen.listed_in or "no build file lists them: what the public functions need"
    return Proposal(
        name=name,
        version=version,
        upstream=wish.named.name,
        url=url,
        tag=template,
        archive=f"{url}/archive/refs/tags/{{tag}}.tar.gz",
        separator=separator,
        core=core,
        libraries=libraries,
        license=propose.licence_of(seen.licence_text) or "unknown",
        sources=seen.sources,
        origin_of_sources=f"From upstream's {listed}; proven by their symbols."
        if seen.listed_in
        else f"{listed}.",
        exported_includes=(seen.exported,),
        includes=seen.includes,
        headers=_relative(seen),
        version_header=seen.version_header,
        version_macro=seen.version_macro,
        version_text=calls[0] or f'"{version}"',
        called_texts=calls[1],
        called_numbers=calls[2],
        linked=seen.functions,
        enable=_CONFIGURATION.enable,
        disable=_CONFIGURATION.disable,
        options=options,
        optional_sources={
            option.symbol: one.sources
            for option, one in zip(options, seen.options, strict=True)
            if one.sources
        },
    )


def _relative(seen: Survey) -> tuple[str, ...]:
    top = "" if seen.exported == "." else f"{seen.exported}/"
    return tuple(header.removeprefix(top) for header in seen.headers)


def _option(symbol: str, name: str, macro: str, words: str) -> Option:
    """``ZSTD_LEGACY_SUPPORT`` of zstd becomes LIBZSTD_LEGACY_SUPPORT."""
    rest = macro.removeprefix(f"{propose.identifier(name).upper()}_")
    plain = re.sub(r"[^\x20-\x7e]|[\"\\$`{}]", "", words).strip() or macro
    return Option(f"{symbol}_{rest}", plain, macro)


def _own(project: Path, found: Found) -> None:
    """Raises UsageError where a recipe is there that is not this very proposal, left by a kill."""
    folder = project / found.folder
    files = propose.write(found.proposal, _todo(found))
    there = folder / RECIPE
    if folder.exists() and not (
        there.is_file() and there.read_text("utf-8", "replace") == files[RECIPE]
    ):
        raise UsageError(
            f"{found.folder} exists already", "choose another name with --name, or delete it"
        )


def _written(project: Path, found: Found) -> Found:
    """Write the recipe's files in one step; raises RecipeError for what would be no recipe."""
    todo = _todo(found)
    files = propose.write(found.proposal, todo)
    folder = project / found.folder
    try:
        parse(files[RECIPE].encode(), Path(found.folder) / RECIPE)
    except UsageError as error:
        raise SourceListError(
            f"the recipe that would be proposed is none: {error.message}", "please report it"
        ) from None
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    for name, text in files.items():
        path = part / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    if folder.exists():  # our own earlier proposal, now with what the build told
        for name in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (part / name).replace(folder / name)
        shutil.rmtree(part)
    else:
        part.rename(folder)
    return replace(found, todo=todo)


def _proven(
    project: Path,
    found: Found,
    wish: Wish,
    cache: Cache,
    tell: Tell,
    upstream: tuple[git.Repository, str],
) -> Found:
    """Build and boot; what the build shows to be missing becomes a stub, and it is tried again."""
    name = found.proposal.name
    result = verify(project, name, None, cache, tell, accel=wish.accel)
    folder = _newest_build(cache, name)
    providers, missing, weak = provided(folder, found.proposal.library)
    places = _places(upstream, [one.name for one in missing], found.survey.sources)
    missing = tuple(Missing(one.name, places.get(one.name) or one.places) for one in missing)
    found = replace(found, providers=providers, missing=missing, weak=weak, result=result)
    if missing and not result.passed:
        found = replace(found, proposal=replace(found.proposal, stubs=missing))
        found = _written(project, found)
        result = verify(project, name, None, cache, tell, accel=wish.accel)
        return replace(found, result=result)
    return _written(project, found)


def _newest_build(cache: Cache, name: str) -> Path:
    """The build folder that was just used."""
    folders = list((cache.root / "build").glob(f"{name}-*"))
    return max(folders, key=lambda folder: (folder / "make.log").stat().st_mtime) / "build"


def provided(
    build: Path, library: str
) -> tuple[Mapping[str, tuple[str, ...]], tuple[Missing, ...], tuple[str, ...]]:
    """Who provides what a built library needs, by library; what nobody does, with its units.

    And what nobody provides, but the library can do without.
    """
    paths = sorted((build / library).rglob("*.o"))
    own = {path.name: Object.of(path) for path in paths}
    weakly = {path.name: objects.weakly(path) for path in paths}
    others: dict[str, Object] = {}
    for path in sorted(build.glob("*.o")):
        if not path.name.endswith(".ld.o") and path.stem != library:
            others[path.stem] = Object.of(path)
    where = {name: other for other, made in others.items() for name in made.defines}
    by_library: dict[str, list[str]] = {}
    missing, weak = [], []
    for name, units in outside(own, own).items():
        if name in where:
            by_library.setdefault(where[name], []).append(name)
        elif all(name in weakly[unit] for unit in units):
            weak.append(name)
        else:
            missing.append(Missing(name, units))
    by_name = {k: tuple(v) for k, v in sorted(by_library.items())}
    return by_name, tuple(missing), tuple(weak)


def _places(
    upstream: tuple[git.Repository, str], names: Sequence[str], sources: Sequence[str]
) -> Mapping[str, tuple[str, ...]]:
    """``file:line`` of the words in the sources that are compiled."""
    repository, tree = upstream
    found: dict[str, list[str]] = {}
    for hit in repository.grep(tree, names, words=True) if names else ():
        places, place = found.setdefault(hit.text, []), f"{hit.path}:{hit.line}"
        if hit.path in sources and place not in places and len(places) < _MOST_PLACES:
            places.append(place)
    return {name: tuple(places) for name, places in found.items()}


def _todo(found: Found) -> tuple[str, ...]:
    """What a person must still do, each a line."""
    seen, proposal = found.survey, found.proposal
    return (
        *_licence_todo(seen, proposal),
        "recipe.toml: write a description, and the homepage and repository of the port",
        _test_todo(seen, proposal),
        *(
            f"{one.name}: nobody provides it; used in {', '.join(one.places[:5])}"
            for one in found.missing
        ),
        *(f"{path} did not compile on this machine: {why}" for path, why in seen.broken.items()),
        *(
            f"upstream's {seen.listed_in} lists {path}, which nothing public needs: decide"
            for path in seen.left_out
        ),
        *(
            f"decide about upstream's option {one.name} ({one.help}), which is"
            f" {'on' if one.on else 'off'} there and sets no macro that the sources test"
            for one in seen.undecided
        ),
        *(f"decide about the macro {name}, which the sources test" for name in seen.macros),
    )


def _test_todo(seen: Survey, proposal: Proposal) -> str:
    called = len(proposal.called_texts) + len(proposal.called_numbers)
    return (
        f"test/main.c: it links {len(seen.functions)} public functions, but calls {called} of them:"
        " test what the library is for"
    )


def _licence_todo(seen: Survey, proposal: Proposal) -> tuple[str, ...]:
    if not seen.licence_file:
        return ("recipe.toml: upstream has no licence file: find its licence",)
    if proposal.license == "unknown":
        return (f"recipe.toml: read upstream's {seen.licence_file} and name its licence",)
    return (
        f"recipe.toml: confirm the licence, {proposal.license} by the words of {seen.licence_file}",
    )
