"""What people see: a line a stage, tables, a spinner where stderr is a terminal."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ukport.cli.lines import say
from ukport.errors import ExitCode, UsageError
from ukport.report import compare
from ukport.report.explained import brief
from ukport.report.findings import clean
from ukport.report.result import Result, to_json
from ukport.workflow.events import Ended, Event

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ukport.cli.board import Board
    from ukport.report.bench import Bench
    from ukport.report.ci import Job
    from ukport.report.sweep import Sweep
    from ukport.workflow.bundle import Bundled
    from ukport.workflow.doctor import Finding
    from ukport.workflow.fetch import Fetched
    from ukport.workflow.list import Listed
    from ukport.workflow.new import Found
    from ukport.workflow.pending import Waiting

_STAGE_WIDTH = 10
_LINE_WIDTH = 100
_STYLES = {True: "bold green", False: "bold red"}


class Screen:
    """Stdout for what was asked, stderr for progress; with ``json`` one document on stdout."""

    def __init__(self, *, json: bool, color: str) -> None:
        self._json = json
        self._out = console(color)
        self._progress = console(color, stderr=True)
        self._live: Progress | None = None

    @property
    def out(self) -> Console:
        """Where what was asked for is printed."""
        return self._out

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._still()

    def _still(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def tell(self, event: Event) -> None:
        """A stage that runs is a spinner with its time, one that has ended is a line."""
        if isinstance(event, Ended):
            self._still()
            if not self._json:
                self._stage(event.stage, event.detail, event.seconds)
        elif self._progress.is_terminal:
            self._spin(f"{event.stage:<{_STAGE_WIDTH}}{event.detail}")

    def _spin(self, words: str) -> None:
        if self._live is None:
            columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False))
            self._live = Progress(
                *columns, TimeElapsedColumn(), console=self._progress, transient=True
            )
            self._live.add_task(words, total=None)
            self._live.start()
        else:
            self._live.update(self._live.task_ids[0], description=words)

    def _stage(self, stage: str, detail: str, seconds: float) -> None:
        """Name, detail and time in columns; on a narrow terminal the detail wraps in its own."""
        from textwrap import wrap

        width = min(self._out.width, _LINE_WIDTH) if self._out.is_terminal else _LINE_WIDTH
        time = f"{seconds:.1f} s"
        room = max(20, width - _STAGE_WIDTH - len(time) - 2)
        first, *more = wrap(detail, room) if self._out.is_terminal and detail else [detail]
        line = Text(f"{stage:<{_STAGE_WIDTH}}", style="cyan")
        line.append(f"{first:<{room}}  ", style="default").append(time, style="dim")
        line.append("".join(f"\n{'':<{_STAGE_WIDTH}}{part}" for part in more), style="default")
        self._out.print(line, soft_wrap=True)

    def put(self, *shown: "RenderableType") -> None:
        """Print tables and lines as they are."""
        self._still()
        for one in shown:
            self._out.print(one, soft_wrap=isinstance(one, Text))

    def finish(self, result: Result, document: Callable[[Result], str] = to_json) -> int:
        """The verdict, or ``document`` for a machine, and the exit code that goes with it."""
        if self._json:
            self._document(document(result))
        else:
            self._verdict(result)
        return ExitCode.OK if result.passed else ExitCode.FINDINGS

    def _verdict(self, result: Result) -> None:
        moved = f"{result.previous} → " if result.previous != result.version else ""
        variant = f" ({result.variant})" if result.variant else ""
        line = Text(f"{result.recipe} {moved}{result.version}{variant}: ", style="bold")
        line.append(result.verdict.upper(), style=_STYLES[result.passed])
        if not result.passed:
            line.append(f": {result.reason}", style="default")
        if result.report:
            line.append(f"    report: {near(result.report)}", style="dim")
        say(self._out, line)
        if result.elsewhere:
            self._out.print(Text(f"  {result.elsewhere}", style="bold yellow"))
        for text in brief(result.explanation) if result.explanation else ():
            say(self._out, Text(f"  {clean(text)}", style="dim"))
        if result.hint and not result.explanation:
            say(self._out, Text(f"  → {clean(result.hint)}", style="dim"))
        if result.baseline:
            say(self._out, Text(f"  against {compare.told(result.baseline)}"))
        for path in result.written:
            say(self._out, Text(f"  written {path}", style="dim"))

    def finish_paths(self, what: str, lines: Sequence[str]) -> int:
        """What a command did, a line each."""
        if self._json:
            self._plain(f"ukport.{what}/1", what, lines)
        for line in lines if not self._json else ():
            say(self._out, Text(f"{what}: {line}"))
        return ExitCode.OK

    def timings(self, result: Result) -> None:
        """Where the time went, and the build's in turn, as parts of the whole."""
        table = _table("", "seconds", "part")
        rest = result.seconds - sum(result.stages.values())
        for stage, spent in {**result.stages, "the rest": rest}.items():
            parts = result.timings.items() if stage == "build" else ()
            for name, seconds in ((stage, spent), *((f"  {part}", took) for part, took in parts)):
                table.add_row(name, f"{seconds:.2f}", f"{seconds / result.seconds:.0%}")
        self._out.print(table)

    def finish_jobs(self, jobs: "Sequence[Job]") -> int:
        """The cells of a matrix, by the part of it that they are in."""
        if self._json:
            self._plain("ukport.jobs/1", "jobs", jobs)
            return ExitCode.OK
        table = _table("part", "cells", "which")
        for job in jobs:
            table.add_row(job.part, str(len(job.cells)), "\n".join(job.cells))
        self._out.print(table)
        return ExitCode.OK

    def finish_sweep(self, sweep: "Sweep") -> int:
        """A row for each release, why some did not pass, and the exit code."""
        from ukport.report import sweep as table

        if self._json:
            self._document(table.to_json(sweep))
            return ExitCode.OK if sweep.passed else ExitCode.FINDINGS
        shown = _table(*table.heads(sweep))
        for row in sweep.rows:
            _, verdict, *rest = table.words(sweep, row)
            shown.add_row(row.version, Text(verdict, style=_STYLES[row.passed]), *rest)
        self._out.print(shown)
        for row in sweep.rows:
            if not row.passed:
                say(self._out, Text(f"{row.version}: {row.reason}"))
        line = Text(f"{sweep.recipe}: {table.headline(sweep)}", style="bold")
        line.append(f"    report: {near(sweep.report)}", style="dim")
        say(self._out, line)
        return ExitCode.OK if sweep.passed else ExitCode.FINDINGS

    def board(self) -> "Board":
        """For a matrix: many cells at the same time."""
        from ukport.cli.board import Board

        return Board(self._out, self._progress, json=self._json)

    def finish_status(self, waiting: "Waiting | None", folder: Path) -> int:
        """What waits, and how to go on; 3 where something does."""
        if self._json:
            keys = ("recipe", "version", "tree", "patch", "reason")
            told = {key: getattr(waiting, key) for key in keys} if waiting else None
            self._plain("ukport.status/1", "waiting", told)
        elif waiting is None:
            self._out.print("nothing is waiting")
        else:
            head = f"the upgrade of {waiting.recipe} to {waiting.version} waits:"
            say(self._out, Text(f"{head}\n{waiting.reason}\n"))
            self._out.print(Text(f"resolve it in {near(str(folder))}, then run:"))
            self._out.print("ukport upgrade --continue  (or --skip the patch, or --abort)")
        return ExitCode.CONFLICT if waiting else ExitCode.OK

    def finish_fetch(self, fetched: Sequence["Fetched"]) -> int:
        """The trees of every recipe with their commits."""
        if self._json:
            self._plain("ukport.fetch/1", "recipes", fetched)
            return ExitCode.OK
        table = _table("recipe", "tree", "tag", "commit", "sha256")
        for one in fetched:
            for tree in one.lock.trees:
                table.add_row(
                    one.recipe, tree.name, tree.tag[:16], tree.commit[:12], tree.sha256[:16]
                )
        self._out.print(table)
        return ExitCode.OK

    def finish_bundle(self, bundled: "Bundled") -> int:
        """What lies in the bundle, and how to use it."""
        path = str(bundled.path)
        if self._json:
            told = {
                "path": path,
                "size": bundled.size,
                "newest": bundled.newest,
                "members": bundled.manifest.members,
            }
            self._plain("ukport.bundle/1", "bundle", told)
            return ExitCode.OK
        table = _table("address", "MB", "sha256")
        for one in bundled.manifest.members:
            table.add_row(one.url, f"{one.size / 1e6:.1f}", one.sha256[:16])
        self._out.print(table)
        recipe = bundled.manifest.recipe
        line = f"use it: ukport upgrade {recipe} --to VERSION --bundle {path}"
        say(self._out, Text(line))
        return ExitCode.OK

    def finish_rows(
        self, schema: str, items: Sequence[object], rows: Sequence[Sequence[str]], *columns: str
    ) -> int:
        """``items`` for machines under the schema's name, as ``rows`` of a table for people."""
        if self._json:
            self._plain(f"ukport.{schema}/1", schema, items)
            return ExitCode.OK
        table = _table(*columns)
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._out.print(table)
        return ExitCode.OK

    def note(self, text: str) -> None:
        """A line for people, beside what was asked for."""
        if not self._json:
            say(self._out, Text(text))

    def finish_bench(self, bench: "Bench", document: Callable[["Bench"], str]) -> int:
        """A table a measure, a line a subject, what failed; 1 where something did."""
        from ukport.report.bench import failures, headline, limits, rule, sheets, summary

        if self._json:
            self._document(document(bench))
            return ExitCode.OK if bench.passed else ExitCode.FINDINGS
        # A cell with its quartiles has 23 characters.
        room = 23 * (len(bench.names) + 1) + 24
        for sheet in sheets(bench, brief=self._out.width < room):
            self.put(Text(sheet.title, style="bold").append(f"  {sheet.note}", style="dim"))
            table = _table(*sheet.heads)
            for row in sheet.rows:
                table.add_row(*(_called(word) for word in row))
            self.put(table, Text(""))
        for name, one in failures(bench):
            line = f"{name or 'build'}, {one.name}: {one.verdict.upper()}: {one.reason}"
            self.put(Text(line, style="bold red"))
        for line in (rule(bench), *limits(bench)):
            self.put(Text(line, style="dim"))
        for line in summary(bench):
            self.put(Text(line))
        last = Text(f"{bench.recipe}: ", style="bold").append(headline(bench), style="default")
        self.put(last.append(f"    report: {near(bench.report)}", style="dim"))
        return ExitCode.OK if bench.passed else ExitCode.FINDINGS

    def finish_list(self, listed: Sequence["Listed"]) -> int:
        """The recipes."""
        if self._json:
            self._plain("ukport.list/1", "recipes", listed)
            return ExitCode.OK
        table = _table("recipe", "version", "core", "backends", "upstream")
        for one in listed:
            table.add_row(one.name, one.version, one.core, "\n".join(one.backends), one.upstream)
        self._out.print(table)
        return ExitCode.OK

    def finish_new(self, found: "Found") -> int:
        """What is proposed, what is left to a person, and how it booted; 1 where it did not."""
        from ukport.report.new import document, lines

        if self._json:
            self._document(document(found.summary))
        else:
            for line in lines(found.summary):
                say(self._out, Text(line))
            if found.result:
                self._verdict(found.result)
        return ExitCode.OK if found.result is None or found.result.passed else ExitCode.FINDINGS

    def finish_doctor(self, findings: tuple["Finding", ...]) -> int:
        """What is there and what is missing; 4 where something is."""
        from ukport.workflow.doctor import install_line

        if self._json:
            self._plain("ukport.doctor/1", "findings", findings)
        else:
            table = _table("", "program", "found", "what for")
            for one in findings:
                word = "ok" if one.ok else "extra" if one.extra else "missing"
                mark = Text(word, style="default" if word == "extra" else _STYLES[one.ok])
                table.add_row(mark, one.name, one.found, one.purpose)
            self._out.print(table)
            line, more = install_line(findings), install_line(findings, extra=True)
            if line:
                text = f"install what is missing, or say --install: {line}"
                say(self._out, Text(text))
            elif all(one.ok or one.extra for one in findings):
                self._out.print("all is there that is needed")
            if more:
                say(self._out, Text(f"extras: {more}"))
        return ExitCode.OK if all(one.ok or one.extra for one in findings) else ExitCode.MISSING

    def _plain(self, schema: str, key: str, items: object) -> None:
        data = {"schema": schema, key: msgspec.to_builtins(items)}
        self._document(msgspec.json.format(msgspec.json.encode(data), indent=2).decode())

    def _document(self, text: str) -> None:
        self._still()
        sys.stdout.write(f"{text}\n")


def console(color: str, *, stderr: bool = False) -> Console:
    """A console that colours as ``--color`` says; UsageError for another word."""
    if color not in ("auto", "always", "never"):
        raise UsageError(f"--color {color}: not known", "use auto, always or never")
    if color == "always":
        return Console(force_terminal=True, highlight=False, stderr=stderr)
    plain = True if color == "never" else None
    return Console(no_color=plain, highlight=False, stderr=stderr)


def _called(word: str) -> Text:
    """A cell of a benchmark in the colour of what is said of it."""
    styles = {"faster": "green", "fewer": "green", "slower": "red", "more": "red"}
    styles |= dict.fromkeys(("noise", "few", "short"), "dim")
    verdicts = ("FAIL", "CRASH", "HANG", "OOM", "BUILD", "NOT RUN")
    style = "bold red" if word in verdicts else styles.get(word.rpartition(" ")[2], "")
    return Text(word, style=style)


def near(path: str) -> str:
    """A path as short as it can be from here."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
