"""``ukport import``: an existing external library becomes a recipe and a series."""

import posixpath
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tomlkit

from ukport import git
from ukport.errors import FetchError, UkportError, UsageError
from ukport.finding import Finding, in_order
from ukport.glue import buildlists, importing
from ukport.glue.importing import GUESSED, Ground, Imported
from ukport.glue.library import MAKEFILE, Archive, ExternalLibrary
from ukport.glue.lint import moves
from ukport.recipe import find_project, parse
from ukport.recipe.load import RECIPE
from ukport.recipe.model import Tree
from ukport.recipe.pattern import NAME, VERSION
from ukport.source import Cache
from ukport.source.named import Named
from ukport.source.origin import Place, place_of
from ukport.symbols import declarations
from ukport.workflow import lint
from ukport.workflow.surroundings import CONFIGURATION, Around

_TEST = """\
/* SPDX-License-Identifier: BSD-3-Clause */
/* To be written: what {name} is for. It prints what ukport reads. */
#include <stdio.h>
#include <{header}>

int main(void)
{{
	printf("ukport: begin {name} {version} (%lu)\\n", (unsigned long)({macro}));
	printf("ok 1 - it is linked and starts\\n1..1\\nukport: end 1/1\\n");
	return 0;
}}
"""

_DEEPEST = 4  # folders above a header that may be public
_ON_A_LINE = 3  # names of a list


@dataclass(frozen=True)
class Done:
    """What was written, relative to the project, and what a person should know about it."""

    recipe: str
    version: str
    written: tuple[str, ...]
    findings: tuple[Finding, ...]


def import_library(
    library: ExternalLibrary,
    start: Path,
    around: Around,
    cache: Cache,
    *,
    name: str = "",
    upstream: Named | None = None,
) -> Done:
    """Write ``recipes/NAME`` and ``patches/NAME/VERSION``, whole or not at all.

    Raises UsageError for what is there already, or cannot be a recipe's; FetchError.
    """
    project = _project(start)
    archive = importing.choose(library.archives, iter([moves(a.url) for a in library.archives]))
    if archive is None:
        raise UsageError(
            f"{MAKEFILE} fetches nothing whose address can be told",
            "ukport imports libraries that fetch an upstream's archive",
        )
    bare = name or library.name.removeprefix("lib")
    if not re.fullmatch(NAME, bare):
        raise UsageError(f"{bare!r} cannot be a recipe's name", "choose one with --name")
    if (project / "recipes" / bare).exists() or (project / "patches" / bare).exists():
        raise UsageError(
            f"recipes/{bare} or patches/{bare} exists already", "choose another name with --name"
        )
    repository, place, revision = _origin(library, archive, around, cache, upstream)
    tree = frozenset(repository.list(repository.tree(revision)))
    with cache.scratch() as scratch:
        unknown = lint.unknown_options(library, around, cache, scratch / "kconfig")
    taken = importing.take(library, archive, Ground(tree, unknown))
    notes = list(taken.notes)
    table = _recipe(bare, taken, archive, around, (repository, place, revision), notes)
    text = tomlkit.dumps(table)
    parse(text.encode(), Path("recipes") / bare / RECIPE)
    folder = f"recipes/{bare}"
    files = {f"{folder}/{path}": data for path, data in taken.files.items()}
    files |= {f"patches/{bare}/{table['version']}/{n}": d for n, d in taken.series.items()}
    files[f"{folder}/{RECIPE}"] = text.encode()
    test = table["test"]["version"]
    main = _TEST.format(name=bare, version=table["version"], **test)
    files[f"{folder}/test/main.c"] = main.encode()
    _write(project, bare, files)
    return Done(bare, table["version"], tuple(sorted(files)), in_order(notes))


def _project(start: Path) -> Path:
    try:
        return find_project(start)
    except UsageError:
        return start


