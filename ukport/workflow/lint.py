"""``ukport lint``: an external library as it is, against core, its archives and its patches."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ukport import git
from ukport.errors import FetchError
from ukport.finding import Finding, in_order
from ukport.git.export import export_entries
from ukport.glue import kconfig, lint, options, rules
from ukport.glue.kconfig import KconfigError, Mention
from ukport.glue.library import CONFIG, Archive, ExternalLibrary, NotALibraryError
from ukport.glue.options import Known
from ukport.process import require, run
from ukport.recipe.model import Origin, Tree
from ukport.recipe.pattern import NAME
from ukport.series.apply import touched
from ukport.series.parse import PatchError
from ukport.series.patch import Patch
from ukport.source import Cache
from ukport.source.named import Named, open_named
from ukport.source.origin import Place, place_of
from ukport.workflow.surroundings import Around

# Where core has its Config.uk files.
_CONFIGURED = ("arch", "drivers", "lib", "plat", CONFIG)
_CODE = (".c", ".h", ".S", ".s", ".cc", ".cpp")


def check(
    library: ExternalLibrary,
    around: Around,
    cache: Cache,
    *,
    beside: Sequence[Named] = (),
    upstream: Named | None = None,
) -> tuple[Finding, ...]:
    """All findings about a library, in order.

    ``beside`` are libraries whose options exist, too; ``upstream`` is where the archive's tree is,
    for an address that does not say so itself. Raises NotALibraryError.
    """
    if not library.scope.libraries:
        raise NotALibraryError(
            "its Makefile.uk registers no library", "it has to call addlib or addlib_s"
        )
    with cache.scratch() as scratch:
        found = [*lint.own_files(library)]
        found += _options(library, around, cache, scratch / "kconfig", beside)
        for number, archive in enumerate(library.archives):
            found += _archive(library, archive, around, cache, scratch / str(number), upstream)
        found += _listed(library, around, cache)
    return in_order(found)


@dataclass(frozen=True)
class _Asked:
    """What a library's Config.uk and its code ask for, and what there is."""

    mentions: tuple[Mention, ...]
    code: Mapping[str, tuple[tuple[int, str], ...]]
    known: Known


def _options(
    library: ExternalLibrary, around: Around, cache: Cache, scratch: Path, beside: Sequence[Named]
) -> Iterator[Finding]:
    if CONFIG not in library.files:
        yield lint.syntax(CONFIG, 0, "there is no Config.uk: the library cannot be chosen")
        return
    try:
        asked = _asked(library, around, cache, scratch, beside)
    except KconfigError as error:
        yield lint.syntax(error.file or CONFIG, error.line, error.what)
        return
    own_names = [one.prefix for one in library.scope.libraries]
    prefixes = (*own_names, *(name.removeprefix("LIB") + "_" for name in own_names))
    yield from options.asked(asked.mentions, asked.known)
    for path, names in asked.code.items():
        yield from options.used(path, names, asked.known, prefixes)


def unknown_options(
    library: ExternalLibrary, around: Around, cache: Cache, scratch: Path
) -> Mapping[str, str]:
    """The options that a library's Config.uk asks for and that are an error, each with its cure.

    None where it does not parse.
    """
    if CONFIG not in library.files:
        return {}
    try:
        asked = _asked(library, around, cache, scratch, ())
    except KconfigError:
        return {}
    return options.wrong(asked.mentions, asked.known)


