"""What an upstream's tree says about itself: its public headers, its sources, its version.

Its sources are compiled here, with the machine's compiler and without linking, for their symbols.
"""

import os
import posixpath
import re
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ukport import git
from ukport.errors import UkportError
from ukport.glue import buildlists
from ukport.glue.buildlists import BuildList, Switch
from ukport.process import run
from ukport.symbols import declarations
from ukport.symbols.closure import Object, closure, outside
from ukport.symbols.declarations import Declarations
from ukport.workflow import versionmacro

_MOST_CANDIDATES = 3000
_MOST_SWITCHES = 12
_FLAGS = ("-c", "-O0", "-w", "-fno-builtin", "-D__Unikraft__")


class SurveyError(UkportError):
    """An upstream that cannot be proposed without a person's word."""


@dataclass(frozen=True)
class Optional:
    """A switch whose macro the sources test: what its macro needs beyond the plain sources."""

    switch: Switch
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Survey:
    """What was found; paths are upstream's. ``broken`` are units that did not compile, and why."""

    main_header: str
    headers: tuple[str, ...]
    sources: tuple[str, ...]
    listed_in: str
    left_out: tuple[str, ...]
    includes: tuple[str, ...]
    functions: tuple[str, ...]
    declared: Declarations
    nullary: frozenset[str]
    version_macro: str
    version_header: str
    options: tuple[Optional, ...]
    undecided: tuple[Switch, ...]
    macros: tuple[str, ...]
    broken: Mapping[str, str]
    licence_file: str
    licence_text: str
    outside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Whether the list where the sources were found, less ``left_out``, gives just these.
    follows: bool = False
    # Of these, what is only asked for weakly, and what is never called.
    weak: frozenset[str] = frozenset()
    data: frozenset[str] = frozenset()

    @property
    def exported(self) -> str:
        """The folder that the public headers are included from."""
        return include_folder(self.main_header)

    @property
    def version_folder(self) -> str:
        """The folder that the header of the version is included from."""
        if self.version_header in self.headers:
            return self.exported
        return posixpath.dirname(self.version_header) or "."


def include_folder(header: str) -> str:
    """``include`` for include/x/y.h, else the folder that the header lies in."""
    parts = header.split("/")
    if "include" in parts[:-1]:
        return "/".join(parts[: parts.index("include") + 1])
    return posixpath.dirname(header) or "."


def survey(repository: git.Repository, tree: str, name: str, version: str, top: Path) -> Survey:
    """Look at a tree, exported to ``top``; raises SurveyError where nothing can be proposed."""
    files = repository.list(tree)
    candidates = buildlists.candidates(files)
    if not candidates:
        raise SurveyError(
            f"{name} {version} holds no C sources", "ukport ports C libraries; check the URL"
        )
    if len(candidates) > _MOST_CANDIDATES:
        raise SurveyError(
            f"{name} {version} holds {len(candidates)} C sources, too many to try them all",
            "write its recipe by hand: ukport schema",
        )
    every_header = tuple(f for f in files if f.endswith(".h"))
    lists = _lists(files, candidates, every_header, top)
    headers = _public_headers(name, files, lists)
    bench = Bench(top, every_header)
    objects = bench.compile_all(candidates)
    includes = tuple(bench.includes)
    exported = include_folder(headers[0])
    declared = _declared(headers, exported, (*includes, exported), top)
    defined = {symbol for one in objects.values() for symbol in one.defines}
    functions = tuple(sorted(n for n in declared.functions if n in defined))
    if not functions:
        raise SurveyError(
            f"none of the functions that {', '.join(headers)} declare is defined by a source that"
            " compiles here" + _first(bench.broken),
            "name the public header with --header, or write the recipe by hand: ukport schema",
        )
    needed = closure(functions, objects, {s for one in lists for s in one.sources})
    best = _best(lists, needed)
    sources, left_out = _sources(best, needed)
    options = _options(lists, objects, sources, bench, functions)
    text = {path: _text(top / path) for path in sources}
    tested = {m for t in text.values() for m in buildlists.tested_macros(t)}
    shown = {path: _text(top / path) for path in every_header}
    made = {m for t in (*text.values(), *shown.values()) for m in buildlists.defined_macros(t)}
    macro, header = versionmacro.find(headers, shown, declared.macros, version)
    licence = _licence(files)
    wanted = outside([s for s in sources if s in objects], objects)
    undecided = _undecided(lists, options)
    return Survey(
        main_header=headers[0],
        headers=headers,
        sources=sources,
        listed_in=best.path if best else "",
        left_out=left_out,
        includes=tuple(i for i in includes if i != exported),
        functions=functions,
        declared=declared,
        nullary=_nullary(functions, [shown[h] for h in headers]),
        version_macro=macro,
        version_header=header,
        options=options,
        undecided=undecided,
        macros=_own_macros(tested - made - {o.switch.name for o in options}, name, functions),
        broken={path: why for path, why in bench.broken.items() if path in sources},
        licence_file=licence,
        licence_text=_text(top / licence) if licence else "",
        outside=wanted,
        follows=best is not None and sources == tuple(s for s in best.sources if s not in left_out),
        weak=frozenset(n for n, u in wanted.items() if all(n in objects[s].weak for s in u)),
        data=frozenset(n for n, u in wanted.items() if not any(n in objects[s].calls for s in u)),
    )


