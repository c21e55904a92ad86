"""Resolutions that a recipe remembers, as git's rerere keeps them, and a port made with them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ukport.git.worktree import WorkTree
from ukport.series.patch import Patch
from ukport.source import Cache
from ukport.workflow.carry import Decided, StandingError
from ukport.workflow.pending import resolved
from ukport.workflow.port import Made, Request, make
from ukport.workflow.stage import Stages

RESOLUTIONS = "resolutions"
REMEMBERED = "resolved from memory"


def make_from_memory(request: Request, cache: Cache, stages: Stages, scratch: Path) -> Made:
    """As ``make``, with what was resolved once resolved again; nothing is left waiting.

    Raises StandingError with the first patch that neither fits nor was ever resolved.
    """
    known = remembered(request.project, request.recipe.name)
    while True:
        number = len(request.decided)
        try:
            return make(request, cache, stages, scratch / str(number))
        except StandingError as stood:
            decided = _recall(stood, known, scratch / f"memory-{number}") if known else None
            if decided is None:
                raise
            request = replace(request, decided=(*request.decided, decided))


def remembered(project: Path, recipe: str) -> Mapping[str, bytes]:
    """Every record of a recipe by its name; links are not followed."""
    kept = project / "recipes" / recipe / RESOLUTIONS
    return {
        str(path.relative_to(kept)): path.read_bytes()
        for path in kept.glob("*/p*image*")
        if path.is_file() and not path.is_symlink()
    }


def write_memory(folder: Path, known: Mapping[str, bytes]) -> Path:
    """Records as files, where a work tree takes them from."""
    for name, content in known.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def message(patch: Patch) -> bytes:
    """What a patch says, as a commit's message."""
    return f"{patch.subject}\n\n{patch.body}\n".encode("utf-8", "surrogateescape")


def _recall(stood: StandingError, known: Mapping[str, bytes], folder: Path) -> Decided | None:
    """The patch as it was resolved before; None where any of it is still in conflict."""
    standing = stood.standing
    work = WorkTree(folder / "work")
    memory = write_memory(folder / "kept", known)
    if work.lay_out(standing.sides, message(standing.patch), memory):
        return None
    raw = resolved(standing.patch, work)
    return Decided(stood.tree, standing.patch.name, raw, REMEMBERED)
