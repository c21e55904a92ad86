"""Who defines a symbol that a library needs.

The sources of the build that mention it are the candidates; which of them defines it, the same
analysis says that reads the library itself. What is found is kept for the next question.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from ukport.process import ProcessError, run
from ukport.symbols.analyse import Place, analyse
from ukport.symbols.command import Command
from ukport.symbols.library import NOBODY, Provider, Source
from ukport.symbols.store import store
from ukport.symbols.whereabouts import REGISTERED

EXPORTS = "exportsyms.uk"
_WORD = re.compile(rb"[A-Za-z_]\w*")
# How many sources are read at once while their symbols are still looked for.
_BATCH = 24
# How many sources are tried for a name that none of them spells out.
_PASTED = 40


@dataclass(frozen=True)
class Around:
    """The build around a library: the commands of the others, and the core's own folder."""

    commands: Mapping[str, tuple[Command, ...]]
    core: Path


def find(
    names: Collection[str], around: Around, place: Place, known: Path
) -> Mapping[str, Provider]:
    """The provider of each name; ``known`` is the file that keeps what was found before."""
    found = _load(known)
    asked = sorted(name for name in names if name not in found)
    if asked:
        found.update(_search(asked, around, place))
        store(known, msgspec.json.encode(found))
    return {name: found.get(name, NOBODY) for name in names}


def _load(known: Path) -> dict[str, Provider]:
    try:
        return msgspec.json.decode(known.read_bytes(), type=dict[str, Provider])
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return {}


def _search(asked: Collection[str], around: Around, place: Place) -> dict[str, Provider]:
    exports = _Exports(around.core)
    found: dict[str, Provider] = {}
    tried: set[tuple[str, str]] = set()
    words = _words(around.commands)
    for likely in (_candidates(asked, words), _pasted(asked, words)):
        while batch := _next(asked, found, likely, tried):
            tried |= {(library, command.object) for library, command in batch}
            for library in sorted({library for library, _ in batch}):
                commands = [command for owner, command in batch if owner == library]
                units = analyse(commands, place, library)
                for command, unit in zip(commands, units, strict=True):
                    for one in unit.defines:
                        if one.name in asked and exports.visible(command.source, one.name):
                            provider = Provider(Source.LIBRARY, library, unit.source)
                            found.setdefault(one.name, provider)
    compilers = _compilers(around.commands)
    for name in asked:
        if name not in found:
            found[name] = exports.unselected(name) or (
                Provider(Source.COMPILER, "libgcc") if name in compilers else NOBODY
            )
    return found


Candidate = tuple[str, Command]


def _words(commands: Mapping[str, tuple[Command, ...]]) -> list[tuple[Candidate, frozenset[bytes]]]:
    """The words of every source."""
    found = []
    for library, compiled in commands.items():
        for command in compiled:
            try:
                text = Path(command.source).read_bytes()
            except OSError:
                continue
            found.append(((library, command), frozenset(_WORD.findall(text))))
    return found


def _candidates(
    asked: Collection[str], words: Sequence[tuple[Candidate, frozenset[bytes]]]
) -> dict[str, list[Candidate]]:
    """For each name the sources that mention it, the likeliest first."""
    wanted = {name.encode(): name for name in asked}
    found: dict[str, list[Candidate]] = {name: [] for name in asked}
    for candidate, mentioned in words:
        for word in mentioned & wanted.keys():
            found[wanted[word]].append(candidate)
    for name, candidates in found.items():
        candidates.sort(key=lambda one: _distance(name, one[1].source))
    return found


def _pasted(
    asked: Collection[str], words: Sequence[tuple[Candidate, frozenset[bytes]]]
) -> dict[str, list[Candidate]]:
    """The sources from whose words a macro may paste a name: uk_syscall_r_readv from readv."""
    found: dict[str, list[Candidate]] = {}
    for name in asked:
        parts = name.strip("_").split("_")
        ends = {"_".join(parts[at:]).encode() for at in range(1, len(parts))}
        likely = [one for one, mentioned in words if ends & mentioned]
        likely.sort(key=lambda one: _distance(parts[-1], one[1].source))
        found[name] = likely[:_PASTED]
    return found


def _distance(name: str, source: str) -> tuple[int, str]:
    """A source is often named after what it defines: memcpy.c, sched.c for uk_sched_yield."""
    stem = PurePosixPath(source).stem
    bare = name.strip("_")
    if stem in (name, bare):
        return 0, source
    parts = set(bare.split("_"))
    return (1 if stem in bare or parts & set(stem.split("_")) else 2), source


def _next(
    asked: Iterable[str],
    found: Mapping[str, Provider],
    candidates: Mapping[str, list[Candidate]],
    tried: Collection[tuple[str, str]],
) -> list[Candidate]:
    """The best candidate of each name that is still looked for; nobody's words end it."""
    batch: dict[tuple[str, str], Candidate] = {}
    for name in asked:
        if name in found:
            continue
        left = [one for one in candidates[name] if (one[0], one[1].object) not in tried]
        for library, command in left[: _BATCH if len(left) < _BATCH else 2]:
            batch[library, command.object] = (library, command)
    return list(batch.values())


class _Exports:
    """What the core's libraries let others see; where a library has no list, all of it."""

    def __init__(self, core: Path) -> None:
        self._core = core
        self._lists = {
            path.parent: frozenset(_names(path.read_text("utf-8", "replace")))
            for path in sorted(core.rglob(EXPORTS))
        }

    def visible(self, source: str, name: str) -> bool:
        """Whether a symbol of a source can be seen from outside of its library."""
        for folder in Path(source).parents:
            if folder in self._lists:
                return name in self._lists[folder]
            if (folder / "Makefile.uk").exists() or folder == self._core:
                return True
        return True

    def unselected(self, name: str) -> Provider | None:
        """The library that would export a symbol, were it in the configuration."""
        for folder, names in self._lists.items():
            if name in names:
                makefile = folder / "Makefile.uk"
                text = makefile.read_text("utf-8", "replace") if makefile.exists() else ""
                registered = REGISTERED.search(text)
                library = registered[1] if registered else folder.name
                where = (folder / EXPORTS).relative_to(self._core)
                return Provider(Source.UNSELECTED, library, f"unikraft/{where}")
        return None


def _names(text: str) -> Iterable[str]:
    return (name for line in text.splitlines() if (name := line.partition("#")[0].strip()))


def _compilers(commands: Mapping[str, tuple[Command, ...]]) -> frozenset[str]:
    """The functions of the compiler's own library."""
    program = next((c.program for some in commands.values() for c in some), None)
    if program is None:
        return frozenset()
    try:
        archive = run([program, "-print-libgcc-file-name"], timeout=20).text.strip()
        nm = f"{program.removesuffix('gcc')}nm"
        listing = run([nm, "-g", "--defined-only", archive], timeout=60).text
    except ProcessError:
        return frozenset()
    return frozenset(line.split()[-1] for line in listing.splitlines() if " T " in line)
