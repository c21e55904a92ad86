"""The rules of ``ukport lint`` that look at a library's own files alone, or at what it fetches.

Pure: a library and what was found out about its surroundings go in, findings come out.
"""

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator
from itertools import combinations

from ukport.finding import Finding
from ukport.glue import rules
from ukport.glue.library import (
    LIBRARY,
    Archive,
    ExternalLibrary,
    Source,
    meets,
)
from ukport.glue.libraryfile import LibraryFile, Listed
from ukport.series.parse import PatchError
from ukport.series.patch import Patch

_NUMBER = re.compile(r"(\d+)[-_. ]")


def own_files(library: ExternalLibrary) -> Iterator[Finding]:
    """Everything that can be said without another tree at hand."""
    yield from _unevaluated(library)
    yield from _archives(library)
    yield from _described(library)
    yield from _own_sources(library)
    yield from _collisions(library)
    for _, folder in library.patch_folders:
        yield from _patch_names(library, folder)


def _unevaluated(library: ExternalLibrary) -> Iterator[Finding]:
    cure = "it is kept as it is; check by hand what it builds, or write it as plain assignments"
    for statement, why in library.scope.left:
        first = statement.raw.strip().splitlines()[0]
        yield rules.UNEVALUATED.at(statement.file, statement.line, f"{why}: {first}", cure)
    for one in library.scope.libraries:
        for item in library.scope.items(f"{one.prefix}_SRCS-y"):
            if not item.known:
                said = f"a source of {one.name} cannot be told: {item.text}"
                yield rules.UNEVALUATED.at(item.origin.file, item.origin.line, said, cure)


def _archives(library: ExternalLibrary) -> Iterator[Finding]:
    for archive in library.archives:
        call, prefix = archive.call, archive.library.upper()
        where = f" ({archive.branch})" if archive.branch else ""
        if not archive.sums:
            cure = (
                f"no sum of it can hold: fetch a tag, and set {prefix}_ORIGIN_SHA256 before fetch"
                if moves(archive.url)
                else f"set {prefix}_ORIGIN_SHA256 before this line"
            )
            said = f"{archive.url} is fetched without a check of its sum{where}"
            yield rules.UNCHECKED_ARCHIVE.at(call.file, call.line, said, cure)
        if moves(archive.url):
            said = f"{archive.url} is whatever the branch holds on that day{where}"
            yield rules.BRANCH_ARCHIVE.at(call.file, call.line, said, "fetch the archive of a tag")
        if archive.url.startswith(("http:", "ftp:")):
            said = f"{archive.url} is fetched without encryption"
            yield rules.INSECURE_URL.at(call.file, call.line, said, "use https")
    for call in library.scope.calls("fetch"):
        if len(call.arguments) > 2 and call.arguments[2]:  # noqa: PLR2004 - library and URL
            said = f"the third argument of fetch is ignored: {call.arguments[2]}"
            yield rules.FETCH_ARGUMENT.at(
                call.file, call.line, said, "drop it, or call fetchas, which takes a file name"
            )


def moves(url: str) -> bool:
    """Whether an address is that of a branch."""
    return "/refs/heads/" in url


def _described(library: ExternalLibrary) -> Iterator[Finding]:
    described = library.described
    if described is None:
        yield rules.NO_LIBRARY_FILE.at(LIBRARY, 0, "there is no Library.uk", "write one")
        return
    for line, text in described.others:
        said = f"neither a field nor a version: {text.strip()}"
        yield rules.LIBRARY_SYNTAX.at(
            LIBRARY, line, said, "name := VALUE, or version := V sha256:SUM URL"
        )
    for listed in described.versions:
        if not listed.sound:
            said = f"the archive of {listed.version} has no sum, or one that is none"
            yield rules.LIBRARY_SYNTAX.at(LIBRARY, listed.line, said, "write sha256:SUM before it")
    for archive in library.archives:
        if archive.known:
            yield from _compared(described, archive)


