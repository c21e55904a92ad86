"""``ukport release``: everything a release consists of, as files; nothing is ever pushed.

Branches are bundles: files that git fetches from. The same project and sources give the same bytes.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ukport import git, process
from ukport.errors import FetchError, UkportError, UsageError
from ukport.git.bundle import Draft, Identity, bundle, commits, identity
from ukport.git.repository import Repository
from ukport.git.write import Change, write_tree
from ukport.recipe import Recipe, load
from ukport.recipe import lock as locks
from ukport.report import release as texts
from ukport.report.result import Result
from ukport.series.branch import author_of, commit_series, message_of
from ukport.series.patch import Patch
from ukport.source import Cache, Source, find_exact
from ukport.workflow.carry import Carried
from ukport.workflow.events import Tell
from ukport.workflow.port import Made, Request, make
from ukport.workflow.stage import Stages
from ukport.workflow.transaction import recover

_STATUS = re.compile(rb"^(?:Upstream-Status|ukport-check):[^\n]*\n", re.MULTILINE | re.IGNORECASE)
_LICENCE = Path(__file__).parent / "licence.txt"
_SCRIPTS = ("support/scripts", ".checkpatch.conf")


class CheckpatchError(UkportError):
    """A commit that Unikraft's own checker does not take."""


@dataclass(frozen=True)
class Released:
    """The files of a release, by name, and where they were written; empty where nothing was."""

    recipe: str
    version: str
    files: tuple[str, ...]
    folder: str
    checked: tuple[str, ...]
    verdict: str


