"""What a new version changes under our own patches, glue and backend."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from ukport.git.repository import Repository
from ukport.glue import buildlists
from ukport.glue.generate import EXPORTS
from ukport.series.apply import Fitted, fit, put, touched
from ukport.series.content import File, from_bytes
from ukport.series.model import Hunk
from ukport.series.place import nearest
from ukport.symbols import difference, outline
from ukport.symbols.difference import Changed, Difference, Touch, declaration
from ukport.symbols.library import Symbols
from ukport.symbols.outline import Function
from ukport.workflow.carry import Carried, StandingError
from ukport.workflow.port import Made

PATCH, GLUE, BACKEND = "patch", "glue", "backend"
_CODE = (".c", ".h")


@dataclass(frozen=True)
class Code:
    """Upstream's C code at a version, before any patch: the texts by path."""

    texts: Mapping[str, bytes]

    @classmethod
    def read(cls, repository: Repository, commit: str) -> "Code":
        """All of it that may belong to a library."""
        wanted = [
            entry
            for entry in repository.entries(repository.tree(commit))
            if entry.path.endswith(_CODE) and entry.mode.startswith("100")
        ]
        with repository.reader() as reader:
            blobs = reader.many(entry.oid for entry in wanted)
            pairs = zip(wanted, blobs, strict=True)
            return cls({entry.path: blob.data for entry, blob in pairs if blob})

    def functions(self, path: str) -> tuple[Function, ...]:
        """The functions that a file defines."""
        return _functions(self.texts.get(path, b""))

    @cached_property
    def homes(self) -> Mapping[str, Sequence[str]]:
        """The files that define each function."""
        found: dict[str, list[str]] = defaultdict(list)
        for path in self.texts:
            for name in dict.fromkeys(one.name for one in self.functions(path)):
                found[name].append(path)
        return found


@cache
def _functions(text: bytes) -> tuple[Function, ...]:
    """Most files are the same in both versions."""
    return outline.functions(text.decode("utf-8", "replace"))


def patches(carried: Carried, old: Code, new: Code) -> Iterator[Touch]:
    """What became of the functions that each patch of the old version's series edits."""
    files = {p: from_bytes(old.texts[p]) for p in touched(carried.series) if p in old.texts}
    series = [(folder, patch) for folder, part in carried.parts.items() for patch in part]
    for folder, patch in series:
        place = f"patches/{folder}/{patch.name}"
        seen: dict[tuple[str, str], None] = {}
        for fitted in fit(patch, files):
            if not isinstance(fitted, Fitted):
                continue
            if fitted.before is not None and fitted.source in old.texts:
                for touch in _edited(fitted, place, old, new):
                    if (touch.name, touch.what) not in seen:
                        seen[touch.name, touch.what] = None
                        yield touch
            put(files, fitted)


def unfit(error: StandingError, version: str) -> Touch:
    """A patch that stands in the way of a version."""
    patch, result = error.standing.patch, error.standing.result
    why = result.verdict or result.outcome
    return Touch(
        PATCH,
        f"patches/{error.folder}/{patch.name}",
        ", ".join(change.path for change in patch.files),
        f"does not fit {version}: {why}",
    )


def _edited(fitted: Fitted, place: str, old: Code, new: Code) -> Iterator[Touch]:
    path, before = fitted.source or "", fitted.before or File("100644", [])
    there = new.texts.get(path)
    lines = from_bytes(there).lines if there is not None else []
    functions = _functions(before.data)
    for hunk, at in zip(fitted.hunks, fitted.places, strict=True):
        fits = nearest(lines, hunk.before, at) is not None
        names = dict.fromkeys(_around(hunk, at, functions))
        for name in names:
            what = _became(name, path, old, new)
            if what:
                yield Touch(PATCH, place, name, what + (" (the hunk still fits)" if fits else ""))
        if there is None and not names:
            yield Touch(PATCH, place, path, "the file is gone")
        elif not fits and not names:
            yield Touch(PATCH, place, path, f"the lines of {hunk.header} changed")


def _around(hunk: Hunk, at: int, functions: Sequence[Function]) -> Iterator[str]:
    """The functions in which a hunk, whose first line has the index ``at``, changes something."""
    line = at + 1
    for tag, _ in hunk.lines:
        if tag != b" ":
            # What is put in stands before this line.
            first = line if tag == b"-" else line - 1
            yield from (f.name for f in functions if f.first <= first and line <= f.last)
        line += tag != b"+"


