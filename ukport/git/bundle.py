"""Commits on a revision of upstream, an annotated tag, and both as one file that git fetches from.

The same trees, people and times give the same bytes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ukport.git.command import GitError, run
from ukport.git.repository import Repository


class Identity(NamedTuple):
    """Who commits: name, address, and ``when`` as ``<seconds> <zone>``."""

    name: str
    email: str
    when: str

    @property
    def sign_off(self) -> str:
        return f"Signed-off-by: {self.name} <{self.email}>"

    def environment(self, role: str) -> Mapping[str, str]:
        """The variables that make it git's author or committer."""
        return {
            f"GIT_{role}_NAME": self.name,
            f"GIT_{role}_EMAIL": self.email,
            f"GIT_{role}_DATE": f"@{self.when}",
        }


class Draft(NamedTuple):
    """A commit to be made: its tree, author and message."""

    tree: str
    author: Identity
    message: bytes


def identity(folder: Path, when: str) -> Identity | None:
    """The user's name and address as git knows them in ``folder``; None where it does not."""
    told = []
    for key in ("user.name", "user.email"):
        asked = run(["-C", folder, "config", "--get", key], check=False, pinned=False)
        told.append(asked.text.strip())
    return Identity(told[0], told[1], when) if all(told) else None


def commits(repo: Repository, parent: str, drafts: Sequence[Draft], committer: Identity) -> str:
    """The oid of the last of a line of commits on ``parent``; an empty one starts a history."""
    tip = parent
    for draft in drafts:
        words = ["-p", tip] if tip else []
        env = {**draft.author.environment("AUTHOR"), **committer.environment("COMMITTER")}
        args = ["commit-tree", draft.tree, *words]
        tip = run(args, repo=repo.gitdir, input=draft.message, env=env).text.strip()
    return tip


def bundle(
    repo: Repository,
    path: Path,
    branch: str,
    ends: tuple[str, str],
    tag: tuple[str, Identity, str] | None = None,
) -> None:
    """Write the commits after the first of ``ends``, up to the second, as ``branch``.

    ``tag`` is a name, a tagger and a text. Raises GitError.
    """
    base, tip = ends
    refs = [f"refs/heads/{branch}"]
    repo.git(["update-ref", refs[0], tip])
    if tag is not None:
        name, tagger, text = tag
        made = run(
            ["tag", "--annotate", "--cleanup=verbatim", "--file=-", name, tip],
            repo=repo.gitdir,
            input=text.encode(),
            env=tagger.environment("COMMITTER"),
            check=False,
        )
        if made.returncode != 0:
            raise GitError(f"the tag {name} cannot be made: {made.stderr.decode(errors='replace')}")
        refs.append(f"refs/tags/{name}")
    without = [f"^{base}"] if base else []
    # One thread and no deltas to reuse: packs then depend on nothing but what is in them.
    pins = ("-c", "pack.threads=1", "-c", "pack.compression=9", "-c", "pack.depth=0")
    repo.git([*pins, "bundle", "create", "--quiet", path, *refs, *without])
