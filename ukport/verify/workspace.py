"""The persistent build folder: one for each core, set of libraries and configuration.

Only the ported library and the application change in it. Objects of another version are never
linked: a stamp of the library's inputs stands beside its objects, and where it differs they go.
The stamp is taken away first and written last, so a killed run leaves no stamp and is done again.
"""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ukport import git
from ukport.errors import FullError, UkportError, UsageError
from ukport.source.cache import Archive
from ukport.verify.machine import X86_64, Machine
from ukport.verify.platform import PLATFORMS, UNIKRAFT, Platform
from ukport.verify.room import is_full

# Changes with what ukport tells the compiler beside the options: make does not see that.
_LAYOUT = "2"
# Objects younger than this many seconds before a kill may be cut short.
_UNSURE = 10.0


@dataclass(frozen=True)
class PatchedTree:
    """A tree with our series applied, ready to be exported."""

    name: str
    repository: git.Repository
    tree: str


@dataclass(frozen=True)
class Library:
    """The ported library as files of its repository, and the archive that it is made from."""

    name: str
    library: str
    files: Mapping[str, bytes]
    archive: Archive

    @property
    def stamp(self) -> str:
        return _digest(self.files, self.archive.sha256)


@dataclass(frozen=True)
class Surroundings:
    """What stays the same from version to version: the key of the build folder."""

    core: PatchedTree
    libraries: tuple[PatchedTree, ...]
    # Archives that the libraries' own Makefile.uk would fetch, by library name.
    origins: Mapping[str, Archive]
    # Other ports, which this one runs on.
    ported: tuple[Library, ...] = field(default=(), kw_only=True)
    enable: tuple[str, ...]
    disable: tuple[str, ...]
    values: Mapping[str, int] = field(default_factory=dict)
    machine: Machine = X86_64
    platform: Platform = UNIKRAFT

    @property
    def where(self) -> str:
        """``Unikraft kvm/x86_64``, for people."""
        return self.platform.on(self.machine)

    @property
    def trees(self) -> str:
        """Names what is compiled, whatever its options."""
        parts = [self.machine.name, self.core.tree, *(tree.tree for tree in self.libraries)]
        parts += [f"{name}={archive.sha256}" for name, archive in sorted(self.origins.items())]
        parts += [f"{library.name}={library.stamp}" for library in self.ported]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    def key(self, toolchain: str) -> str:
        """Names the folder; ``toolchain`` says which compiler and linker its objects are of."""
        parts = [_LAYOUT, toolchain, self.platform.name, self.machine.name, self.core.tree]
        parts += [f"{tree.name}={tree.tree}" for tree in self.libraries]
        parts += [f"{name}={archive.sha256}" for name, archive in sorted(self.origins.items())]
        parts += [f"{library.name}={library.stamp}" for library in self.ported]
        parts += [f"+{name}" for name in self.enable] + [f"-{name}" for name in self.disable]
        parts += [f"{name}={value}" for name, value in sorted(self.values.items())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Application:
    """The unikernel's own sources."""

    name: str
    files: Mapping[str, bytes]

    @property
    def stamp(self) -> str:
        return _digest(self.files)


def _digest(files: Mapping[str, bytes], *more: str) -> str:
    total = hashlib.sha256("\0".join(more).encode())
    for name, content in sorted(files.items()):
        total.update(b"\0%s\0%d\0" % (name.encode(), len(content)) + content)
    return total.hexdigest()


@dataclass(frozen=True)
class Workspace:
    """A build folder that this process holds; ``handle`` keeps it held by the programs it runs."""

    root: Path
    handle: int

    @property
    def core(self) -> Path:
        return self.root / "core"

    @property
    def application(self) -> Path:
        return self.root / "app"

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def build(self) -> Path:
        return self.root / "build"

    def library(self, name: str) -> Path:
        return self.root / "libs" / name


@contextmanager
def hold(root: Path, waiting: Callable[[Path], None]) -> Iterator[Workspace]:
    """The folder, for one ukport at a time.

    The lock is inherited by make and QEMU, so it also outlives a killed ukport until its last
    child has ended. ``waiting`` is called once where another process holds it.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle = os.open(root / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        kind = FullError if is_full(error) else UkportError
        raise kind(
            f"the build folder {root} cannot be written: {error.strerror}",
            "set UKPORT_CACHE to a folder that can",
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting(root)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield Workspace(root, handle)
    finally:
        os.close(handle)


def prepare(
    workspace: Workspace,
    surroundings: Surroundings,
    library: Library | None,
    application: Application,
) -> None:
    """Lay everything out, and wipe the objects of what differs from the last time.

    Without ``library`` the application runs on what the surroundings have. Raises UsageError for a
    place that make cannot work in.
    """
    if re.search(r"[\s:$#]", str(workspace.root)):
        raise UsageError(
            f"{workspace.root}: make cannot work in a folder with such a name",
            "set UKPORT_CACHE to one without spaces, colons, $ and #",
        )
    _recover(workspace)
    _lay_surroundings(workspace, surroundings)
    if library:
        _lay_library(workspace, library)
    # The application includes the library's headers, whose times are the archive's.
    _lay(
        workspace,
        workspace.application,
        application.files,
        f"{application.stamp} {library.stamp if library else ''}",
        objects=f"app{application.name}",
    )


def compiled_before(workspace: Workspace) -> bool:
    """Whether a build of these trees ended well before, with whatever options and wherever."""
    return (note := _compiled(workspace)) is not None and note.exists()


def note_compiled(workspace: Workspace) -> None:
    """Note, for those to come, that a build of these trees ended well."""
    if note := _compiled(workspace):
        note.parent.mkdir(exist_ok=True)
        note.touch()


def trees_in(workspace: Workspace) -> str:
    """Names what ``prepare`` laid out there, as ``Surroundings.trees`` does."""
    stamp = workspace.root / "surroundings.stamp"
    return stamp.read_text("utf-8") if stamp.exists() else ""


def _compiled(workspace: Workspace) -> Path | None:
    trees = trees_in(workspace)
    return workspace.root.parents[1] / "compiled" / trees if trees else None


def forget(workspace: Workspace, library: Library) -> None:
    """Have the next ``prepare`` wipe the library's objects."""
    _stamp(workspace, library.library).unlink(missing_ok=True)


def _stamp(workspace: Workspace, objects: str) -> Path:
    return workspace.root / f"{objects}.stamp"


def _lay_surroundings(workspace: Workspace, surroundings: Surroundings) -> None:
    stamp = workspace.root / "surroundings.stamp"
    if stamp.exists():
        return
    for note in workspace.root.glob("*.stamp"):
        note.unlink()
    for folder in (workspace.core, workspace.root / "libs", workspace.build):
        shutil.rmtree(folder, ignore_errors=True)
    core = surroundings.core
    core.repository.export(core.tree, workspace.core)
    for tree in surroundings.libraries:
        tree.repository.export(tree.tree, workspace.library(tree.name))
    for name, archive in surroundings.origins.items():
        _place_archive(workspace, name, archive)
    for library in surroundings.ported:
        _write(workspace.library(library.name), library.files)
        _place_archive(workspace, library.library, library.archive)
    stamp.write_text(surroundings.trees, "utf-8")


def _place_archive(workspace: Workspace, library: str, archive: Archive) -> None:
    folder = workspace.build / library
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(archive.path, folder / archive.name)


def _lay_library(workspace: Workspace, library: Library) -> None:
    changed = _lay(
        workspace,
        workspace.library(library.name),
        library.files,
        library.stamp,
        objects=library.library,
    )
    if changed:
        _place_archive(workspace, library.library, library.archive)


def _lay(
    workspace: Workspace, folder: Path, files: Mapping[str, bytes], stamp: str, *, objects: str
) -> bool:
    """Write ``files`` and wipe ``objects`` unless the stamp says that all is as it was."""
    note = _stamp(workspace, objects)
    if note.exists() and note.read_text("utf-8") == stamp:
        return False
    note.unlink(missing_ok=True)
    for platform in PLATFORMS.values():
        for image in workspace.build.glob(platform.image.format(machine="*")):
            image.unlink(missing_ok=True)
    for stale in workspace.build.glob(f"{objects}.*"):
        stale.unlink()
    shutil.rmtree(workspace.build / objects, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    _write(folder, files)
    note.write_text(stamp, "utf-8")
    return True


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@contextmanager
def building(workspace: Workspace) -> Iterator[None]:
    """Leaves a mark while make runs, for the run after a kill to see."""
    mark = workspace.root / "building"
    mark.touch()
    yield
    mark.unlink()


def _recover(workspace: Workspace) -> None:
    """After a kill: drop what was being written, since make would take it for finished."""
    mark = workspace.root / "building"
    if not mark.exists():
        return
    written = {
        path: path.stat().st_mtime
        for pattern in ("**/*.o", "**/*.a", "**/.[a-z]*", "*")
        for path in workspace.build.glob(pattern)
        if path.is_file()
    }
    newest = max(written.values(), default=0.0)
    for path, when in written.items():
        if when > newest - _UNSURE:
            path.unlink(missing_ok=True)
    for note in workspace.root.glob("*.stamp"):
        if note.name != "surroundings.stamp":
            note.unlink()
    mark.unlink()
