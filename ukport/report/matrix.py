"""The results of many cells: as one document, joined from parts, and as a table; pure.

``schema`` changes when a field is removed or changes its meaning; fields may be added.
"""

from collections.abc import Sequence

import msgspec

from ukport.errors import UsageError
from ukport.report.html import Page, Table
from ukport.report.markdown import cell as escaped
from ukport.report.result import Result, to_builtins

SCHEMA = "ukport.matrix/1"


class MatrixResult(msgspec.Struct, frozen=True, kw_only=True):
    """A matrix, or the part ``i/n`` of it; ``seconds`` of wall time, of all parts together.

    ``kept`` of the cells are results of an earlier run, whose inputs were the same to the byte.
    ``missing`` are parts that were not joined.
    """

    schema: str = SCHEMA
    recipe: str
    part: str = ""
    cells: tuple[Result, ...]
    kept: int = 0
    seconds: float = 0.0
    cores: int = 0
    missing: tuple[str, ...] = ()
    report: str = ""

    @property
    def passed(self) -> bool:
        return not self.missing and all(cell.passed for cell in self.cells)


def to_json(matrix: MatrixResult) -> str:
    """One JSON document; consoles and logs stay in their files."""
    data = msgspec.to_builtins(matrix)
    data["cells"] = [to_builtins(cell) for cell in matrix.cells]
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode()


def from_json(text: bytes, name: str) -> MatrixResult:
    """Read what ``to_json`` wrote; UsageError naming the file ``name`` for anything else."""
    try:
        found = msgspec.json.decode(text, type=MatrixResult)
    except msgspec.DecodeError as error:
        raise UsageError(
            f"{name}: not the result of a matrix: {error}",
            "give the matrix.json files that ukport verify --matrix wrote",
        ) from None
    if found.schema != SCHEMA:
        raise UsageError(f"{name}: its schema is {found.schema!r}", f"{SCHEMA} is what is known")
    return found


def title(cell: Result) -> str:
    """What runs in a cell, and whether that is no Unikraft."""
    return ", ".join(filter(None, (cell.what, cell.elsewhere)))


Place = tuple[str, str, int, str]


def place(cell: Result) -> Place:
    """Where it runs."""
    return cell.architecture, cell.configuration, cell.memory, cell.compared


def join(parts: Sequence[MatrixResult]) -> MatrixResult:
    """One result of several parts of a matrix.

    Of a cell that comes twice the one that is not PASS counts. Raises UsageError where the parts
    are not of one recipe and one division.
    """
    names = {part.recipe for part in parts}
    divisions = {part.part.partition("/")[2] for part in parts}
    if len(names) != 1 or len(divisions) != 1:
        raise UsageError(
            f"these are not the parts of one matrix: recipes {', '.join(sorted(names)) or 'none'},"
            f" parts {', '.join(part.part or 'whole' for part in parts)}",
            "join the results of one ukport verify --matrix --shard i/n",
        )
    found: dict[tuple[object, ...], Result] = {}
    for cell in (cell for part in parts for cell in part.cells):
        key = (title(cell), *place(cell))
        if key not in found or found[key].passed:
            found[key] = cell
    count = int(divisions.pop() or 0)
    given = {part.part for part in parts}
    return MatrixResult(
        recipe=names.pop(),
        cells=tuple(found.values()),
        kept=sum(part.kept for part in parts),
        seconds=sum(part.seconds for part in parts),
        cores=max(part.cores for part in parts),
        missing=tuple(
            f"{at}/{count}" for at in range(1, count + 1) if f"{at}/{count}" not in given
        ),
    )


class Grid(msgspec.Struct, frozen=True):
    """Rows are what runs, columns where; ``at`` finds a cell, None where the matrix has none."""

    rows: tuple[str, ...]
    columns: tuple[Place, ...]
    cells: dict[tuple[str, Place], Result]

    def at(self, row: str, column: Place) -> Result | None:
        return self.cells.get((row, column))

    def heading(self, column: Place) -> str:
        """The names on the axes that have more than one point."""
        several = [len({c[axis] for c in self.columns}) > 1 for axis in range(4)]
        words = (column[1], column[0], f"{column[2]} MiB", column[3])
        keep = (several[1], several[0], several[2], several[3])
        return " ".join(word for word, kept in zip(words, keep, strict=True) if kept) or words[0]


