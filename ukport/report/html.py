"""One self-contained page of any number of results: no script, and nothing from the network."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ukport.report.result import Result

if TYPE_CHECKING:
    from jinja2 import Template

CONSOLE = 400  # lines of a console that the page has; the whole lies in its file
_WIDTH = 400  # characters of such a line
_LOG = 60  # lines of a build's output


@dataclass(frozen=True)
class Part:
    """A piece of a stacked bar."""

    label: str
    value: float


@dataclass(frozen=True)
class Bar:
    """A bar of a chart; ``low`` and ``high`` are its spread, ``parts`` what it is stacked from.

    ``note`` stands behind the bar in place of its value; ``tone`` is a verdict, for its colour.
    """

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    parts: tuple[Part, ...] = ()
    note: str = ""
    tone: str = ""
    link: str = ""


@dataclass(frozen=True)
class Chart:
    """Bars of one ``unit``."""

    title: str
    unit: str
    bars: tuple[Bar, ...]
    note: str = ""

    @property
    def most(self) -> float:
        """What the whole width stands for."""
        return max((max(bar.value, bar.high or 0.0) for bar in self.bars), default=0.0) or 1.0

    @property
    def legend(self) -> tuple[str, ...]:
        """The labels of the parts, in their order."""
        return tuple(dict.fromkeys(part.label for bar in self.bars for part in bar.parts))


@dataclass(frozen=True)
class Table:
    """Results by row and column; None where there is none."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Result | None, ...]], ...]


@dataclass(frozen=True)
class Page:
    """What is shown: ``notes`` are lines below the title, ``charts`` follow time and memory."""

    title: str
    results: tuple[Result, ...]
    table: Table | None = None
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()


def name_of(result: Result) -> str:
    """What was tried and where: ``mimalloc 2.1.9, paging, x86_64, 512 MiB``.

    With the accelerator where a matrix has several, so that no two cells have one name.
    """
    where = (result.configuration, result.architecture)
    memory = f"{result.memory} MiB" if result.memory else ""
    return ", ".join(filter(None, (result.what, *where, memory, result.compared)))


def title_of(result: Result) -> str:
    """The heading of a page of one result."""
    moved = f"{result.previous} → " if result.previous != result.version else ""
    return f"{result.recipe} {moved}{result.version}: {result.verdict.upper()}"


def anchor(result: Result) -> str:
    """Where in the page a result is."""
    return re.sub(r"[^a-z0-9]+", "-", f"cell {name_of(result)}".lower())


def render(page: Page) -> str:
    """The page as HTML."""
    return _template().render(
        page=page,
        counts=_counts(page.results),
        charts=(*standard_charts(page.results), *page.charts),
        changes=_changes(page.results),
        console=_console,
        log=_log,
    )


@cache
def _template() -> "Template":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ukport.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    environment.filters |= {"anchor": anchor, "name": name_of, "hex": hex, "slug": _slug}
    return environment.get_template("page.html.jinja")


def _slug(verdict: str) -> str:
    return verdict.replace(" ", "-")


def _counts(results: Iterable[Result]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for result in results:
        counts[result.verdict] = counts.get(result.verdict, 0) + 1
    return counts


def standard_charts(results: Sequence[Result]) -> tuple[Chart, ...]:
    """Time and memory of every result."""
    times = Chart(
        "Time",
        "s",
        tuple(
            Bar(
                name_of(r),
                sum(r.stages.values()),
                parts=tuple(Part(stage, seconds) for stage, seconds in r.stages.items()),
                link=anchor(r),
            )
            for r in results
            if r.stages
        ),
    )
    memory = Chart(
        "Memory",
        "MiB",
        tuple(
            Bar(name_of(r), r.host_memory, note=_memory(r), tone=r.verdict, link=anchor(r))
            for r in results
            if r.host_memory
        ),
        "The most that QEMU took of this machine's memory.",
    )
    return tuple(chart for chart in (times, memory) if chart.bars)


def _memory(result: Result) -> str:
    image = f", image {result.image_size / 1024:.0f} KiB" if result.image_size else ""
    return f"{result.host_memory} MiB for a guest of {result.memory}{image}"


def _changes(results: Iterable[Result]) -> tuple[Result, ...]:
    """One result for each version: its patches and glue are the same in every cell."""
    firsts: dict[tuple[str, str], Result] = {}
    for result in results:
        if result.patches or result.glue_changed:
            firsts.setdefault((result.recipe, result.version), result)
    return tuple(firsts.values())


def _console(result: Result) -> str:
    return _end(result.console, CONSOLE)


def _log(result: Result) -> str:
    return _end(result.build_log, _LOG)


def _end(text: str, most: int) -> str:
    """The last lines of a text, none of them endless."""
    lines = text.rstrip().split("\n")
    left = [f"… {len(lines) - most} lines before these"] if len(lines) > most else []
    shown = (line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…" for line in lines[-most:])
    return "\n".join([*left, *shown])
