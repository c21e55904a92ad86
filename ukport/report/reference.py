"""The reference of recipes, made from their schema; pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def recipe(schema: Schema, texts: Mapping[str, str]) -> str:
    """Markdown: a table for each table of a recipe; ``texts`` names patterns."""
    names = {pattern: name for name, pattern in texts.items()}
    kinds: Mapping[str, Schema] = schema["$defs"]
    parts = ["## Reference\n\nMade by `ukport schema --markdown`; a test compares them.\n"]
    for kind, tables in _tables(schema).items():
        parts.append("\n".join(_section(kinds[kind], tables, names)) + "\n")
    rows = [f"| {name} | `` {_cell(_bare(pattern))} `` |" for name, pattern in texts.items()]
    parts.append("### Texts\n\n| | must match |\n|-|-|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _tables(schema: Schema) -> Mapping[str, list[str]]:
    """Each kind of table with the headings under which it stands, in the recipe's order."""
    found: dict[str, list[str]] = defaultdict(list)

    def walk(kind: str, heading: str) -> None:
        found[kind].append(heading)
        for name, value in schema["$defs"][kind]["properties"].items():
            path = f"{heading}.{name}".lstrip(".")
            for inner, shape in _references(value):
                walk(inner, shape.format(path))

    walk(_kind(schema["$ref"]), "")
    return found


def _references(value: Schema) -> Iterator[tuple[str, str]]:
    """The kinds of table that a field holds, and how they are written there."""
    if "$ref" in value:
        yield _kind(value["$ref"]), "{}"
    for one in value.get("anyOf", ()):
        yield from _references(one)
    for holder, shape in (("items", "{}[]"), ("additionalProperties", "{}.NAME")):
        if isinstance(inner := value.get(holder), dict):
            yield from ((kind, shape) for kind, _ in _references(inner))


def _kind(reference: str) -> str:
    return reference.rpartition("/")[2]


def _section(kind: Schema, tables: list[str], names: Mapping[str, str]) -> list[str]:
    shown = ", ".join(f"`{_heading(table)}`" for table in tables if table) or "Top of the file"
    told = " ".join(kind.get("description", "").replace("``", "`").split())
    lines = [f"### {shown}\n", f"{told}\n"] if told else [f"### {shown}\n"]
    lines += ["| field | holds | otherwise | |", "|-|-|-|-|"]
    for name, value in kind["properties"].items():
        without = "**needed**" if name in kind.get("required", ()) else _default(value)
        words = _cell(value.get("description", ""))
        lines.append(f"| `{name}` | {_holds(value, names)} | {without} | {words} |")
    return lines


def _heading(table: str) -> str:
    """As TOML writes it: ``[[a.b]]`` for a list of tables, ``[a.b]`` for one."""
    bare = table.replace("[]", "")
    return f"[[{bare}]]" if table.endswith("[]") else f"[{bare}]"


def _default(value: Schema) -> str:
    default = value.get("default")
    match default:
        case None | [] | {} | dict():
            return ""
        case bool():
            return str(default).lower()
    return f"`{default}`"


def _holds(value: Schema, names: Mapping[str, str]) -> str:
    match value:
        case {"anyOf": kinds}:
            some = [one for one in kinds if one.get("type") != "null"]
            return " or ".join(_holds(one, names) for one in some)
        case {"$ref": _}:
            return "table"
        case {"type": "array", "items": items}:
            inner = _holds(items, names)
            return "list of tables" if inner == "table" else f"list of {inner}"
        case {"type": "object", "additionalProperties": items}:
            key = names.get(value.get("propertyNames", {}).get("pattern", ""), "text")
            return f"table: {key} = {_holds(items, names)}"
    return _scalar(value, names)


def _scalar(value: Schema, names: Mapping[str, str]) -> str:
    match value:
        case {"minimum": low, "maximum": high}:
            return f"{low}" if low == high else f"{low} to {high}"
        case {"type": "boolean"}:
            return "true or false"
        case {"pattern": pattern}:
            return names.get(pattern) or f"`{_cell(_bare(pattern))}`"
    return "number" if value.get("type") == "integer" else "text"


def _bare(pattern: str) -> str:
    """A pattern without what holds it to the whole of a text."""
    return pattern.removeprefix("^(?:").removesuffix(r")$(?!\n)")


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