def _lists(
    files: Sequence[str], sources: Sequence[str], headers: Sequence[str], top: Path
) -> list[BuildList]:
    texts = {path: _text(top / path) for path in buildlists.build_files(files)}
    cmake = {path: text for path, text in texts.items() if path.endswith("CMakeLists.txt")}
    known = buildlists.variables(cmake)
    return [buildlists.read(p, text, sources, headers, known) for p, text in texts.items()]


def _text(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return ""
    return path.read_text("utf-8", "replace")


def _first(broken: Mapping[str, str]) -> str:
    return f" (the first that does not: {next(iter(broken.values()))})" if broken else ""


class Bench:
    """Compiles sources for their symbols; learns which folders their headers lie in."""

    def __init__(self, top: Path, headers: Sequence[str]) -> None:
        self._top = top
        self._out = top.parent / "objects"
        self._out.mkdir()
        self._headers = headers
        self.includes: dict[str, None] = {}
        self.broken: dict[str, str] = {}

    def text(self, source: str) -> str:
        """A source's text."""
        return _text(self._top / source)

    def compile_all(self, sources: Sequence[str]) -> dict[str, Object]:
        """The symbols of each source that compiles; the others are kept in ``broken``."""
        done = {}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(self.compile, sources))
        for source, found in zip(sources, results, strict=True):
            if isinstance(found, Object):
                done[source] = found
            else:
                self.broken[source] = found
        return done

    def with_macro(self, macro: str, sources: Sequence[str]) -> dict[str, Object] | None:
        """The symbols of sources with a macro set to 1; None where one of them breaks."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(lambda source: self.compile(source, f"-D{macro}=1"), sources))
        made = {s: o for s, o in zip(sources, results, strict=True) if isinstance(o, Object)}
        return made if len(made) == len(results) else None

    def compile(self, source: str, *flags: str) -> Object | str:
        """The symbols of one source, or why it does not compile."""
        out = self._out / f"{threading.get_ident()}.o"
        while True:
            folders = [f"-I{self._top / folder}" for folder in tuple(self.includes)]
            command = ["gcc", *_FLAGS, *flags, *folders, "-o", str(out), str(self._top / source)]
            done = run(command, check=False, timeout=120)
            if done.returncode == 0:
                return Object.of(out)
            said = done.stderr.decode("utf-8", "replace")
            missing = re.search(r"fatal error: ([^\s:]+): No such file", said)
            folder = self._holds(missing[1], source) if missing else None
            if folder is None or f"-I{self._top / folder}" in folders:
                first = re.search(r"^.*(?:error|Error).*$", said, re.MULTILINE)
                told = first[0] if first else "the compiler ended"
                return told.replace(f"{self._top}/", "")
            self.includes[folder] = None

    def _holds(self, header: str, source: str) -> str | None:
        """The folder from which upstream's own header is included, the nearest to the source."""
        wanted = posixpath.normpath(header)
        ends = [h for h in self._headers if h == wanted or h.endswith(f"/{wanted}")]
        if not ends:
            return None

        def distance(path: str) -> tuple[int, str]:
            shared = posixpath.commonpath(["/" + path, "/" + source])
            return -shared.count("/") if shared != "/" else 1, path

        nearest = min(ends, key=distance)
        return nearest.removesuffix(wanted).rstrip("/") or "."