def grid(matrix: MatrixResult) -> Grid:
    """The cells as a table, in their order."""
    return Grid(
        tuple(dict.fromkeys(title(cell) for cell in matrix.cells)),
        tuple(dict.fromkeys(place(cell) for cell in matrix.cells)),
        {(title(cell), place(cell)): cell for cell in matrix.cells},
    )


def summary(cell: Result | None) -> str:
    """``PASS 34/34``; where the tests were not reached, the verdict alone."""
    if cell is None:
        return "\N{EN DASH}"
    counted = f" {cell.tests_passed}/{cell.tests_planned}" if cell.tests_planned else ""
    least = f", {cell.least_memory} MiB" if cell.least_memory else ""
    return f"{cell.verdict.upper()}{counted}{least}"


def reasons(matrix: MatrixResult) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Why cells did not pass: each reason with the cells that give it."""
    found: dict[str, list[str]] = {}
    table = grid(matrix)
    for cell in matrix.cells:
        if not cell.passed:
            where = f"{title(cell)} {table.heading(place(cell))}"
            found.setdefault(_why(cell), []).append(where)
    return tuple((reason, tuple(cells)) for reason, cells in found.items())


def _why(cell: Result) -> str:
    """The line that says why, or all tests that failed."""
    failed = [test.name for test in cell.tests if not test.passed]
    return (
        f"tests failed: {'; '.join(failed)}" if cell.verdict == "fail" and failed else cell.reason
    )


def shortages(matrix: MatrixResult) -> tuple[tuple[str, str], ...]:
    """Why cells do not pass with a MiB less than their least, where that was looked for."""
    table = grid(matrix)
    several = len(table.columns) > 1
    return tuple(
        (f"{title(cell)}{f' {table.heading(place(cell))}' if several else ''}", cell.memory_below)
        for cell in matrix.cells
        if cell.memory_below
    )


def markdown(matrix: MatrixResult) -> str:
    """The table for a pull request, and under it why a cell did not pass."""
    table = grid(matrix)
    heads = [table.heading(column) for column in table.columns]
    rows = [["", *heads], ["-"] * (len(heads) + 1)]
    rows += [[row, *(summary(table.at(row, c)) for c in table.columns)] for row in table.rows]
    lines = [f"| {' | '.join(escaped(word) for word in row)} |" for row in rows]
    lines[1] = lines[1].replace(" ", "")
    passed = sum(cell.passed for cell in matrix.cells)
    head = f"{passed} of {len(matrix.cells)} cells passed, in {matrix.seconds:.0f} s"
    head += f", {matrix.kept} kept from an earlier run" if matrix.kept else ""
    lost = [f"\nMissing parts: {', '.join(matrix.missing)}."] if matrix.missing else []
    why = [f"- {escaped(reason)}: {', '.join(cells)}" for reason, cells in reasons(matrix)]
    why += [f"- {where}: {escaped(reason)}" for where, reason in shortages(matrix)]
    return "\n".join(
        [
            f"# {matrix.recipe}: matrix",
            "",
            f"{head}.",
            *lost,
            "",
            *lines,
            *([""] if why else []),
            *why,
            "",
        ]
    )


def page(matrix: MatrixResult) -> Page:
    """The HTML page: the table, then every cell."""
    table = grid(matrix)
    passed = sum(cell.passed for cell in matrix.cells)
    kept = f", {matrix.kept} kept from an earlier run" if matrix.kept else ""
    lost = (f"Missing parts: {', '.join(matrix.missing)}.",) if matrix.missing else ()
    return Page(
        title=f"{matrix.recipe}: {passed} of {len(matrix.cells)} cells passed",
        results=matrix.cells,
        table=Table(
            # A heading is broken between two axes, never within one.
            tuple(table.heading(c).replace(" MiB", "\N{NO-BREAK SPACE}MiB") for c in table.columns),
            tuple((row, tuple(table.at(row, c) for c in table.columns)) for row in table.rows),
        ),
        notes=(f"{matrix.seconds:.0f} s on {matrix.cores} cores{kept}.", *lost),
    )
