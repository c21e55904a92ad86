"""A repository to read from, and scratch repositories beside it to write into."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ukport.git.command import GitError, run
from ukport.git.objects import Entry, Reader, parse_entries
from ukport.process import Completed

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
_CONFIG_SHA256 = (
    "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectFormat = sha256\n"
)
_EPOCH = {"GIT_AUTHOR_DATE": "@0 +0000", "GIT_COMMITTER_DATE": "@0 +0000"}
_GREP_FIELDS = 3
_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

# The highest precedence there is: a tree's own .gitattributes must not change its bytes.
RAW_ATTRIBUTES = "* -text -eol -ident -filter -working-tree-encoding -export-ignore -export-subst\n"


class Hit(NamedTuple):
    """One line that ``grep`` found."""

    path: str
    line: int
    text: str


@dataclass(frozen=True)
class Repository:
    """A git repository on disk, bare or with a work tree; nothing is ever written to it."""

    path: Path

    @cached_property
    def gitdir(self) -> Path:
        """The git directory; GitError where ``path`` is no repository."""
        for folder in (self.path / ".git", self.path):
            if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
                return folder.absolute()
        if (self.path / ".git").is_file():
            done = run(["-C", self.path, "rev-parse", "--absolute-git-dir"], check=False)
            if done.returncode == 0:
                return Path(done.text.rstrip("\n"))
        raise GitError(
            f"{self.path}: not a git repository",
            "give a bare repository or the top folder of a checkout",
        )

    @cached_property
    def objects(self) -> Path:
        """The folder of its objects, for the alternates of a scratch repository."""
        common = self.gitdir / "commondir"
        folder = self.gitdir
        if common.is_file():
            folder = (folder / common.read_text(encoding="utf-8").strip()).resolve()
        return folder / "objects"

    def git(
        self, args: Sequence[str | Path], *, input: bytes | None = None, check: bool = True
    ) -> Completed:
        """Run git on this repository."""
        return run(args, repo=self.gitdir, input=input, check=check)

    def resolve(self, rev: str) -> str:
        """The oid of the commit that ``rev`` names; GitError naming ``rev`` where there is none."""
        return self._parse(rev, "commit")

    def tree(self, rev: str) -> str:
        """The oid of the tree of a commit, tag or tree."""
        return self._parse(rev, "tree")

    def _parse(self, rev: str, kind: str) -> str:
        if not rev or rev.startswith("-") or "\0" in rev:
            raise GitError(f"{self.path}: {rev!r} is no revision")
        done = self.git(["rev-parse", "--verify", "--quiet", f"{rev}^{{{kind}}}"], check=False)
        oid = done.text.strip()
        if done.returncode != 0 or not _OID.fullmatch(oid):
            raise GitError(
                f"{self.path}: there is no {kind} {rev!r}",
                f"list what there is with: git --git-dir={self.gitdir} tag",
            )
        return oid

    def tags(self) -> Mapping[str, str]:
        """Every tag and the commit it stands for; tags of other things are left out."""
        form = (
            "%(refname:strip=2)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)"
        )
        found = {}
        for line in self.git(["for-each-ref", f"--format={form}", "refs/tags"]).text.splitlines():
            name, kind, oid, peeled_kind, peeled = line.split("\0")
            if kind == "commit":
                found[name] = oid
            elif peeled_kind == "commit":
                found[name] = peeled
            elif peeled_kind == "tag":  # a tag of a tag: rare enough for a process of its own
                found.update(self._deep_tag(name))
        return found

    def _deep_tag(self, name: str) -> Mapping[str, str]:
        try:
            return {name: self.resolve(f"refs/tags/{name}")}
        except GitError:
            return {}

    def read(self, rev: str, path: str) -> bytes:
        """The bytes of one file; GitError naming it where there is none."""
        with self.reader() as reader:
            found = reader.get(f"{rev}:{path}")
        if found is None or found.kind != "blob":
            raise GitError(f"{self.path}: there is no file {path!r} in {rev}")
        return found.data

    def reader(self) -> Reader:
        """Many objects through one process; use it with ``with``."""
        return Reader(self.gitdir)

    def entries(self, treeish: str, under: str = "") -> tuple[Entry, ...]:
        """Mode, oid and path of every file in a tree, or in one folder of it."""
        paths = ["--", under] if under else []
        if treeish.startswith("-"):
            raise GitError(f"{self.path}: {treeish!r} is no revision")
        listing = self.git(["ls-tree", "-r", "-z", "--full-tree", treeish, *paths]).stdout
        return tuple(parse_entries(listing))

    def list(self, treeish: str, under: str = "") -> tuple[str, ...]:
        """The paths of every file in a tree, or in one folder of it, in git's order."""
        return tuple(entry.path for entry in self.entries(treeish, under))

    def grep(
        self, treeish: str, lines: Sequence[str], *, words: bool = False, around: bool = False
    ) -> tuple[Hit, ...]:
        """Where any of some fixed strings stands in a tree.

        With ``words`` as whole words only, and a hit's text is the word, or the whole line
        ``around`` it.
        """
        patterns = [part for line in lines for part in ("-e", line)]
        if not patterns:
            return ()
        kind = ["-w", *([] if around else ["-o"])] if words else []
        args = ["grep", "-I", "-F", "-n", "-z", "--full-name", *kind, *patterns, treeish, "--"]
        done = self.git(args, check=False)
        hits = []
        for line in done.stdout.split(b"\n"):
            fields = line.split(b"\0", 2)
            if len(fields) == _GREP_FIELDS:
                name, number, text = (part.decode("utf-8", "surrogateescape") for part in fields)
                hits.append(Hit(name.partition(":")[2], int(number), text))
        return tuple(hits)

    def archive(self, treeish: str, *, prefix: str = "", paths: Sequence[str] = ()) -> bytes:
        """A tar of a tree with the very bytes of its blobs, whatever its attributes ask for."""
        from tempfile import TemporaryDirectory

        tree = self.tree(treeish)
        with TemporaryDirectory(prefix="ukport-") as folder:
            scratch = self.scratch(Path(folder))
            # git dates the archive of a bare tree "now"; that of a commit like the commit.
            commit = run(["commit-tree", tree, "-m", "-"], repo=scratch.gitdir, env=_EPOCH)
            named = commit.text.strip()
            args = ["archive", "--format=tar", f"--prefix={prefix}", named]
            return scratch.git([*args, "--", *paths]).stdout

    def export(self, treeish: str, folder: Path, paths: Sequence[str] = ()) -> None:
        """Unpack a tree, or some paths of it, into a folder that has none of its files yet.

        Links that leave the folder, and paths that could, are refused with a GitError before
        anything is written.
        """
        from ukport.git.export import export_entries

        entries = [entry for path in paths or [""] for entry in self.entries(treeish, path)]
        with self.reader() as reader:
            export_entries(entries, reader, folder)

    def scratch(self, folder: Path, *others: "Repository") -> "Repository":
        """A repository in ``folder`` that sees all of our objects and keeps new ones itself.

        It sees the objects of ``others`` as well.
        """
        common = self.objects.parent
        config = common / "config"
        text = config.read_text("utf-8", "replace") if config.is_file() else ""
        sha256 = re.search(r"objectformat\s*=\s*sha256", text, re.IGNORECASE)
        _lay_out(folder, _CONFIG_SHA256 if sha256 else _CONFIG)
        seen = "".join(f"{repository.objects}\n" for repository in (self, *others))
        (folder / "objects" / "info" / "alternates").write_text(seen, "utf-8")
        if (common / "shallow").is_file():
            (folder / "shallow").write_bytes((common / "shallow").read_bytes())
        return Repository(folder)


def create(folder: Path) -> Repository:
    """A new repository that stands on its own, for trees that come from elsewhere."""
    _lay_out(folder, _CONFIG)
    return Repository(folder)


def _lay_out(folder: Path, config: str) -> None:
    for name in ("objects/info", "objects/pack", "refs/heads", "info"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "info" / "attributes").write_text(RAW_ATTRIBUTES, "utf-8")
    (folder / "config").write_text(config, "utf-8")
    (folder / "HEAD").write_text("ref: refs/heads/main\n", "utf-8")
