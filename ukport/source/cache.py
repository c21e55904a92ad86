"""Bare caches of upstreams and the archives made from them, under the user's cache folder."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from ukport import git
from ukport.errors import FetchError, UkportError
from ukport.git.mirror import fetch, mirror
from ukport.process import run
from ukport.source.mirrors import Mirrors, Place

# In a cached repository: the place that it was last fetched from.
_TAKEN = "ukport-taken"


def default_root() -> Path:
    """``UKPORT_CACHE``, else the user's cache folder (XDG)."""
    chosen = os.environ.get("UKPORT_CACHE")
    if chosen:
        return Path(chosen).absolute()
    from platformdirs import user_cache_path

    try:
        return user_cache_path("ukport")
    except RuntimeError:
        raise UkportError(
            "there is no home directory, so no cache folder", "set UKPORT_CACHE to a folder"
        ) from None


class ChecksumError(FetchError):
    """An archive is not the one that was locked."""


@dataclass(frozen=True)
class Archive:
    """A source archive in the cache; ``sha256`` of the file as it lies there."""

    path: Path
    name: str
    sha256: str


@dataclass(frozen=True)
class Cache:
    """The folder that holds everything fetched; safe for several processes at once.

    ``offline`` asks nobody on the network; mirrors on this machine still serve.
    """

    root: Path
    offline: bool = False
    mirrors: Mirrors = field(default_factory=Mirrors)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Held by one process at a time; released by the kernel when its holder dies."""
        from filelock import FileLock

        path = self.root / "locks" / f"{name}.lock"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            held = FileLock(path)
        except OSError as error:
            raise UkportError(
                f"the cache folder {self.root} cannot be written: {error.strerror}",
                "set UKPORT_CACHE to a folder that can",
            ) from None
        with held:
            yield

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for this run alone, gone afterwards."""
        with TemporaryDirectory(prefix="ukport-") as folder:
            yield Path(folder)

    def place(self, name: str, url: str) -> Path:
        """Where the bare cache of ``url`` is, or would be."""
        key = hashlib.sha256(url.encode()).hexdigest()[:10]
        return self.root / "git" / f"{name}-{key}.git"

    def repository(
        self,
        name: str,
        url: str,
        *,
        need: str | Sequence[str] = (),
        known: Sequence[str] = (),
        fresh: bool = False,
        archive: str = "",
    ) -> git.Repository:
        """The bare cache of ``url``, in which every revision of ``need`` can be resolved.

        Mirrors and upstream are asked where the cache lacks one, or always if ``fresh``. A place
        without the objects ``known`` of it is likely another repository: the next one is asked.
        ``archive`` names a file that would do in the place of ``need``. Raises FetchError.
        """
        needed = (need,) if isinstance(need, str) else tuple(need)
        path = self.place(name, url)
        places = self.mirrors.places(url, archive, offline=self.offline)
        with self.lock(path.name):
            if not path.exists() and not places:
                raise FetchError(*self._nowhere(url))
            if places and (fresh or not path.exists() or lacking(path, (*needed, *known))):
                _bring(path, url, places, needed, known)
            missing = lacking(path, needed)
        if missing:
            asked = ", ".join(str(place) for place in places) or "the cache"
            raise FetchError(
                f"{name}: {url} has no revision {missing} (asked: {asked})",
                "correct the pin in the recipe, or the mirror; or run without --offline"
                " to fetch again",
            )
        return git.Repository(path)

    def _nowhere(self, url: str) -> tuple[str, str]:
        if self.mirrors.only:
            return f"{url} is not in the bundle", "make one for this recipe: ukport bundle"
        return f"{url} is not in the cache ({self.root})", "run once without --offline"

    def archive(self, repository: git.Repository, commit: str, name: str, prefix: str) -> Archive:
        """``commit`` as ``name`` (a .tar.gz), byte for byte as GitHub makes a tag's archive.

        Same commit, same bytes: git's tar format is stable and ``gzip -n`` stores no time. What
        lies in the cache is used only while its sum is the one noted when it was made.
        """
        key = hashlib.sha256(f"{commit}\0{prefix}".encode()).hexdigest()[:16]
        folder = self.root / "archives" / key
        path, note = folder / name, folder / f"{name}.sha256"
        with self.lock(f"archive-{key}"):
            if path.exists() and note.exists():
                found = file_sha256(path)
                if found == note.read_text("ascii").strip():
                    return Archive(path, name, found)
            folder.mkdir(parents=True, exist_ok=True)
            # The commit's own export: with its date and attributes it is GitHub's archive.
            tar = repository.git(["archive", "--format=tar", f"--prefix={prefix}", commit]).stdout
            packed = run(["gzip", "-cn"], input=tar).stdout
            path.write_bytes(packed)
            digest = hashlib.sha256(packed).hexdigest()
            note.write_text(f"{digest}\n", "ascii")
        return Archive(path, name, digest)


def _bring(
    path: Path, url: str, places: Sequence[Place], needed: Sequence[str], known: Sequence[str]
) -> None:
    """Fetch from the first place that has all that is wanted; raises FetchError if none answers."""
    refused: list[FetchError] = []
    for place in places:
        try:
            told = _fetch(path, place, needed)
        except FetchError as error:
            refused.append(error)
            continue
        (path / _TAKEN).write_text("" if place.address == url else told, "utf-8")
        if not lacking(path, (*needed, *known)):
            return
    if len(refused) == 1 == len(places):
        raise refused[0]
    if len(refused) == len(places):
        told = "\n".join(f"  {error.message}" for error in refused)
        raise FetchError(f"cannot fetch {url} from anywhere:\n{told}", refused[0].hint)


def _fetch(path: Path, place: Place, needed: Sequence[str]) -> str:
    """Bring a place's repository or archive into the cache; returns what to call it."""
    if not (place.apt or place.archive):
        fetch(path, place.address) if path.exists() else mirror(place.address, path)
        return str(place)
    from ukport.source import archives

    tag = needed[0]
    with TemporaryDirectory(prefix="ukport-apt-") as folder:
        file = Path(place.address)
        if place.apt:
            name = path.name.rpartition("-")[0]
            file = archives.from_debian(name, tag, Path(folder))
        digest = file_sha256(file)
        archives.take(path, file, digest, tag)
    where = f"Debian {archives.suite()}: {file.name}" if place.apt else str(file)
    return f"{where} (sha256 {digest})"


def taken(repository: git.Repository) -> str:
    """What a cached repository was last fetched from, where that is not its own address."""
    try:
        return (repository.path / _TAKEN).read_text("utf-8")
    except OSError:
        return ""


def lacking(path: Path, revisions: Sequence[str]) -> str:
    """The first revision that a repository has not, or an empty string."""
    for revision in revisions:
        try:
            git.Repository(path).tree(revision)
        except git.GitError:
            return revision
    return ""


def file_sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
