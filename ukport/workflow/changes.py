"""What new glue changes against the glue that the project holds."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ukport.errors import UsageError
from ukport.glue import hand
from ukport.glue.generate import EXPORTS, FILES
from ukport.recipe import Recipe


@dataclass(frozen=True)
class GlueChange:
    """Upstream's sources that come and go, and the generated files whose text differs."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    files: tuple[str, ...]

    def __str__(self) -> str:
        if not self.files:
            return "unchanged"
        counts = f" +{len(self.added)} −{len(self.removed)} sources"  # noqa: RUF001 - a minus
        moved = self.added or self.removed
        return ", ".join(
            f"{name}{counts}" if name == "Makefile.uk" and moved else name for name in self.files
        )


def lib_folder(project: Path, recipe: Recipe) -> Path:
    """Where the project keeps a recipe's generated glue."""
    return project / "recipes" / recipe.name / "lib"


def glue_change(
    project: Path, recipe: Recipe, glue: Mapping[str, str], compiled: Sequence[str]
) -> GlueChange:
    """New glue, and the sources that it compiles, against the project's; all is new at first."""
    folder = lib_folder(project, recipe)
    old = {name: _text(folder / name) for name in glue}
    before = _compiled_in(old.get("Makefile.uk", ""), recipe)
    after = frozenset(compiled)
    return GlueChange(
        added=tuple(sorted(after - before)),
        removed=tuple(sorted(before - after)),
        files=tuple(name for name, text in glue.items() if text != old[name]),
    )


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def _compiled_in(makefile: str, recipe: Recipe) -> frozenset[str]:
    """Upstream's sources that a Makefile.uk lists."""
    name = re.escape(recipe.glue.library.upper())
    listed = re.findall(rf"^{name}_SRCS-y \+= \$\({name}\)/([^|\s]+)", makefile, re.MULTILINE)
    return frozenset(listed)


def refuse_edited(project: Path, recipe: Recipe) -> None:
    """Raises UsageError where the generated part of a file of the glue was changed by hand."""
    folder = lib_folder(project, recipe)
    for name in (*FILES, EXPORTS):
        if hand.edited(_text(folder / name)):
            raise UsageError(
                f"recipes/{recipe.name}/lib/{name} was changed by hand in its generated part",
                f"ukport glue {recipe.name} --diff shows the change: move it into the recipe, or"
                f" below a line {hand.MARK.strip()!r}, or restore the file from git",
            )
