"""``ukport check --fix``: what was mended in memory, written in one step a file."""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from ukport.check.folder import Folder, numbers
from ukport.check.mend import mend, renumbered
from ukport.check.patchfile import PatchFile
from ukport.check.settings import Settings, switched_off
from ukport.errors import UkportError
from ukport.workflow.check import Request, find, open_folder


@dataclass(frozen=True)
class Mended:
    """What ``--fix`` did: files written anew, and files renamed, each with its new name."""

    written: tuple[Path, ...]
    renamed: Mapping[Path, str]

    def after(self, request: Request) -> Request:
        """The same request by the new names."""
        files = [
            file.with_name(self.renamed.get(request.here / file, file.name))
            for file in request.files
        ]
        return request._replace(files=files)


def fix(request: Request) -> Mended:
    """Mend what is mechanical; each file is replaced in one step, or stays as it was."""
    written: list[Path] = []
    renamed: dict[Path, str] = {}
    for path, names in find(request.here, request.files).folders.items():
        folder = open_folder(path, request.here)
        for patch in folder.patches:
            if names is not None and patch.name not in names:
                continue
            needed = frozenset(_needed(folder, patch))
            made = mend(patch, _wanted_in(request.settings, patch), needed)
            if made != patch.raw:
                _replace(path / patch.name, made)
                written.append(path / patch.name)
        if request.settings.wanted("patch-number") and any(True for _ in numbers(folder)):
            renamed |= _rename(path, renumbered(folder))
    return Mended(tuple(written), renamed)


def _wanted_in(settings: Settings, patch: PatchFile) -> Callable[[str], bool]:
    off = {one.rule for one in switched_off(patch.prose) if one.reason}
    return lambda rule: rule not in off and settings.wanted(rule, patch.path)


def _needed(folder: Folder, mine: PatchFile) -> Iterator[bytes]:
    for patch in folder.patches:
        if patch is not mine:
            for change in patch.changes:
                for hunk in change.hunks:
                    yield from hunk.before


def _replace(path: Path, made: bytes) -> None:
    try:
        mode = stat.S_IMODE(path.lstat().st_mode)
        with NamedTemporaryFile(dir=path.parent, prefix=".ukport-", delete=False) as file:
            part = Path(file.name)
            try:
                file.write(made)
                file.flush()
                os.fsync(file.fileno())
                part.chmod(mode)
                part.replace(path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise UkportError(
            f"{path}: cannot be written: {error.strerror}; it is as it was",
            "make room or give write permission, then run the same command again",
        ) from None


def _rename(folder: Path, names: Mapping[str, str]) -> Mapping[Path, str]:
    """All of them or none: through names that nothing has, since new ones may be old ones."""
    taken = set(names.values()) - set(names)
    if any(os.path.lexists(folder / name) for name in taken):
        return {}
    done: list[tuple[Path, Path]] = []
    try:
        for old in names:
            done.append((folder / old, folder / f".{old}.ukport"))
            done[-1][0].rename(done[-1][1])
        for old, new in names.items():
            done.append((folder / f".{old}.ukport", folder / new))
            done[-1][0].rename(done[-1][1])
    except OSError as error:
        for before, after in reversed(done):
            if os.path.lexists(after):
                after.rename(before)
        raise UkportError(f"{folder}: cannot be renumbered: {error.strerror}") from None
    return {folder / old: new for old, new in names.items()}
