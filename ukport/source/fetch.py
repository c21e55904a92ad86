"""All the sources of a port, fetched and checked against the lock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ukport import git
from ukport.errors import FetchError
from ukport.recipe.error import RecipeError
from ukport.recipe.lock import Lock, LockedTree
from ukport.recipe.model import Origin, Recipe, Tree, Upstream
from ukport.recipe.pattern import file_name
from ukport.source import locked as locks
from ukport.source.cache import Archive, Cache, ChecksumError, lacking, taken
from ukport.source.locked import Wanted
from ukport.source.versions import NoSuchVersionError, Version, exact, releases, resolve


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
            tree=self.repository.tree(self.commit),
            taken=taken(self.repository),
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
    return releases(repository.tags(), upstream.tag, upstream.separator)


def find_version(
    recipe: Recipe, request: str, cache: Cache, *, stored: bool = False
) -> tuple[Version, str]:
    """The version that ``request`` means, and its tag; raises NoSuchVersionError, FetchError.

    ``stored`` is for what was written down once: it means itself, while a user's ``2.1`` means
    the newest 2.1.x. Upstream is asked unless the very version is cached: ``2.1`` may have a newer
    answer today.
    """
    if stored:
        return find_exact(recipe, request, cache)
    request = request.replace(recipe.upstream.separator, ".")
    settled = request != "latest" and Version.parse(request.removeprefix("v")).full
    return _find(recipe, request, cache, resolve, asks=not settled)


def find_exact(recipe: Recipe, text: str, cache: Cache) -> tuple[Version, str]:
    """The very version that a recipe stores (``version``, ``base``), and its tag; raises the same.

    Upstream is asked only where the cache has no such release.
    """
    return _find(recipe, text, cache, exact, asks=False)


def _find(
    recipe: Recipe,
    text: str,
    cache: Cache,
    choose: Callable[[str, Mapping[Version, str]], Version],
    *,
    asks: bool,
) -> tuple[Version, str]:
    known = known_versions(recipe.upstream, cache, fresh=asks)
    try:
        version = choose(text, known)
    except NoSuchVersionError as error:
        if not asks:
            return _find(recipe, text, cache, choose, asks=True)
        raise NoSuchVersionError(f"{recipe.name}: {error.message}", error.hint) from None
    return version, known[version]


def fetch(
    recipe: Recipe,
    version: Version,
    tag: str,
    cache: Cache,
    lock: Lock | None,
    *,
    strict: bool = True,
) -> Sources:
    """Every tree of the recipe; raises FetchError, or ChecksumError where one is not as locked.

    At the lock's own version the recipe has to name the very trees of the lock, unless ``strict``
    is off: an upgrade may move them. A tag that the lock knows stands for its commit, always.
    """
    trees = _wanted(recipe, version, tag)
    if lock is not None and strict and lock.version == str(version):
        for tree in trees:
            locks.agree(recipe.name, tree, lock)
    upstream, *pinned = (_get(recipe, cache, tree, lock) for tree in trees)
    return Sources(version, upstream, {source.name: source for source in pinned})


def _wanted(recipe: Recipe, version: Version, tag: str) -> tuple[Wanted, ...]:
    """The upstream, then all that is pinned."""
    upstream, text = recipe.upstream, str(version)
    try:
        archive = file_name(upstream.archive_at(text, tag))
    except ValueError as error:
        raise RecipeError(
            f"{recipe.name}: upstream.archive for {version}: {error}", "correct it in the recipe"
        ) from None
    first = Wanted(upstream.name, upstream.url, tag, archive, upstream.folder_at(text, tag))
    pinned = (one for tree in recipe.pinned for one in (_pinned(tree), *_origin(tree.origin)))
    return (first, *pinned)


def _pinned(tree: Tree) -> Wanted:
    archive = f"{tree.name}-{tree.pin.replace('/', '-')}.tar.gz"
    return Wanted(tree.name, tree.url, tree.pin, archive, tree.name)


def _origin(origin: Origin | None) -> tuple[Wanted, ...]:
    if origin is None:
        return ()
    archive = file_name(origin.archive)
    return (Wanted(origin.name, origin.url, origin.pin, archive, origin.folder),)


def _get(recipe: Recipe, cache: Cache, wanted: Wanted, lock: Lock | None) -> Source:
    name, url, tag = wanted.name, wanted.url, wanted.tag
    known = [t.tree or t.commit for t in lock.trees if t.name == name] if lock else []
    repository = cache.repository(name, url, need=tag, known=known, archive=wanted.archive)
    commit = repository.resolve(tag)
    try:
        packed = cache.archive(repository, commit, wanted.archive, f"{wanted.folder}/")
    except git.GitError as error:
        raise FetchError(
            f"{name}: {url} at {tag} is incomplete: {error.message}",
            f"delete {repository.path} and fetch again",
        ) from None
    source = Source(name, url, tag, commit, repository, packed, wanted.folder)
    if lock is not None:
        locks.check(recipe.name, source.locked, str(packed.path.parent), lock)
        mirror = taken(repository)
        other = lacking(repository.path, known) if mirror else ""
        if other:
            raise ChecksumError(
                f"{name}: {mirror} has no {other}, which the lock has of {url}:"
                " it is another repository",
                "correct the mirror, or leave it out, and run again",
            )
    return source
