"""An existing library as a recipe: what a recipe can say, and what it cannot, by file and line.

Nothing is lost: every file of the library has its place in the recipe's folders, with its bytes.
"""

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ukport.finding import Finding, Rule, Severity
from ukport.glue.evaluate import Item
from ukport.glue.library import (
    CONFIG,
    LIBRARY,
    ORIGIN,
    Archive,
    ExternalLibrary,
    Source,
    meets,
)
from ukport.recipe.pattern import PATH
from ukport.series.parse import PatchError
from ukport.series.patch import Patch

NOT_IN_RECIPE = Rule(
    "not-in-recipe", Severity.NOTE, "What a recipe cannot say; it is kept as it was written."
)
GUESSED = Rule("guessed", Severity.WARNING, "What the library does not say and a recipe needs.")
LEFT_OUT = Rule(
    "left-out", Severity.WARNING, "What is wrong in the library, and so is not in the recipe."
)
RULES = (NOT_IN_RECIPE, GUESSED, LEFT_OUT)

_CODE = (".c", ".h", ".S")
_FLAG = re.compile(r"[A-Za-z0-9_=.,/+-]+")
_LINE = re.compile(r"[^\x00-\x1f\"\\$`]*")
_OPTION = re.compile(r"\$[({]CONFIG_([A-Z][A-Z0-9_]*)[)}]")
_IF_OPTION = re.compile(r"ifeq \(\$\(CONFIG_([A-Z][A-Z0-9_]*)\),\s*y\)")
_IF_ARCH = re.compile(r"ifeq \((\w+),\$\(CONFIG_UK_ARCH\)\)|ifeq \(\$\(CONFIG_UK_ARCH\),(\w+)\)")
_ARCH = {
    "x86_64": "ARCH_X86_64",
    "arm64": "ARCH_ARM_64",
    "arm": "ARCH_ARM_32",
    "x86_32": "ARCH_X86_32",
}


@dataclass(frozen=True)
class Imported:
    """The parts of a recipe that come from the library, where its files go, and what is told."""

    glue: Mapping[str, Any]
    files: Mapping[str, bytes]
    series: Mapping[str, bytes]
    notes: tuple[Finding, ...]


@dataclass(frozen=True)
class Ground:
    """What a library is held against.

    ``tree`` are the files behind its archive; ``unknown`` the options that no core has, with what
    to do about each.
    """

    tree: Collection[str]
    unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Work:
    library: ExternalLibrary
    archive: Archive
    ground: Ground
    notes: list[Finding] = field(default_factory=list)

    def note(self, item: Item, why: str, cure: str = "") -> None:
        at = item.origin
        self.notes.append(NOT_IN_RECIPE.at(at.file, at.line, why, cure or "kept in lib/"))


def take(library: ExternalLibrary, archive: Archive, ground: Ground) -> Imported:
    """The library as it fetches ``archive``."""
    work = _Work(library, archive, ground)
    files, series = _placed(library)
    name = library.name
    glue: dict[str, Any] = {"library": name, **_described(work)}
    plain, optional, own = _sources(work)
    glue["sources"] = plain
    if optional:
        glue["optional_sources"] = optional
    if own:
        glue["files"] = own
    glue |= _includes(work)
    flags = _flags(work)
    if flags:
        glue["flags"] = flags
    glue |= _config(work)
    _rest(work)
    return Imported(glue, files, series, tuple(work.notes))


def _placed(library: ExternalLibrary) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Where every file goes: ``glue/`` for code, the series for patches, ``lib/`` for the rest."""
    folders = {folder for _, folder in library.patch_folders}
    files, series = {}, {}
    for path, data in library.files.items():
        folder, _, name = path.rpartition("/")
        if folder in folders and _is_patch(name, data) and name not in series:
            series[name] = data
        elif path.endswith(_CODE) and re.fullmatch(PATH, path):
            files[f"glue/{path}"] = data
        else:
            files[f"lib/{path}"] = data
    return files, series


def _is_patch(name: str, data: bytes) -> bool:
    try:
        readable = bool(Patch(name, data).files)
    except PatchError:
        return False
    return readable and name.endswith((".patch", ".diff")) and bool(re.fullmatch(PATH, name))


def _described(work: _Work) -> dict[str, str]:
    """Library.uk's fields, and what stands in for those that it lacks."""
    described = work.library.described
    bare = work.library.name.removeprefix("lib")
    wanted = {
        "title": described.get("name") if described else "",
        "description": described.get("description") if described else "",
        "homepage": described.get("homepage") if described else "",
        "repository": described.get("gitrepo") if described else "",
        "license": described.get("license") if described else "",
    }
    instead = {
        "title": bare,
        "description": bare,
        "homepage": wanted["repository"] or f"https://github.com/unikraft/lib-{bare}",
        "repository": f"https://github.com/unikraft/lib-{bare}",
        "license": "unknown",
    }
    for key, value in wanted.items():
        fits = bool(value) and bool(_LINE.fullmatch(value))
        if key in ("homepage", "repository"):
            fits = bool(re.fullmatch(r"(?:https|http|git)://[A-Za-z0-9._~:/@%+=,-]+", value))
        if not fits:
            wanted[key] = instead[key]
            said = f"{LIBRARY} says no {key} that a recipe can take; {instead[key]} stands for it"
            work.notes.append(GUESSED.at(LIBRARY, 0, said, f"correct glue.{key}"))
    return wanted


