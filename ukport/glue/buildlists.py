"""What upstream's own build files say: sources, public headers, switches.

CMake, make, automake, meson and C files that include all others are read for names only, never
run. A name is held against the files that there are, so what a variable hides
(``${DIR}/common/*.c``) is found by its end.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

# Folders that hold no part of a library itself.
_BESIDE = re.compile(
    r"(?:^|/)(?:[^/]*tests?|testing|testdata|examples?|samples?|demos?|docs?|contrib|fuzz\w*"
    r"|bench\w*|tools?|programs?|cli|apps?|scripts?|win32|windows|msdos|amiga|old|python|java"
    r"|rust|go|swift|csharp|js|php|ruby|\.[^/]+|third_?party|vendor|build|zlibWrapper)/",
    re.IGNORECASE,
)
_BUILD_FILE = re.compile(
    r"(?:^|/)(?:CMakeLists\.txt|Makefile(?:\.in|\.am)?|makefile|GNUmakefile|meson\.build|[^/]+\.mk)$"
)
_SOURCE = (".c", ".S")
_PUBLIC = re.compile(r"public|install", re.IGNORECASE)
_OTHER_PROGRAMS = re.compile(r"test|example|bench|fuzz|prog|demo", re.IGNORECASE)


@dataclass(frozen=True)
class Switch:
    """An option that upstream's build offers."""

    name: str
    help: str
    on: bool


@dataclass(frozen=True)
class BuildList:
    """What one build file names: sources and public headers, in its order."""

    path: str
    sources: tuple[str, ...]
    headers: tuple[str, ...]
    switches: tuple[Switch, ...]


def candidates(files: Iterable[str]) -> tuple[str, ...]:
    """The C and assembly files that may belong to the library itself."""
    return tuple(f for f in files if f.endswith(_SOURCE) and not _BESIDE.search(f))


def build_files(files: Iterable[str]) -> tuple[str, ...]:
    """Where upstream may list its sources, its own folder ``build`` included."""
    return tuple(
        f
        for f in files
        if _BUILD_FILE.search(f) and not re.search(r"(?:^|/)(?:tests?|examples?|contrib)/", f)
    )


def variables(texts: Mapping[str, str]) -> Mapping[str, str]:
    """What CMake's ``set`` gives a single value, over all of upstream's CMakeLists.txt by path.

    The folder of a file is written ``/lib``, from the top of the tree.
    """
    found: dict[str, str] = {}
    for path in sorted(texts, key=lambda p: (p.count("/"), p)):
        here = "/" + posixpath.dirname(path)
        for name, value in re.findall(
            r"(?m)^\s*set\s*\(\s*(\w+)\s+\"?([^\s\"()]+)\"?\s*\)", texts[path]
        ):
            found.setdefault(name, _expanded(value, here, found))
    return found


_PLACES = ("CMAKE_CURRENT_SOURCE_DIR", "CMAKE_CURRENT_LIST_DIR", "CMAKE_CURRENT_BINARY_DIR")


def _expanded(word: str, here: str, known: Mapping[str, str]) -> str:
    values = {**known, **dict.fromkeys(_PLACES, here)}
    return re.sub(r"\$\{(\w+)\}", lambda m: values.get(m[1], m[0]), word)


def read(
    path: str,
    text: str,
    sources: Sequence[str],
    headers: Sequence[str],
    known: Mapping[str, str] | None = None,
) -> BuildList:
    """What a build file names of ``sources`` and ``headers``; ``known`` are CMake's variables."""
    base = posixpath.basename(path)
    if base == "CMakeLists.txt":
        here = "/" + posixpath.dirname(path)
        named = [(_bare(_expanded(w, here, known or {})), what) for w, what in _cmake(text)]
    elif base.endswith(".c"):
        named = [(word, "") for word in included(text)]
    elif base == "meson.build":
        named = [(word, "") for word in re.findall(r"'([\w./*-]+\.[chS])'", text)]
    else:
        named = list(_make(text))
    folder = posixpath.dirname(path)
    code = [w for w, what in named if w.endswith(_SOURCE) and not _OTHER_PROGRAMS.search(what)]
    shown = [
        w
        for w, what in named
        if w.endswith(".h") and re.search(r"public|install", what, re.IGNORECASE)
    ]
    return BuildList(
        path,
        tuple(_there(code, folder, sources)),
        tuple(_there(shown, folder, headers)),
        tuple(_switches(text)) if base == "CMakeLists.txt" else (),
    )


_COMMAND = re.compile(r"(\w+)\s*\(((?:[^()\"]|\"(?:\\.|[^\"\\])*\"|\([^()]*\))*)\)", re.DOTALL)


def _cmake(text: str) -> Iterator[tuple[str, str]]:
    """Words that look like files, with what they are for: the command and its first word."""
    plain = re.sub(r"(?m)#[^\n]*", "", text)
    for command, inside in _COMMAND.findall(plain):
        words = re.findall(r"\"((?:\\.|[^\"\\])*)\"|(\S+)", inside)
        flat = [quoted or bare for quoted, bare in words]
        what = " ".join([command, *flat[:2]])
        if command.lower() in ("set", "list", "file", "add_library", "target_sources", "install"):
            for word in flat:
                yield word, what


def _bare(word: str) -> str:
    """Without what is still not known; a path from the top keeps its slash."""
    if "$" not in word:
        return word
    return re.sub(r"\$[{<][^}>]*[}>]", "", word).lstrip("/")