def _compared(described: LibraryFile, archive: Archive) -> Iterator[Finding]:
    there = f"{archive.call.file}:{archive.call.line}"
    same = [one for one in described.versions if _bare(one.url) == _bare(archive.url)]
    line = described.versions[0].line if described.versions else 0
    if not same:
        named = ", ".join(one.version for one in described.versions) or "no version"
        when = f" ({archive.branch})" if archive.branch else ""
        said = f"it names {named}, but {there} fetches {archive.url}{when}"
        cure = "add that version with its sum and address"
        yield rules.LIBRARY_VERSION.at(LIBRARY, line, said, cure)
        return
    exact = [one for one in same if one.url == archive.url]
    for one in same if not exact else ():
        said = f"{one.version} is {one.url} here, but {there} fetches {archive.url}"
        cure = "name one address in both, with one sum"
        yield rules.LIBRARY_ARCHIVE.at(LIBRARY, one.line, said, cure)
    for one in exact:
        checked = archive.sums.get(one.algorithm)
        if checked is not None and checked != one.sum:
            said = f"the {one.algorithm} of {one.version} is not the one that {there} checks"
            yield rules.LIBRARY_SUM.at(LIBRARY, one.line, said, "find out which one is right")


def _bare(url: str) -> str:
    """What is archived, however it is packed and addressed."""
    inside = re.sub(r"^[a-z]+://(?:www\.)?", "", url)
    inside = re.sub(r"/refs/(?:tags|heads)/", "/", inside)
    return re.sub(r"\.(?:zip|tgz|txz|tbz2|tar\.(?:gz|xz|bz2))$", "", inside)


def _own_sources(library: ExternalLibrary) -> Iterator[Finding]:
    for source in library.sources:
        if source.own and source.path not in library.files:
            at = source.item.origin
            cure = "add the file, or drop the line"
            said = f"{source.path} is not in this repository"
            yield rules.GLUE_GONE.at(at.file, at.line, said, cure)


def _collisions(library: ExternalLibrary) -> Iterator[Finding]:
    trees = {one.name for one in library.scope.libraries if one.tree}
    objects: dict[tuple[str, str], list[Source]] = {}
    for source in library.sources:
        if source.library not in trees:
            for name in source.objects:
                objects.setdefault((source.library, name), []).append(source)
    for (owner, name), sources in objects.items():
        for one, other in combinations(sources, 2):
            if one.item.meets(other.item):
                yield _collision(owner, name, one, other)


def _collision(owner: str, name: str, one: Source, other: Source) -> Finding:
    at, before = other.item.origin, one.item.origin
    earlier = f"{before.file}:{before.line}"
    if (one.path, one.own) == (other.path, other.own):
        said = f"{other.path} is listed twice in {owner}, first in {earlier}"
        return rules.SOURCE_TWICE.at(at.file, at.line, said, "drop one of the two lines")
    said = f"{other.path} and {one.path} ({earlier}) both become {name} in {owner}"
    folder = posixpath.basename(posixpath.dirname(other.path)) or "other"
    cure = f"give one a variant: {posixpath.basename(other.path)}|{folder}"
    return rules.OBJECT_COLLISION.at(at.file, at.line, said, cure)


def _patch_names(library: ExternalLibrary, folder: str) -> Iterator[Finding]:
    numbers: dict[int, str] = {}
    for path in library.under(folder):
        name = posixpath.basename(path)
        patch = Patch(name, library.files[path])
        try:
            does_nothing = not patch.files
        except PatchError as error:
            cure = "write it anew with git format-patch"
            yield rules.PATCH_SYNTAX.at(path, 0, error.message, cure)
            continue
        if does_nothing:
            cure = "move it to another folder"
            yield rules.PATCH_STRAY.at(path, 0, "it changes no file, so it is no patch", cure)
            continue
        if not patch.header.subject:
            cure = "write it anew with git format-patch, with a message"
            yield rules.PATCH_SUBJECT.at(path, 1, "the patch has no subject", cure)
        shape = _NUMBER.match(name)
        if shape is None:
            yield rules.PATCH_UNNUMBERED.at(path, 0, "the name has no number", "NNNN-subject.patch")
        elif first := numbers.get(int(shape[1])):
            said = f"number {shape[1]} is also that of {first}"
            yield rules.PATCH_NUMBER.at(path, 0, said, "give each patch a number of its own")
        else:
            numbers[int(shape[1])] = name


