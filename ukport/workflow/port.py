"""Making the port of one version: sources, series, declarations, glue. Nothing is written yet."""

import hashlib
import os
import posixpath
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from ukport.errors import UsageError
from ukport.glue import buildlists, features, generate, hand
from ukport.glue import sources as source_list
from ukport.recipe import Backend, Lock, Recipe, RecipeError
from ukport.recipe import files as own
from ukport.series.patch import Patch
from ukport.source import Cache, Sources, Version, fetch, find_version, within
from ukport.symbols import constant, declarations
from ukport.verify.build import toolchain
from ukport.verify.client import Client
from ukport.verify.platform import PLATFORMS
from ukport.verify.workspace import Application, Library, PatchedTree, Surroundings
from ukport.workflow import originals
from ukport.workflow.application import own_client, own_tests, smp_tests
from ukport.workflow.carry import Carried, Decided, carry_all, summary
from ukport.workflow.changes import GlueChange, glue_change, lib_folder
from ukport.workflow.memory import carry_from_memory, remembered
from ukport.workflow.parts import upstream_parts
from ukport.workflow.stage import Stages
from ukport.workflow.whole import is_whole
from ukport.workflow.whole import library as published_library
from ukport.workflow.whole import macros as published_macros


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
    version_number: int | None
    library: Library
    application: Application
    surroundings: Surroundings
    # The files of somebody before, where the project still has these.
    origin: originals.Judged | None = None
    client: Client | None = None

    @property
    def number(self) -> int:
        """The version as the guest must tell it; raises RecipeError where no header has it."""
        if self.version_number is None:
            raise RecipeError(
                f"{self.recipe.name}: upstream's headers define no number"
                f" {self.recipe.test.version.macro}",
                "correct test.version in the recipe",
            )
        return self.version_number


@dataclass(frozen=True)
class Request:
    """Which port is wanted: ``version`` as the user wrote it.

    Where it is ``stored``, the recipe wrote it, and it means itself. ``strict`` holds the recipe's
    pins to the lock; an upgrade may move them. ``resolutions`` are remembered ones, beside those
    that the recipe keeps.
    """

    project: Path
    recipe: Recipe
    version: str
    lock: Lock | None
    decided: tuple[Decided, ...] = ()
    resolutions: Mapping[str, bytes] = field(default_factory=dict)
    stored: bool = False
    strict: bool = True


def for_cpus(made: Made, project: Path, cpus: int) -> Made:
    """The port with the application for so many CPUs; raises UsageError where there is none."""
    if cpus == 1:
        return made
    return replace(made, application=smp_tests(made.recipe, project, cpus))


def make(request: Request, cache: Cache, stages: Stages, scratch: Path) -> Made:
    """The port of one version; raises ConflictError where a patch does not fit it."""
    recipe = request.recipe
    with stages.stage("resolve", request.version) as said:
        version, tag = find_version(recipe, request.version, cache, stored=request.stored)
        backend = choose_backend(recipe, version)
        said.append(f"{request.version} → {tag}, backend {backend.name}")
    with stages.stage("fetch", recipe.upstream.url) as said:
        found = fetch(recipe, version, tag, cache, request.lock, strict=request.strict)
        said += [f"{s.name} {s.tag[:16]}" for s in (found.upstream, *found.pinned.values())]
    with stages.stage("rebase", backend.series or "") as said:
        patches = request.project / "patches"
        parts = upstream_parts(patches, recipe, backend, found, cache)
        carried = carry_from_memory(
            lambda decided, folder: carry_all(patches, recipe, found, parts, folder, decided),
            request.decided,
            {**remembered(request.project, recipe.name), **request.resolutions},
            scratch,
        )
        said.append(summary(carried))
    with stages.stage("glue", recipe.glue.library) as said:
        made = assemble(request, version, backend, found, carried, cache)
        own = f"{made.library.name}'s own" if is_whole(recipe) else ""
        said.append(own or f"{made.change}, {len(made.compiled)} sources compiled")
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
    compiled = _compiled(recipe, patched, frozenset(files), upstream.tag)
    optional = _optional(recipe, frozenset(files), upstream.tag)
    whole = is_whole(recipe)
    if whole:
        declared = declarations.Declarations({}, {}, frozenset(), published_macros(recipe, found))
    else:
        declared = _declarations(recipe, patched, files, cache)
    port = generate.Port(
        version=str(version),
        tag=upstream.tag,
        sha256=upstream.archive.sha256,
        sources=compiled,
        optional=optional,
        features=features.holding(
            recipe.glue.features, declared, frozenset(files), _headers(recipe, patched, files)
        ),
        backend=backend,
        exports=declared.exported,
    )
    generated = {} if whole else generate.generate(recipe, port)
    origin = originals.judged(request.project, recipe, generated, frozenset(files), cache)
    by_hand = origin.hand if origin else _there_by_hand(request)
    glue = hand.joined(generated, by_hand)
    library = published_library(recipe, found, by_name) or Library(
        name=f"lib-{recipe.name}",
        library=recipe.glue.library,
        files=_files(request, glue, by_name[upstream.name].series),
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
        version_number=constant.value(recipe.test.version.macro, declared.macros),
        library=library,
        application=own_tests(recipe, request.project),
        surroundings=_surroundings(recipe, found, by_name),
        origin=origin,
        client=own_client(recipe, request.project),
    )