def _sources(work: _Work) -> tuple[list[str], dict[str, list[str]], list[str]]:
    """Upstream's sources, those that an option asks for, and the library's own."""
    plain: list[str] = []
    optional: dict[str, list[str]] = {}
    own: list[str] = []
    for source in work.library.sources:
        item = source.item
        if not meets(item.held, work.archive.held):
            continue
        options, why = when(item, work.archive, work.library.name)
        if why := _not_said(work, source, options, why):
            work.note(item, f"{source.path} {why}")
            continue
        if source.own:
            own += [source.path] if source.path not in own else []
        elif source.path not in work.ground.tree:
            said = f"{source.path} is not in the archive"
            work.notes.append(LEFT_OUT.at(item.origin.file, item.origin.line, said))
        elif source.path in plain or (options and source.path in optional.get(options[0], ())):
            work.note(item, f"{source.path} is listed again")
        else:
            (optional.setdefault(options[0], []) if options else plain).append(source.path)
    return plain, optional, own


def _not_said(work: _Work, source: Source, options: Sequence[str], why: str) -> str:
    """Why a recipe cannot say of a source what the library says."""
    if source.library != work.library.name:
        return f"is of {source.library}, another library in the same files"
    if why:
        return f"is compiled only where {why}"
    if len(options) > 1 or (options and source.own):
        return f"is compiled only with {' and '.join(options)}"
    if source.variants:
        return f"has an object of its own name, {source.objects[0]}"
    return "" if re.fullmatch(PATH, source.path) else "is no path that a recipe can name"


def when(item: Item, archive: Archive, name: str) -> tuple[tuple[str, ...], str]:
    """The options that an item hangs on, less the library's own, or a test that is none.

    What ``archive`` rests on is given.
    """
    found = []
    for condition in sorted(item.held - archive.held):
        option = _IF_OPTION.fullmatch(condition.text)
        arch = _IF_ARCH.fullmatch(condition.text)
        if option and not condition.branch:  # of an else if the branches before it count, too
            found.append(option[1])
        elif arch and (arch[1] or arch[2]) in _ARCH:
            found.append(_ARCH[arch[1] or arch[2]])
        else:
            return (), condition.text
    for guard in item.guards:
        option = _OPTION.fullmatch(guard)
        if option is None:
            return (), guard
        found.append(option[1])
    return tuple(dict.fromkeys(one for one in found if one != name.upper())), ""


def _includes(work: _Work) -> dict[str, list[str]]:
    prefix = work.library.name.upper()
    found: dict[str, list[str]] = {}
    for variable, mine, theirs in (
        ("CINCLUDES-y", "own_exported_includes", "exported_includes"),
        (f"{prefix}_CINCLUDES-y", "own_includes", "includes"),
    ):
        for item in work.library.scope.items(variable):
            if not meets(item.held, work.archive.held):
                continue
            path = item.text.removeprefix("-I")
            if not item.text.startswith("-I") or not item.known:
                work.note(item, f"{item.text} of {variable} is no folder that is known")
                continue
            own = not path.startswith(ORIGIN)
            inside = posixpath.normpath(path.removeprefix(ORIGIN).lstrip("/"))
            inside = inside if own else inside.partition("/")[2] or "."
            if inside != "." and not re.fullmatch(PATH, inside):
                work.note(item, f"{item.text} is no folder that a recipe can name")
                continue
            options, why = when(item, work.archive, work.library.name)
            if why or options:
                told = why or " and ".join(options)
                work.note(item, f"{item.text} is used only where {told}; here always")
            key = mine if own else theirs
            if inside not in found.setdefault(key, []):
                found[key].append(inside)
    return found


