"""One file with every repository that a port is made from, for machines without a network.

A tar: ``manifest.json`` first, then a git bundle for each repository, each with its sha256 in the
manifest. Inside of a bundle git checks every object by its name, and the recipe's lock says which
commits they must be.
"""

import hashlib
import io
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import msgspec

from ukport import git
from ukport.errors import FetchError, UkportError
from ukport.recipe.pattern import Name, Url
from ukport.source.cache import file_sha256
from ukport.source.mirrors import Mirrors, Place

MANIFEST = "manifest.json"
_LARGEST_MANIFEST = 1 << 20
_PIECE = 1 << 20
_File = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*\.bundle$(?!\n)")]
_Sum = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A repository: its address, and the git bundle that holds its heads and tags."""

    url: Url
    file: _File
    sha256: _Sum
    size: Annotated[int, msgspec.Meta(ge=1)]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a bundle holds."""

    schema: Annotated[int, msgspec.Meta(ge=1, le=1)]
    recipe: Name
    members: tuple[Member, ...]


def write(path: Path, recipe: str, repositories: Mapping[str, git.Repository]) -> Manifest:
    """Every repository, by its address, in one new file; raises UkportError.

    The file appears whole or not at all.
    """
    try:
        with TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as name:
            draft = Path(name) / "bundle"
            manifest = _write(draft, Path(name), recipe, repositories)
            draft.replace(path)
    except OSError as error:
        raise UkportError(
            f"{path} cannot be written: {error.strerror}",
            "choose another file with -o, in a folder that may be written and has the room",
        ) from None
    return manifest


def _write(
    draft: Path, folder: Path, recipe: str, repositories: Mapping[str, git.Repository]
) -> Manifest:
    members = []
    for url, repository in repositories.items():
        file = folder / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.bundle"
        repository.git(["bundle", "create", "--quiet", file, "--branches", "--tags"])
        members.append(Member(url, file.name, file_sha256(file), file.stat().st_size))
    manifest = Manifest(1, recipe, tuple(members))
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    with tarfile.open(draft, "w", format=tarfile.PAX_FORMAT) as archive:
        head = tarfile.TarInfo(MANIFEST)
        head.size = len(text)
        archive.addfile(head, io.BytesIO(text))
        for member in members:
            entry = tarfile.TarInfo(member.file)
            entry.size = member.size
            with (folder / member.file).open("rb") as content:
                archive.addfile(entry, content)
    return manifest


def mirrors(path: Path, root: Path) -> Mirrors:
    """The bundle as the only place that sources come from; unpacked below the cache ``root``.

    Raises FetchError for a file that is no bundle, is cut short, or is not what its sums say.
    """
    try:
        whole = file_sha256(path)
    except OSError as error:
        raise FetchError(f"the bundle {path} cannot be read: {error.strerror}") from None
    title = f"bundle {path.name} (sha256 {whole})"
    folder = root / "bundles" / whole[:24]
    try:
        if not folder.is_dir():
            _unpack(path, folder)
        manifest = _manifest((folder / MANIFEST).read_bytes(), path)
    except OSError as error:
        raise UkportError(
            f"{folder}: {error.strerror}: the bundle {path} cannot be unpacked",
            "set UKPORT_CACHE to a folder that may be written and has the room",
        ) from None
    places = {one.url: Place(str(folder / one.file), title) for one in manifest.members}
    return Mirrors(exact=places, only=True)


def _unpack(path: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".part-", dir=folder.parent) as name:
        part = Path(name) / "part"
        part.mkdir()
        try:
            with tarfile.open(path, "r:") as archive:
                _extract(path, archive, part)
        except (tarfile.TarError, EOFError) as error:
            raise _damaged(path, f"is no bundle, or is cut short: {error}") from None
        try:
            part.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another ukport was faster
                raise


def _extract(path: Path, archive: tarfile.TarFile, part: Path) -> None:
    """Members are named by the manifest, in its order, and nothing else is taken."""
    head = archive.next()
    stream = archive.extractfile(head) if head is not None and head.isreg() else None
    if head is None or stream is None or head.name != MANIFEST or head.size > _LARGEST_MANIFEST:
        raise _damaged(path, f"does not begin with a {MANIFEST}")
    text = stream.read()
    for member in _manifest(text, path).members:
        entry = archive.next()
        if (
            entry is None
            or not entry.isreg()
            or (entry.name, entry.size)
            != (
                member.file,
                member.size,
            )
        ):
            raise _damaged(path, f"is cut short: {member.file} ({member.url}) is missing")
        content = archive.extractfile(entry)
        with (part / member.file).open("wb") as file:
            if content is not None:
                shutil.copyfileobj(content, file, _PIECE)
        found = file_sha256(part / member.file)
        if found != member.sha256:
            raise _damaged(
                path,
                f"was changed or damaged: {member.file} ({member.url})\n"
                f"  manifest {member.sha256}\n  found    {found}",
            )
    (part / MANIFEST).write_bytes(text)


def _manifest(text: bytes, path: Path) -> Manifest:
    try:
        return msgspec.json.decode(text, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(path, f"has no manifest that can be read: {error}") from None


def _damaged(path: Path, why: str) -> FetchError:
    return FetchError(f"{path} {why}", "copy it again, or make it anew: ukport bundle RECIPE -o")
