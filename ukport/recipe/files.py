"""A recipe's hand-written files; links are refused, since they could lead anywhere."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from ukport.recipe.error import RecipeError

_SUFFIXES = (".c", ".h", ".S")


def refuse_links(project: Path, path: Path) -> None:
    """Raises RecipeError where ``path``, or a folder on the way to it, is a link.

    The project itself may be reached through one: the user named it.
    """
    relative = path.relative_to(project)
    for part in (*reversed(relative.parents), relative):
        if part != Path() and (project / part).is_symlink():
            raise RecipeError(
                f"{part} is a symbolic link: what it leads to is no part of this repository",
                "put the file or folder itself in its place",
            )


def paths(project: Path, name: str, part: str) -> tuple[str, ...]:
    """The sources in a recipe's ``glue``, ``test`` or ``bench``, sorted; RecipeError for a link."""
    folder = project / "recipes" / name / part
    refuse_links(project, folder)
    return tuple(str(path.relative_to(folder)) for path in _sources(project, folder))


def read(project: Path, name: str, part: str) -> Mapping[str, bytes]:
    """The same with their content."""
    folder = project / "recipes" / name / part
    return {path: (folder / path).read_bytes() for path in paths(project, name, part)}


def _sources(project: Path, folder: Path) -> Iterator[Path]:
    # rglob lists links, but does not go into them.
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            refuse_links(project, path)
        if path.is_file() and path.suffix in _SUFFIXES:
            yield path
