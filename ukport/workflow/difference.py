"""``ukport symbols --diff``: what changed in a library between two versions, and what of ours."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from ukport.glue import buildlists
from ukport.source import Cache
from ukport.symbols import difference, outline
from ukport.symbols.difference import Difference, named
from ukport.symbols.library import Symbols
from ukport.workflow import answers, touched
from ukport.workflow.answers import Pair, Question
from ukport.workflow.carry import Decided, StandingError
from ukport.workflow.events import Tell
from ukport.workflow.port import Made, Request, make
from ukport.workflow.stage import Stages
from ukport.workflow.symbols import of, read, request
from ukport.workflow.touched import Code


def diff(project: Path, questions: Pair, cache: Cache, tell: Tell) -> Difference:
    """From the first version to the second; raises UkportError where a port cannot be made."""
    known = answers.known_difference(project, questions, cache)
    if known is not None:
        return known
    stages = Stages(tell)
    sides = []
    with cache.scratch() as scratch:
        for number, question in enumerate(questions):
            sides.append(_side(project, question, cache, stages, scratch / str(number)))
        old, new = sides
        with stages.stage("compare", f"{old.symbols.version} → {new.symbols.version}"):
            found = _compare(old, new)
    answers.keep_difference(project, questions, cache, found)
    return found


@dataclass(frozen=True)
class _Side:
    """A version: its port, its symbols, upstream's code and its build's options by file.

    ``left`` are the patches of the series that do not fit it: the port is without them. ``own`` are
    upstream's files that the port compiles or includes.
    """

    made: Made
    left: tuple[StandingError, ...]
    symbols: Symbols
    code: Code
    options: Mapping[str, str]

    @property
    def own(self) -> Collection[str]:
        units = self.symbols.units
        used = {unit.source for unit in units} | {name for unit in units for name in unit.headers}
        return used & self.code.texts.keys()


def _side(project: Path, question: Question, cache: Cache, stages: Stages, scratch: Path) -> _Side:
    made, left = _made(request(project, question), cache, stages, scratch)
    if left:  # no answer to keep: the port is not whole
        symbols = read(made, question, cache, stages)
    else:
        symbols = of(project, made, question, cache, stages)
    source = made.sources.upstream
    repository, tree = source.repository, source.repository.tree(source.commit)
    entries = [one for one in repository.entries(tree) if buildlists.offers(one.path)]
    with repository.reader() as reader:
        texts = {
            entry.path: blob.data.decode("utf-8", "replace")
            for entry, blob in zip(entries, reader.many(e.oid for e in entries), strict=True)
            if blob
        }
    options = {
        name: path for path, text in texts.items() for name in buildlists.offered(path, text)
    }
    return _Side(made, left, symbols, Code.read(repository, tree), options)


def _made(
    asked: Request, cache: Cache, stages: Stages, scratch: Path
) -> tuple[Made, tuple[StandingError, ...]]:
    """The port of a version, without what stands in its way."""
    left: list[StandingError] = []
    while True:
        decided = tuple(Decided(e.tree, e.standing.patch.name, None, "left out") for e in left)
        place = scratch / str(len(left))
        try:
            made = make(replace(asked, decided=decided), cache, stages, place)
        except StandingError as error:
            left.append(error)
        else:
            return made, tuple(left)


def _compare(old: _Side, new: _Side) -> Difference:
    facts = [_facts(side) for side in (old, new)]
    settings, macros, enumerators = (
        named(before, after) for before, after in zip(*facts, strict=True)
    )
    told = Difference(
        recipe=old.symbols.recipe,
        library=old.symbols.library,
        version=old.symbols.version,
        other=new.symbols.version,
        backends=(old.made.backend.name, new.made.backend.name),
        functions=difference.functions(old.symbols, new.symbols, {*old.own, *new.own}),
        options=named(old.options, new.options),
        settings=settings,
        macros=macros,
        enumerators=enumerators,
        touches=(),
    )
    ours = next(one for one in old.made.carried if one.tree == old.made.sources.upstream.name)
    touches = (
        *(touched.unfit(error, new.symbols.version) for error in new.left),
        *touched.patches(ours, old.code, new.code),
        *touched.backend(told, old.symbols, new.symbols, old.made),
        *touched.glue(told, old.made, new.made),
    )
    return msgspec.structs.replace(told, touches=touches)


def _facts(side: _Side) -> tuple[Mapping[str, str], ...]:
    """The macros that are asked for, the others that are defined, and the enumerators, by file."""
    asked: dict[str, str] = {}
    opened: dict[str, str] = {}
    defined: dict[str, str] = {}
    enumerators: dict[str, str] = {}
    for file in sorted(side.own):
        text = outline.plain(side.code.texts[file].decode("utf-8", "replace"))
        guards = buildlists.guards(text)
        asked |= dict.fromkeys(buildlists.tested_macros(text) - guards, file)
        opened |= dict.fromkeys(buildlists.open_macros(text) - guards, file)
        defined |= dict.fromkeys(buildlists.defined_macros(text) - guards, file)
        enumerators |= dict.fromkeys(outline.enumerators(text), file)
    settings = {n: f for n, f in (asked | opened).items() if n not in defined or n in opened}
    macros = {name: file for name, file in defined.items() if name not in settings}
    return settings, macros, enumerators
