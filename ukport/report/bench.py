"""Benchmarks as ratios to a baseline, measured in rounds: as one document and as tables; pure.

``schema`` changes when a field is removed or changes its meaning; fields may be added.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from statistics import median

import msgspec

from ukport.report.markdown import cell as escaped
from ukport.report.scaling import of, on, scaling
from ukport.verify.measure import FEWEST, SHORTEST, SIGNIFICANT, Call, Spread, call, spread

SCHEMA = "ukport.bench/1"
ITSELF = "itself"


class Clock(StrEnum):
    """What the rounds count: QEMU's time on a processor, the guest's own, or its instructions."""

    PROCESSOR = "processor time"
    GUEST = "the guest's clock"
    INSTRUCTIONS = "instructions"


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One subject under one benchmark: a boot a round.

    ``times`` in nanoseconds of the emulator's processor time, or whatever the benchmark's clock
    counts; ``ratios`` those over the baseline's of the same round. ``spent`` are nanoseconds where
    the clock counts instructions. ``instructions`` are of a boot whose clock counts them, 0 where
    there was none. ``peak`` is the most memory that was taken from the guest's, in MiB, 0 where it
    does not tell.
    """

    name: str
    verdict: str
    reason: str = ""
    times: tuple[int, ...] = ()
    ratios: tuple[float, ...] = ()
    ratio: Spread | None = None
    call: Call | None = None
    spent: tuple[int, ...] = ()
    instructions: int = 0
    peak: float = 0.0

    @property
    def passed(self) -> bool:
        return self.verdict == "pass"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A benchmark: the baseline, the baseline once more, which is the noise, and the others."""

    name: str
    arguments: tuple[str, ...]
    about: str
    baseline: Sample
    noise: Sample
    subjects: tuple[Sample, ...]

    @property
    def samples(self) -> tuple[Sample, ...]:
        return (self.baseline, self.noise, *self.subjects)


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """All benchmarks; ``memory`` of the guest in MiB, ``seconds`` of wall time.

    ``kept`` boots are of an earlier run, ``repeated`` ones stand for such as did not come to their
    end. With several ``cpus`` each subject is there twice, on one
    and on all of them.
    """

    schema: str = SCHEMA
    recipe: str
    against: str
    runs: int
    memory: int
    platform: str
    accelerator: str
    emulator: str
    cases: tuple[Case, ...]
    clock: Clock = Clock.PROCESSOR
    failed: tuple[Sample, ...] = ()
    cpus: int = 1
    boots: int = 0
    repeated: int = 0
    kept: int = 0
    seconds: float = 0.0
    report: str = ""

    @property
    def passed(self) -> bool:
        """Whether every benchmark came to its end; being slow is no failure."""
        samples = (one for case in self.cases for one in case.samples)
        return not self.failed and all(one.passed for one in samples)

    @property
    def names(self) -> tuple[str, ...]:
        """The subjects, in their order."""
        return tuple(one.name for one in self.cases[0].subjects) if self.cases else ()


def compared(sample: Sample, baseline: Sample, noise: Sample | None) -> Sample:
    """The sample with its ratios to ``baseline``, called against those of ``noise``."""
    pairs = zip(sample.times, baseline.times, strict=False)
    ratios = tuple(mine / theirs for mine, theirs in pairs if theirs)
    if not (sample.passed and baseline.passed and ratios):
        return sample
    said = call(ratios, noise.ratios) if noise else None
    if said and median(baseline.times) < SHORTEST:
        said = Call.SHORT
    return msgspec.structs.replace(sample, ratios=ratios, ratio=spread(ratios), call=said)


def to_json(bench: Bench) -> str:
    """One JSON document."""
    return msgspec.json.format(msgspec.json.encode(bench), indent=2).decode()


class Sheet(msgspec.Struct, frozen=True):
    """One measure of all benchmarks: a row a benchmark, a column a subject."""

    title: str
    note: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


_MARKS = {
    Call.LESS: "faster",
    Call.MORE: "slower",
    Call.NOISE: "noise",
    Call.FEW: "too few",
    Call.SHORT: "too short",
}
_COUNTS = {**_MARKS, Call.LESS: "fewer", Call.MORE: "more"}


def marks(bench: Bench) -> Mapping[Call, str]:
    """What is said of a ratio."""
    return _COUNTS if bench.clock is Clock.INSTRUCTIONS else _MARKS


def sheets(bench: Bench, *, brief: bool = False) -> tuple[Sheet, ...]:
    """Time, and instructions and memory where they were measured; ``brief`` without quartiles."""
    against, less = bench.against, marks(bench)[Call.LESS]
    time = Sheet(
        f"{measured(bench)} \N{DIVISION SIGN} {against}",
        f"median of the rounds{'' if brief else ' (quartiles)'}; below 1 is {less}",
        ("benchmark", *bench.names, f"{against} itself"),
        tuple(
            (case.name, *(_time(bench, s, brief=brief) for s in (*case.subjects, case.noise)))
            for case in bench.cases
        ),
    )
    counted = Sheet(
        f"Instructions \N{DIVISION SIGN} {against}",
        "of one boot each, counted by the emulator",
        ("benchmark", *bench.names),
        tuple(
            (
                case.name,
                *(_over(s, case.baseline, lambda one: one.instructions) for s in case.subjects),
            )
            for case in bench.cases
        ),
    )
    peak = Sheet(
        "Peak memory, MiB",
        "taken of the whole guest: its memory less what the allocator had left at the least",
        ("benchmark", *bench.names, against),
        tuple(
            (case.name, *(_peak(one) for one in (*case.subjects, case.baseline)))
            for case in bench.cases
        ),
    )
    return tuple(
        sheet
        for sheet in (*_scaling(bench), time, _spent(bench), counted, peak)
        if any(word not in ("", _NONE) for row in sheet.rows for word in row[1:])
    )


def measured(bench: Bench) -> str:
    """What the ratios are of, as a heading."""
    return "Instructions" if bench.clock is Clock.INSTRUCTIONS else "Time"


def _spent(bench: Bench) -> Sheet:
    return Sheet(
        f"Processor time \N{DIVISION SIGN} {bench.against}",
        "of QEMU between the same marks, while it counted; median of the rounds (quartiles)",
        ("benchmark", *bench.names, f"{bench.against} itself"),
        tuple(
            (case.name, *(_over_rounds(one, case.baseline) for one in (*case.subjects, case.noise)))
            for case in bench.cases
        ),
    )


def _over_rounds(sample: Sample, baseline: Sample) -> str:
    pairs = zip(sample.spent, baseline.spent, strict=False)
    ratios = [mine / theirs for mine, theirs in pairs if theirs]
    return ratio_of(spread(ratios)) if ratios and sample.passed else _NONE


def _scaling(bench: Bench) -> Iterator[Sheet]:
    """The figure that several CPUs are about."""
    if bench.cpus == 1 or not bench.cases:
        return
    yield Sheet(
        f"Scaling: {bench.cpus} CPUs over one",
        f"the same work; median of the rounds (quartiles); no more than {bench.cpus} can be had",
        ("benchmark", *scalings(bench.cases[0], bench.cpus)),
        tuple(
            (
                case.name,
                *(ratio_of(one) if one else _NONE for one in scalings(case, bench.cpus).values()),
            )
            for case in bench.cases
        ),
    )


def scalings(case: Case, cpus: int) -> dict[str, Spread | None]:
    """The time on one CPU over that on all, by the subject's name without its CPUs."""
    subjects = (case.baseline, *case.subjects)
    times = {one.name: one.times for one in subjects if one.passed}
    return {
        name: scaling(times.get(on(name, 1), ()), times.get(on(name, cpus), ()))
        for one in subjects
        if (name := of(one.name))
    }


