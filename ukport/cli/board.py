"""A matrix in the terminal: what runs now, a line for each cell that ended, a table at the end."""

import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from ukport.cli.lines import say
from ukport.errors import ExitCode
from ukport.report.matrix import MatrixResult, grid, reasons, shortages, summary, to_json
from ukport.report.result import Result
from ukport.workflow.events import CellEvent, Finished, Planned, Working

_STYLES = {"pass": "green", "not run": "yellow"}
_NAME_WIDTH = 44


class Board:
    """``out`` gets lines and the table, or with ``json`` one document; ``progress`` what runs."""

    def __init__(self, out: Console, progress: Console, *, json: bool) -> None:
        self._out, self._json = out, json
        columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=20))
        self._live = Progress(
            *columns,
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=progress,
            transient=True,
            disable=not progress.is_terminal,
        )
        self._total = self._live.add_task("matrix", total=None)
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def tell(self, event: CellEvent) -> None:
        """From any thread."""
        with self._lock:
            match event:
                case Planned():
                    self._live.update(self._total, total=event.cells)
                case Working():
                    self._working(event)
                case Finished():
                    self._finished(event)

    def _working(self, event: Working) -> None:
        words = f"{event.cell}  {event.detail}".strip()[: max(30, self._live.console.width - 40)]
        if event.cell not in self._tasks:
            self._tasks[event.cell] = self._live.add_task(words, total=None)
        self._live.update(self._tasks[event.cell], description=words)

    def _finished(self, event: Finished) -> None:
        for name in (event.cell, ""):
            if name in self._tasks:
                self._live.remove_task(self._tasks.pop(name))
        self._live.advance(self._total)
        if self._json:
            return
        line = Text(f"{event.verdict.upper():<8}", style=_STYLES.get(event.verdict, "bold red"))
        line.append(f"{event.cell:<{_NAME_WIDTH}} {event.detail}", style="default")
        line.append("  kept" if event.kept else f"  {event.seconds:.1f} s", style="dim")
        say(self._out, line)

    def finish(
        self, matrix: MatrixResult, document: Callable[[MatrixResult], str] = to_json
    ) -> int:
        """The table, why cells did not pass, and the exit code; or ``document`` for a machine."""
        self._live.stop()
        if self._json:
            sys.stdout.write(f"{document(matrix)}\n")
        else:
            show(self._out, matrix)
        return ExitCode.OK if matrix.passed else ExitCode.FINDINGS


def show(out: Console, matrix: MatrixResult) -> None:
    """The table, and under it why cells did not pass."""
    cells = grid(matrix)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for column in cells.columns:
        table.add_column(cells.heading(column).replace(" ", "\n"), overflow="fold")
    for row in cells.rows:
        table.add_row(row, *(_marked(cells.at(row, column)) for column in cells.columns))
    out.print(table)
    for reason, names in reasons(matrix):
        say(out, Text(f"{reason}: {', '.join(names)}"))
    for where, reason in shortages(matrix):
        say(out, Text(f"{where}: {reason}"))
    if matrix.missing:
        out.print(Text(f"missing parts: {', '.join(matrix.missing)}", style="bold red"))
    passed = sum(cell.passed for cell in matrix.cells)
    line = Text(f"{matrix.recipe}: {passed} of {len(matrix.cells)} cells passed", style="bold")
    kept = f", {matrix.kept} kept from an earlier run" if matrix.kept else ""
    line.append(f", {matrix.seconds:.0f} s on {matrix.cores} cores{kept}", style="default")
    line.append(f"    report: {matrix.report}", style="dim")
    say(out, line)


def _marked(cell: Result | None) -> Text:
    style = "dim" if cell is None else _STYLES.get(cell.verdict, "bold red")
    return Text(summary(cell), style=style)
