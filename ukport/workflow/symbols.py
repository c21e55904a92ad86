"""``ukport symbols``: what the units of a recipe's library define and need, and who provides it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ukport.recipe import load
from ukport.recipe import lock as locks
from ukport.source import Cache
from ukport.symbols.command import Command
from ukport.symbols.library import Symbols
from ukport.verify.build import toolchain
from ukport.verify.commands import compile_commands
from ukport.verify.workspace import Workspace, hold, prepare
from ukport.workflow import answers
from ukport.workflow import site as sites
from ukport.workflow.answers import FOLDER, Question
from ukport.workflow.events import Tell
from ukport.workflow.port import Made, Request, make
from ukport.workflow.site import Commands, Site
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
        sites.keep(project, question, cache, site_of(made, cache))
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
            commands = _commands(workspace, made, site_of(made, cache), stages)
            yield sites.choose(commands, question.of or made.library.library, question.only)


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


def site_of(made: Made, cache: Cache) -> Site:
    """Where a port is to be laid out, and what is where in it."""
    root = workspace_root(made, cache)
    # Only a name so far: it is not held.
    workspace = Workspace(root, -1)
    library = made.library
    origin = workspace.build / library.library / "origin"
    upstream = origin / made.sources.upstream.folder
    names = {
        f"{upstream}/": "",
        f"{origin}/": "",
        f"{workspace.library(library.name)}/": f"{library.name}/",
        f"{workspace.core}/": f"{made.recipe.core.name}/",
        f"{workspace.build}/": "build/",
    }
    owners = {made.recipe.core.name: str(workspace.core), made.recipe.upstream.name: str(origin)}
    for tree in made.recipe.libraries:
        names[f"{workspace.library(tree.name)}/"] = f"{tree.name}/"
        owners[tree.name] = str(workspace.library(tree.name))
        if tree.library:
            folder = str(workspace.build / tree.library / "origin")
            names[f"{folder}/"] = ""
            if tree.origin:
                owners[tree.origin.name] = folder
    return Site(
        root=str(root),
        stamp=library.stamp,
        recipe=made.recipe.name,
        version=str(made.version),
        library=library.library,
        application=made.application.name,
        upstream=str(upstream),
        names=tuple(names.items()),
        owners=owners,
    )


def read(made: Made, question: Question, cache: Cache, stages: Stages) -> Symbols:
    """The symbols of a port that was made."""
    site = site_of(made, cache)
    with sites.held(site, stages) as workspace:
        with stages.stage("commands", made.library.library) as said:
            commands = _commands(workspace, made, site, stages)
            chosen = sites.choose(commands, question.of or site.library, question.only)
            said.append(f"{len(chosen)} units of {question.of or site.library}")
        return sites.read(site, workspace, commands, question, stages)


def _commands(workspace: Workspace, made: Made, site: Site, stages: Stages) -> Commands:
    """The build's commands, kept until the library or what it rests on changes."""
    commands = sites.kept_commands(site)
    if commands is None:
        sites.forget_commands(site)
        prepare(workspace, made.surroundings, made.library, made.application)
        commands = dict(
            compile_commands(
                workspace,
                made.surroundings,
                made.library,
                progress=lambda steps: stages.moved("commands", f"configuring, {steps} steps"),
            )
        )
        sites.keep_commands(site, commands)
    return commands
