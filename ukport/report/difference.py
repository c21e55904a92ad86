"""What changed between two versions of a library, for people and as JSON."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from ukport.errors import ExitCode
from ukport.symbols.difference import CameAndWent, Difference, Function, Touch, declaration

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

SCHEMA = "ukport.symbols-diff/1"
_KINDS = {"patch": "patches", "glue": "generated glue", "backend": "C code of ours"}


def to_json(found: Difference) -> str:
    """One document."""
    data = {"schema": SCHEMA, **msgspec.to_builtins(found)}
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode()


def code(found: Difference) -> ExitCode:
    """1 where something of ours is touched."""
    return ExitCode.FINDINGS if found.touches else ExitCode.OK


def table(found: Difference) -> Iterator["RenderableType"]:
    """What changed, then what of it touches ours."""
    from rich.text import Text

    yield Text(f"{_title(found)}: {_counts(found)}", style="bold")
    if found.backends[0] != found.backends[1]:
        yield Text(f"backend {found.backends[0]} → {found.backends[1]}", style="yellow")
    yield _functions(found)
    if found.functions.changed:
        yield Text("")
        yield _changed(found)
    yield Text("")
    yield _names(found)
    for kind, title in _KINDS.items():
        touches = [one for one in found.touches if one.kind == kind]
        if touches:
            yield Text(f"\nThis touches {title}:", style="bold")
            yield _touches(touches)
    if not found.touches:
        yield Text("\nNothing of ours is touched.", style="bold")


def _title(found: Difference) -> str:
    return f"{found.recipe} {found.version} → {found.other}, {found.library}"


def _counts(found: Difference) -> str:
    functions = found.functions
    counts = (
        (len(functions.added), "added"),
        (len(functions.removed), "removed"),
        (len(functions.changed), "with another signature"),
        (len(functions.moved), "moved"),
    )
    return ", ".join(
        f"{n} function{'s' * (n != 1)} {what}" if not i else f"{n} {what}"
        for i, (n, what) in enumerate(counts)
    )


def _functions(found: Difference) -> "RenderableType":
    shown = _table("functions", "file", "which")
    functions = found.functions
    for what, some in (("added", functions.added), ("removed", functions.removed)):
        for file, names in _by_file(some).items():
            shown.add_row(what, file, ", ".join(names))
    moves: dict[str, list[str]] = {}
    for moved in functions.moved:
        moves.setdefault(f"{moved.before} → {moved.after}", []).append(moved.name)
    for way, names in moves.items():
        shown.add_row("moved", way, ", ".join(names))
    return shown


def _changed(found: Difference) -> "RenderableType":
    """Both declarations of each function, as a diff has them."""
    shown = _table("changed in", "", "declaration")
    last = ""
    for one in sorted(found.functions.changed, key=lambda one: (one.file, one.name)):
        shown.add_row(one.file if one.file != last else "", "-", declaration(one.name, one.before))
        shown.add_row("", "+", declaration(one.name, one.after))
        last = one.file
    return shown


def _by_file(functions: Iterable[Function]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in sorted(functions, key=lambda one: (one.file, one.name)):
        found.setdefault(one.file, []).append(one.name)
    return found


def _names(found: Difference) -> "RenderableType":
    kinds: tuple[tuple[str, CameAndWent], ...] = (
        ("build options", found.options),
        ("macros asked for", found.settings),
        ("macros defined", found.macros),
        ("enumerators", found.enumerators),
    )
    shown = _table("", "came", "went")
    for title, names in kinds:
        if names.added or names.removed:
            came, went = ([one.name for one in some] for some in (names.added, names.removed))
            shown.add_row(title, ", ".join(came), ", ".join(went))
    return shown


def _touches(touches: Iterable[Touch]) -> "RenderableType":
    shown = _table("where", "what", "how")
    groups: dict[tuple[str, str], list[str]] = {}
    for one in touches:
        groups.setdefault((one.place, one.what), []).append(one.name)
    last = ""
    for (place, what), names in groups.items():
        shown.add_row("" if place == last else place, ", ".join(names), what)
        last = place
    return shown


def _table(*columns: str) -> "Table":
    from rich.table import Table

    shown = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        shown.add_column(column, overflow="fold")
    return shown
