"""``ukport symbols``: what the units of a recipe's library define and need, and who provides it."""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from ukport.errors import UsageError
from ukport.process import run
from ukport.recipe import load
from ukport.recipe import lock as locks
from ukport.source import Cache
from ukport.symbols import whereabouts
from ukport.symbols.analyse import Place, analyse
from ukport.symbols.command import Command
from ukport.symbols.library import Outside, Provider, Source, Symbols, doubles, outside
from ukport.symbols.model import Unit
from ukport.symbols.providers import Around, find
from ukport.symbols.store import store
from ukport.verify.build import toolchain
from ukport.verify.commands import compile_commands
from ukport.verify.workspace import Workspace, hold, prepare
from ukport.workflow import answers
from ukport.workflow.answers import FOLDER, Question
from ukport.workflow.events import Tell
from ukport.workflow.port import Made, Request, make
from ukport.workflow.stage import Stages


def symbols(project: Path, question: Question, cache: Cache, tell: Tell) -> Symbols:
    """The symbols of a library; raises UkportError where the port cannot be made."""
    known = answers.known(project, question, cache)
    if known is not None:
        return known
    stages = Stages(tell)
    with cache.scratch() as scratch:
        made = make(request(project, question), cache, stages, scratch)
        return of(project, made, question, cache, stages)


def of(project: Path, made: Made, question: Question, cache: Cache, stages: Stages) -> Symbols:
    """The symbols of a port that was made, from the kept answer if there is one."""
    found = answers.known(project, question, cache)
    if found is None:
        found = read(made, question, cache, stages)
        # Named only now: what was fetched on the way may have moved a tag.
        answers.keep(project, question, cache, found)
    return found


@contextmanager
def build_commands(
    project: Path, question: Question, cache: Cache, tell: Tell
) -> Iterator[tuple[Command, ...]]:
    """How the build compiles the units that are asked about; for comparing with its objects.

    The build folder, whose headers the commands read, is held until the context ends: another
    ukport would lay out another version in it.
    """
    stages = Stages(tell)
    with cache.scratch() as scratch:
        made = make(request(project, question), cache, stages, scratch)
        with hold(workspace_root(made, cache), lambda _folder: None) as workspace:
            commands = _commands(workspace, made, stages)
            yield _chosen(commands, question.of or made.library.library, question.only)


def request(project: Path, question: Question) -> Request:
    """The port that a question is about."""
    recipe = load(project, question.recipe)
    lock = locks.read(project / "recipes" / recipe.name)
    version = question.version or recipe.version
    return Request(project, recipe, version, lock, stored=question.version is None)


def workspace_root(made: Made, cache: Cache) -> Path:
    """Where the build that is only configured is kept, with what was read from it."""
    key = made.surroundings.key(toolchain(made.surroundings.machine))
    return cache.root / FOLDER / f"{made.recipe.name}-{key}"


def read(made: Made, question: Question, cache: Cache, stages: Stages) -> Symbols:
    """The symbols of a port that was made."""
    root = workspace_root(made, cache)

    def waiting(folder: Path) -> None:
        stages.moved("commands", f"waiting for another ukport in {folder}")

    with hold(root, waiting) as workspace:
        with stages.stage("commands", made.library.library) as said:
            commands = _commands(workspace, made, stages)
            library = question.of or made.library.library
            chosen = _chosen(commands, library, question.only)
            said.append(f"{len(chosen)} units of {library}")
        place = Place(root / "results", _Names(workspace, made), _compilers(chosen))
        with stages.stage("symbols", library) as said:
            units = analyse(chosen, place, library)
            parsed = sum(unit.parsed for unit in units)
            said.append(f"{parsed} of {len(units)} units parsed")
        with stages.stage("providers", library) as said:
            needed = outside(units)
            others = {
                name: tuple(command for command in some if command not in chosen)
                for name, some in commands.items()
                if name != f"app{made.application.name}"
            }
            around = Around(others, workspace.core)
            providers = find(needed, around, place, root / "results" / f"providers-{library}.json")
            providers = {**providers, **_unlisted(providers, units, workspace, made)}
            units = tuple(_offered(unit, workspace, made) for unit in units)
            said.append(f"{len(needed)} symbols from outside")
    return Symbols(
        recipe=made.recipe.name,
        version=str(made.version),
        library=library,
        units=units,
        outside=tuple(Outside(name, providers[name], needed[name]) for name in needed),
        doubles=doubles(units),
    )