def _files(
    request: Request, glue: Mapping[str, str], series: Sequence[Patch]
) -> Mapping[str, bytes]:
    return {
        **{name: text.encode() for name, text in glue.items()},
        **{f"patches/{patch.name}": patch.raw for patch in series},
        **own.read(request.project, request.recipe.name, "glue"),
    }


def _there_by_hand(request: Request) -> Mapping[str, str]:
    """The project's own glue, for what people wrote into it."""
    folder = lib_folder(request.project, request.recipe)
    return {
        name: (folder / name).read_text("utf-8", "replace")
        for name in (*generate.FILES, generate.EXPORTS)
        if (folder / name).is_file()
    }


def _compiled(
    recipe: Recipe, patched: PatchedTree, files: frozenset[str], tag: str
) -> tuple[str, ...]:
    """Upstream's sources to compile; raises RecipeError where it has no such list."""
    glue = recipe.glue
    if glue.source_list is None:
        return (
            *_of_objects(recipe, patched, files),
            *_there(recipe, "sources", glue.sources, files, tag),
            *(source for source in glue.newer_sources if source in files),
        )
    if glue.source_list not in files:
        raise RecipeError(
            f"recipes/{recipe.name}/recipe.toml: glue.source_list: {patched.name} has no"
            f" {glue.source_list} at {tag}",
            "name the file in which upstream lists its sources at that version",
        )
    text = _text(patched, glue.source_list)
    if glue.source_list.endswith(".c"):
        return tuple(source_list.listed(text, glue.source_root, glue.without, files))
    cmake = [path for path in sorted(files) if posixpath.basename(path) == "CMakeLists.txt"]
    known = buildlists.variables({path: _text(patched, path) for path in cmake})
    return tuple(source_list.named(glue.source_list, text, files, glue.without, known))


def _text(patched: PatchedTree, path: str) -> str:
    return patched.repository.read(patched.tree, path).decode("utf-8", "replace")


def _of_objects(recipe: Recipe, patched: PatchedTree, files: frozenset[str]) -> Iterator[str]:
    for makefile, variables in recipe.glue.source_objects.items():
        text = _text(patched, makefile) if makefile in files else ""
        yield from source_list.of_objects(text, makefile, variables, files)


def _optional(recipe: Recipe, files: frozenset[str], tag: str) -> Mapping[str, tuple[str, ...]]:
    return {
        option: _there(recipe, f"optional_sources.{option}", sources, files, tag)
        for option, sources in recipe.glue.optional_sources.items()
    }


def _there(
    recipe: Recipe, field: str, sources: tuple[str, ...], files: frozenset[str], tag: str
) -> tuple[str, ...]:
    """Listed sources; raises RecipeError for the first that upstream does not have."""
    for source in sources:
        if source not in files:
            raise RecipeError(
                f"recipes/{recipe.name}/recipe.toml: glue.{field}: {recipe.upstream.name} has no"
                f" {source} at {tag}",
                "drop it, or name what took its place",
            )
    return sources


def _declarations(
    recipe: Recipe, patched: PatchedTree, files: Sequence[str], cache: Cache
) -> declarations.Declarations:
    """What the patched headers declare, kept by content and by compiler: its macros are read."""
    glue = recipe.glue
    folders = tuple(dict.fromkeys((*glue.exported_includes, *glue.includes)))
    optional = [
        header
        for header in (*glue.public_headers, *glue.optional_headers)
        if any(posixpath.normpath(f"{folder}/{header}") in files for folder in folders)
    ]
    headers = (*glue.headers, *optional)
    public = () if glue.exports is None else (*glue.headers, *glue.public_headers)
    asked = (patched.tree, headers, folders, public, toolchain())
    key = hashlib.sha256(repr(asked).encode()).hexdigest()[:24]
    kept = cache.root / "declarations" / f"4-{key}.json"
    try:
        return msgspec.json.decode(kept.read_bytes(), type=declarations.Declarations)
    except (OSError, msgspec.DecodeError):
        pass
    with tempfile.TemporaryDirectory(prefix="ukport-") as name:
        top = Path(name) / "tree"
        patched.repository.export(patched.tree, top, _tops((*folders, glue.source_root)))
        declared = declarations.read(
            headers, [top / folder for folder in folders], ["-D__Unikraft__"], public
        )
    kept.parent.mkdir(parents=True, exist_ok=True)
    # Its own: another ukport may be writing the same declarations at this moment.
    part = kept.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(msgspec.json.encode(declared))
    part.replace(kept)
    return declared


def _headers(recipe: Recipe, patched: PatchedTree, files: Sequence[str]) -> list[str]:
    """The texts of upstream's headers, where a feature asks for more than what they declare."""
    glue = recipe.glue
    if not any(feature.open_macro for feature in glue.features.values()):
        return []
    folders = tuple(f"{folder}/" for folder in (*glue.exported_includes, *glue.includes))
    wanted = [name for name in files if name.endswith(".h") and name.startswith(folders)]
    return [_text(patched, name) for name in wanted]


def _tops(folders: Sequence[str]) -> tuple[str, ...]:
    """The folders without those that lie in another one of them; none where it is the top."""
    distinct = dict.fromkeys(folders)
    if "." in distinct:
        return ()
    return tuple(f for f in distinct if not any(f.startswith(f"{top}/") for top in distinct))


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
        platform=PLATFORMS[recipe.platform],
    )
