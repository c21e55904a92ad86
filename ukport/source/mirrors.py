"""Where a source can be had beside its own address: folders, other hosts, a bundle.

A mirror is asked before the address itself, unless nothing else may be asked. What comes from one
is held to the lock like everything else: a mirror is not trusted more than the network is.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from ukport.errors import UsageError

ENVIRONMENT = "UKPORT_MIRROR"
EVERYTHING = "*"
APT = "apt"  # Debian's archive, as a mirror


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The user's configuration; ``mirrors`` gives an address, its beginning, or ``*`` a place."""

    mirrors: dict[str, str] = {}


@dataclass(frozen=True)
class Place:
    """An address for git, and what it is called where ``address`` tells a reader nothing.

    With ``archive`` it is a file with the sources of one version; with ``apt``, Debian's archive.
    """

    address: str
    title: str = ""
    archive: bool = False
    apt: bool = False

    @property
    def local(self) -> bool:
        """Whether it is on this machine."""
        return not self.apt and _is_local(self.address)

    def __str__(self) -> str:
        return self.title or self.address


@dataclass(frozen=True)
class Mirrors:
    """Where to look, in this order: ``exact`` addresses, ``anywhere``, ``prefixes``, the address.

    With ``only`` the address itself is never asked.
    """

    anywhere: tuple[str, ...] = ()
    prefixes: Mapping[str, str] = field(default_factory=dict)
    exact: Mapping[str, Place] = field(default_factory=dict)
    only: bool = False

    def places(self, url: str, archive: str = "", *, offline: bool = False) -> tuple[Place, ...]:
        """Every place for ``url``; where ``offline``, the mirrors on this machine.

        ``archive`` is the name of the file that holds the very version that is wanted, if one is.
        """
        found = list(dict.fromkeys(self._mirrored(url, archive)))
        if offline:
            return tuple(place for place in found if place.local)
        return tuple(found if self.only else [*found, Place(url)])

    def _mirrored(self, url: str, archive: str) -> Iterator[Place]:
        if url in self.exact:
            yield self.exact[url]
        for mirror in self.anywhere:
            yield from _in(mirror, url, archive)
        # The longest beginning says it best.
        for prefix in sorted(self.prefixes, key=len, reverse=True):
            place = self.prefixes[prefix]
            if prefix == EVERYTHING:
                yield from _in(place, url, archive)
            elif prefix == url:
                yield Place(place)
            elif url.startswith(prefix.rstrip("/") + "/"):
                rest = url[len(prefix.rstrip("/")) + 1 :]
                yield from _beside(place, rest)


def _is_local(address: str) -> bool:
    return "://" not in address or address.startswith("file://")


def _in(mirror: str, url: str, archive: str) -> Iterator[Place]:
    """``url`` in a mirror of everything: by its last two names, owner and repository.

    An archive stands behind a repository, which has the history that it has not.
    """
    if mirror == APT:
        if archive:
            yield Place(APT, apt=True)
        return
    parts = [part for part in urlsplit(url).path.split("/") if part not in ("", ".", "..")]
    yield from _beside(mirror, "/".join(parts[-2:]).removesuffix(".git"))
    file = Path(mirror)
    for one in (file, file / archive):
        if archive and one.name == archive and one.is_file():
            yield Place(str(one.absolute()), archive=True)


def _beside(mirror: str, rest: str) -> Iterator[Place]:
    if "://" in mirror:
        yield Place(f"{mirror.rstrip('/')}/{rest}")
        return
    folder = Path(mirror)
    name = rest.rpartition("/")[2]
    joined = "+".join(rest.split("/"))
    for path in (f"{rest}.git", rest, f"{joined}/repo", f"{joined}.git", f"{name}.git", name):
        # A link inside of the folder is the user's own; what a recipe names never leaves it.
        if ".." not in Path(path).parts and (folder / path).is_dir():
            yield Place(str((folder / path).absolute()))


def settings_file() -> Path | None:
    """Where the user's configuration lies, or None where there is no home directory."""
    from platformdirs import user_config_path

    try:
        return user_config_path("ukport") / "config.toml"
    except RuntimeError:
        return None


def read_settings(path: Path | None) -> Settings:
    """The user's configuration; an empty one where there is none. Raises UsageError."""
    import tomllib

    if path is None:
        return Settings()
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Settings)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return Settings()
    except (msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: {error}",
            '[mirrors] takes lines such as "https://github.com" = "/srv/git" (docs/offline.md)',
        ) from None


def configured(asked: tuple[str, ...] = ()) -> Mirrors:
    """The mirrors that the command line asks for, else those of the environment, then the user's.

    Raises UsageError for a folder that is not there.
    """
    own = os.environ.get(ENVIRONMENT)
    anywhere = asked or ((own,) if own else ())
    for place in anywhere:
        if place != APT and "://" not in place and not Path(place).exists():
            raise UsageError(
                f"the mirror {place} is no folder",
                "name a folder of bare repositories and archives, an archive, another host, or"
                f" {APT} (--mirror, {ENVIRONMENT})",
            )
    return Mirrors(anywhere=anywhere, prefixes=read_settings(settings_file()).mirrors)
