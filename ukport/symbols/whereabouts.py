"""Where what is missing could come from: a header that was not found, a symbol nobody defines."""

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from ukport.symbols import outline

REGISTERED = re.compile(r"\$\(call\s+addlib(?:_s)?,\s*(\w+)")
_MAKEFILE = "Makefile.uk"


def header(name: str, roots: Mapping[str, Path]) -> tuple[str, ...]:
    """The files that an include of ``name`` could mean: the library, and the path below its root.

    ``roots`` are the trees to look in by the names that people know them by.
    """
    base = posixpath.basename(name)
    if not base or "*" in base:
        return ()
    return tuple(
        f"{_library(path, root) or label} ({label}/{path.relative_to(root).as_posix()})"
        for label, root in roots.items()
        for path in sorted(root.rglob(base))
        if path.as_posix().endswith(f"/{name}")
    )


def _library(path: Path, root: Path) -> str:
    """The library that a file of a tree belongs to, as the nearest Makefile.uk registers it."""
    for folder in path.parents:
        makefile = folder / _MAKEFILE
        if makefile.is_file():
            registered = REGISTERED.search(makefile.read_text("utf-8", "replace"))
            return registered[1] if registered else ""
        if folder == root:
            break
    return ""


def definers(names: Collection[str], folder: Path, compiled: Collection[str]) -> Mapping[str, str]:
    """The source below ``folder`` that defines each function and is not among ``compiled``."""
    found: dict[str, str] = {}
    for path in _sources(folder) if names else ():
        relative = path.relative_to(folder).as_posix()
        if relative in compiled:
            continue
        text = path.read_text("utf-8", "replace")
        if not any(name in text for name in names):
            continue
        for one in outline.functions(text):
            if one.name in names:
                found.setdefault(one.name, relative)
    return found


def _sources(folder: Path) -> Iterator[Path]:
    """The C files, those nearest to the top first."""
    paths = (path for path in folder.rglob("*.c") if path.is_file() and not path.is_symlink())
    yield from sorted(paths, key=lambda path: (len(path.parts), path))
