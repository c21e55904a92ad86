"""Making the port of one version: sources, series, declarations, glue. Nothing is written yet."""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ukport.errors import ConflictError, UsageError
from ukport.glue import features, generate
from ukport.glue import sources as source_list
from ukport.recipe import Backend, Lock, Recipe, RecipeError
from ukport.series.patch import Patch
from ukport.series.rebase import Fate, HunkResult, Outcome, PatchResult, rebase
from ukport.series.series import read_series
from ukport.source import Cache, Source, Sources, Version, fetch, find_version, within
from ukport.symbols import declarations
from ukport.verify.workspace import Application, Library, PatchedTree, Surroundings
from ukport.workflow.changes import GlueChange, glue_change
from ukport.workflow.stage import Stages

# Lines of a conflict that an error message shows.
_SHOWN = 14


@dataclass(frozen=True)
class Carried:
    """A tree's series on the version at hand; ``folder`` is below ``patches/``."""

    tree: str
    folder: str
    results: tuple[PatchResult, ...]
    series: tuple[Patch, ...]
    patched: PatchedTree


@dataclass(frozen=True)
class Made:
    """A port, complete and in memory."""

    recipe: Recipe
    version: Version
    backend: Backend
    sources: Sources
    carried: tuple[Carried, ...]
    glue: Mapping[str, str]
    change: GlueChange
    compiled: tuple[str, ...]
    features: tuple[str, ...]
    number: int
    library: Library
    application: Application
    surroundings: Surroundings


@dataclass(frozen=True)
class Request:
    """Which port is wanted: ``folder`` is the project, ``version`` as the user wrote it."""

    project: Path
    recipe: Recipe
    version: str
    lock: Lock | None


def make(request: Request, cache: Cache, stages: Stages, scratch: Path) -> Made:
    """The port of one version; raises ConflictError where a patch does not fit it."""
    recipe = request.recipe
    with stages.stage("resolve", request.version) as said:
        version, tag = find_version(recipe, request.version, cache)
        backend = choose_backend(recipe, version)
        said.append(f"{request.version} → {tag}, backend {backend.name}")
    with stages.stage("fetch", recipe.upstream.url) as said:
        found = fetch(recipe, version, tag, cache, request.lock)
        said += [f"{s.name} {s.tag[:16]}" for s in (found.upstream, *found.pinned.values())]
    with stages.stage("rebase", backend.series) as said:
        carried = carry_all(request, backend, found, cache, scratch)
        said.append(summary(carried))
    with stages.stage("glue", recipe.glue.library) as said:
        made = assemble(request, version, backend, found, carried, cache)
        said.append(f"{made.change}, {len(made.compiled)} sources compiled")
    return made


def choose_backend(recipe: Recipe, version: Version) -> Backend:
    """The backend that serves ``version``; raises UsageError where none does."""
    for backend in recipe.backends:
        if within(version, backend.versions):
            return backend
    served = "; ".join(f"{b.name}: {' or '.join(b.versions)}" for b in recipe.backends)
    raise UsageError(
        f"{recipe.name}: no backend of the recipe serves {version}", f"there is: {served}"
    )


def carry_all(
    request: Request, backend: Backend, found: Sources, cache: Cache, scratch: Path
) -> tuple[Carried, ...]:
    """Every series on its tree; raises ConflictError with the first patch that does not fit."""
    recipe = request.recipe
    base, base_tag = find_version(recipe, backend.base, cache)
    upstream = found.upstream
    old = upstream.repository.resolve(base_tag)
    patches = request.project / "patches"
    carried = [_carry(patches, backend.series, upstream, old, scratch)]
    for tree in recipe.pinned:
        source = found.pinned[tree.name]
        carried.append(_carry(patches, tree.series, source, source.commit, scratch))
    for one in carried:
        _stop_at_conflict(one, str(base) if one.tree == upstream.name else "")
    return tuple(carried)


def _carry(patches: Path, folder: str | None, source: Source, old: str, scratch: Path) -> Carried:
    if folder is None:
        tree = source.repository.tree(source.commit)
        return Carried(source.name, "", (), (), PatchedTree(source.name, source.repository, tree))
    series = read_series(patches / folder)
    done = rebase(source.repository, series, old, source.commit, scratch=scratch / source.name)
    patched = PatchedTree(source.name, done.repo, done.tree)
    return Carried(source.name, folder, done.results, done.series, patched)


def _stop_at_conflict(carried: Carried, base: str) -> None:
    for result in carried.results:
        if result.outcome in (Outcome.CONFLICT, Outcome.PARTIAL):
            came = f" (made for {base})" if base else ""
            told = [_told(hunk) for hunk in result.hunks if hunk.fate is Fate.OPEN]
            raise ConflictError(
                "\n".join([f"{carried.folder}/{result.name}{came} does not fit:", *told]),
                f"rewrite the patch in patches/{carried.folder}; recipes/ and patches/ are as"
                " they were",
            )


