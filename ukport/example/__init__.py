"""The embedded example: a small library, a kernel to run it on, and a ports repository, as data.

It is unpacked to what ukport works on everywhere: bare repositories and a folder with recipes/ and
patches/. From there on nothing knows that it is the example.
"""

import shutil
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from ukport import git
from ukport.errors import UsageError
from ukport.git.intake import import_tree

RECIPE = "example"
SOURCES = "sources"
KERNEL_TAG = "v1"
# The same commit on every machine: the lock names it.
_DATED = {"GIT_AUTHOR_DATE": "@1767225600 +0000", "GIT_COMMITTER_DATE": "@1767225600 +0000"}


@dataclass(frozen=True)
class Example:
    """The example on disk: ``project`` is a ports repository, ``sources`` a mirror for it."""

    project: Path

    @property
    def sources(self) -> Path:
        return self.project / SOURCES


def unpack(folder: Path) -> Example:
    """Lay the example out in a new or empty folder; raises UsageError for another one."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists already and is not empty", "name a new folder")
    with as_file(files(__name__)) as data:
        shutil.copytree(data / "project", folder, dirs_exist_ok=True)
        _history(data / "upstream.fast-import", folder / SOURCES / "example.git")
        _kernel(data / "bare", folder / SOURCES / "bare.git")
    return Example(folder)


def break_series(example: Example) -> tuple[str, ...]:
    """Add the patches that crash to the example's series; returns their names."""
    series = next((example.project / "patches" / RECIPE).iterdir())
    with as_file(files(__name__)) as data:
        broken = sorted((data / "broken").glob("*.patch"))
        for patch in broken:
            shutil.copyfile(patch, series / patch.name)
        return tuple(patch.name for patch in broken)


def forget(example: Example) -> None:
    """Take away how conflicts were resolved before."""
    shutil.rmtree(example.project / "recipes" / RECIPE / "resolutions", ignore_errors=True)


def _history(stream: Path, folder: Path) -> None:
    repository = git.create(folder)
    repository.git(["fast-import", "--quiet"], input=stream.read_bytes())


def _kernel(source: Path, folder: Path) -> None:
    repository = git.create(folder)
    tree = import_tree(repository, source)
    made = git.run(
        ["commit-tree", tree, "-m", "A kernel"], repo=repository.gitdir, env=_DATED
    ).text.strip()
    for ref in (f"refs/tags/{KERNEL_TAG}", "refs/heads/main"):
        repository.git(["update-ref", ref, made])
