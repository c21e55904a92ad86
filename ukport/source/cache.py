"""Bare caches of upstreams and the archives made from them, under the user's cache folder."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ukport import git
from ukport.errors import FetchError, UkportError
from ukport.git.mirror import fetch, mirror
from ukport.process import run


def default_root() -> Path:
    """``UKPORT_CACHE``, else the user's cache folder (XDG)."""
    chosen = os.environ.get("UKPORT_CACHE")
    if chosen:
        return Path(chosen).absolute()
    from platformdirs import user_cache_path

    return user_cache_path("ukport")


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
    """The folder that holds everything fetched; safe for several processes at once."""

    root: Path
    offline: bool = False

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

    def repository(
        self, name: str, url: str, *, need: str | None = None, fresh: bool = False
    ) -> git.Repository:
        """The bare cache of ``url``, in which ``need``, if given, can be resolved.

        Upstream is asked where the cache lacks it, or always if ``fresh``. Raises FetchError.
        """
        key = hashlib.sha256(url.encode()).hexdigest()[:10]
        path = self.root / "git" / f"{name}-{key}.git"
        with self.lock(path.name):
            if not path.exists():
                if self.offline:
                    raise FetchError(
                        f"{url} is not in the cache ({self.root})", "run once without --offline"
                    )
                mirror(url, path)
            elif not self.offline and (fresh or (need is not None and not _has(path, need))):
                fetch(path, url)
        if need is not None and not _has(path, need):
            raise FetchError(
                f"{name}: {url} has no revision {need}",
                "correct the pin in the recipe, or run without --offline to fetch again",
            )
        return git.Repository(path)

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


def _has(path: Path, revision: str) -> bool:
    try:
        git.Repository(path).resolve(revision)
    except git.GitError:
        return False
    return True


def file_sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
