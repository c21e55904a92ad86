"""An external library's repository as it was written: its files and what they say."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from ukport.errors import UsageError
from ukport.glue import evaluate, libraryfile
from ukport.glue.evaluate import Held, Item, Scope, Value
from ukport.glue.libraryfile import LibraryFile
from ukport.glue.makefile import Call, Condition

MAKEFILE, CONFIG, LIBRARY, EXPORTS = "Makefile.uk", "Config.uk", "Library.uk", "exportsyms.uk"
ORIGIN = "origin:"
_FETCHES = ("fetch", "fetch2", "fetchas", "fetchas2")


class NotALibraryError(UsageError):
    """A folder or repository that holds no external library."""


@dataclass(frozen=True)
class Archive:
    """What one branch of Makefile.uk fetches: the call, the address, when it holds.

    ``sums`` are the variables that are checked, by algorithm.
    """

    call: Call
    library: str
    url: str
    held: Held
    sums: Mapping[str, str]

    @property
    def known(self) -> bool:
        return "$" not in self.url

    @property
    def branch(self) -> str:
        """When this archive is fetched, for people; empty where always."""
        return ", ".join(c.text for c in sorted(self.held) if c not in self.call.conditions)


@dataclass(frozen=True)
class Source:
    """A file that is compiled: an own one, or one of the archive below its top folder."""

    library: str
    path: str
    own: bool
    variants: tuple[str, ...]
    item: Item

    @property
    def objects(self) -> tuple[str, ...]:
        """Base names of its objects, as core's ``src2dst`` makes them."""
        name = posixpath.splitext(posixpath.basename(self.path))[0]
        return tuple(f"{name}.{variant}.o" for variant in self.variants) or (f"{name}.o",)


@dataclass(frozen=True)
class ExternalLibrary:
    """All files by path, and the views of those that a build or a tool reads."""

    files: Mapping[str, bytes]

    def text(self, path: str) -> str:
        """A file as text; bytes that are not UTF-8 survive as surrogates."""
        return self.files[path].decode("utf-8", "surrogateescape")

    @cached_property
    def scope(self) -> Scope:
        """Makefile.uk with all that it includes; raises NotALibraryError where there is none."""
        if MAKEFILE not in self.files:
            raise NotALibraryError(
                f"there is no {MAKEFILE}", "name the top folder of a Unikraft external library"
            )
        names = [n for n in self.files if re.search(r"(?:^|/)Makefile[^/]*$|\.mk$", n)]
        return evaluate.read(MAKEFILE, {name: self.text(name) for name in names})

    @cached_property
    def described(self) -> LibraryFile | None:
        """Library.uk, if there is one."""
        return libraryfile.parse(self.text(LIBRARY)) if LIBRARY in self.files else None

    @property
    def name(self) -> str:
        """What Makefile.uk registers first; raises NotALibraryError where it registers nothing."""
        for library in self.scope.libraries:
            return library.name
        raise NotALibraryError(
            f"{MAKEFILE} registers no library", "it has to call addlib or addlib_s"
        )

    @cached_property
    def archives(self) -> tuple[Archive, ...]:
        """Everything that is fetched, an entry for each branch."""
        return tuple(_archives(self.scope))

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Everything that is compiled, as far as it is known."""
        found: list[Source] = []
        for library in self.scope.libraries:
            for item in self.scope.items(f"{library.prefix}_SRCS-y"):
                found += [_source(library.name, item)] if item.known else []
        return tuple(dict.fromkeys(found))

    @cached_property
    def patch_folders(self) -> tuple[tuple[Call, str], ...]:
        """The folders of this repository that ``patch`` is called with."""
        found = [
            (call, posixpath.normpath(value.text.lstrip("/")))
            for call in self.scope.calls("patch")
            for value in self.scope.values("".join(call.arguments[1:2]))
            if value.known and value.text.startswith("/")
        ]
        return tuple(dict.fromkeys(found))

    def under(self, folder: str) -> tuple[str, ...]:
        """The files directly in a folder, in byte order as core's ``$(sort)`` has them."""
        inside = [n for n in self.files if posixpath.dirname(n) == folder]
        return tuple(sorted(inside, key=lambda name: name.encode("utf-8", "surrogateescape")))


def _archives(scope: Scope) -> Iterable[Archive]:
    for call in scope.calls(*_FETCHES):
        if len(call.arguments) > 1:
            for value in scope.values(call.arguments[1], frozenset(call.conditions)):
                yield _archive(scope, call, value)


def _archive(scope: Scope, call: Call, value: Value) -> Archive:
    prefix = evaluate.upper(call.arguments[0])
    sums = {}
    before = scope.statements[: scope.statements.index(call)]
    for algorithm in ("SHA1", "SHA256", "SHA512", "MD5"):
        name = f"{prefix}_ORIGIN_{algorithm}"
        # Core looks at the moment of the call whether the variable is there.
        set_before = any(
            statement in before and set(statement.conditions) <= value.held
            for statement in scope.names.get(name, ())
        )
        if set_before:
            sums[algorithm.lower()] = scope.of(name, value.held)[0].text
    return Archive(call, call.arguments[0], value.text, value.held, sums)


def _source(library: str, item: Item) -> Source:
    path, *variants = item.text.split("|")
    path = path.partition(">")[0]
    own = not path.startswith(ORIGIN)
    if own:
        inside = posixpath.normpath(path.lstrip("/"))
    else:
        whole = posixpath.normpath(path.removeprefix(ORIGIN).lstrip("/"))
        inside = whole.partition("/")[2]
    return Source(library, inside, own, tuple(v for v in variants if v), item)


def meets(one: Iterable[Condition], other: Iterable[Condition]) -> bool:
    """Whether some configuration is in both."""
    other = tuple(other)
    return not any(a.excludes(b) for a in one for b in other)