def _asked(
    library: ExternalLibrary, around: Around, cache: Cache, scratch: Path, beside: Sequence[Named]
) -> _Asked:
    """Raises KconfigError."""
    core = cache.repository(around.core.name, around.core.url, need=around.core.pin)
    _configs(core, around.core.pin, scratch / "core")
    others = [*map(_named, around.libraries), *beside]
    folders = []
    for number, other in enumerate(others):
        repository, revision = open_named(other, cache)
        folders.append(scratch / f"{number}")
        _configs(repository, revision, folders[-1])
    own = scratch / "own"
    for path, data in library.files.items():
        if path.rpartition("/")[2] == CONFIG and ".." not in path.split("/"):
            (own / path).parent.mkdir(parents=True, exist_ok=True)
            (own / path).write_bytes(data)
    read = kconfig.read(scratch / "core", [own, *folders], scratch)
    code = {
        path: tuple(lint.names_in(library.text(path)))
        for path in library.files
        if path.endswith(_CODE) or re.search(r"(?:^|/)Makefile[^/]*$", path)
    }
    undefined = {m.name for m in read.undefined(own)}
    defined = frozenset(read.defined) | _set_by_makefiles(core, around.core.pin)
    undefined |= {n for names in code.values() for _, n in names if n not in defined}
    known = Known(f"core {around.core.pin}", defined, _last_release(core, undefined))
    return _Asked(read.undefined(own), code, known)


def _named(tree: Tree) -> Named:
    return Named(tree.name, tree.url, tree.pin)


def _configs(repository: git.Repository, revision: str, folder: Path) -> None:
    """All Config.uk of a tree."""
    tree = repository.tree(revision)
    wanted = [e for e in repository.entries(tree) if e.path.rpartition("/")[2] == CONFIG]
    with repository.reader() as reader:
        export_entries(wanted, reader, folder)


def _set_by_makefiles(core: git.Repository, revision: str) -> frozenset[str]:
    """Names that core gives to the compiler itself: ``-DCONFIG_UK_NETDEV_SCRATCH_SIZE=``."""
    pattern = r"-DCONFIG_[A-Z0-9_]+"
    args = ["grep", "-I", "-o", "-E", "-e", pattern, core.tree(revision)]
    lines = (line.split(":", 2) for line in core.git(args, check=False).text.splitlines())
    makefiles = (found for _, path, found in lines if "Makefile" in path)
    return frozenset(found.removeprefix("-DCONFIG_") for found in makefiles)


def _last_release(core: git.Repository, names: set[str]) -> dict[str, str]:
    """The newest release of core that defined each name, for those that one did."""
    if not names:
        return {}
    releases = {
        tuple(int(part) for part in tag.removeprefix("RELEASE-").split(".")): tag
        for tag in core.tags()
        if re.fullmatch(r"RELEASE-\d+(?:\.\d+)*", tag)
    }
    ordered = [releases[number] for number in sorted(releases)]
    if not ordered:
        return {}
    pattern = rf"^[[:space:]]*(menu)?config[[:space:]]+({'|'.join(sorted(names))})[[:space:]]*$"
    args = ["grep", "-E", "-I", "-e", pattern, *ordered, "--", *_CONFIGURED]
    found: dict[str, str] = {}
    for line in core.git(args, check=False).text.splitlines():
        tag, path, text = line.split(":", 2)
        if path.endswith(CONFIG):
            found[text.split()[-1]] = tag  # releases come in order: the last one stays
    return found


def _archive(
    library: ExternalLibrary,
    archive: Archive,
    around: Around,
    cache: Cache,
    scratch: Path,
    upstream: Named | None,
) -> Iterator[Finding]:
    place = _place(library, archive.url, around.origins)
    if upstream is not None:
        place = Place(upstream.name, upstream.url, (upstream.revision,), exact=False)
    cure = "name the tree that it is made from with --upstream URL@REV"
    if place is None:
        why = "no address of a git forge, and Library.uk has no gitrepo that leads there"
        yield lint.unknown_origin(archive, why, cure)
        return
    try:
        repository, revision = _revision(place, cache)
    except FetchError as error:
        yield lint.unknown_origin(archive, error.message, cure)
        return
    what = f"{place.name} {revision.rpartition('/')[2]}"
    files = frozenset(repository.list(repository.tree(revision)))
    yield from lint.fetched_tree(library, archive, files, what)
    if place.exact and archive.url.endswith(".tar.gz") and not lint.moves(archive.url):
        yield from lint.checked_sum(archive, _sum(place, repository, revision, archive.url, cache))
    for call, folder in library.patch_folders:
        if call.arguments[0] == archive.library:
            yield from _patches(library, folder, repository, revision, scratch, what)


