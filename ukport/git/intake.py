"""Take a folder or an archive into a repository as a tree, byte for byte."""

import os
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ukport.git.command import GitError
from ukport.git.paths import unsafe_path
from ukport.git.repository import Repository
from ukport.git.write import Change, write_tree

_MAX_BYTES = 4 << 30
_MAX_FILES = 500_000


def import_tree(repo: Repository, path: Path) -> str:
    """The oid of the tree that a folder, tar or zip holds; nothing is unpacked on disk.

    The one folder around everything in an archive is dropped. Raises GitError naming the file for
    an archive that is broken, reaches outside its folder or is a bomb.
    """
    if path.is_dir():
        return write_tree(repo, None, _bounded(path, _folder(path)))
    if not path.is_file():
        raise GitError(f"{path}: there is no such folder or archive")
    try:
        if zipfile.is_zipfile(path):
            return write_tree(repo, None, _stripped(_bounded(path, _zip(path))))
        return write_tree(repo, None, _stripped(_bounded(path, _tar(path))))
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
        raise GitError(f"{path}: cannot be read as an archive: {error}") from error


def _bounded(path: Path, changes: Iterator[Change]) -> list[Change]:
    kept: dict[str, Change] = {}
    size = 0
    for change in changes:
        why = unsafe_path(change.path)
        if why:
            raise GitError(f"{path}: the path {change.path!r} in it {why}")
        size += len(change.data or b"")
        kept[change.path] = change
        if size > _MAX_BYTES or len(kept) > _MAX_FILES:
            raise GitError(f"{path}: unpacks to more than {_MAX_BYTES >> 30} GiB")
    return list(kept.values())


def _folder(folder: Path) -> Iterator[Change]:
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name.lower() != ".git")
        links = [name for name in folders if (Path(where) / name).is_symlink()]
        for name in sorted([*files, *links]):
            path = Path(where) / name
            if path.name.lower() == ".git":
                continue
            yield from _file(path, path.relative_to(folder).as_posix())


def _file(path: Path, name: str) -> Iterator[Change]:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        yield Change(name, os.fsencode(path.readlink()), "120000")
    elif stat.S_ISREG(mode):
        yield Change(name, path.read_bytes(), "100755" if mode & 0o100 else "100644")


def _tar(path: Path) -> Iterator[Change]:
    with tarfile.open(path) as archive:
        made: dict[str, Change] = {}
        for member in archive:
            name = _name(member.name)
            if member.size > _MAX_BYTES:
                raise GitError(f"{path}: {name!r} unpacks to more than {_MAX_BYTES >> 30} GiB")
            if not name or member.isdir():
                continue
            if member.issym():
                change = Change(name, os.fsencode(member.linkname), "120000")
            elif member.islnk():
                target = made.get(_name(member.linkname))
                if target is None:
                    raise GitError(f"{path}: {name!r} is a link to a file that is not in it")
                change = Change(name, target.data, target.mode)
            elif member.isfile():
                source = archive.extractfile(member)
                mode = "100755" if member.mode & 0o100 else "100644"
                change = Change(name, source.read() if source else b"", mode)
            else:
                continue
            made[name] = change
            yield change


def _zip(path: Path) -> Iterator[Change]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            if member.file_size > _MAX_BYTES:
                raise GitError(f"{path}: unpacks to more than {_MAX_BYTES >> 30} GiB")
            mode = member.external_attr >> 16
            kind = "100755" if mode & 0o100 else "100644"
            kind = "120000" if stat.S_ISLNK(mode) else kind
            yield Change(_name(member.filename), archive.read(member), kind)


def _name(name: str) -> str:
    while name.startswith("./"):
        name = name[2:]
    return name.rstrip("/")


def _stripped(changes: list[Change]) -> list[Change]:
    """Without the one folder that release archives have around everything."""
    tops = {change.path.split("/", 1)[0] for change in changes}
    if len(tops) != 1 or any("/" not in change.path for change in changes):
        return changes
    return [Change(c.path.split("/", 1)[1], c.data, c.mode) for c in changes]
