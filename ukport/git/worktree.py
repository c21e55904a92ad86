"""A work tree in which a person resolves one patch that does not fit, with ordinary markers."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from ukport.errors import ConflictError
from ukport.git.command import run
from ukport.git.repository import Repository
from ukport.process import Completed

_MARKERS = (b"<<<<<<< ", b"||||||| ", b">>>>>>> ")
# Resolutions are remembered, and one that is known is applied and staged at once.
_CONFIG = """\
[core]
\trepositoryformatversion = 0
\tbare = false
[rerere]
\tenabled = true
\tautoUpdate = true
[merge]
\tconflictStyle = diff3
"""


@dataclass(frozen=True)
class Sides:
    """The three trees that meet: ``base`` and ``theirs`` before and after the patch, ``ours`` new.

    ``objects`` is a repository that has them all.
    """

    objects: Repository
    base: str
    theirs: str
    ours: str


@dataclass(frozen=True)
class WorkTree:
    """A work tree with a stopped cherry-pick in it."""

    folder: Path

    @property
    def _memory(self) -> Path:
        return self.folder / ".git" / "rr-cache"

    def _git(self, *args: str, check: bool = True) -> Completed:
        # The user's index and files, so the folder is named; pinned, so that all see the same.
        return run(["-C", self.folder, *args], check=check)

    def lay_out(self, sides: Sides, message: bytes, memory: Path) -> tuple[str, ...]:
        """Check out ``ours``, pick the patch on top of it; returns the files that are in conflict.

        Resolutions kept in the folder ``memory`` are applied. Raises GitError.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        run(["init", "--quiet", "--template=", "--initial-branch=ukport", self.folder])
        (self.folder / ".git/config").write_text(_CONFIG, "utf-8")
        # With its alternates: new objects are taken along, those of the upstream stay in the cache.
        shutil.copytree(sides.objects.objects, self.folder / ".git/objects", dirs_exist_ok=True)
        if memory.is_dir():
            shutil.copytree(memory, self._memory)
        ours = self._commit(sides.ours, b"upstream, with the patches so far")
        theirs = self._commit(sides.theirs, message, self._commit(sides.base, b"before"))
        self._git("update-ref", "refs/heads/ukport", ours)
        self._git("update-ref", "refs/ukport/ours", ours)
        self._git("reset", "--quiet", "--hard")
        self._git("cherry-pick", "--allow-empty", theirs, check=False)
        return self.unmerged()

    def _commit(self, tree: str, message: bytes, *parents: str) -> str:
        words = [word for parent in parents for word in ("-p", parent)]
        folder = self.folder / ".git"
        return run(["commit-tree", tree, *words], repo=folder, input=message).text.strip()

    def unmerged(self) -> tuple[str, ...]:
        """The files that are still in conflict in the index."""
        listed = self._git("diff", "--name-only", "--diff-filter=U", "-z").text
        return tuple(name for name in listed.split("\0") if name)

    def resolution(self) -> tuple[str, str]:
        """The trees before and after the patch as the person left it, committed or not.

        Raises ConflictError where a file still has markers in it.
        """
        left = [name for name in self.unmerged() if self._has_markers(name)]
        if left:
            raise ConflictError(
                f"{self.folder}: still in conflict: {', '.join(left)}",
                "take the markers out, then run: ukport upgrade --continue",
            )
        ours = self._git("rev-parse", "refs/ukport/ours").text.strip()
        self._git("rerere")
        self._git("add", "--all")
        tree = self._git("write-tree").text.strip()
        return self._git("rev-parse", f"{ours}^{{tree}}").text.strip(), tree

    def _has_markers(self, name: str) -> bool:
        path = self.folder / name
        if not path.is_file():
            return False
        found = path.read_bytes().splitlines()
        return any(line.startswith(_MARKERS) for line in found)

    def difference(self, before: str, after: str) -> tuple[bytes, bytes]:
        """The diffstat and the diff between two trees, as git writes them in a mailed patch."""
        plain = ("diff", "--no-ext-diff", "--no-textconv")
        # Apart: --binary would put the diff behind the diffstat, too.
        stat = self._git(*plain, "--stat", "--summary", before, after).stdout
        return stat, self._git(*plain, "--full-index", "--binary", before, after).stdout

    def remembered(self) -> dict[str, bytes]:
        """Every resolution that git remembers here, as files for a recipe to keep."""
        return {
            str(path.relative_to(self._memory)): path.read_bytes()
            for path in sorted(self._memory.glob("*/p*image*"))
            if (path.parent / "postimage").exists() and path.is_file()
        }
