"""Benchmarks as a chart, and as one HTML page with it: no script, nothing from the network."""

from collections.abc import Iterator
from functools import cache
from math import ceil, floor, log2
from typing import TYPE_CHECKING

import msgspec

from ukport.report.bench import (
    Bench,
    Case,
    Sample,
    failures,
    headline,
    limits,
    marks,
    measured,
    rule,
    scalings,
    sheets,
)
from ukport.verify.measure import Call
from ukport.verify.verdict import Kind

if TYPE_CHECKING:
    from jinja2 import Environment

_LEFT = 190  # px of the labels
_PLOT = 520  # px of the bars
_RIGHT = 150  # px of the figures
_BAR = 12  # px
_GAP = 10  # px between benchmarks
_TOP = 44  # px of the heading
_FOOT = 26  # px of the scale


class Mark(msgspec.Struct, frozen=True):
    """A bar from 1 to a ratio, its spread, its label and figure, all in pixels."""

    y: int
    start: float
    end: float
    low: float
    high: float
    tone: str
    label: str
    text: str


class Group(msgspec.Struct, frozen=True):
    """The bars of a benchmark before the band of its noise."""

    name: str
    y: int
    height: int
    low: float
    high: float
    marks: tuple[Mark, ...]


class Chart(msgspec.Struct, frozen=True):
    """Bars on a logarithmic scale: half the time is as far from 1 as twice the time."""

    title: str
    width: int
    height: int
    left: int
    plot: int
    foot: int
    one: float
    ticks: tuple[tuple[float, str], ...]
    groups: tuple[Group, ...]
    legend: str


def chart(bench: Bench) -> Chart:
    """Where everything in the chart of the times is; with several CPUs, in that of the scaling."""
    less, more = (marks(bench)[one] for one in (Call.LESS, Call.MORE))
    title = f"{measured(bench)} \N{DIVISION SIGN} {bench.against}: left of 1 is {less}"
    if bench.cpus > 1:
        title = f"{bench.cpus} CPUs over one: right of 1 is faster on all"
        bench = msgspec.structs.replace(
            bench, cases=tuple(_scaled(one, bench.cpus) for one in bench.cases)
        )
    scale = _Scale.of(bench)
    groups = tuple(_groups(bench, scale))
    foot = groups[-1].y + groups[-1].height + _GAP if groups else _TOP
    return Chart(
        title,
        _LEFT + _PLOT + _RIGHT,
        foot + _FOOT,
        _LEFT,
        _PLOT,
        foot,
        scale.at(1),
        tuple((scale.at(2.0**n), _power(n)) for n in range(scale.first, scale.last + 1)),
        groups,
        f"green: {less}, red: {more}, grey: within the noise",
    )


def _scaled(case: Case, cpus: int) -> Case:
    """The case with the scaling of each subject in the place of its ratio."""
    subjects = []
    for name, found in scalings(case, cpus).items():
        said = None if found is None else Call.LESS if found.median > 1 else Call.MORE
        verdict = str(Kind.PASS) if found else "no figure"
        subjects.append(Sample(name=name, verdict=verdict, ratio=found, call=said))
    return msgspec.structs.replace(case, subjects=tuple(subjects))


class _Scale(msgspec.Struct, frozen=True):
    """From 2^first to 2^last."""

    first: int
    last: int

    @classmethod
    def of(cls, bench: Bench) -> "_Scale":
        ends = [
            end
            for case in bench.cases
            for one in (case.noise, *case.subjects)
            if one.ratio
            for end in (one.ratio.low, one.ratio.high)
        ]
        least, most = min(ends, default=1.0), max(ends, default=1.0)
        return cls(min(-1, floor(log2(least))), max(1, ceil(log2(most))))

    def at(self, ratio: float) -> float:
        return _LEFT + _PLOT * (log2(ratio) - self.first) / (self.last - self.first)


def _power(n: int) -> str:
    return str(2**n) if n >= 0 else f"1/{2**-n}"


def _groups(bench: Bench, scale: _Scale) -> Iterator[Group]:
    y = _TOP
    for case in bench.cases:
        noise = case.noise.ratio
        low, high = (noise.low, noise.high) if noise else (1.0, 1.0)
        marks = tuple(_marks(case, y, scale))
        height = max(1, len(marks)) * _BAR
        yield Group(case.name, y, height, scale.at(low), scale.at(high), marks)
        y += height + _GAP


def _marks(case: Case, y: int, scale: _Scale) -> Iterator[Mark]:
    for at, one in enumerate(case.subjects):
        yield _mark(one, y + at * _BAR, scale)


def _mark(one: Sample, y: int, scale: _Scale) -> Mark:
    middle = scale.at(1)
    if one.ratio is None:
        return Mark(y, middle, middle, middle, middle, "lost", one.name, one.verdict.upper())
    spot, low, high = (scale.at(x) for x in (one.ratio.median, one.ratio.low, one.ratio.high))
    tone = str(one.call) if one.call else "few"
    figure = f"{one.ratio.median:.2f}"
    return Mark(y, min(spot, middle), max(spot, middle), low, high, tone, one.name, figure)


def svg(bench: Bench) -> str:
    """The chart alone, as a file that any browser or forge shows."""
    return _environment().get_template("bench.svg.jinja").render(chart=chart(bench))


def page(bench: Bench) -> str:
    """The chart, the tables, how to read them, and what they cannot show."""
    return (
        _environment()
        .get_template("bench.html.jinja")
        .render(
            bench=bench,
            chart=chart(bench),
            headline=headline(bench),
            rule=rule(bench),
            limits=limits(bench),
            sheets=sheets(bench),
            failures=failures(bench),
        )
    )


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("ukport.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