@dataclass(frozen=True)
class Release:
    """One release being prepared: the project, the cache, and whom to tell."""

    project: Path
    cache: Cache
    tell: Tell

    def prepare(self, name: str, *, since: str | None, out: Path | None, dry_run: bool) -> Released:
        """Make everything; with ``dry_run`` nothing is written. Raises UkportError."""
        recover(self.project)
        recipe = load(self.project, name)
        self._refuse_dirty(name)
        lock = locks.read(self.project / "recipes" / name)
        folder = out or self.project / "dist" / f"{name}-{recipe.version}"
        stages = Stages(self.tell)
        with self.cache.scratch() as scratch:
            request = Request(self.project, recipe, recipe.version, lock, stored=True)
            made = make(request, self.cache, stages, scratch)
            who = self._identity(made)
            with stages.stage("release", name) as said:
                facts = self._facts(made, who, since)
                target = scratch / "release"
                target.mkdir()
                checked = self._write(made, facts, who, target, scratch)
                said.append(f"{len(checked)} commits pass checkpatch.uk")
            files = {path.name: path.read_bytes() for path in sorted(target.iterdir())}
            if not dry_run:
                _place(target, folder, files)
        verdict = facts.result.verdict if facts.result else "not run"
        place = "" if dry_run else str(folder)
        return Released(name, recipe.version, tuple(files), place, checked, verdict)

    def _refuse_dirty(self, name: str) -> None:
        """What is released is what is committed; a project outside of git is taken as it is."""
        done = git.run(
            ["-C", self.project, "status", "--porcelain", "--", f"recipes/{name}", "patches"],
            check=False,
        )
        if done.returncode == 0 and done.stdout.strip():
            first = done.text.splitlines()[0][3:]
            raise UsageError(
                f"{self.project}: {first} is not committed; nothing was made",
                "commit it first: a release is made from what others can have",
            )

    def _identity(self, made: Made) -> Identity:
        upstream = made.sources.upstream
        when = _log(upstream.repository, "-1", "--format=%ct", upstream.commit)
        own = git.run(
            ["-C", self.project, "log", "-1", "--format=%ct", "--", "recipes", "patches"],
            check=False,
        )
        seconds = max(int(when[0]), int(own.text.strip() or 0) if own.returncode == 0 else 0)
        found = identity(self.project, f"{seconds} +0000")
        if found is None:
            raise UsageError(
                "git does not know who you are, and a release is signed off; nothing was made",
                "git config --global user.name NAME; git config --global user.email ADDRESS",
            )
        return found

    def _facts(self, made: Made, who: Identity, since: str | None) -> texts.Facts:
        recipe, glue = made.recipe, made.recipe.glue
        previous = since or self._previous(recipe)
        log: Sequence[str] = ()
        if previous:
            _, tag = find_exact(recipe, previous, self.cache)
            ends = f"refs/tags/{tag}..{made.sources.upstream.commit}"
            upstream = made.sources.upstream.repository
            log = _log(upstream, "--no-merges", "--format=%h %s", ends)
        moment = datetime.fromtimestamp(int(who.when.split()[0]), UTC)
        return texts.Facts(
            recipe=recipe.name,
            title=glue.title,
            description=glue.description,
            homepage=glue.homepage,
            repository=glue.repository,
            license=glue.license,
            version=str(made.version),
            previous=previous,
            core=f"Unikraft {recipe.core.pin}",
            moment=moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            upstream=tuple(log),
            patches=tuple(
                (one.tree, patch.subject, _status(patch))
                for one in made.carried
                for patch in one.series
            ),
            changes=self._changes(recipe, previous),
            trees=tuple(
                (tree.name, tree.url, tree.tag, tree.commit, tree.sha256)
                for tree in made.sources.lock.trees
            ),
            result=self._result(made),
        )

    def _history(self, *args: str) -> tuple[str, ...]:
        done = git.run(["-C", self.project, "log", *args], check=False)
        return tuple(done.text.splitlines()) if done.returncode == 0 else ()

    def _previous(self, recipe: Recipe) -> str:
        """The version that the recipe had before, as the project's history tells; or nothing."""
        path = f"recipes/{recipe.name}/recipe.lock"
        for line in self._history("--format=", "-p", "-G^version = ", "--", path):
            found = re.fullmatch(r'-version = "([^"]+)"', line)
            if found and found[1] != recipe.version:
                return found[1]
        return ""

    def _changes(self, recipe: Recipe, previous: str) -> tuple[str, ...]:
        """The project's own commits on the port, since it carried the version before."""
        paths = ("--", f"recipes/{recipe.name}", "patches")
        if not previous:
            return self._history("--reverse", "--format=%s", *paths)
        had = f'-Sversion = "{previous}"'
        lock = f"recipes/{recipe.name}/recipe.lock"
        came = self._history("--format=%H", had, "--", lock)
        return self._history("--reverse", "--format=%s", f"{came[-1]}..", *paths) if came else ()

    def _result(self, made: Made) -> Result | None:
        """What was verified of these very sources; nothing where it was others."""
        path = self.project / "reports" / f"{made.recipe.name}-{made.version}" / "result.json"
        try:
            found = msgspec.json.decode(path.read_bytes(), type=Result)
        except (OSError, msgspec.DecodeError):
            return None
        told = {(tree.name, tree.commit) for tree in found.trees}
        now = {(tree.name, tree.commit) for tree in made.sources.lock.trees}
        return found if told == now and found.version == str(made.version) else None

    def _write(
        self, made: Made, facts: texts.Facts, who: Identity, target: Path, scratch: Path
    ) -> tuple[str, ...]:
        name, version = facts.recipe, facts.version
        branch = f"ukport/{name}-{version}"
        checked: list[str] = []
        library = f"lib-{name}"
        self._library(made, facts, who, target / f"{library}.bundle", branch, scratch / library)
        told = texts.pull_request(
            facts, library, branch, f"{library}.bundle", [f"{facts.title}: Carry to {version}"]
        )
        (target / f"pull-request-{library}.md").write_text(told, "utf-8")
        for one in made.carried:
            if one.tree == made.sources.upstream.name or not one.series:
                continue
            source = made.sources.pinned[one.tree]
            file = f"{one.tree}.bundle"
            repo, tip = _on_pin(one, source, who, scratch / f"pr-{one.tree}")
            checked += _checkpatch(made, repo, (source.commit, tip), scratch / f"check-{one.tree}")
            bundle(repo, target / file, branch, (source.commit, tip))
            subjects = [patch.subject for patch in one.series]
            told = texts.pull_request(facts, one.tree, branch, file, subjects)
            (target / f"pull-request-{one.tree}.md").write_text(told, "utf-8")
        (target / "CHANGELOG.md").write_text(texts.changelog(facts), "utf-8")
        (target / f"{name}-{version}.cdx.json").write_text(texts.bill_of_materials(facts), "utf-8")
        sums = [
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
            for path in sorted(target.iterdir())
        ]
        (target / "SHA256SUMS").write_text("".join(sums), "utf-8")
        return tuple(checked)

    def _library(
        self,
        made: Made,
        facts: texts.Facts,
        who: Identity,
        path: Path,
        branch: str,
        scratch: Path,
    ) -> None:
        """The external library as a branch on what its repository has, or a history of its own."""
        parent, theirs = self._theirs(made.recipe)
        home = theirs.scratch(scratch) if theirs else git.create(scratch)
        tag = f"{facts.recipe}-{facts.version}"
        if theirs and tag in theirs.tags():
            raise UsageError(
                f"{facts.repository} has a tag {tag} already; nothing was made",
                "carry the port to another version, or take that tag back there",
            )
        if theirs and _has_branch(theirs, branch):
            raise UsageError(
                f"{facts.repository} has a branch {branch} already; nothing was made",
                "delete it there, or merge it",
            )
        files = exported(made, facts)
        tree = write_tree(home, None, [Change(name, raw) for name, raw in files.items()])
        message = f"{facts.title}: Carry to {facts.version}\n\nMade with ukport for {facts.core}.\n"
        draft = Draft(tree, who, f"{message}\n{who.sign_off}\n".encode())
        tip = commits(home, parent, [draft], who)
        text = f"{facts.title} {facts.version} for {facts.core}\n\n{texts.changelog(facts)}"
        bundle(home, path, branch, (parent, tip), (tag, who, text))

    def _theirs(self, recipe: Recipe) -> tuple[str, Repository | None]:
        """What the library's repository has, where it can be had."""
        url = recipe.glue.repository
        try:
            found = self.cache.repository(f"lib-{recipe.name}", url)
            for name in ("staging", "main", "master", "stable"):
                if _has_branch(found, name):
                    return found.resolve(f"refs/heads/{name}"), found
        except FetchError:
            pass
        return "", None


