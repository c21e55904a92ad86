"""Reading a recipe: every error names the file, the line, the field and what was expected."""

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from ukport.errors import UsageError
from ukport.recipe.model import Recipe

RECIPE = "recipe.toml"


class RecipeError(UsageError):
    """A recipe that cannot be used."""


def find_project(start: Path) -> Path:
    """The nearest folder at or above ``start`` that holds ``recipes/``; raises UsageError."""
    for folder in (start, *start.parents):
        if (folder / "recipes").is_dir():
            return folder
    raise UsageError(
        f"no recipes/ folder in {start} or above it",
        "run ukport in a checkout of a ports repository, or name one with -C DIR",
    )


def names(project: Path) -> tuple[str, ...]:
    """The recipes of a project, sorted."""
    return tuple(sorted(path.parent.name for path in (project / "recipes").glob(f"*/{RECIPE}")))


def load(project: Path, name: str) -> Recipe:
    """The recipe ``name``, validated; raises RecipeError."""
    known = names(project)
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name, known, n=3, cutoff=0.4) or known
        raise RecipeError(f"no recipe named {name!r}", f"there is: {', '.join(near) or 'none'}")
    path = project / "recipes" / name / RECIPE
    recipe = parse(path.read_bytes(), path.relative_to(project))
    if recipe.name != name:
        raise RecipeError(
            f"{path.relative_to(project)}: name: expected {name!r}, the folder's name,"
            f" not {recipe.name!r}"
        )
    return recipe


def parse(raw: bytes, path: Path) -> Recipe:
    """A recipe from its bytes; ``path`` is for messages. Raises RecipeError."""
    try:
        text = raw.decode("utf-8")
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise RecipeError(f"{path}:{line}: not UTF-8 text", "save the recipe as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path}: not valid TOML: {error}", "mend the syntax there") from None
    try:
        return msgspec.convert(data, Recipe)
    except msgspec.ValidationError as error:
        raise _explain(text, str(error), path) from None


def _explain(text: str, message: str, path: Path) -> RecipeError:
    """msgspec's ``Expected … - at `$.glue.flags[0]``` with the line of the file."""
    what, _, where = message.partition(" - at `")
    keys = [
        int(index) if index else key
        for key, index in re.findall(r"\.?([A-Za-z_][\w-]*)|\[(\d+)\]", where.strip("`$"))
    ]
    unknown = re.search(r"(?:unknown|required) field `([^`]+)`", what)
    named = [*keys, unknown[1]] if unknown else keys
    line = line_of(text, named)
    shown = "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in named).lstrip(".")
    return RecipeError(
        f"{path}:{line}: {shown or 'recipe'}: {what[:1].lower()}{what[1:]}",
        "`ukport schema` prints what a recipe may hold",
    )


def line_of(text: str, keys: list[str | int]) -> int:
    """The line (from 1) of the value at ``keys``, or of the nearest table around it.

    tomlkit writes a document back as it was, so a mark put in the value's place shows its line.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    mark = "ukport-marks-this-line"
    while keys:
        try:
            document: Any = tomlkit.parse(text)
            holder = document
            for key in keys[:-1]:
                holder = holder[key]
            old = holder[keys[-1]]
            if isinstance(old, dict):
                old.comment(mark) if hasattr(old, "comment") else None
            else:
                holder[keys[-1]] = mark
            dumped = tomlkit.dumps(document)
        except (KeyError, IndexError, TypeError, TOMLKitError):
            dumped = ""
        if mark in dumped:
            return dumped.count("\n", 0, dumped.index(mark)) + 1
        keys = keys[:-1]
    return 1


def edit(text: str, changes: dict[tuple[str | int, ...], str]) -> str:
    """The recipe's text with some values replaced and every comment and space kept."""
    import tomlkit

    document: Any = tomlkit.parse(text)
    for keys, value in changes.items():
        holder = document
        for key in keys[:-1]:
            holder = holder[key]
        holder[keys[-1]] = value
    return tomlkit.dumps(document)


def schema() -> dict[str, Any]:
    """The JSON Schema of a recipe."""
    return msgspec.json.schema(Recipe)
