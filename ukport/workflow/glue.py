"""``ukport glue``: a recipe's Unikraft glue made, proven by symbols, compared and written."""

import difflib
import itertools
import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

from ukport.errors import UsageError
from ukport.finding import Finding, in_order
from ukport.glue import compare, kconfig, proof
from ukport.glue.generate import EXPORTS
from ukport.glue.kconfig import KconfigError
from ukport.glue.library import ExternalLibrary
from ukport.recipe import Recipe
from ukport.recipe.load import extend
from ukport.source import Cache
from ukport.symbols.library import Symbols
from ukport.verify.build import BuildError
from ukport.verify.workspace import hold
from ukport.workflow import lint
from ukport.workflow.answers import Question
from ukport.workflow.changes import lib_folder, refuse_edited
from ukport.workflow.events import Tell
from ukport.workflow.port import Made, Request, make
from ukport.workflow.stage import Stages
from ukport.workflow.surroundings import Around
from ukport.workflow.symbols import of, request, workspace_root
from ukport.workflow.transaction import commit, differing, recover
from ukport.workflow.whole import is_whole


@dataclass(frozen=True)
class Glue:
    """A recipe's glue at a version: made today, and in the project.

    ``own`` says whether the project's files are of that version, and so can be compared.
    """

    made: Made
    there: Mapping[str, str]
    own: bool

    def reasons(self) -> tuple[Finding, ...]:
        """Why the lines differ, where the project's files are those of an imported library."""
        origin = self.made.origin
        return compare.findings(origin.compared(self.files)) if origin else ()

    @property
    def files(self) -> Mapping[str, str]:
        return self.made.glue

    def drift(self) -> Iterator[Finding]:
        """What of the project's files is changed by hand, or made otherwise now."""
        if self.own:
            yield from proof.drift(self.files, self.there)

    def diff(self) -> Iterator[str]:
        """From the project's files to those that are made, as a unified diff."""
        for name, text in self.files.items():
            old = self.there.get(name, "").splitlines(keepends=True)
            new = text.splitlines(keepends=True)
            yield from difflib.unified_diff(old, new, f"a/{name}", f"b/{name}")


def glue(project: Path, name: str, version: str | None, cache: Cache, tell: Tell) -> Glue:
    """Make the glue of a recipe at its own version, or at ``version``."""
    recover(project)
    stages = Stages(tell)
    with cache.scratch() as scratch:
        made = make(request(project, Question(name, version)), cache, stages, scratch)
    return beside(project, made)


def beside(project: Path, made: Made) -> Glue:
    """Glue that was made, beside that of the project."""
    folder = lib_folder(project, made.recipe)
    there = {
        name: (folder / name).read_text("utf-8", "replace")
        for name in made.glue
        if (folder / name).is_file()
    }
    return Glue(made, there, own=str(made.version) == made.recipe.version)


def check(
    project: Path, name: str, version: str | None, cache: Cache, tell: Tell
) -> tuple[Finding, ...]:
    """All that is wrong with the glue: against the project, against symbols, against Kconfig.

    The glue of a published library that is taken as it is has nothing to be held against.
    """
    recover(project)
    stages = Stages(tell)
    with cache.scratch() as scratch:
        made = make(request(project, Question(name, version)), cache, stages, scratch)
        findings: list[Finding] = []
        if not is_whole(made.recipe):
            symbols = of(project, made, Question(name, version), cache, stages)
            findings += beside(project, made).drift()
            findings += _proven(made, symbols, cache, stages, scratch)
        with stages.stage("lint", made.library.name):
            around = Around(made.recipe.core, made.recipe.libraries)
            findings += lint.check(ExternalLibrary(made.library.files), around, cache)
    return in_order(findings)


def _proven(
    made: Made, symbols: Symbols, cache: Cache, stages: Stages, scratch: Path
) -> Iterator[Finding]:
    with stages.stage("proof", made.library.library) as said:
        yield from _objects(made)
        yield from proof.prove(symbols, _ground(made, cache, scratch / "kconfig"))
        said.append(f"{len(symbols.units)} sources, {len(symbols.outside)} symbols from outside")


def _objects(made: Made) -> Iterator[Finding]:
    """Sources that are listed twice, or whose objects would have one name."""
    listed = [*made.compiled, *made.recipe.glue.files, *made.backend.glue]
    for source, times in Counter(listed).items():
        if times > 1:
            yield proof.TWICE.at("Makefile.uk", 0, f"{source} is listed {times} times", "once")
    own = Counter(posixpath.basename(p) for p in (*made.recipe.glue.files, *made.backend.glue))
    for name in sorted(own.keys() & {posixpath.basename(path) for path in made.compiled}):
        yield proof.TWICE.at(
            "Makefile.uk",
            0,
            f"the glue's {name} and upstream's would be one object",
            "give the glue's another name",
        )


