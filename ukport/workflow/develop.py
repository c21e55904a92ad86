"""``ukport dev``, ``refresh``, ``series`` and ``diff``: a series as commits, and back.

The work tree lies in ``.ukport/dev/`` and is plain git. What it was made from is noted beside it,
so that a series that changed meanwhile is never overwritten.
"""

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from ukport.errors import ConflictError, FetchError, UkportError, UsageError
from ukport.git.branch import BranchTree
from ukport.git.repository import Repository
from ukport.recipe import Recipe, load
from ukport.recipe import lock as locks
from ukport.series.branch import commit_series
from ukport.series.patch import Patch
from ukport.series.refresh import Refreshed, refresh
from ukport.series.series import SERIES, read_series
from ukport.source import Cache, Version
from ukport.workflow.port import choose_backend
from ukport.workflow.transaction import commit, differing, private_folder, recover

_DEV = "dev"
_NOTE = "ukport.json"


@dataclass(frozen=True)
class Series:
    """A series of a recipe: ``folder`` is below ``patches/``, ``revision`` what it applies to."""

    recipe: str
    tree: str
    url: str
    folder: str
    revision: str

    @property
    def key(self) -> str:
        return self.folder.replace("/", "-")


class _Note(msgspec.Struct, frozen=True):
    """What a work tree was made from or written to: the series, its sums, the last commit."""

    recipe: str
    tree: str
    url: str
    folder: str
    revision: str
    files: dict[str, str]
    tip: str = ""


@dataclass(frozen=True)
class Opened:
    """A work tree that was opened, and how many commits stand in it."""

    folder: Path
    series: Series
    commits: int


@dataclass(frozen=True)
class Written:
    """What a refresh made: every patch with its state, and the files that really changed."""

    series: Series
    patches: tuple[Refreshed, ...]
    files: tuple[str, ...]
    gone: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """A patch of a list: its state in the tree, in the open work tree, and upstream."""

    folder: str
    name: str
    subject: str
    upstream: str
    applies: str
    work: str


