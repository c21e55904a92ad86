"""``ukport check``: find what is to be checked, and look for the rules.

Nothing here goes to the network.
"""

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ukport.check.folder import SERIES, SUFFIXES, Folder, number_of
from ukport.check.patchfile import LARGEST, PatchFile
from ukport.check.run import Looking
from ukport.check.settings import Settings
from ukport.errors import UkportError, UsageError
from ukport.finding import Finding, in_order
from ukport.git.paths import unsafe_path

if TYPE_CHECKING:
    from ukport.source import Cache

KINDS = ("patches", "recipes", "glue")
_SKIPPED = frozenset({".git", ".venv", ".ukport", "__pycache__", "node_modules", "reports"})


class Targets(NamedTuple):
    """What a run looks at: folders with the patches that are wanted of them, and recipes.

    ``None`` in the place of names stands for all of a folder. A recipe is its project and name.
    """

    folders: dict[Path, set[str] | None]
    recipes: dict[tuple[Path, str], None]

    def add(self, folder: Path, name: str | None) -> None:
        known = self.folders.setdefault(folder, set())
        if name is None:
            self.folders[folder] = None
        elif known is not None:
            known.add(name)


class Request(NamedTuple):
    """What is asked: ``here`` is the folder that findings are told from.

    ``only`` are some of KINDS. ``against`` is a tree for patches outside of a project.
    """

    here: Path
    files: Sequence[Path]
    only: Sequence[str]
    settings: Settings
    known: Sequence[str]
    cache: Callable[[], "Cache"]
    against: str | None = None


def find(here: Path, files: Sequence[Path]) -> Targets:
    """The targets of the command line; raises UsageError for a file that is none of ours."""
    targets = Targets({}, {})
    for file in files or [here]:
        path = here / file
        if path.is_dir():
            _walk(path, targets)
        elif not os.path.lexists(path):
            raise UsageError(f"{file}: there is no such file or folder")
        elif not _add(path, targets):
            raise UsageError(
                f"{file}: neither a patch, nor a part of a recipe",
                "name *.patch, *.diff, recipes/NAME/recipe.toml, or a folder of them",
            )
    return targets


def _walk(top: Path, targets: Targets) -> None:
    claimed: set[Path] = set()
    for where, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        folder = Path(where)
        patches = {folder / name for name in names if name.endswith(SUFFIXES)}
        listed = _listed(folder) if SERIES in names else []
        if (patches - claimed) or listed:
            targets.add(folder, None)
            claimed |= {folder / name for name in listed}
        if "recipe.toml" in names and folder.parent.name == "recipes":
            targets.recipes[folder.parent.parent, folder.name] = None


def _listed(folder: Path) -> list[str]:
    """The patches that a folder's series file names and that are there."""
    order = Folder("", (), (), _read(folder / SERIES)).order
    return [name for _, name in order if not unsafe_path(name) and (folder / name).is_file()]


def _add(path: Path, targets: Targets) -> bool:
    parts = path.parts
    for at in range(len(parts) - 2, 0, -1):
        if parts[at - 1] == "recipes" and Path(*parts[: at + 1], "recipe.toml").exists():
            targets.recipes[Path(*parts[: at - 1]), parts[at]] = None
            return True
    if path.name.endswith(SUFFIXES) or path.name == SERIES or number_of(path.name) is not None:
        targets.add(path.parent, path.name)
        return True
    return False


def check(request: Request) -> tuple[Finding, ...]:
    """Every finding, in order; raises UsageError for what cannot be checked at all."""
    targets = find(request.here, request.files)
    looking = Looking(request.settings, request.known)
    if "patches" in request.only:
        opened = [
            (open_folder(path, request.here), path, names)
            for path, names in targets.folders.items()
        ]
        for folder, _, names in opened:
            _look(folder, names, looking)
        _trees(opened, request, looking)
    if targets.recipes and {"recipes", "glue"} & set(request.only):
        from ukport.workflow.checkrecipes import look

        for project, name in targets.recipes:
            look(project, name, looking, request, _shown(project, request.here))
    return in_order(looking.finish())


def _look(folder: Folder, names: set[str] | None, looking: Looking) -> None:
    for patch in folder.patches:
        if names is None or patch.name in names:
            looking.patch(patch)
    looking.folder(folder)


def open_folder(path: Path, here: Path) -> Folder:
    """A folder of patches with all that is in it; raises UkportError."""
    entries = [entry for entry in os.scandir(path) if not entry.is_dir(follow_symlinks=False)]
    names = sorted((entry.name for entry in entries), key=os.fsencode)
    links = frozenset(entry.name for entry in entries if entry.is_symlink())
    listed = _read(path / SERIES) if SERIES in names else None
    order = [name for name in names if name.endswith(SUFFIXES) and name not in links]
    if listed is not None:
        first = list(dict.fromkeys(_listed(path)))
        order = [*first, *(name for name in order if name not in set(first))]
    shown = _shown(path, here)
    patches = tuple(_patch(path / name, name, shown) for name in order)
    fed = (path.parent / "Makefile.uk").is_file()
    return Folder(shown, tuple(names), patches, listed, fed, links)


def _patch(path: Path, name: str, folder: str) -> PatchFile:
    shown = name if folder in ("", ".") else f"{folder}/{name}"
    return PatchFile(shown, name, _read(path))


def _read(path: Path) -> bytes:
    """The bytes of a file; nothing of a link, a pipe or a device, which lead elsewhere."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return b""
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise UkportError(f"{path}: cannot be read: {error.strerror}") from None


def _shown(path: Path, here: Path) -> str:
    """A path as it is told: from ``here`` where it is below."""
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)


Opened = Sequence[tuple[Folder, Path, set[str] | None]]


def _trees(opened: Opened, request: Request, looking: Looking) -> None:
    """Whether the series apply to their trees, and survive the way through commits."""
    from ukport.check.run import APPLIES, EXPORT

    wanted = [rule for rule in (APPLIES, EXPORT) if request.settings.wanted(rule.id)]
    readable = [one for one in opened if one[0].patches and not _broken(one[0])]
    if not wanted or not readable:
        return
    if request.against is None and not any(_project_of(path) for _, path, _ in readable):
        return
    from ukport.workflow.trees import try_folders

    for folder, _, _ in readable:
        for patch in folder.patches:
            for rule in wanted:
                looking.looked(rule, patch.path)
    for rule, file, hit in try_folders(
        [(folder, path, _project_of(path)) for folder, path, _ in readable],
        request.cache,
        request.against,
    ):
        looking.add(rule, file, hit)


def _broken(folder: Folder) -> bool:
    return any(patch.trouble for patch in folder.patches)


def _project_of(path: Path) -> Path | None:
    """The project whose ``patches/`` a folder lies in."""
    for parent in path.parents:
        if parent.name == "patches" and (parent.parent / "recipes").is_dir():
            return parent.parent
    return None
