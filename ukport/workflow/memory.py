"""Resolutions that a recipe remembers, as git's rerere keeps them, and series carried with them."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ukport.git.worktree import WorkTree
from ukport.series.patch import Patch
from ukport.workflow.carry import Carried, Decided, StandingError
from ukport.workflow.pending import resolved

RESOLUTIONS = "resolutions"
REMEMBERED = "resolved from memory"


def carry_from_memory(
    carry: Callable[[tuple[Decided, ...], Path], tuple[Carried, ...]],
    decided: tuple[Decided, ...],
    known: Mapping[str, bytes],
    scratch: Path,
) -> tuple[Carried, ...]:
    """What ``carry`` makes, with what was resolved once resolved again; nothing is left waiting.

    Raises StandingError with the first patch that neither fits nor was ever resolved.
    """
    while True:
        number = len(decided)
        try:
            return carry(decided, scratch / str(number))
        except StandingError as stood:
            recalled = _recall(stood, known, scratch / f"memory-{number}") if known else None
            if recalled is None:
                raise
            decided = (*decided, recalled)


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
