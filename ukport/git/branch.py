"""A work tree with a branch of commits that people edit with plain git, and what became of it."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ukport.git.command import run
from ukport.git.repository import RAW_ATTRIBUTES, Repository

BRANCH = "series"
BASE = "refs/ukport/base"
_CONFIG = """\
[core]
\trepositoryformatversion = 0
\tbare = false
[advice]
\tdetachedHead = false
"""
_UNDER_WAY = {
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisection",
}
_PERSON = re.compile(rb"^author (.*)$", re.MULTILINE)


class Commit(NamedTuple):
    """A commit of the branch: its oid, those of its trees before and after, and what it says."""

    oid: str
    before: str
    tree: str
    parents: tuple[str, ...]
    author: bytes  # name, address and time as git stores them
    message: bytes


@dataclass(frozen=True)
class BranchTree:
    """A work tree in ``folder``; its objects of upstream stay in the cache."""

    folder: Path

    @property
    def exists(self) -> bool:
        return (self.folder / ".git").is_dir()

    @property
    def gitdir(self) -> Path:
        return self.folder / ".git"

    def _git(self, *args: str) -> str:
        return run(["-C", self.folder, *args]).text

    def lay_out(self, objects: Repository, base: str, tip: str) -> None:
        """Check out ``tip`` as a branch on ``base``; raises GitError. What was there is gone."""
        made = self.folder.with_name(f".{self.folder.name}.part")
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        run(["init", "--quiet", "--template=", f"--initial-branch={BRANCH}", made])
        (made / ".git/config").write_text(_CONFIG, "utf-8")
        (made / ".git/info").mkdir(exist_ok=True)
        # Upstream's attributes must not change what is edited here.
        (made / ".git/info/attributes").write_text(RAW_ATTRIBUTES, "utf-8")
        shutil.copytree(objects.objects, made / ".git/objects", dirs_exist_ok=True)
        for ref, oid in ((f"refs/heads/{BRANCH}", tip), (BASE, base)):
            run(["-C", made, "update-ref", ref, oid])
        run(["-C", made, "reset", "--quiet", "--hard"])
        shutil.rmtree(self.folder, ignore_errors=True)
        made.rename(self.folder)

    def under_way(self) -> str:
        """What git is in the middle of (``a rebase``); an empty string where nothing."""
        found = (what for name, what in _UNDER_WAY.items() if (self.gitdir / name).exists())
        return next(found, "")

    def detached(self) -> bool:
        """Whether no branch is checked out."""
        done = run(["-C", self.folder, "symbolic-ref", "--quiet", "HEAD"], check=False)
        return done.returncode != 0

    def changed(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Files with changes that are in no commit, and files that git does not know."""
        listed = self._git("status", "--porcelain=v1", "-z", "--no-renames").split("\0")
        known = tuple(line[3:] for line in listed if line and not line.startswith("??"))
        return known, tuple(line[3:] for line in listed if line.startswith("??"))

    def tip(self) -> str:
        return self._git("rev-parse", "HEAD").strip()

    def base(self) -> str:
        return self._git("rev-parse", BASE).strip()

    def commits(self) -> tuple[Commit, ...]:
        """The commits of the branch after its base, oldest first."""
        names = self._git("rev-list", "--reverse", "--topo-order", f"{BASE}..HEAD").split()
        with Repository(self.folder).reader() as reader:
            raws = list(reader.many(names))
            trees = list(reader.many(f"{name}^^{{tree}}" for name in names))
        found = []
        for raw, before in zip(raws, trees, strict=True):
            if raw is not None:
                head, _, message = raw.data.partition(b"\n\n")
                words = head.decode("utf-8", "replace").split("\n")
                parents = tuple(w.split()[1] for w in words if w.startswith("parent "))
                author = _PERSON.search(head)
                found.append(
                    Commit(
                        raw.oid,
                        before.oid if before else "",
                        words[0].split()[1],
                        parents,
                        author[1] if author else b"",
                        message,
                    )
                )
        return tuple(found)

    def holds_base(self) -> bool:
        """Whether the branch still stands on its base."""
        done = run(["-C", self.folder, "merge-base", "--is-ancestor", BASE, "HEAD"], check=False)
        return done.returncode == 0
