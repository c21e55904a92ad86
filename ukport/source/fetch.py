"""All the sources of a port, fetched and checked against the lock."""

from collections.abc import Mapping
from dataclasses import dataclass

from ukport import git
from ukport.errors import FetchError
from ukport.recipe.lock import Lock, LockedTree
from ukport.recipe.model import Origin, Recipe, Tree, Upstream
from ukport.source.cache import Archive, Cache, ChecksumError
from ukport.source.versions import NoSuchVersionError, Version, releases, resolve


@dataclass(frozen=True)
class Source:
    """One tree at one commit, with its archive."""

    name: str
    url: str
    tag: str
    commit: str
    repository: git.Repository
    archive: Archive
    folder: str

    @property
    def locked(self) -> LockedTree:
        return LockedTree(
            name=self.name,
            url=self.url,
            tag=self.tag,
            commit=self.commit,
            archive=self.archive.name,
            sha256=self.archive.sha256,
        )


@dataclass(frozen=True)
class Sources:
    """The upstream at its version, and the pinned trees by name (origins included)."""

    version: Version
    upstream: Source
    pinned: Mapping[str, Source]

    @property
    def lock(self) -> Lock:
        trees = (self.upstream, *self.pinned.values())
        return Lock(version=str(self.version), trees=tuple(source.locked for source in trees))


def known_versions(upstream: Upstream, cache: Cache, *, fresh: bool) -> Mapping[Version, str]:
    """Upstream's releases and their tags; ``fresh`` asks upstream for new ones."""
    repository = cache.repository(upstream.name, upstream.url, fresh=fresh)
    return releases(repository.tags(), upstream.tag)


def find_version(recipe: Recipe, request: str, cache: Cache) -> tuple[Version, str]:
    """The version that ``request`` means, and its tag; raises NoSuchVersionError, FetchError.

    Upstream is asked unless the very version is cached: ``2.1`` may have a newer answer today.
    """
    exact = request.count(".") >= 2  # noqa: PLR2004 - major.minor.patch
    if exact:
        known = known_versions(recipe.upstream, cache, fresh=False)
        try:
            version = resolve(request, known)
        except NoSuchVersionError:
            pass
        else:
            return version, known[version]
    known = known_versions(recipe.upstream, cache, fresh=True)
    try:
        version = resolve(request, known)
    except NoSuchVersionError as error:
        raise NoSuchVersionError(f"{recipe.name}: {error.message}", error.hint) from None
    return version, known[version]


def fetch(recipe: Recipe, version: Version, tag: str, cache: Cache, lock: Lock | None) -> Sources:
    """Every tree of the recipe; raises FetchError, or ChecksumError where one is not as locked."""
    upstream = recipe.upstream
    sources = Sources(
        version=version,
        upstream=_get(
            cache,
            name=upstream.name,
            url=upstream.url,
            revision=tag,
            archive=file_name(upstream.archive.format(version=version, tag=tag)),
            folder=f"{upstream.name}-{version}",
        ),
        pinned={
            source.name: source
            for tree in recipe.pinned
            for source in (_pinned(cache, tree), *_origin(cache, tree.origin))
        },
    )
    if lock is not None:
        for source in (sources.upstream, *sources.pinned.values()):
            _check(source, lock)
    return sources


def file_name(url: str) -> str:
    """The last part of an archive's address."""
    return url.rstrip("/").rpartition("/")[2]


def _pinned(cache: Cache, tree: Tree) -> Source:
    return _get(
        cache,
        name=tree.name,
        url=tree.url,
        revision=tree.pin,
        archive=f"{tree.name}-{tree.pin.replace('/', '-')}.tar.gz",
        folder=tree.name,
    )


def _origin(cache: Cache, origin: Origin | None) -> tuple[Source, ...]:
    if origin is None:
        return ()
    source = _get(
        cache,
        name=origin.name,
        url=origin.url,
        revision=origin.pin,
        archive=file_name(origin.archive),
        folder=origin.folder,
    )
    return (source,)


def _get(cache: Cache, *, name: str, url: str, revision: str, archive: str, folder: str) -> Source:
    repository = cache.repository(name, url, need=revision)
    commit = repository.resolve(revision)
    try:
        packed = cache.archive(repository, commit, archive, f"{folder}/")
    except git.GitError as error:
        raise FetchError(
            f"{name}: {url} at {revision} is incomplete: {error.message}",
            f"delete {repository.path} and fetch again",
        ) from None
    return Source(name, url, revision, commit, repository, packed, folder)


def _check(source: Source, lock: Lock) -> None:
    locked = lock.tree(source.name, source.tag)
    if locked is None:
        return
    if locked.commit != source.commit:
        raise ChecksumError(
            f"{source.name}: {source.tag} of {source.url} is not the commit in the lock\n"
            f"  locked  {locked.commit}\n  fetched {source.commit}",
            "upstream moved the tag; look at the difference before you delete the lock's entry",
        )
    if locked.sha256 != source.archive.sha256:
        raise ChecksumError(
            f"{source.name}: {source.archive.name} differs from the lock\n"
            f"  locked  {locked.sha256}\n  fetched {source.archive.sha256}",
            f"delete {source.archive.path.parent} and fetch again; if it stays so, ask upstream",
        )
