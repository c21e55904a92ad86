"""Which files belong together: all that is needed for the symbols that users call."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ukport.symbols import objects


@dataclass(frozen=True)
class Object:
    """The symbols of one compiled file; of what it needs, what is weak and what is called."""

    defines: frozenset[str]
    needs: frozenset[str]
    weak: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()

    @classmethod
    def of(cls, path: Path) -> "Object":
        """Those of a compiled file; raises ObjectError."""
        defines, needs = objects.read(path)
        weak, calls = objects.weakly(path), objects.called(path)
        return cls(frozenset(defines), needs - defines.keys(), weak, calls)


def closure(
    roots: Iterable[str], compiled: Mapping[str, Object], preferred: Collection[str] = ()
) -> tuple[str, ...]:
    """The files that define ``roots``, and those that define what they need, and so on.

    Of two that define one symbol, the one in ``preferred`` is taken, else the one that lies
    nearest to who needs it, else the first by name. Sorted.
    """
    definers: dict[str, list[str]] = {}
    for file in sorted(compiled):
        for name in compiled[file].defines:
            definers.setdefault(name, []).append(file)
    chosen: set[str] = set()
    provided: set[str] = set()
    waiting = [(name, "") for name in sorted(roots)]
    while waiting:
        name, user = waiting.pop()
        if name in provided or name not in definers:
            continue
        file = min(definers[name], key=lambda f: (f not in preferred, _distance(f, user), f))
        chosen.add(file)
        provided |= compiled[file].defines
        waiting += [(need, file) for need in sorted(compiled[file].needs)]
    return tuple(sorted(chosen))


def _distance(file: str, user: str) -> int:
    """Folders between two files."""
    if not user:
        return file.count("/")
    one, other = file.split("/")[:-1], user.split("/")[:-1]
    shared = 0
    while shared < min(len(one), len(other)) and one[shared] == other[shared]:
        shared += 1
    return len(one) + len(other) - 2 * shared


def outside(files: Iterable[str], compiled: Mapping[str, Object]) -> Mapping[str, tuple[str, ...]]:
    """The symbols that files need and none of them defines, with the files that do."""
    files = tuple(files)
    defined = {name for file in files for name in compiled[file].defines}
    needed: dict[str, list[str]] = {}
    for file in files:
        for name in compiled[file].needs - defined:
            needed.setdefault(name, []).append(file)
    return {name: tuple(sorted(users)) for name, users in sorted(needed.items())}