def _told(hunk: HunkResult) -> str:
    """A hunk that did not land: where, why, and the two texts that meet there."""

    def block(title: str, mark: str, lines: Sequence[bytes]) -> list[str]:
        texts = [line.decode("utf-8", "replace").rstrip("\r\n") for line in lines[:_SHOWN]]
        more = [f"    … {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
        return [f"  {title}:", *(f"    {mark} {text}" for text in texts), *more] if texts else []

    where = f"  {hunk.file} {hunk.header}: {hunk.reason}"
    return "\n".join(
        [
            where,
            *block("the patch expects", "-", hunk.expected),
            *block(f"upstream has, from line {hunk.line}", "|", hunk.upstream),
        ]
    )


def summary(carried: Sequence[Carried]) -> str:
    """``mimalloc 1 patch, unikraft 2: all unchanged, no fuzz``."""
    counts = [(one.tree, len(one.results)) for one in carried if one.folder]
    words = [
        f"{tree} {n}" + (" patch" + "es" * (n != 1)) * (not i) for i, (tree, n) in enumerate(counts)
    ]
    outcomes = Counter(result.outcome for one in carried for result in one.results)
    changed = [f"{n} {outcome}" for outcome, n in outcomes.items() if outcome != "unchanged"]
    return f"{', '.join(words)}: {', '.join(changed) or 'all unchanged'}, no fuzz"


def assemble(
    request: Request,
    version: Version,
    backend: Backend,
    found: Sources,
    carried: tuple[Carried, ...],
    cache: Cache,
) -> Made:
    """The glue, and all files that go into the build."""
    recipe, upstream = request.recipe, found.upstream
    by_name = {one.tree: one for one in carried}
    patched = by_name[upstream.name].patched
    files = patched.repository.list(patched.tree)
    declared = _declarations(recipe, patched, files, cache)
    unity = patched.repository.read(patched.tree, recipe.glue.source_list)
    compiled = source_list.listed(
        unity.decode("utf-8", "replace"),
        recipe.glue.source_root,
        recipe.glue.without,
        frozenset(files),
    )
    port = generate.Port(
        version=str(version),
        tag=upstream.tag,
        sha256=upstream.archive.sha256,
        sources=tuple(compiled),
        features=features.holding(recipe.glue.features, declared, frozenset(files)),
        backend=backend,
    )
    glue = generate.generate(recipe, port)
    folder = request.project / "recipes" / recipe.name
    series = {f"patches/{p.name}": p.raw for p in by_name[upstream.name].series}
    texts = {name: text.encode() for name, text in glue.items()}
    library = Library(
        name=f"lib-{recipe.name}",
        library=recipe.glue.library,
        files={**texts, **series, **_glue_files(folder / "glue")},
        archive=upstream.archive,
    )
    return Made(
        recipe=recipe,
        version=version,
        backend=backend,
        sources=found,
        carried=carried,
        glue=glue,
        change=glue_change(request.project, recipe, glue, port.sources),
        compiled=port.sources,
        features=port.features,
        number=_number(recipe, declared),
        library=library,
        application=_application(recipe, folder),
        surroundings=_surroundings(recipe, found, by_name),
    )


def _glue_files(folder: Path) -> dict[str, bytes]:
    """The recipe's hand-written files; links are not followed out of the recipe."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.suffix in (".c", ".h", ".S")
    }


def _declarations(
    recipe: Recipe, patched: PatchedTree, files: Sequence[str], cache: Cache
) -> declarations.Declarations:
    """What the patched headers declare, kept by content."""
    glue = recipe.glue
    folders = tuple(dict.fromkeys((*glue.exported_includes, *glue.includes)))
    optional = [
        header
        for header in glue.optional_headers
        if any(f"{folder}/{header}" in files for folder in folders)
    ]
    headers = (*glue.headers, *optional)
    asked = (patched.tree, headers, folders)
    key = hashlib.sha256(repr(asked).encode()).hexdigest()[:24]
    kept = cache.root / "declarations" / f"1-{key}.json"
    try:
        return msgspec.json.decode(kept.read_bytes(), type=declarations.Declarations)
    except (OSError, msgspec.DecodeError):
        pass
    with tempfile.TemporaryDirectory(prefix="ukport-") as name:
        top = Path(name) / "tree"
        patched.repository.export(patched.tree, top, _tops((*folders, glue.source_root)))
        declared = declarations.read(
            headers, [top / folder for folder in folders], ["-D__Unikraft__"]
        )
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(".part")
    part.write_bytes(msgspec.json.encode(declared))
    part.replace(kept)
    return declared


def _tops(folders: Sequence[str]) -> tuple[str, ...]:
    """The folders without those that lie in another one of them."""
    distinct = dict.fromkeys(folders)
    return tuple(f for f in distinct if not any(f.startswith(f"{top}/") for top in distinct))


def _number(recipe: Recipe, declared: declarations.Declarations) -> int:
    macro = recipe.test.version.macro
    try:
        return int(declared.macros.get(macro, "").split()[0])
    except (IndexError, ValueError):
        raise RecipeError(
            f"{recipe.name}: upstream's headers define no number {macro}",
            "correct test.version in the recipe",
        ) from None


def _application(recipe: Recipe, folder: Path) -> Application:
    name = f"ukport{recipe.name}"
    variable = f"APP{name.upper()}"
    files = _glue_files(folder / "test")
    missing = [source for source in recipe.test.sources if source not in files]
    if missing:
        raise RecipeError(
            f"recipes/{recipe.name}/test/{missing[0]} does not exist",
            "correct test.sources in the recipe",
        )
    lines = [f"$(eval $(call addlib,app{name}))", ""]
    lines += [f"{variable}_CFLAGS-y += {flag}" for flag in recipe.test.flags]
    lines += [f"{variable}_SRCS-y += $({variable}_BASE)/{s}" for s in recipe.test.sources]
    return Application(name, {**files, "Makefile.uk": "\n".join([*lines, ""]).encode()})


def _surroundings(recipe: Recipe, found: Sources, carried: Mapping[str, Carried]) -> Surroundings:
    return Surroundings(
        core=carried[recipe.core.name].patched,
        libraries=tuple(carried[tree.name].patched for tree in recipe.libraries),
        origins={
            tree.library: found.pinned[tree.origin.name].archive
            for tree in recipe.libraries
            if tree.library and tree.origin
        },
        enable=recipe.configuration.enable,
        disable=recipe.configuration.disable,
    )