def exported(made: Made, facts: texts.Facts) -> Mapping[str, bytes]:
    """The files of the external library's repository, which needs no ukport."""
    return {
        **made.library.files,
        "README.md": texts.readme(facts).encode(),
        "CHANGELOG.md": texts.changelog(facts).encode(),
        "COPYING.md": _LICENCE.read_bytes(),
    }


def _on_pin(one: Carried, source: Source, who: Identity, folder: Path) -> tuple[Repository, str]:
    """A pinned tree's series as commits on the pin itself, ready for its repository."""
    home = source.repository.scratch(folder)
    base, tip = commit_series(home, one.series, source.commit)
    trees = home.git(["log", "--reverse", "--format=%T", f"{base}..{tip}"]).text.split()
    drafts = [
        Draft(tree, _person(patch), _STATUS.sub(b"", message_of(patch)))
        for tree, patch in zip(trees, one.series, strict=True)
    ]
    return home, commits(home, source.commit, drafts, who)


def _person(patch: Patch) -> Identity:
    name, _, rest = author_of(patch).decode("utf-8", "replace").partition(" <")
    email, _, when = rest.partition("> ")
    return Identity(name, email or "unknown@localhost", when)


def _checkpatch(
    made: Made, repo: Repository, ends: tuple[str, str], folder: Path
) -> tuple[str, ...]:
    """Every commit through the checker of the pinned core; raises CheckpatchError.

    The checker is a program of the core that is locked, as its build is.
    """
    core = made.sources.pinned[made.recipe.core.name]
    if _SCRIPTS[1] not in core.repository.list(core.commit):
        return ()  # a core without one
    core.repository.export(core.commit, folder, _SCRIPTS)
    program = folder / _SCRIPTS[0] / "checkpatch.uk"
    base, tip = ends
    listed = repo.git(["log", "--reverse", "--format=%H %s", f"{base}..{tip}"]).text.splitlines()
    passed = []
    for line in listed:
        oid, _, subject = line.partition(" ")
        mail = repo.git(["format-patch", "-1", "--stdout", "--no-signature", oid]).stdout
        (folder / "one.patch").write_bytes(mail)
        done = process.run(
            [program, folder / "one.patch"], cwd=folder, check=False, timeout=120, tied=True
        )
        total = re.search(r"total: (\d+) errors, (\d+) warnings", done.text)
        if total is None or int(total[1]):
            said = (done.text or done.stderr.decode("utf-8", "replace"))[-1500:]
            raise CheckpatchError(
                f"{subject}: checkpatch.uk does not take it:\n{said.replace(f'{folder}/', '')}",
                "mend the patch: ukport dev, then ukport refresh",
            )
        passed.append(f"{subject}: 0 errors, {total[2]} warnings")
    return tuple(passed)


def _status(patch: Patch) -> str:
    told = dict(reversed(patch.trailers)).get("Upstream-Status", "")
    return told.lower().partition(" ")[0] or "status unknown"


def _log(repo: Repository, *args: str) -> list[str]:
    return repo.git(["log", *args]).text.splitlines()


def _has_branch(repo: Repository, name: str) -> bool:
    args = ["rev-parse", "--verify", "--quiet", f"refs/heads/{name}"]
    return repo.git(args, check=False).returncode == 0


def _place(made: Path, folder: Path, files: Mapping[str, bytes]) -> None:
    """Put the finished files in their place in one step; a release that is there stays."""
    if folder.exists():
        there = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        if there == files:
            return
        raise UsageError(
            f"{folder}: a release is there already, and it is another; nothing was written",
            "delete it, or name another folder with --out",
        )
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(made, part)
        part.rename(folder)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise UkportError(
            f"{folder}: cannot be written: {error.strerror}; nothing was",
            "make room or name another folder with --out",
        ) from None
