"""``ukport watch``: a branch for each new release of upstream, with its report, and once.

The upgrade is made in a clone of the project, so the project's files are left alone whatever comes
of it; only its branches grow. That a branch is there, here or on origin, is all that is remembered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ukport import git
from ukport.errors import ConflictError, UkportError, UsageError
from ukport.git.bundle import identity
from ukport.source import Cache
from ukport.workflow.events import Tell
from ukport.workflow.outdated import outdated
from ukport.workflow.upgrade import Upgrade


@dataclass(frozen=True)
class Watched:
    """What became of one recipe: ``outcome`` is a verdict, ``current``, or ``known``."""

    recipe: str
    version: str
    to: str
    branch: str
    outcome: str


@dataclass(frozen=True)
class Watch:
    """The project, the cache, whom to tell, and how to boot."""

    project: Path
    cache: Cache
    tell: Tell
    accel: str = "auto"

    def run(self, wanted: Sequence[str], *, line: bool = False) -> tuple[Watched, ...]:
        """Look at every recipe; with ``line`` only at releases of its own major.minor.

        Raises UsageError where the project is no git repository with a commit.
        """
        self._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        found = []
        for one in outdated(self.project, wanted, self.cache):
            to = one.line if line else one.latest
            branch = f"ukport/{one.recipe}-{to}"
            if to == one.version or not one.behind:
                found.append(Watched(one.recipe, one.version, to, "", "current"))
            elif self._known(branch):
                found.append(Watched(one.recipe, one.version, to, branch, "known"))
            else:
                outcome = self._branch(one.recipe, to, branch)
                found.append(Watched(one.recipe, one.version, to, branch, outcome))
        return tuple(found)

    def _git(self, *args: str) -> str:
        done = git.run(["-C", self.project, *args], check=False)
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip() or "there is no commit"
            raise UsageError(
                f"{self.project}: {said}", "watch makes branches: run it in a git checkout"
            )
        return done.text

    def _known(self, branch: str) -> bool:
        """Whether the branch is here, or was on a remote when it was last fetched."""
        listed = self._git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes")
        return any(ref.endswith(f"/{branch}") for ref in listed.splitlines())

    def _branch(self, name: str, to: str, branch: str) -> str:
        """Upgrade in a clone, commit what came of it, and take the commit as a branch."""
        with self.cache.scratch() as scratch:
            clone = scratch / "clone"
            git.run(["clone", "--quiet", "--shared", "--template=", self.project, clone])
            outcome, told = self._upgrade(clone, name, to)
            git.run(["-C", clone, "add", "--all", "recipes", "patches"])
            who = identity(self.project, "0 +0000")
            env: dict[str, str] = {}
            for role in ("AUTHOR", "COMMITTER"):
                if who is not None:
                    env |= {f"GIT_{role}_NAME": who.name, f"GIT_{role}_EMAIL": who.email}
            message = f"{name}: Carry to {to}\n\n{told}"
            args = ["commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "--file=-"]
            git.run(["-C", clone, *args], input=message.encode(), env=env)
            self._git("fetch", "--quiet", str(clone), f"HEAD:refs/heads/{branch}")
        return outcome

    def _upgrade(self, clone: Path, name: str, to: str) -> tuple[str, str]:
        """The verdict and the text for the commit; where it is not PASS, no file has changed."""
        try:
            result = Upgrade(clone, self.cache, self.tell, self.accel).start(name, to)
        except ConflictError as error:
            return "conflict", f"A patch does not fit; nothing is changed here.\n\n{error}\n"
        except UkportError as error:
            return "stopped", f"Stopped; nothing is changed here.\n\n{error}\n"
        report = Path(result.report)
        return result.verdict, report.read_text("utf-8") if report.is_file() else result.reason
