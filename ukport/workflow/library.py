"""An external library's files, from a folder or from a repository."""

import os
from pathlib import Path

from ukport.errors import UsageError
from ukport.glue.library import ExternalLibrary
from ukport.source import Cache
from ukport.source.named import Named, open_named

_MAX_FILE = 8 << 20  # bytes; no file of glue is that long


def read(place: str, start: Path, cache: Cache) -> ExternalLibrary:
    """A folder below ``start``, or a repository as ``URL`` or ``URL@REV``.

    Raises UsageError and FetchError.
    """
    if "://" in place:
        return read_repository(Named.parse(place), cache)
    return read_folder(start / place)


def read_folder(folder: Path) -> ExternalLibrary:
    """The files of a library's folder, without git's own and without links.

    Raises UsageError where there is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder", "name the folder of a library")
    files = {}
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            path = Path(where) / name
            if path.is_symlink() or not path.is_file() or path.stat().st_size > _MAX_FILE:
                continue
            files[path.relative_to(folder).as_posix()] = path.read_bytes()
    return ExternalLibrary(files)


def read_repository(named: Named, cache: Cache) -> ExternalLibrary:
    """The files of a library in a repository; raises FetchError."""
    repository, revision = open_named(named, cache)
    with repository.reader() as reader:
        files = {}
        for entry in repository.entries(repository.tree(revision)):
            found = reader.get(entry.oid) if entry.mode.startswith("100") else None
            if found is not None and len(found.data) <= _MAX_FILE:
                files[entry.path] = found.data
    return ExternalLibrary(files)