@dataclass(frozen=True)
class Workbench:
    """Where series are edited: the project, and the cache with the trees."""

    project: Path
    cache: Cache

    def all_series(self, name: str) -> tuple[Series, ...]:
        """Every series of a recipe, that of its own version's backend first; raises RecipeError."""
        recipe = load(self.project, name)
        lock = locks.read(self.project / "recipes" / name)
        return tuple(_series_of(recipe, lock))

    def choose(self, name: str, tree: str | None, version: str | None) -> Series:
        """The one that is meant: upstream's, of the version's backend, or that of a tree."""
        known = self.all_series(name)
        recipe = load(self.project, name)
        if tree not in (None, recipe.upstream.name):
            found = [one for one in known if one.tree == tree]
        else:
            backend = choose_backend(recipe, Version.parse(version or recipe.version))
            found = [one for one in known if one.folder == backend.series]
        if not found:
            trees = sorted({one.tree for one in known})
            raise UsageError(
                f"{name}: there is no series of {tree or recipe.upstream.name}",
                f"there is one of: {', '.join(trees) or 'none'}",
            )
        return found[0]

    def work(self, series: Series) -> BranchTree:
        """Its work tree, open or not."""
        return BranchTree(self.project / ".ukport" / _DEV / series.key)

    def open(self, series: Series, *, discard: bool) -> Opened:
        """Lay the series out as a branch.

        Raises UkportError where the work tree holds what would be lost, unless ``discard``.
        """
        recover(self.project)
        work = self.work(series)
        patches = self._read(series)
        if work.exists and not discard:
            self._refuse_loss(work)
        repository, revision = self._tree(series)
        folder = private_folder(self.project) / _DEV
        folder.mkdir(exist_ok=True)
        if folder.is_symlink():
            raise UsageError(f"{folder} is a symbolic link", "remove it")
        with self.cache.scratch() as scratch:
            home = repository.scratch(scratch)
            base, tip = _committed(home, patches, revision, series)
            work.lay_out(home, base, tip)
        self._remember(work, series, patches)
        return Opened(work.folder, series, len(patches))

    def _refuse_loss(self, work: BranchTree) -> None:
        held = self._held(work)
        if held:
            raise UkportError(
                f"{work.folder} is open and holds {held}",
                "go on there, write it back with: ukport refresh; or drop it with --discard",
            )

    def _held(self, work: BranchTree) -> str:
        """What would be lost if the work tree went; an empty string where nothing would."""
        under_way = work.under_way()
        changed, unknown = work.changed()
        if under_way:
            return under_way
        if changed or unknown:
            return f"changes that are in no commit: {', '.join((changed + unknown)[:5])}"
        note = self._note(work)
        written = note is not None and note.tip == work.tip()
        return "" if written else "commits that are not in the series"

    def refresh(self, series: Series, *, dry_run: bool = False) -> Written:
        """Write the commits back: only what changed is written, all at once.

        Raises UsageError or ConflictError where the work tree is not ready; nothing is written.
        """
        recover(self.project)
        work = self.work(series)
        unknown = self._ready(work, series)
        original = self._read(series)
        with self.cache.scratch() as scratch:
            home = Repository(work.folder).scratch(scratch / "home")
            untouched = _oids(home, original, work.base(), series)
            made = refresh(home, original, work.commits(), untouched, scratch / "tried")
        changes = _changes(self.project / "patches" / series.folder, series, original, made)
        gone = tuple(p.name for p in original if p.name not in {one.was for one in made})
        if dry_run:
            return Written(series, made, differing(self.project, changes), gone, unknown)
        files = commit(self.project, changes)
        self._remember(work, series, [one.patch for one in made])
        return Written(series, made, files, gone, unknown)

    def _ready(self, work: BranchTree, series: Series) -> tuple[str, ...]:
        """Raises where the work tree cannot be taken as it is; the files that git does not know."""
        if not work.exists:
            raise UsageError(
                f"the series {series.folder} is not open", f"ukport dev {series.recipe}"
            )
        under_way = work.under_way()
        if under_way:
            raise ConflictError(
                f"{work.folder} is in the middle of {under_way}; nothing was written",
                "finish it with git (or abort it), then run ukport refresh again",
            )
        if work.detached():
            raise UsageError(
                f"{work.folder}: no branch is checked out (HEAD is detached); nothing was written",
                "go back with: git switch series; or keep what is here with: git switch -c NAME",
            )
        changed, unknown = work.changed()
        if changed:
            raise UsageError(
                f"{work.folder} has changes that are in no commit: {', '.join(changed[:5])};"
                " nothing was written",
                "commit them (git commit --amend puts them into the last patch), or git stash",
            )
        if not work.holds_base():
            raise UsageError(
                f"{work.folder}: the branch does not stand on its base any more",
                "git rebase --onto refs/ukport/base, or look for it in: git reflog",
            )
        note = self._note(work)
        now = _sums(self._read(series))
        if note is None or note.files != now:
            raise ConflictError(
                f"patches/{series.folder} changed since the work tree was opened; nothing was"
                " written",
                "keep your commits as a branch (git branch mine), run ukport dev again with"
                " --discard, and cherry-pick them",
            )
        return unknown

    def _remember(self, work: BranchTree, series: Series, patches: Sequence[Patch]) -> None:
        note = _Note(**vars(series), files=_sums(patches), tip=work.tip())
        (work.gitdir / _NOTE).write_bytes(msgspec.json.encode(note))

    def _note(self, work: BranchTree) -> _Note | None:
        try:
            return msgspec.json.decode((work.gitdir / _NOTE).read_bytes(), type=_Note)
        except (OSError, msgspec.DecodeError):
            return None

    def opened(self, name: str) -> tuple[Series, ...]:
        """The series of a recipe whose work trees are open."""
        return tuple(one for one in self.all_series(name) if self.work(one).exists)

    def close(self, series: Series) -> None:
        """Remove the work tree; raises UkportError where something would be lost."""
        work = self.work(series)
        if work.exists:
            self._refuse_loss(work)
            shutil.rmtree(work.folder)

    def listed(self, name: str) -> Iterator[Shown]:
        """Every patch of every series of the recipe, in order, with its states."""
        for series in self.all_series(name):
            patches = self._read(series)
            applies = self._applies(series, patches)
            work = self._states(series)
            for number, patch in enumerate(patches):
                yield Shown(
                    folder=series.folder,
                    name=patch.name,
                    subject=patch.subject,
                    upstream=dict(reversed(patch.trailers)).get("Upstream-Status", ""),
                    applies=applies[number],
                    work=work.pop(patch.name, "gone" if self.work(series).exists else ""),
                )
            for new, state in work.items():
                yield Shown(series.folder, new, "", "", "", state)

    def _applies(self, series: Series, patches: tuple[Patch, ...]) -> list[str]:
        """For each patch whether it applies to its tree, after those before it."""
        from ukport.series.apply import Misfit, fit, put, touched
        from ukport.series.content import load as load_files

        try:
            repository, revision = self._tree(series, replace(self.cache, offline=True))
        except FetchError:
            return ["not tried"] * len(patches)
        with repository.reader() as reader:
            files = load_files(reader, reader.tree(revision), touched(patches))
        told = []
        for patch in patches:
            fitted = fit(patch, files)
            good = [one for one in fitted if not isinstance(one, Misfit)]
            told.append("yes" if len(good) == len(fitted) else "no")
            if told[-1] == "yes":
                for one in good:
                    put(files, one)
        return told

    def _states(self, series: Series) -> dict[str, str]:
        """The state of each patch in the open work tree, new ones by their new names."""
        work = self.work(series)
        if not work.exists:
            return {}
        try:
            written = self.refresh(series, dry_run=True)
        except UkportError:
            return {patch.name: "not ready" for patch in self._read(series)}
        return {one.was or one.patch.name: one.state for one in written.patches}

    def diff(self, series: Series, *, stat: bool = False) -> bytes:
        """What the whole series changes in its tree, as one diff."""
        repository, revision = self._tree(series)
        with self.cache.scratch() as scratch:
            home = repository.scratch(scratch)
            base, tip = _committed(home, self._read(series), revision, series)
            form = ("--stat", "--summary") if stat else ("--full-index", "--binary")
            return home.git(["diff", "--no-ext-diff", "--no-textconv", *form, base, tip]).stdout

    def compare(self, series: Series) -> str:
        """The commits of the open work tree against the series, as git's range-diff tells it."""
        work = self.work(series)
        if not work.exists:
            raise UsageError(f"the series {series.folder} is not open", "ukport dev")
        with self.cache.scratch() as scratch:
            home = Repository(work.folder).scratch(scratch)
            base, tip = _committed(home, self._read(series), work.base(), series)
            ends = (f"{base}..{tip}", f"{work.base()}..{work.tip()}")
            return home.git(["range-diff", "--no-color", "--no-ext-diff", *ends]).text

    def _read(self, series: Series) -> tuple[Patch, ...]:
        return read_series(self.project / "patches" / series.folder)

    def _tree(self, series: Series, cache: Cache | None = None) -> tuple[Repository, str]:
        found = (cache or self.cache).repository(series.tree, series.url, need=series.revision)
        return found, found.resolve(series.revision)