def _origin(
    library: ExternalLibrary,
    archive: Archive,
    around: Around,
    cache: Cache,
    upstream: Named | None,
) -> tuple[git.Repository, Place, str]:
    """The repository that the archive is made from, and the revision in it."""
    described = library.described
    place = place_of(archive.url, described.get("gitrepo") if described else "", around.origins)
    if upstream is not None:
        place = Place(upstream.name, upstream.url, (upstream.revision,), exact=False)
    if place is None:
        raise UsageError(
            f"{archive.url}: which repository it is made from cannot be told",
            "name it with --upstream URL@REV",
        )
    problem = ""
    for revision in place.revisions:
        try:
            repository = cache.repository(place.name, place.url, need=revision)
            repository.tree(revision)
        except (FetchError, git.GitError) as error:
            problem = error.message
        else:
            return repository, place, revision.removeprefix("refs/tags/")
    raise FetchError(problem, "name the tree with --upstream URL@REV")


def _recipe(
    name: str,
    taken: Imported,
    archive: Archive,
    around: Around,
    origin: tuple[git.Repository, Place, str],
    notes: list[Finding],
) -> Any:  # noqa: ANN401 - a TOML document
    repository, place, revision = origin
    version, tag, separator = _version(revision)
    packed = _address(archive, place, revision, version, notes)
    header, macro = _version_macro(repository, revision, taken, name, notes)
    known = _known(repository, revision, taken, header, notes)
    table = tomlkit.document()
    table.add(tomlkit.comment(f"{name} as `ukport import` took it from an existing library."))
    table |= {"schema": 1, "name": name, "version": version}
    upstream = {"name": place.name, "url": place.url, "tag": tag, "archive": packed}
    if separator != ".":
        upstream["separator"] = separator
    table["upstream"] = upstream
    table["core"] = _tree(around.core)
    table["libraries"] = [_tree(tree) for tree in around.libraries if _other(tree, taken)]
    backend = {"name": "imported", "versions": [">=0"], "base": version}
    if taken.series:
        backend["series"] = f"{name}/{version}"
    table["backends"] = [backend]
    table["glue"] = _wrapped({**taken.glue, **known})
    table["configuration"] = {
        "enable": list(CONFIGURATION.enable),
        "disable": list(CONFIGURATION.disable),
    }
    table["test"] = {"sources": ["main.c"], "version": {"header": header, "macro": macro}}
    return table


def _known(
    repository: git.Repository, revision: str, taken: Imported, header: str, notes: list[Finding]
) -> Mapping[str, list[str]]:
    """The header of the version, where it can be read by itself."""
    tree = repository.tree(revision)
    folders = taken.glue.get("exported_includes", ())
    paths = {posixpath.normpath(f"{folder}/{header}") for folder in folders}
    if not paths & frozenset(repository.list(tree)):
        return {}
    tops = () if "." in folders else tuple(folders)
    with TemporaryDirectory(prefix="ukport-") as name:
        top = Path(name) / "tree"
        repository.export(tree, top, tops)
        try:
            declarations.read([header], [top / folder for folder in folders], ["-D__Unikraft__"])
        except UkportError as error:
            at = error.message.find("/tree/") + 1
            why = error.message[at + 5 :] if at else error.message
            said = f"test.version: {header} cannot be read by itself: {why}"
            notes.append(GUESSED.at(MAKEFILE, 0, said, "name a header that can in glue.headers"))
            return {}
    return {"headers": [header]}


def _address(
    archive: Archive, place: Place, revision: str, version: str, notes: list[Finding]
) -> str:
    """Where a recipe fetches the archive: the .tar.gz, since its sum is known from the tag."""
    url = archive.url.replace(revision, "{tag}").replace(version, "{version}")
    packed = re.sub(r"\.(?:zip|tgz|tar\.(?:xz|bz2))$", ".tar.gz", url)
    at = archive.call.line
    if place.exact and packed != url:
        said = f"{archive.url} is packed otherwise; the recipe takes the .tar.gz"
        cure = "its sum is another: ukport fetch notes it in recipe.lock"
        notes.append(GUESSED.at(MAKEFILE, at, said, cure))
    elif not place.exact and place.url.startswith("https://github.com/"):
        packed = f"{place.url}/archive/refs/tags/{{tag}}.tar.gz"
        said = f"{archive.url} is not made by {place.url}; the recipe takes the archive of the tag"
        cure = "its sum is known from the tag; correct upstream.archive if it is not the same"
        notes.append(GUESSED.at(MAKEFILE, at, said, cure))
    elif not place.exact:
        said = f"the sum of {archive.url} cannot be told from {place.url}"
        cure = "compare it with what the upstream publishes before a release"
        notes.append(GUESSED.at(MAKEFILE, at, said, cure))
    return packed


