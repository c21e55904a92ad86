"""A folder of patches and their order."""

import os
from collections.abc import Sequence
from pathlib import Path

from ukport.errors import UsageError
from ukport.git.paths import unsafe_path
from ukport.series.patch import Patch

SERIES = "series"
_SUFFIXES = (".patch", ".diff")


class SeriesError(UsageError):
    """A folder that holds no series that can be read."""


def read_series(folder: Path) -> tuple[Patch, ...]:
    """The patches of a folder: as its quilt ``series`` file says, else by name in byte order.

    Raises SeriesError naming the folder, and the line of the series file.
    """
    if not folder.is_dir():
        raise SeriesError(f"{folder}: there is no such folder of patches")
    listed = folder / SERIES
    if listed.is_file():
        return tuple(_listed(folder, listed))
    names = [path.name for path in folder.iterdir() if path.is_file()]
    names = [name for name in names if name.endswith(_SUFFIXES)]
    return tuple(_read(folder, name) for name in sorted(names, key=os.fsencode))


def _listed(folder: Path, listed: Path) -> list[Patch]:
    patches = []
    for number, raw in enumerate(listed.read_bytes().split(b"\n"), 1):
        words = os.fsdecode(raw).split("#", 1)[0].split()
        if not words:
            continue
        where = f"{listed}:{number}"
        name, options = words[0], words[1:]
        why = unsafe_path(name)
        if why:
            raise SeriesError(f"{where}: the patch name {name!r} {why}")
        if not (folder / name).is_file():
            raise SeriesError(f"{where}: there is no patch {name!r} in {folder}")
        patches.append(_read(folder, name, _strip(options, where)))
    return patches


def _strip(options: Sequence[str], where: str) -> int:
    """The ``-p`` of a series line; quilt knows ``-R`` too, which a carried series cannot keep."""
    strip = 1
    for option in options:
        if option in ("-pab", "-p1"):
            strip = 1
        elif option.startswith("-p") and option[2:].isdigit():
            strip = int(option[2:])
        else:
            raise SeriesError(f"{where}: option {option!r} is not understood", "only -pN is")
    return strip


def _read(folder: Path, name: str, strip: int = 1) -> Patch:
    return Patch(name, (folder / name).read_bytes(), strip)


def write_series(folder: Path, patches: Sequence[Patch]) -> None:
    """Write patches with their bytes and the ``series`` file that orders them."""
    folder.mkdir(parents=True, exist_ok=True)
    for patch in patches:
        why = unsafe_path(patch.name)
        if why:
            raise SeriesError(f"the patch name {patch.name!r} {why}")
        path = folder / patch.name
        if "/" in patch.name:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(patch.raw)
    lines = [p.name if p.strip == 1 else f"{p.name} -p{p.strip}" for p in patches]
    (folder / SERIES).write_bytes(b"".join(os.fsencode(line) + b"\n" for line in lines))