def _series_of(recipe: Recipe, lock: locks.Lock | None) -> Iterator[Series]:
    upstream = recipe.upstream
    own = choose_backend(recipe, Version.parse(recipe.version))
    for backend in sorted(recipe.backends, key=lambda one: one is not own):
        if backend.series:
            tag = upstream.tag_of(backend.base)
            yield _one(recipe, lock, upstream.name, upstream.url, backend.series, tag)
    for cure in recipe.cures:
        tag = upstream.tag_of(cure.base)
        yield _one(recipe, lock, upstream.name, upstream.url, cure.series, tag)
    for tree in recipe.pinned:
        if tree.series:
            yield _one(recipe, lock, tree.name, tree.url, tree.series, tree.pin)


def _one(
    recipe: Recipe, lock: locks.Lock | None, tree: str, url: str, folder: str, tag: str
) -> Series:
    locked = lock.tree(tree, tag) if lock else None
    return Series(recipe.name, tree, url, folder, locked.commit if locked else tag)


def _sums(patches: Sequence[Patch]) -> dict[str, str]:
    return {patch.name: hashlib.sha256(patch.raw).hexdigest() for patch in patches}


def _committed(
    home: Repository, patches: tuple[Patch, ...], base: str, series: Series
) -> tuple[str, str]:
    try:
        return commit_series(home, patches, base)
    except ConflictError as error:
        raise ConflictError(
            f"patches/{series.folder} does not apply to {series.tree} {series.revision[:16]}:\n"
            f"{error.message}",
            "carry it there first: ukport upgrade, or ukport rebase",
        ) from None


def _oids(
    home: Repository, patches: tuple[Patch, ...], base: str, series: Series
) -> tuple[str, ...]:
    """The commits that the series makes, in its order."""
    first, tip = _committed(home, patches, base, series)
    listed = home.git(["rev-list", "--reverse", f"{first}..{tip}"]).text.split()
    return tuple(listed)


def _changes(
    folder: Path, series: Series, original: tuple[Patch, ...], made: tuple[Refreshed, ...]
) -> Mapping[str, bytes | None]:
    top = f"patches/{series.folder}"
    changes: dict[str, bytes | None] = {f"{top}/{patch.name}": None for patch in original}
    changes |= {f"{top}/{one.patch.name}": one.patch.raw for one in made}
    names = [one.patch.name for one in made]
    if (folder / SERIES).is_file() and names != [patch.name for patch in original]:
        lines = (p.name if p.strip == 1 else f"{p.name} -p{p.strip}" for p in _patches(made))
        changes[f"{top}/{SERIES}"] = "".join(f"{line}\n" for line in lines).encode()
    return changes


def _patches(made: tuple[Refreshed, ...]) -> Iterator[Patch]:
    return (one.patch for one in made)