_NONE = "\N{EN DASH}"


def _time(bench: Bench, sample: Sample, *, brief: bool) -> str:
    if not sample.passed:
        return sample.verdict.upper()
    if sample.ratio is None:
        return _NONE
    mark = f" {marks(bench)[sample.call]}" if sample.call else ""
    return f"{sample.ratio.median:.2f}{mark}" if brief else f"{ratio_of(sample.ratio)}{mark}"


def ratio_of(one: Spread) -> str:
    """``0.81 (0.79\N{EN DASH}0.84)``."""
    return f"{one.median:.2f} ({one.low:.2f}\N{EN DASH}{one.high:.2f})"


def _over(sample: Sample, baseline: Sample, measure: Callable[[Sample], int]) -> str:
    mine, theirs = measure(sample), measure(baseline)
    return f"{mine / theirs:.2f}" if mine and theirs else _NONE


def _peak(sample: Sample) -> str:
    return f"{sample.peak:.1f}" if sample.peak else _NONE


def summary(bench: Bench) -> Iterator[str]:
    """A line for each subject: how many benchmarks are faster, slower, and in the noise."""
    for at, name in enumerate(bench.names):
        calls = [case.subjects[at].call for case in bench.cases]
        words = marks(bench).items()
        counted = [f"{calls.count(one)} {word}" for one, word in words if one in calls]
        lost = sum(not case.subjects[at].passed for case in bench.cases)
        counted += [f"{lost} not to the end"] * bool(lost)
        if counted:
            yield f"{name}: {', '.join(counted)}"