def _ground(made: Made, cache: Cache, scratch: Path) -> proof.Ground:
    recipe = made.recipe
    scratch.mkdir(parents=True)
    own = scratch / "own"
    own.mkdir()
    (own / "Config.uk").write_text(made.glue["Config.uk"], "utf-8")
    root = workspace_root(made, cache)
    with hold(root, lambda _folder: None) as workspace:
        libraries = [own, *(workspace.library(tree.name) for tree in recipe.libraries)]
        machine = made.surroundings.machine
        wanted = (machine.option, *made.surroundings.platform.options, *recipe.glue.depends)
        library = recipe.glue.library.upper()
        parsed = kconfig.read(workspace.core, libraries, scratch)
        settled = kconfig.settle(workspace.core, libraries, (*wanted, library), scratch)
    exports = recipe.glue.exports
    return proof.Ground(
        makefile=made.glue["Makefile.uk"],
        settled=settled,
        options=parsed.defined,
        exports=exports,
        promised=proof.promised(made.glue.get(EXPORTS, "")),
    )


def write(
    project: Path, name: str, version: str | None, cache: Cache, tell: Tell
) -> tuple[str, ...]:
    """Write the glue into the project; the paths that changed.

    What the symbols need and nothing brings is selected, in the recipe and so in Config.uk, as far
    as the build can be configured. Raises
    UsageError where a file was changed by hand, and for another version than the recipe's.
    """
    recover(project)
    stages = Stages(tell)
    question = Question(name, version)
    with cache.scratch() as scratch:
        asked = request(project, question)
        made = make(asked, cache, stages, scratch / "made")
        if not beside(project, made).own:
            raise UsageError(
                f"recipes/{made.recipe.name} is at {made.recipe.version}, this glue is of"
                f" {made.version}",
                f"move the recipe with it: ukport upgrade {made.recipe.name} --to {made.version}",
            )
        refuse_edited(project, made.recipe)
        try:
            symbols = of(project, made, question, cache, stages)
        except BuildError:
            # Nothing can be asked of a build that does not come about: what a person begins with,
            # who needs the glue all the same. --check tells why.
            recipe = _recipe_file(project, made).read_text("utf-8")
        else:
            made, recipe = _completed(asked, made, symbols, cache, stages, scratch)
    folder = f"recipes/{made.recipe.name}"
    changes: dict[str, bytes | None] = {
        f"{folder}/lib/{file}": text.encode() for file, text in made.glue.items()
    }
    changes[f"{folder}/recipe.toml"] = recipe.encode()
    written = differing(project, changes)
    if written:
        commit(project, changes)
    return written


def _recipe_file(project: Path, made: Made) -> Path:
    return project / "recipes" / made.recipe.name / "recipe.toml"


def _completed(
    asked: Request, made: Made, symbols: Symbols, cache: Cache, stages: Stages, scratch: Path
) -> tuple[Made, str]:
    """The port whose Config.uk brings what the symbols need, and the text of its recipe.

    The library that has most of it is asked for first, since it may bring the others. It is
    selected; where that would be a recursive dependency, it is depended on.
    """
    text = _recipe_file(asked.project, made).read_text("utf-8")
    refused: set[str] = set()
    for turn in itertools.count():
        ground = _ground(made, cache, scratch / str(turn))
        lacking = proof.unselected(symbols, ground)
        likely = sorted(lacking.keys() - refused, key=lambda one: (-len(lacking[one]), one))
        if not likely:
            break
        for field in ("selects", "depends"):
            stage = scratch / f"{turn}-{field}"
            recipe = _asking(made, field, likely[0])
            again = make(replace(asked, recipe=recipe), cache, stages, stage / "made")
            try:
                left = proof.unselected(symbols, _ground(again, cache, stage / "ground"))
            except KconfigError:
                continue
            if likely[0] not in left:
                made, text = again, extend(text, ("glue", field), (likely[0],))
                break
        else:
            refused.add(likely[0])
    return made, text


def _asking(made: Made, field: str, option: str) -> Recipe:
    """The recipe whose library selects, or depends on, one option more."""
    glue_ = made.recipe.glue
    more = {field: (*getattr(glue_, field), option)}
    return structs.replace(made.recipe, glue=structs.replace(glue_, **more))