def _public_headers(name: str, files: Sequence[str], lists: Sequence[BuildList]) -> tuple[str, ...]:
    """The headers that upstream installs; the one that is named as the library comes first."""
    shown = [f for f in files if f.endswith(".h")]
    stems = {name, name.removeprefix("lib"), f"lib{name}"}
    own = [h for h in shown if posixpath.basename(h)[:-2] in stems]
    own = [h for h in own if buildlists.candidates([h[:-2] + ".c"])]
    installed = max((one.headers for one in lists), key=len, default=())
    below = [h for h in shown if re.search(r"(?:^|/)include/", h)]
    below = [h for h in below if buildlists.candidates([h[:-2] + ".c"])]
    main = min([h for h in own if h in installed or not installed] or own, key=_depth, default="")
    if main:
        beside = [h for h in installed if include_folder(h) == include_folder(main)]
        if "include" in main.split("/"):
            beside = beside or [h for h in below if include_folder(h) == include_folder(main)]
        return tuple(dict.fromkeys([main, *beside]))
    found = [h for h in installed if "/" not in posixpath.relpath(h, include_folder(h))] or below
    if not found:
        raise SurveyError(
            f"{name}: no header of upstream's looks public: none is called {name}.h, none lies in"
            " include/, and no build file installs one",
            "write the recipe by hand: ukport schema",
        )
    folder = include_folder(min(found, key=_depth))
    return tuple(h for h in found if include_folder(h) == folder)


def _depth(path: str) -> tuple[int, str]:
    return path.count("/"), path


def _declared(
    headers: Sequence[str], exported: str, folders: Sequence[str], top: Path
) -> Declarations:
    names = [posixpath.relpath(header, exported) for header in headers]
    places = [top / folder for folder in dict.fromkeys(folders)]
    return declarations.read(names, places, ["-D__Unikraft__"])


def _nullary(functions: Sequence[str], headers: Sequence[str]) -> frozenset[str]:
    """Functions that are declared with ``(void)``: these can be called without knowing more."""
    text = "\n".join(headers)
    found = re.findall(r"\b(\w+)\s*\(\s*void\s*\)", text)
    return frozenset(found) & frozenset(functions)


def _best(lists: Sequence[BuildList], needed: Sequence[str]) -> BuildList | None:
    """The build file that lists most of what is needed, and of these the least that is not."""

    def rank(one: BuildList) -> tuple[int, int]:
        common = len(set(one.sources) & set(needed))
        return common, common - len(one.sources)

    best = max(lists, key=rank, default=None)
    return best if best and rank(best)[0] * 2 >= len(needed) else None


def _sources(
    best: BuildList | None, needed: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What to compile, and what upstream lists but nothing needs, whole folders at a time."""
    if best is None:
        return tuple(needed), ()
    folders = {posixpath.dirname(path) for path in needed}
    taken = [s for s in best.sources if s in needed or posixpath.dirname(s) in folders]
    left = tuple(s for s in best.sources if s not in taken)
    return (*taken, *(s for s in needed if s not in taken)), left


def _options(
    lists: Sequence[BuildList],
    objects: Mapping[str, Object],
    sources: Sequence[str],
    bench: Bench,
    functions: Sequence[str],
) -> tuple[Optional, ...]:
    """Switches that the sources test as macros, each tried, with what each needs beyond."""
    found = []
    switches = {s.name: s for one in lists for s in one.switches}
    names = [n for n in switches if _tests(n, sources, bench)][:_MOST_SWITCHES]
    for name in names:
        made = bench.with_macro(name, sources)
        if made is not None:
            whole = closure(functions, {**objects, **made}, sources)
            found.append(Optional(switches[name], tuple(s for s in whole if s not in sources)))
    return tuple(found)


def _tests(macro: str, sources: Sequence[str], bench: Bench) -> bool:
    return any(macro in buildlists.tested_macros(bench.text(s)) for s in sources)


def _undecided(lists: Sequence[BuildList], options: Sequence[Optional]) -> tuple[Switch, ...]:
    decided = {one.switch.name for one in options}
    switches = {s.name: s for one in lists for s in one.switches}
    return tuple(s for n, s in switches.items() if n not in decided)


_PLATFORM = re.compile(r"_?(?:WIN|MSC|GNUC|HAVE_|DEBUG|NDEBUG|UNIX|LINUX|APPLE|STDC|POSIX)|.*_H_?$")


def _own_macros(tested: set[str], name: str, functions: Sequence[str]) -> tuple[str, ...]:
    """Macros by which upstream can be configured: named after it, or ``NO_…`` and ``USE_…``."""
    stems = {name.upper(), name.upper().removeprefix("LIB")}
    stems |= {f.split("_", 1)[0].upper() for f in functions if "_" in f}
    words = ("NO_", "USE_", "WITH_", "ENABLE_", "DISABLE_")
    start = (*(f"{stem}_" for stem in stems), *words)
    return tuple(sorted(m for m in tested if m.startswith(start) and not _PLATFORM.match(m)))


_LICENCE_FILES = re.compile(r"(?:LICEN[CS]E|COPYING|UNLICENSE)(?:\.(?:md|txt|rst))?", re.IGNORECASE)


def _licence(files: Sequence[str]) -> str:
    found = [f for f in files if _LICENCE_FILES.fullmatch(f)]
    return min(found, key=lambda f: (not f.upper().startswith("LICEN"), f), default="")
