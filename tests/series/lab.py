"""Upstream repositories made on the spot, and patches that git itself writes."""

import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ukport.git import Repository
from ukport.series import Patch

ENVIRONMENT = {
    **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A. Author",
    "GIT_AUTHOR_EMAIL": "author@example.org",
    "GIT_COMMITTER_NAME": "A. Committer",
    "GIT_COMMITTER_EMAIL": "committer@example.org",
    "GIT_AUTHOR_DATE": "@1700000000 +0000",
    "GIT_COMMITTER_DATE": "@1700000000 +0000",
}
Files = Mapping[str, bytes | None]


@dataclass(frozen=True)
class Lab:
    """A repository with a work tree; ``commit`` writes files (None deletes) and returns the oid."""

    path: Path

    @property
    def repo(self) -> Repository:
        return Repository(self.path)

    def git(self, *args: str | Path, input: bytes | None = None, check: bool = True) -> bytes:
        done = subprocess.run(
            ["git", "-C", self.path, *args],
            env=ENVIRONMENT,
            input=input,
            capture_output=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr.decode()
        return done.stdout

    def commit(self, files: Files, message: str = "a change", start: str | None = None) -> str:
        if start:
            self.git("checkout", "-q", "-f", "--detach", start)
        for name, data in files.items():
            path = self.path / name
            if data is None:
                path.unlink()
                with suppress(OSError):
                    path.parent.rmdir()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        self.git("add", "-A", "-f", ".")
        self.git("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message)
        return self.git("rev-parse", "HEAD").decode().strip()

    def patch(self, old: str, new: str, name: str = "0001-x.patch", *options: str) -> Patch:
        """What ``git format-patch`` would mail, with ``new``'s message."""
        args = ["format-patch", "--stdout", "--full-index", "--binary", *options, f"{old}..{new}"]
        return Patch(name, self.git(*args))

    def plain(self, old: str, new: str, name: str = "0001-x.patch", *options: str) -> Patch:
        """A diff and nothing else."""
        return Patch(name, self.git("diff", "--binary", *options, old, new))

    def file(self, tree: str, path: str) -> bytes:
        return self.git("show", f"{tree}:{path}")


def make_lab(path: Path) -> Lab:
    path.mkdir(parents=True)
    lab = Lab(path)
    lab.git("init", "-q", "-b", "main")
    lab.git("config", "core.autocrlf", "false")
    return lab


def lines(*texts: str) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode()


def function(name: str, *body: str) -> bytes:
    """A C function whose lines are all different from those of other functions."""
    inner = [f"  {line}" for line in body] or [f"  int {name}_{i} = {i};" for i in range(6)]
    return lines(f"int {name}(void)", "{", *inner, f"  return {name}_0;", "}", "")