def _became(name: str, path: str, old: Code, new: Code) -> str:
    """How a function of a file is another one; empty where it is not, or was not upstream's."""
    was = [one for one in old.functions(path) if one.name == name]
    now = [one for one in new.functions(path) if one.name == name]
    if not was:
        return ""
    if not now:
        homes = [home for home in new.homes.get(name, ()) if home not in old.homes[name]]
        if homes:
            return f"is in {homes[0]} now"
        return "is gone" if path in new.texts else f"is gone, with {path}"
    heads = {one.head for one in was}, {one.head for one in now}
    if heads[0] != heads[1]:
        return f"is declared otherwise: {min(heads[1] - heads[0] or heads[1])}"
    return "its code changed" if {o.text for o in was} != {o.text for o in now} else ""


def backend(told: Difference, old: Symbols, new: Symbols, made: Made) -> Iterator[Touch]:
    """Names of upstream's that our C code uses and that changed, and functions that it gives."""
    ours = f"{made.library.name}/"
    files = {unit.source for unit in old.units} | {h for unit in old.units for h in unit.headers}
    files |= {h for unit in new.units for h in unit.headers} | {unit.source for unit in new.units}
    files = {name for name in files if name.startswith(ours)}
    known = _changes(told)
    for file in sorted(files):
        text = made.library.files.get(file.removeprefix(ours), b"").decode("utf-8", "replace")
        plain = outline.plain(text)
        own = buildlists.defined_macros(plain) | {one.name for one in outline.functions(text)}
        for name, line in _words(plain).items():
            if name in known and name not in own:
                yield Touch(BACKEND, f"{file}:{line}", name, known[name])
    given = difference.functions(old, new, files)
    for some, what in ((given.added, "from then on"), (given.removed, "no more")):
        for one in some:
            yield Touch(BACKEND, f"{one.file}:{one.line}", one.name, f"is compiled {what}")
    for changed in given.changed:
        yield Touch(BACKEND, changed.file, changed.name, _otherwise(changed))
    before = {one.name for one in old.missing}
    for lost in new.missing:
        if lost.name not in before:
            place = f"{lost.places[0].file}:{lost.places[0].line}" if lost.places else ""
            yield Touch(BACKEND, place, lost.name, "is needed, and nobody provides it")


def _otherwise(changed: Changed) -> str:
    before, after = (declaration(changed.name, one) for one in (changed.before, changed.after))
    return f"was {before}, is {after}"


def _changes(told: Difference) -> Mapping[str, str]:
    """What became of each name."""
    found = {one.name: f"is no macro of {told.other}" for one in told.macros.removed}
    found |= {one.name: f"{told.other} does not ask for it" for one in told.settings.removed}
    found |= {one.name: f"is no enumerator of {told.other}" for one in told.enumerators.removed}
    came = {one.name for some in (told.macros, told.enumerators) for one in some.added}
    found |= {o.name: "is gone" for o in told.functions.removed if o.name not in came}
    found |= {one.name: _otherwise(one) for one in told.functions.changed}
    return found


_WORD = re.compile(r"[A-Za-z_]\w*")


def _words(text: str) -> Mapping[str, int]:
    """The words of a text with the line that has each first."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        for word in _WORD.findall(line):
            found.setdefault(word, number)
    return found


def glue(told: Difference, old: Made, new: Made) -> Iterator[Touch]:
    """What the generated files say otherwise."""
    yield from _listed("Makefile.uk", old.compiled, new.compiled, "is a source")
    yield from _listed("Makefile.uk", old.features, new.features, "is defined for the glue")
    options = [
        tuple(o.name for o in made.recipe.glue.options if not o.needs or o.needs in made.features)
        for made in (old, new)
    ]
    yield from _listed("Config.uk", options[0], options[1], "is offered")
    gone = {one.name for one in told.settings.removed}
    for one in new.recipe.glue.options:
        macro = (one.define or "").partition("=")[0]
        if macro in gone and one.name in options[1]:
            yield Touch(GLUE, "Config.uk", one.name, f"sets {macro}, which nothing asks for now")
    exports = [_names(made.glue.get(EXPORTS, "")) for made in (old, new)]
    yield from _listed(EXPORTS, exports[0], exports[1], "is exported")


def _listed(file: str, old: Sequence[str], new: Sequence[str], what: str) -> Iterator[Touch]:
    for name in new:
        if name not in old:
            yield Touch(GLUE, file, name, f"{what} from then on")
    for name in old:
        if name not in new:
            yield Touch(GLUE, file, name, f"{what} no more")


def _names(text: str) -> Sequence[str]:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(line for line in lines if line)
