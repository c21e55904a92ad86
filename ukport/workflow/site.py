"""What is asked of a library's units, where their build is laid out and configured.

It imports little: with a build that is there, a question is answered without making the port again.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from ukport.errors import UsageError
from ukport.process import run
from ukport.source.cache import Cache
from ukport.symbols import whereabouts
from ukport.symbols.analyse import Place, analyse
from ukport.symbols.command import Command
from ukport.symbols.library import Outside, Provider, Source, Symbols, doubles, outside
from ukport.symbols.model import Unit
from ukport.symbols.providers import Around, find
from ukport.symbols.store import store
from ukport.verify.workspace import Workspace, hold
from ukport.workflow import answers
from ukport.workflow.answers import Question
from ukport.workflow.events import Tell
from ukport.workflow.stage import Stages

Commands = Mapping[str, tuple[Command, ...]]


class Site(msgspec.Struct, frozen=True):
    """A port where its build is laid out: all that reading its symbols takes.

    ``root`` is the build folder, ``stamp`` says what is laid out in it, ``upstream`` where
    upstream's sources lie. ``names`` are what people call the folders, ``owners`` who has the
    headers below which folder.
    """

    root: str
    stamp: str
    recipe: str
    version: str
    library: str
    application: str
    upstream: str
    names: tuple[tuple[str, str], ...]
    owners: dict[str, str]


def symbols(project: Path, question: Question, cache: Cache, tell: Tell) -> Symbols | None:
    """The symbols of a library from a build that is laid out; None where there is none."""
    site = answers.decoded(_place(project, question, cache), Site)
    # A cache may have been copied to another place: its builds name the old one.
    if (
        site is None
        or not (root := Path(site.root)).is_relative_to(cache.root)
        or not root.is_dir()
    ):
        return None
    stages = Stages(tell)
    with held(site, stages) as workspace:
        commands = kept_commands(site)
        if commands is None:
            return None
        found = read(site, workspace, commands, question, stages)
    answers.keep(project, question, cache, found)
    return found


@contextmanager
def held(site: Site, stages: Stages) -> Iterator[Workspace]:
    """The site's build folder, for one ukport at a time."""

    def waiting(folder: Path) -> None:
        stages.moved("commands", f"waiting for another ukport in {folder}")

    with hold(Path(site.root), waiting) as workspace:
        yield workspace


def keep(project: Path, question: Question, cache: Cache, site: Site) -> None:
    """Keep where the port lies that a question is about; all questions about it share that."""
    kept = _place(project, question, cache)
    if kept is not None:
        store(kept, msgspec.msgpack.encode(site))


def _place(project: Path, question: Question, cache: Cache) -> Path | None:
    port = Question(question.recipe, question.version)
    kept = answers.place(project, port, cache)
    return kept and kept.parent.with_name("sites") / kept.name


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """Commands as they are kept: most units of a library are compiled with the same options."""

    stamp: str
    options: list[tuple[str, ...]]
    units: dict[str, list[tuple[str, int, str, str]]]


def kept_commands(site: Site) -> Commands | None:
    """The commands of the build, if that very port is what is laid out; its folder is held."""
    kept = answers.decoded(_commands(site), _Kept)
    if kept is None or kept.stamp != site.stamp:
        return None
    return {
        name: tuple(
            Command(program, kept.options[at], source, made) for program, at, source, made in some
        )
        for name, some in kept.units.items()
    }


def keep_commands(site: Site, commands: Commands) -> None:
    """Keep them until the library, or what it rests on, changes."""
    numbers: dict[tuple[str, ...], int] = {}
    units = {
        name: [
            (one.program, numbers.setdefault(one.options, len(numbers)), one.source, one.object)
            for one in some
        ]
        for name, some in commands.items()
    }
    store(_commands(site), msgspec.msgpack.encode(_Kept(site.stamp, list(numbers), units)))


def forget_commands(site: Site) -> None:
    """Before another port is laid out."""
    _commands(site).unlink(missing_ok=True)


def _commands(site: Site) -> Path:
    return Path(site.root) / "commands.msgpack"


def read(
    site: Site, workspace: Workspace, commands: Commands, question: Question, stages: Stages
) -> Symbols:
    """The symbols of a library; ``workspace`` is the site's folder, held."""
    library = question.of or site.library
    chosen = choose(commands, library, question.only)
    results = workspace.root / "results"
    place = Place(results, _Names(site), _compilers(chosen))
    with stages.stage("symbols", library) as said:
        units = analyse(chosen, place, library)
        parsed = sum(unit.parsed for unit in units)
        said.append(f"{parsed} of {len(units)} units parsed")
    with stages.stage("providers", library) as said:
        needed = outside(units)
        others = {
            name: tuple(command for command in some if command not in chosen)
            for name, some in commands.items()
            if name != f"app{site.application}"
        }
        around = Around(others, workspace.core)
        providers = find(needed, around, place, results / f"providers-{library}.json")
        providers = {**providers, **_unlisted(providers, units, site)}
        units = tuple(_offered(unit, site) for unit in units)
        said.append(f"{len(needed)} symbols from outside")
    return Symbols(
        recipe=site.recipe,
        version=site.version,
        library=library,
        units=units,
        outside=tuple(Outside(name, providers[name], needed[name]) for name in needed),
        doubles=doubles(units),
    )


def _unlisted(
    providers: Mapping[str, Provider], units: Sequence[Unit], site: Site
) -> Mapping[str, Provider]:
    """Upstream's own sources that have what nobody provides, and that are not compiled."""
    lost = {name for name, one in providers.items() if one.source is Source.NOBODY}
    compiled = {unit.source for unit in units}
    found = whereabouts.definers(lost, Path(site.upstream), compiled)
    return {name: Provider(Source.UNLISTED, site.library, file) for name, file in found.items()}


def _offered(unit: Unit, site: Site) -> Unit:
    """With who has the header that a unit lacks."""
    if not unit.missing:
        return unit
    owners = {name: Path(folder) for name, folder in site.owners.items()}
    return msgspec.structs.replace(unit, offered=whereabouts.header(unit.missing, owners))


def choose(commands: Commands, library: str, only: str) -> tuple[Command, ...]:
    """The commands of a library's units; raises UsageError where there are none."""
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

    def __init__(self, site: Site) -> None:
        self._names = sorted(site.names, key=lambda pair: -len(pair[0]))
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
