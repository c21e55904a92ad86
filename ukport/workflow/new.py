"""``ukport new``: from an upstream that nobody has ported to a unikernel that boots with it."""

import posixpath
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from ukport import git
from ukport.errors import UkportError, UsageError
from ukport.glue import propose
from ukport.glue.propose import Option, Proposal
from ukport.glue.sources import SourceListError
from ukport.recipe import find_project, load, names, parse
from ukport.recipe.load import RECIPE
from ukport.recipe.model import Tree
from ukport.recipe.pattern import NAME
from ukport.report.new import NewPort
from ukport.report.result import Result
from ukport.source import Cache
from ukport.source.named import Named
from ukport.source.versions import NoSuchVersionError, Version, releases, resolve
from ukport.workflow.answers import Question
from ukport.workflow.events import Tell
from ukport.workflow.needs import Needs, by_objects, by_symbols
from ukport.workflow.needs import todo as needs_todo
from ukport.workflow.smoke import spoken
from ukport.workflow.stage import Stages
from ukport.workflow.surroundings import CONFIGURATION, CORE, MUSL
from ukport.workflow.survey import Survey, survey
from ukport.workflow.symbols import symbols
from ukport.workflow.verify import verify


@dataclass(frozen=True)
class Found:
    """A new recipe: what was proposed, what is left to a person, and how it booted, if it did.

    ``needs`` is empty until Unikraft's build was asked.
    """

    proposal: Proposal
    survey: Survey
    todo: tuple[str, ...]
    folder: str
    needs: Needs
    result: Result | None

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
            providers=dict(self.needs.providers),
            missing={one.name: one.places for one in self.needs.missing},
            selects=dict(self.needs.selects or {}),
            weak=self.needs.weak,
            units=self.needs.units,
            parsed=self.needs.parsed,
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
    found = Found(proposal, seen, (), f"recipes/{name}", Needs({}, ()), None)
    with stages.stage("write", f"recipes/{name}") as said:
        _own(project, found)
        found = _written(project, found)
        said.append(f"recipes/{name}: {len(found.todo)} things are left to a person")
    if not wish.boot:
        return found
    return _proven(project, found, wish, cache, tell)


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
    known = {shape: found for shape in shapes if (found := releases(tags, *shape))}
    # Old tags may be written otherwise: the newest release tells how it is done now.
    now = sorted(known, key=lambda one: max(known[one]), reverse=True)
    for shape in now[:-1]:
        try:
            version = resolve(wish.version, known[shape])
        except NoSuchVersionError:
            continue
        return (*shape, version, known[shape][version])
    last = now[-1] if now else shapes[0]
    version = resolve(wish.version, known.get(last, {}))
    return (*last, version, known[last][version])


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
    # A list is followed to later versions where it is the whole truth of this one.
    follows = seen.follows and not any(one.sources for one in seen.options)
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
        exported_includes=tuple(dict.fromkeys((seen.exported, seen.version_folder))),
        includes=tuple(one for one in seen.includes if one != seen.version_folder),
        headers=_relative(seen),
        source_list=seen.listed_in if follows else "",
        without=seen.left_out if follows else (),
        version_header=_version_header(seen),
        version_macro=seen.version_macro,
        version_text=calls[0] or f'"{version}"',
        called_texts=calls[1],
        called_numbers=calls[2],
        linked=seen.functions,
        enable=CONFIGURATION.enable,
        disable=CONFIGURATION.disable,
        options=options,
        optional_sources={
            option.symbol: one.sources
            for option, one in zip(options, seen.options, strict=True)
            if one.sources
        },
    )


def _relative(seen: Survey) -> tuple[str, ...]:
    top = "" if seen.exported == "." else f"{seen.exported}/"
    public = tuple(header.removeprefix(top) for header in seen.headers)
    return tuple(dict.fromkeys((*public, _version_header(seen))))


def _version_header(seen: Survey) -> str:
    return posixpath.relpath(seen.version_header, seen.version_folder)


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


def _proven(project: Path, found: Found, wish: Wish, cache: Cache, tell: Tell) -> Found:
    """Ask who provides what, stub what nobody does, build and boot.

    Where the units cannot be read, or the linker misses more, the objects of the build say it.
    """
    name = found.proposal.name
    found = _asked(project, found, cache, tell)
    result = verify(project, name, None, cache, tell, accel=wish.accel)
    folder = _newest_build(cache, name)
    linked = by_objects(folder, found.proposal.library)
    known = {one.name for one in found.needs.missing}
    more = tuple(one for one in linked.missing if one.name not in known)
    if not found.needs.units:
        found = replace(found, needs=linked)
    elif more and not result.passed:
        found = replace(found, needs=replace(found.needs, missing=(*found.needs.missing, *more)))
    if more and not result.passed and any(one.callable for one in more):
        found = _written(project, _stubbed(found))
        result = verify(project, name, None, cache, tell, accel=wish.accel)
    return replace(_written(project, found), result=result)


def _asked(project: Path, found: Found, cache: Cache, tell: Tell) -> Found:
    """With what its units say that they need; as it was where they cannot be asked."""
    seen = found.survey
    for _ in range(2):  # a library that is selected may bring others
        try:
            read = symbols(project, Question(found.proposal.name), cache, tell)
        except UkportError:
            return found
        needs = by_symbols(read, seen.weak, seen.data)
        before = found.needs.selects or {}
        selects = {**before, **(needs.selects or {})}
        found = replace(found, needs=replace(needs, selects=selects))
        proposal = replace(found.proposal, selects=tuple(selects))
        if proposal == found.proposal:
            break
        found = _written(project, replace(found, proposal=proposal))
    return _written(project, _stubbed(found))


def _stubbed(found: Found) -> Found:
    stubs = tuple(one for one in found.needs.missing if one.callable)
    return replace(found, proposal=replace(found.proposal, stubs=stubs))


def _newest_build(cache: Cache, name: str) -> Path:
    """The build folder that was just used."""
    folders = list((cache.root / "build").glob(f"{name}-*"))
    return max(folders, key=lambda folder: (folder / "make.log").stat().st_mtime) / "build"


def _todo(found: Found) -> tuple[str, ...]:
    """What a person must still do, each a line."""
    seen, proposal = found.survey, found.proposal
    return (
        *_licence_todo(seen, proposal),
        "recipe.toml: write a description, and the homepage and repository of the port",
        _test_todo(seen, proposal),
        *_version_todo(seen),
        *needs_todo(found.needs),
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


def _version_todo(seen: Survey) -> tuple[str, ...]:
    if seen.version_header in seen.headers:
        return ()
    header = seen.version_header
    return (f"the version is in {header}, no public header: its folder is exported for the test",)


def _licence_todo(seen: Survey, proposal: Proposal) -> tuple[str, ...]:
    if not seen.licence_file:
        return ("recipe.toml: upstream has no licence file: find its licence",)
    if proposal.license == "unknown":
        return (f"recipe.toml: read upstream's {seen.licence_file} and name its licence",)
    return (
        f"recipe.toml: confirm the licence, {proposal.license} by the words of {seen.licence_file}",
    )