def _other(tree: Tree, taken: Imported) -> bool:
    """Whether a neighbour is another library than the imported one."""
    return tree.library != str(taken.glue["library"])


def _tree(tree: Tree) -> dict[str, Any]:
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(tree)
    return {key: value for key, value in found.items() if value is not None}


def _wrapped(glue: Any) -> Any:  # noqa: ANN401 - parts of a TOML document
    """Long lists one name a line."""
    if isinstance(glue, list):
        array = tomlkit.array()
        array.extend(glue)
        array.multiline(len(glue) > _ON_A_LINE)
        return array
    if isinstance(glue, dict):
        return {key: _wrapped(value) for key, value in glue.items()}
    return glue


def _version(revision: str) -> tuple[str, str, str]:
    """Version, tag template and separator of a tag: STABLE-2_1_2_RELEASE is 2.1.2."""
    for separator in (".", "_", "-"):
        shape = re.search(rf"\d+(?:{re.escape(separator)}\d+)+[a-z]?\d*", revision)
        if shape:
            version = shape[0].replace(separator, ".")
            template = revision.replace(shape[0], "{version}", 1)
            if re.fullmatch(VERSION, version):
                return version, template, separator
    raise UsageError(
        f"the revision {revision!r} holds no version", "name a tag with --upstream URL@TAG"
    )


def _version_macro(
    repository: git.Repository, revision: str, taken: Imported, name: str, notes: list[Finding]
) -> tuple[str, str]:
    """A header and a macro in it that looks like the version's number."""
    folders = list(taken.glue.get("exported_includes", ()))
    files = repository.list(repository.tree(revision))
    tops = [f.removesuffix("/.") for f in folders]
    shown = [
        (f, posixpath.relpath(f, top))
        for top in tops
        for f in files
        if f.endswith(".h") and (top == "." or f.startswith(f"{top}/")) and f.count("/") <= _DEEPEST
    ]
    wanted = re.compile(r".*_(?:VERSION_NUMBER|VERSION_NUM|VERNUM|VERSION|VERSION_MAJOR)")
    with repository.reader() as reader:
        for path, relative in sorted(shown, key=lambda one: (name not in one[0], one[0]))[:400]:
            found = reader.get(f"{revision}:{path}")
            text = found.data.decode("utf-8", "replace") if found else ""
            for macro in sorted(buildlists.defined_macros(text)):
                number = re.search(rf"#\s*define\s+{macro}\s+(?:0x)?\d+\w*\s", text)
                if wanted.fullmatch(macro) and number:
                    said = f"test.version: {macro} of {relative} is taken for the version's number"
                    notes.append(GUESSED.at(MAKEFILE, 0, said, "correct it in the recipe"))
                    return relative, macro
    said = "test.version: no macro of the exported headers looks like the version's number"
    notes.append(GUESSED.at(MAKEFILE, 0, said, "name one in the recipe, or verify cannot run"))
    return (shown[0][1] if shown else f"{name}.h"), "VERSION_NUMBER"


def _write(project: Path, name: str, files: dict[str, bytes]) -> None:
    """Both folders appear whole: first beside their place, then renamed."""
    parts = {}
    for top in ("recipes", "patches"):
        folder = project / top / name
        part = folder.with_name(f".{name}.part")
        shutil.rmtree(part, ignore_errors=True)
        inside = {
            p.removeprefix(f"{top}/{name}/"): d for p, d in files.items() if p.startswith(top)
        }
        for path, data in inside.items():
            place = part / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        if inside:
            parts[part] = folder
    for part, folder in parts.items():
        part.rename(folder)