def _place(library: ExternalLibrary, url: str, origins: Sequence[Origin]) -> Place | None:
    described = library.described
    return place_of(url, described.get("gitrepo") if described else "", origins)


def _revision(place: Place, cache: Cache) -> tuple[git.Repository, str]:
    """The first of a place's revisions that there is; raises FetchError."""
    for last, revision in enumerate(place.revisions, 1 - len(place.revisions)):
        try:
            repository = cache.repository(place.name, place.url, need=revision)
            # A copy may know a tag, and lack what it stands for.
            repository.tree(revision)
        except (FetchError, git.GitError) as error:
            if last == 0:
                raise FetchError(error.message.partition("\n")[0]) from None
        else:
            return repository, revision
    raise FetchError(f"{place.url} has no revision to look at")


def _sum(place: Place, repository: git.Repository, revision: str, url: str, cache: Cache) -> str:
    commit = repository.resolve(revision)
    name = url.rpartition("/")[2]
    return cache.archive(repository, commit, name, f"{place.folder}/").sha256


def _listed(library: ExternalLibrary, around: Around, cache: Cache) -> Iterator[Finding]:
    """The sums in Library.uk, where the archive can be made from a tag."""
    described = library.described
    for listed in described.versions if described else ():
        place = place_of(listed.url, "", around.origins)
        if place is None or not place.exact or not listed.url.endswith(".tar.gz"):
            continue
        name = listed.url.rpartition("/")[2]
        try:
            repository, revision = _revision(place, cache)
            tagged = revision.rpartition("/")[2] in repository.tags()
        except (FetchError, git.GitError):
            continue
        if tagged and re.fullmatch(NAME, name):
            yield from lint.listed_sum(listed, _sum(place, repository, revision, listed.url, cache))


# As core calls it, but never as ed's program, and without a question.
_PATCH: tuple[str, ...] = ("patch", "--unified", "--force", "--no-backup-if-mismatch", "-p1", "-d")
_PATCHED = re.compile(r"(?:patching|checking) file (.*)|Hunk #(\d+) (succeeded|FAILED) at (.*)")


def _patches(
    library: ExternalLibrary,
    folder: str,
    repository: git.Repository,
    revision: str,
    scratch: Path,
    what: str,
) -> Iterator[Finding]:
    """What core's own step does, with the program that it uses, in the order that it uses."""
    require("patch")
    paths = library.under(folder)
    patches = [(path, Patch(path.rpartition("/")[2], library.files[path])) for path in paths]
    try:
        names = touched(patch for _, patch in patches)
        if not all(patch.files for _, patch in patches):
            return
    except PatchError:
        return  # found by its own rule: nothing is given to a program that we cannot read
    tree = repository.tree(revision)
    wanted = [entry for entry in repository.entries(tree) if entry.path in names]
    with repository.reader() as reader:
        export_entries([e for e in wanted if e.mode != "120000"], reader, scratch)
    scratch.mkdir(parents=True, exist_ok=True)
    for path, patch in patches:
        done = run([*_PATCH, scratch], input=patch.raw, check=False, timeout=60)
        yield from _told(path, patch, done.text, what)
        if done.returncode != 0:
            return  # core stops here, too


def _told(path: str, patch: Patch, output: str, what: str) -> Iterator[Finding]:
    file, name = 0, ""
    for line in output.splitlines():
        shape = _PATCHED.match(line)
        if shape is None:
            continue
        if shape[1]:
            file, name = file + 1, shape[1].partition(" (")[0]
            continue
        at = lint.hunk_line(patch.raw, file, int(shape[2]))
        cure = f"carry the series to {what} with ukport rebase"
        if shape[3] == "FAILED":
            said = f"its hunk {shape[2]} of {name} does not fit {what}"
            yield rules.PATCH_CONFLICT.at(path, at, said, cure)
        elif fuzz := re.search(r"with fuzz (\d+)", shape[4]):
            said = f"its hunk {shape[2]} of {name} fits {what} only with fuzz {fuzz[1]}"
            yield rules.PATCH_FUZZ.at(path, at, said, cure)
