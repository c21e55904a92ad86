"""Reading a recipe: every error names the file, the line, the field and what was expected."""

import itertools
import re
import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec

from ukport.errors import UsageError
from ukport.recipe import check, files, pattern
from ukport.recipe.error import RecipeError
from ukport.recipe.model import Recipe

RECIPE = "recipe.toml"


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
    files.refuse_links(project, path)
    raw = path.read_bytes()
    recipe = parse(raw, path.relative_to(project))
    if recipe.name != name:
        raise RecipeError(
            f"{path.relative_to(project)}: name: expected {name!r}, the folder's name,"
            f" not {recipe.name!r}"
        )
    glue, test, bench = (files.paths(project, name, part) for part in ("glue", "test", "bench"))
    for keys, what in check.missing_files(recipe, glue, test, (*test, *bench)):
        raise _at(raw.decode(), list(keys), what, path.relative_to(project))
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
        recipe = msgspec.convert(data, Recipe)
    except msgspec.ValidationError as error:
        raise _explain(text, data, str(error), path) from None
    for keys, wrong in check.inconsistencies(recipe):
        raise _at(text, list(keys), wrong, path)
    return recipe


def _explain(text: str, data: dict[str, Any], message: str, path: Path) -> RecipeError:
    """msgspec's ``Expected … - at `$.glue.flags[0]``` with the line of the file."""
    what, _, where = message.partition(" - at `")
    keys: list[str | int] = []
    for name, index in re.findall(r"\.([A-Za-z_][\w-]*)|\[(\d+|\.\.\.)\]", where):
        key = _rejected(data, keys, message) if index == "..." else name or int(index)
        keys += [] if key is None else [key]
    if where.startswith("key`"):
        key = _rejected(data, keys, message)
        keys += [] if key is None else [key]
    unknown = re.search(r"(?:unknown|required) field `([^`]+)`", what)
    return _at(text, [*keys, unknown[1]] if unknown else keys, what, path)


def _rejected(data: dict[str, Any], keys: list[str | int], message: str) -> str | None:
    """msgspec does not say which key of a table it rejects: each is tried alone."""
    for name in _value(data, keys):
        tried = deepcopy(data)
        table = _value(tried, keys)
        for other in [key for key in table if key != name]:
            del table[other]
        try:
            msgspec.convert(tried, Recipe)
        except msgspec.ValidationError as error:
            if str(error) == message:
                return str(name)
    return None


def _value(data: Any, keys: list[str | int]) -> Any:  # noqa: ANN401 - whatever TOML holds
    for key in keys:
        data = data[key]
    return data


def _at(text: str, keys: list[str | int], what: str, path: Path) -> RecipeError:
    line = line_of(text, keys)
    shown = "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in keys).lstrip(".")
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


def extend(text: str, keys: tuple[str, ...], words: tuple[str, ...]) -> str:
    """The recipe's text with more words in a list, which may not be there yet."""
    import tomlkit
    from tomlkit.items import AoT, Table

    document: Any = tomlkit.parse(text)
    holder = document
    for key in keys[:-1]:
        holder = holder[key]
    if keys[-1] in holder:
        holder[keys[-1]].extend(words)
        return tomlkit.dumps(document)
    # It goes behind the table's last own field: comments below that are about the next table.
    own = itertools.takewhile(lambda one: not isinstance(one[1], Table | AoT), holder.value.body)
    key, last = [one for one in own if one[0] is not None][-1]
    trivia = last.trivia
    line = f"{key.as_string()}{key.sep}{last.as_string()}{trivia.comment_ws}{trivia.comment}\n"
    at = text.index(line, text.index(f"[{'.'.join(keys[:-1])}]")) + len(line)
    return f"{text[:at]}{keys[-1]} = {tomlkit.item(list(words)).as_string()}\n{text[at:]}"


def schema() -> dict[str, Any]:
    """The JSON Schema of a recipe, with what each field means."""
    from ukport.recipe.words import WORDS

    made = msgspec.json.schema(Recipe)
    for kind, told in made["$defs"].items():
        for name, field in told["properties"].items():
            if words := WORDS.get(kind, {}).get(name):
                field["description"] = words
    return made


def texts() -> dict[str, str]:
    """The pattern of each kind of text that the model names, as in its schema."""
    found = {}
    for name, kind in vars(pattern).items():
        metas = getattr(kind, "__metadata__", ())
        if shape := next((meta.pattern for meta in metas if meta.pattern), None):
            found[name] = shape
    return found