_CODE_INCLUDED = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"\n]+\.c)"', re.MULTILINE)


def included(text: str) -> Sequence[str]:
    """The C files that a C file includes, as it names them."""
    return _CODE_INCLUDED.findall(text)


def assignments(text: str) -> Sequence[tuple[str, str]]:
    """What a makefile sets, in its order: the variable, and the text without a comment."""
    plain = re.sub(r"\\\n", " ", text)
    return re.findall(r"(?m)^[ \t]*([\w.-]+)[ \t]*[:+?]*=([^\n#]*)", plain)


def _make(text: str) -> Iterator[tuple[str, str]]:
    """Words of assignments to what is named after sources or objects."""
    for name, value in assignments(text):
        if re.search(r"src|obj|source|files|header|hdr", name, re.IGNORECASE):
            for word in re.findall(r"(?:\$[({][^)}]*[)}]/)?([\w./*+-]+\.(?:lo|[choS]))\b", value):
                if re.search(r"\.l?o$", word):
                    stem = re.sub(r"\.l?o$", "", word)
                    yield from ((f"{stem}{suffix}", name) for suffix in _SOURCE)
                else:
                    yield word, name


def _there(words: Iterable[str], folder: str, files: Sequence[str]) -> Iterator[str]:
    """The files that words stand for, each once: beside the build file, else by their end."""
    seen = set()
    for word in words:
        absolute = word.startswith("/")
        word = posixpath.normpath(word.lstrip("/"))  # noqa: PLW2901 - the same word, tidied
        beside = word if absolute else posixpath.normpath(posixpath.join(folder, word))
        found = [f for f in files if _matches(f, beside)]
        found = found or [f for f in files if _matches(f, word) or _ends(f, word)]
        for file in found:
            if file not in seen:
                seen.add(file)
                yield file


def _matches(file: str, pattern: str) -> bool:
    """As a shell does: a star does not go over a slash."""
    same = file.count("/") == pattern.count("/")
    return same and (file == pattern or ("*" in pattern and fnmatchcase(file, pattern)))


def _ends(file: str, pattern: str) -> bool:
    parts = pattern.count("/") + 1
    if parts == 1 and "*" in pattern:
        return False
    return _matches("/".join(file.split("/")[-parts:]), pattern)


def _switches(text: str) -> Iterator[Switch]:
    plain = re.sub(r"(?m)#[^\n]*", "", text)
    for name, words, default in re.findall(
        r"\boption\s*\(\s*(\w+)\s+\"([^\"]*)\"\s*([\w$\{}]*)\s*\)", plain
    ):
        yield Switch(name, words, default.upper() in ("ON", "TRUE", "1", "YES"))


_OFFERED = (
    (
        re.compile(r"(?:^|/)meson(?:_options\.txt|\.options)$"),
        re.compile(r"\boption\(\s*'([\w-]+)'"),
    ),
    (
        re.compile(r"(?:^|/)configure\.(?:ac|in)$"),
        re.compile(r"\bAC_ARG_(?:ENABLE|WITH)\(\s*\[?([\w-]+)"),
    ),
    (re.compile(r"(?:^|/)CMakeLists\.txt$"), re.compile(r"(?i)\boption\s*\(\s*(\w+)")),
    (re.compile(r"(?:^|/)Kconfig[^/]*$"), re.compile(r"(?m)^\s*(?:menu)?config\s+(\w+)")),
)


def offers(path: str) -> bool:
    """Whether a file is one in which upstream's build offers options."""
    return any(named.search(path) for named, _ in _OFFERED)


def offered(path: str, text: str) -> tuple[str, ...]:
    """The names of the options that such a file offers, in its order."""
    plain = re.sub(r"(?m)(?:#|\bdnl\b)[^\n]*", "", text)
    return tuple(
        name
        for named, option in _OFFERED
        if named.search(path)
        for name in dict.fromkeys(option.findall(plain))
    )


_OPEN = re.compile(
    r"^[ \t]*#[ \t]*ifndef[ \t]+(\w+)|!\s*defined\s*\(?\s*(\w+)",
    re.MULTILINE,
)
_INCLUDED = re.compile(
    r"^[ \t]*#[ \t]*ifndef[ \t]+(\w+)[ \t]*\n(?:[ \t]*\n)*[ \t]*#[ \t]*define[ \t]+\1[ \t]*$",
    re.MULTILINE,
)


def open_macros(text: str) -> frozenset[str]:
    """Macros that a source asks for not to be there: ``-D`` may choose their value."""
    return frozenset(name or other for name, other in _OPEN.findall(text))


def guards(text: str) -> frozenset[str]:
    """Macros that only keep a header from being read twice."""
    return frozenset(_INCLUDED.findall(text))


def tested_macros(text: str) -> frozenset[str]:
    """Macros that a source's ``#if`` lines ask for."""
    lines = re.findall(r"(?m)^[ \t]*#[ \t]*(?:el)?if(?:n?def)?\b((?:\\\n|[^\n])*)", text)
    return frozenset(name for line in lines for name in re.findall(r"\b[A-Z][A-Z0-9_]{2,}\b", line))


def defined_macros(text: str) -> frozenset[str]:
    """Macros that a source defines itself."""
    return frozenset(re.findall(r"(?m)^[ \t]*#[ \t]*define[ \t]+(\w+)", text))