def _unlisted(
    providers: Mapping[str, Provider], units: Sequence[Unit], workspace: Workspace, made: Made
) -> Mapping[str, Provider]:
    """Upstream's own sources that have what nobody provides, and that are not compiled."""
    lost = {name for name, one in providers.items() if one.source is Source.NOBODY}
    library = made.library.library
    origin = workspace.build / library / "origin" / made.sources.upstream.folder
    compiled = {unit.source for unit in units}
    found = whereabouts.definers(lost, origin, compiled)
    return {name: Provider(Source.UNLISTED, library, file) for name, file in found.items()}


def _offered(unit: Unit, workspace: Workspace, made: Made) -> Unit:
    """With who has the header that a unit lacks."""
    if not unit.missing:
        return unit
    trees = made.recipe.libraries
    roots = {made.recipe.core.name: workspace.core}
    roots |= {tree.name: workspace.library(tree.name) for tree in trees}
    roots |= {
        tree.origin.name: workspace.build / tree.library / "origin"
        for tree in trees
        if tree.library and tree.origin
    }
    roots[made.recipe.upstream.name] = workspace.build / made.library.library / "origin"
    offered = whereabouts.header(unit.missing, roots)
    return msgspec.structs.replace(unit, offered=offered)


def _commands(
    workspace: Workspace, made: Made, stages: Stages
) -> Mapping[str, tuple[Command, ...]]:
    """The build's commands, kept until the library or what it rests on changes."""
    kept = workspace.root / "commands.msgpack"
    stamp = made.library.stamp
    try:
        before, commands = msgspec.msgpack.decode(
            kept.read_bytes(), type=tuple[str, dict[str, tuple[Command, ...]]]
        )
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        before, commands = "", {}
    if before != stamp:
        kept.unlink(missing_ok=True)
        prepare(workspace, made.surroundings, made.library, made.application)
        commands = dict(
            compile_commands(
                workspace,
                made.surroundings,
                made.library,
                progress=lambda steps: stages.moved("commands", f"configuring, {steps} steps"),
            )
        )
        store(kept, msgspec.msgpack.encode((stamp, commands)))
    return commands


def _chosen(
    commands: Mapping[str, tuple[Command, ...]], library: str, only: str
) -> tuple[Command, ...]:
    if library not in commands:
        raise UsageError(
            f"the build has no library {library}", f"it has: {', '.join(sorted(commands))}"
        )
    chosen = tuple(
        command
        for command in commands[library]
        if (not only or fnmatchcase(command.source, f"*{only}"))
        # Core adds a source of its own to each library.
        and not re.search(r"/lib/uklibid/", command.source)
    )
    if not chosen:
        raise UsageError(f"{library} has no source that matches {only!r}", "try another pattern")
    return chosen


def _compilers(commands: Sequence[Command]) -> tuple[str, ...]:
    """The folders of the compiler's own headers."""
    program = commands[0].program
    return tuple(
        run([program, f"-print-file-name={name}"], timeout=20).text.strip()
        for name in ("include", "include-fixed")
    )


class _Names:
    """Paths as people know them: below upstream's tree, below a repository."""

    def __init__(self, workspace: Workspace, made: Made) -> None:
        library = made.library
        build, origin = workspace.build, workspace.build / library.library / "origin"
        names = {
            f"{origin / made.sources.upstream.folder}/": "",
            f"{origin}/": "",
            f"{workspace.library(library.name)}/": f"{library.name}/",
            f"{workspace.core}/": f"{made.recipe.core.name}/",
            f"{build}/": "build/",
        }
        for tree in made.recipe.libraries:
            names[f"{workspace.library(tree.name)}/"] = f"{tree.name}/"
            if tree.library:
                names[f"{build / tree.library / 'origin'}/"] = ""
        self._names = sorted(names.items(), key=lambda pair: -len(pair[0]))
        self._known: dict[str, str] = {}

    def __call__(self, path: str) -> str:
        known = self._known.get(path)
        if known is None:
            plain = posixpath.normpath(path) if path else ""
            known = plain
            for folder, name in self._names:
                if plain.startswith(folder):
                    known = name + plain[len(folder) :]
                    break
            self._known[path] = known
        return known
