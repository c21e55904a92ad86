"""A sweep over upstream's releases as a table: one row a version; pure.

``schema`` changes when a field is removed or changes its meaning; fields may be added.
"""

from collections.abc import Sequence
from itertools import groupby

import msgspec

from ukport.report.markdown import cell as escaped
from ukport.report.matrix import MatrixResult
from ukport.report.result import Result

SCHEMA = "ukport.sweep/1"
_FIXED = ("version", "verdict", "tests", "backend", "patches", "hunks", "sources", "build")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One release; ``build`` in seconds, ``least_memory`` in MiB, 0 where nobody looked for it.

    Where it was tried with several sizes of memory the verdict is that of the largest, and
    ``least_memory`` the smallest of them that passed.
    ``adjusted`` are patches, and ``merged`` hunks, that had to change on the way to this version,
    ``landed`` patches that upstream has by now. ``added`` and ``removed`` are sources against the
    row before.
    """

    version: str
    verdict: str
    reason: str
    backend: str
    tests_passed: int
    tests_planned: int
    patches: int
    adjusted: int
    landed: int
    hunks: int
    merged: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    build: float
    least_memory: int = 0
    report: str = ""

    @property
    def passed(self) -> bool:
        return self.verdict == "pass"


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """All releases in upstream's order; ``seconds`` of wall time, ``kept`` from an earlier run."""

    schema: str = SCHEMA
    recipe: str
    rows: tuple[Row, ...]
    kept: int = 0
    seconds: float = 0.0
    report: str = ""

    @property
    def passed(self) -> bool:
        return all(row.passed for row in self.rows)


def sweep_of(matrix: MatrixResult) -> Sweep:
    """The rows of a matrix whose cells are releases in their order, with each size of memory."""
    rows, before, sizes = [], None, 1
    for _, same in groupby(matrix.cells, key=lambda cell: cell.version):
        cells = tuple(same)
        row = _row(max(cells, key=lambda cell: cell.memory), before)
        if len(cells) > 1:
            passed = [cell.memory for cell in cells if cell.passed]
            build = sum(cell.stages.get("build", 0.0) for cell in cells)
            row = msgspec.structs.replace(row, build=build, least_memory=min(passed, default=0))
        rows.append(row)
        before, sizes = cells[0].sources or before, len(cells)
    return Sweep(
        recipe=matrix.recipe,
        rows=tuple(rows),
        kept=matrix.kept // sizes,
        seconds=matrix.seconds,
    )


def _row(cell: Result, before: Sequence[str] | None) -> Row:
    known = cell.sources if before is None else before
    outcomes = [patch.outcome for patch in cell.patches]
    return Row(
        version=cell.version,
        verdict=cell.verdict,
        reason="" if cell.passed else cell.reason,
        backend=cell.backend,
        tests_passed=cell.tests_passed,
        tests_planned=cell.tests_planned,
        patches=len(outcomes),
        adjusted=outcomes.count("adjusted"),
        landed=outcomes.count("upstreamed"),
        hunks=sum(patch.hunks for patch in cell.patches),
        merged=sum(patch.merged for patch in cell.patches),
        added=tuple(s for s in cell.sources if s not in known),
        removed=tuple(s for s in known if cell.sources and s not in cell.sources),
        build=cell.stages.get("build", 0.0),
        least_memory=cell.least_memory or 0,
        report=cell.report,
    )


def heads(sweep: Sweep) -> tuple[str, ...]:
    """The columns; the last one only where somebody looked for it."""
    least = ("least MiB",) if any(row.least_memory for row in sweep.rows) else ()
    return (*_FIXED, *least)


def words(sweep: Sweep, row: Row) -> tuple[str, ...]:
    """A row's cells, under ``heads``."""
    changed = [f"{row.adjusted} adjusted"] * bool(row.adjusted)
    changed += [f"{row.landed} landed"] * bool(row.landed)
    moved = [f"+{len(row.added)}"] * bool(row.added) + [f"\N{MINUS SIGN}{len(row.removed)}"] * bool(
        row.removed
    )
    least = (str(row.least_memory or ""),) if len(heads(sweep)) > len(_FIXED) else ()
    return (
        row.version,
        row.verdict.upper(),
        f"{row.tests_passed}/{row.tests_planned}" if row.tests_planned else "",
        row.backend,
        ", ".join([str(row.patches), *changed]) if row.patches else "",
        f"{row.hunks}, {row.merged} merged" if row.merged else str(row.hunks or ""),
        " ".join(moved),
        f"{row.build:.0f} s" if row.build else "",
        *least,
    )


def headline(sweep: Sweep) -> str:
    """``83 of 84 releases passed, in 1520 s, 12 kept from an earlier run``."""
    passed = sum(row.passed for row in sweep.rows)
    kept = f", {sweep.kept} kept from an earlier run" if sweep.kept else ""
    return f"{passed} of {len(sweep.rows)} releases passed, in {sweep.seconds:.0f} s{kept}"


def to_json(sweep: Sweep) -> str:
    """One JSON document."""
    return msgspec.json.format(msgspec.json.encode(sweep), indent=2).decode()


def markdown(sweep: Sweep) -> str:
    """The table, and under it why a release did not pass."""
    lines = [list(heads(sweep)), ["-"] * len(heads(sweep))]
    lines += [list(words(sweep, row)) for row in sweep.rows]
    table = [f"| {' | '.join(escaped(word) for word in line)} |" for line in lines]
    table[1] = table[1].replace(" ", "")
    why = [f"- {row.version}: {escaped(row.reason)}" for row in sweep.rows if not row.passed]
    head = [f"# {sweep.recipe}: every release", "", f"{headline(sweep)}.", ""]
    return "\n".join([*head, *table, *([""] if why else []), *why, ""])


def page(sweep: Sweep) -> str:
    """The same as one HTML page of its own, with the reports of the versions linked."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ukport.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    rows = [(row, words(sweep, row)) for row in sweep.rows]
    return environment.get_template("sweep.html.jinja").render(
        sweep=sweep, heads=heads(sweep), rows=rows, headline=headline(sweep)
    )