def failures(bench: Bench) -> tuple[tuple[str, Sample], ...]:
    """What did not come to its end, by the name of the benchmark; "" for what was not built."""
    lost = [(case.name, s) for case in bench.cases for s in case.samples if not s.passed]
    return (*(("", one) for one in bench.failed), *lost)


def rule(bench: Bench) -> str:
    """How a difference is told from noise."""
    if not bench.runs:
        return "No round was timed: instructions alone were counted, once."
    if bench.runs < FEWEST:
        return f"{bench.runs} rounds are too few to tell a difference from noise: {FEWEST} are."
    return (
        f"Each round boots every subject once, and {bench.against} twice; a ratio is over the same"
        f" round's {bench.against}. A difference counts where the exact rank-sum test (Mann and"
        f" Whitney, two-sided, p < {SIGNIFICANT}) tells the {bench.runs} ratios from those of"
        f" {bench.against} to itself; else it is noise. {_CLOCKS[bench.clock]}"
    )


_CLOCKS = {
    Clock.PROCESSOR: (
        "Time is what QEMU takes of a processor between two marks of the guest; less than"
        f" {SHORTEST // 1_000_000} ms are too short."
    ),
    Clock.GUEST: (
        "Time is what the guest's own clock says, since processor time would add up the CPUs; less"
        f" than {SHORTEST // 1_000_000} ms are too short."
    ),
    Clock.INSTRUCTIONS: (
        "Counted are the guest's instructions between two marks of its client, by QEMU, and none"
        " while the guest sleeps: a request waits for three programs to get a core, one after the"
        " other, so its time tells what else the host does. Fewer than"
        f" {SHORTEST // 1_000_000} million are too short."
    ),
}


def limits(bench: Bench) -> tuple[str, ...]:
    """What such figures can show and what they cannot."""
    # It may say beside its name why it is not KVM.
    emulated = bench.accelerator.startswith("TCG")
    cpus = (
        "One CPU: threads take turns, so nothing here shows false sharing, contention or locks;"
        " the benchmarks made for these show what their allocations cost, no more."
    )
    if bench.cpus > 1:
        cpus = (
            f"{bench.cpus} CPUs: each is a thread of the emulator or of KVM. They are as parallel"
            " as this host has idle cores; one that another program takes shows as bad scaling."
        )
    tcg = (
        "Emulation: QEMU translates code and checks each access in software. It has no caches, no"
        " pipeline and no TLB as a processor has, so neither locality nor cache misses show; time"
        " follows the number of instructions, and helpers (atomic operations, system registers) are"
        " dearer than on a processor."
    )
    return (cpus, tcg) if emulated else (cpus,)


def markdown(bench: Bench) -> str:
    """The tables, how to read them, and what did not come to its end."""
    parts = [f"# {bench.recipe}: benchmarks against {bench.against}", "", f"{headline(bench)}.", ""]
    parts += [f"- {line}" for line in summary(bench)]
    parts += ["", rule(bench), ""]
    for sheet in sheets(bench):
        parts += [f"## {sheet.title}", "", f"{sheet.note[:1].upper()}{sheet.note[1:]}.", ""]
        parts += [*_table(sheet.heads, sheet.rows), ""]
    lost = failures(bench)
    parts += [
        f"- {name or 'build'}, {s.name}: {s.verdict.upper()}: {escaped(s.reason)}"
        for name, s in lost
    ]
    parts += [""] * bool(lost)
    parts += ["## What they are", ""]
    rows = [(case.name, f"`{' '.join(case.arguments)}`", case.about) for case in bench.cases]
    parts += [*_table(("benchmark", "command line", ""), rows), ""]
    return "\n".join(
        [*parts, "## What they can show", "", *(f"- {one}" for one in limits(bench)), ""]
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(escaped(word) for word in heads)} |"
    yield f"|{'-|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(escaped(word) for word in row)} |"


def headline(bench: Bench) -> str:
    """``15 benchmarks, 7 rounds, 525 boots in 620 s, 12 kept from an earlier run``."""
    kept = f", {bench.kept} kept from an earlier run" if bench.kept else ""
    if bench.repeated:
        kept += f", {bench.repeated} of them again, since a boot did not come to its end"
    return (
        f"{len(bench.cases)} benchmarks, {bench.runs} rounds, {bench.boots} boots"
        f" in {bench.seconds:.0f} s{kept}; {bench.platform}, {bench.emulator}, {bench.accelerator},"
        f" {bench.memory} MiB"
    )