def _flags(work: _Work) -> list[str]:
    flags: list[str] = []
    for item in work.library.scope.items(f"{work.library.name.upper()}_CFLAGS-y"):
        if not meets(item.held, work.archive.held):
            continue
        plain = item.known and when(item, work.archive, work.library.name) == ((), "")
        if plain and _FLAG.fullmatch(item.text):
            flags += [item.text] if item.text not in flags else []
        else:
            told = f" where {', '.join(item.guards)}" if item.guards else ""
            work.note(item, f"the flag {item.text}{told}")
    return flags


BLOCK = re.compile(
    r"\s*(config|menuconfig|choice|menu|if|comment|source|endchoice|endmenu|endif)\b\s*(.*)"
)


def _config(work: _Work) -> dict[str, Any]:
    """What the library itself selects and depends on; every other option is told, and kept."""
    if CONFIG not in work.library.files:
        return {}
    name = work.library.name.upper()
    found: dict[str, Any] = {}
    inside = ""
    for number, line in enumerate(work.library.text(CONFIG).splitlines(), 1):
        if block := BLOCK.match(line):
            inside = block[2].strip() if "config" in block[1] else ""
            if block[1] in ("config", "menuconfig", "choice", "source") and inside != name:
                what = f"{block[1]} {block[2]}".strip()
                said = f"{what}: options of the original are kept in lib/{CONFIG}"
                work.notes.append(NOT_IN_RECIPE.at(CONFIG, number, said, "write glue.options"))
        elif inside == name and (asked := re.match(r"\s*(select|depends on|imply)\s+(.*)", line)):
            text = asked[2].partition("#")[0].strip()
            key = {"select": "selects", "depends on": "depends"}.get(asked[1])
            option = (text.split() or [""])[0]
            if asked[1] == "select" and option in work.ground.unknown:
                said, cure = f"select {option}: no core has it", work.ground.unknown[option]
                work.notes.append(LEFT_OUT.at(CONFIG, number, said, cure))
            elif key and _LINE.fullmatch(text):
                found.setdefault(key, []).append(text)
            else:
                said = f"{asked[1]} {text}"
                work.notes.append(NOT_IN_RECIPE.at(CONFIG, number, said, "kept in lib/"))
    return found


# What is read above, by the end of a variable's name.
_READ = re.compile(
    r"(?:_SRCS|_CINCLUDES|_CFLAGS|^CINCLUDES|^CXXINCLUDES|_CXXINCLUDES|_CXXFLAGS)(?:-.*)?$"
    r"|_(?:VERSION|URL|DIR|PATCHDIR|ZIPNAME|BASENAME|SUBDIR|EXTRACTED|SRC|DEPS|TAG|BRANCH"
    r"|ORIGIN_\w+)$|_(?:HDRS|INCLUDES)-y$"
)


def _rest(work: _Work) -> None:
    """Rules, own macros and variables for a single file: nothing of a recipe stands for them."""
    from ukport.glue.makefile import Assignment, Call, Define, Rule

    scope = work.library.scope
    helpers = {one.prefix for one in scope.libraries}
    known = ("addlib", "fetch", "patch", "error", "warning", "info")
    for statement in scope.statements:
        said = ""
        match statement:
            case Rule(target=target):
                said = f"a rule for {target}"
            case Define(name=name):
                said = f"the macro {name}"
            case Call(function=function) if not function.startswith(known):
                said = f"a call of {function}"
            case Assignment(name=name) if not _READ.search(name) and name not in helpers:
                said = f"{name} {statement.operator} {statement.value}"[:200]
        if said:
            work.notes.append(
                NOT_IN_RECIPE.at(statement.file, statement.line, said, "kept in lib/")
            )
    for left, why in scope.left:
        said = f"cannot be evaluated: {why}"
        work.notes.append(NOT_IN_RECIPE.at(left.file, left.line, said, "kept in lib/"))


def choose(archives: Sequence[Archive], moves: Iterator[bool]) -> Archive | None:
    """Of several, the first that stays what it is and is checked, else that stays, else any."""
    ranked = sorted(zip(archives, moves, strict=True), key=lambda one: (one[1], not one[0].sums))
    return next((archive for archive, _ in ranked if archive.known), None)