def fetched_tree(
    library: ExternalLibrary, archive: Archive, files: Collection[str], what: str
) -> Iterator[Finding]:
    """Sources that the tree behind an archive does not hold, ``files`` being what it does."""
    names = files if isinstance(files, set | frozenset) else set(files)
    for source in library.sources:
        if source.own or source.path in names or not meets(source.item.held, archive.held):
            continue
        if source.library != archive.library and not _fetches_for(library, archive, source):
            continue
        at = source.item.origin
        cure = _whereabouts(source.path, names)
        yield rules.SOURCE_GONE.at(at.file, at.line, f"{what} has no {source.path}", cure)


def _whereabouts(path: str, names: Collection[str]) -> str:
    """Where a source may have gone: only what is likely, since a wrong hint is worse than none."""
    same = [name for name in names if name.lower() == path.lower()]
    if same:
        return f"it is spelled {same[0]} there"
    stem = posixpath.splitext(path)[0]
    twins = [f"{stem}{suffix}" for suffix in (".c", ".S", ".s") if f"{stem}{suffix}" in names]
    if len(twins) == 1:
        return f"it is {twins[0]} there"
    base = posixpath.basename(path)
    nearby = [name for name in names if posixpath.basename(name) == base]
    return f"the only one of that name is {nearby[0]}" if len(nearby) == 1 else "drop the line"


def _fetches_for(library: ExternalLibrary, archive: Archive, source: Source) -> bool:
    """Whether a library's sources come from another one's archive: the only one there is."""
    return source.library not in {a.library for a in library.archives} and archive.known


def listed_sum(listed: Listed, found: str) -> Iterator[Finding]:
    """``found`` is the sha256 of the archive at the address."""
    if listed.algorithm == "sha256" and listed.sum != found:
        said = f"the archive of {listed.version} has the sha256 {found}, not {listed.sum}"
        yield rules.ARCHIVE_SUM.at(LIBRARY, listed.line, said, "write that sum")


def checked_sum(archive: Archive, found: str) -> Iterator[Finding]:
    """The same for the sum in Makefile.uk."""
    given = archive.sums.get("sha256")
    if given is not None and given != found:
        call = archive.call
        said = f"{archive.url} has the sha256 {found}, not {given}"
        yield rules.ARCHIVE_SUM.at(call.file, call.line, said, "write that sum")


def syntax(file: str, line: int, what: str) -> Finding:
    """A Config.uk that does not parse."""
    return rules.KCONFIG_SYNTAX.at(file, line, what, "mend the syntax there")


def unknown_origin(archive: Archive, why: str, cure: str) -> Finding:
    """An archive whose tree could not be had."""
    call = archive.call
    return rules.ORIGIN_UNKNOWN.at(call.file, call.line, f"{archive.url}: {why}", cure)


_HUNK = re.compile(rb"@@ -")


def hunk_line(raw: bytes, file: int, hunk: int) -> int:
    """The line of a patch in which the ``hunk``-th hunk of its ``file``-th file starts, from 1."""
    files = hunks = 0
    lines = raw.split(b"\n")
    for number, line in enumerate(lines, 1):
        if line.startswith(b"--- ") and lines[number : number + 1][:1] != []:
            if lines[number].startswith(b"+++ "):
                files, hunks = files + 1, 0
        elif _HUNK.match(line):
            hunks += 1
            if (files, hunks) == (file, hunk):
                return number
    return 0


def names_in(text: str) -> Iterable[tuple[int, str]]:
    """Every ``CONFIG_`` name in C or make, by line, without C's comments."""
    plain = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text, flags=re.DOTALL)
    plain = re.sub(r"//[^\n]*", "", plain)
    for number, line in enumerate(plain.splitlines(), 1):
        for name in re.findall(r"(?<![A-Za-z0-9_])CONFIG_([A-Z0-9_]+)(?![A-Za-z0-9_])", line):
            yield number, name
