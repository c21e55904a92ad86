from xml.etree import ElementTree as ET

import msgspec
import pytest

from ukport.report.bench import Bench, Case, Clock, Sample, compared, markdown, sheets, summary
from ukport.report.benchpage import chart, page, svg
from ukport.verify.measure import Call

SECOND = 1_000_000_000


def case(name: str, *subjects: Sample, base: int = SECOND) -> Case:
    times = tuple(base + base * n // 100 for n in range(7))
    baseline = Sample(name="bbuddy", verdict="pass", times=times, instructions=100, peak=3.25)
    again = Sample(name="itself", verdict="pass", times=times[::-1], peak=3.25)
    noise = compared(again, baseline, None)
    done = tuple(compared(one, baseline, noise) for one in subjects)
    return Case(
        name=name, arguments=(name, "4"), about="", baseline=baseline, noise=noise, subjects=done
    )


def subject(name: str, factor: float, base: int = SECOND) -> Sample:
    times = tuple(int(factor * (base + base * n // 100)) for n in range(7))
    return Sample(name=name, verdict="pass", times=times, instructions=50, peak=7)


def bench(*cases: Case) -> Bench:
    return Bench(
        recipe="mimalloc",
        against="bbuddy",
        runs=7,
        memory=512,
        platform="Unikraft kvm/x86_64",
        accelerator="TCG",
        emulator="QEMU",
        cases=cases,
    )


LOST = Sample(name="fast", verdict="crash", reason="page fault at <0x0>")
WHOLE = bench(
    case("churn", subject("fast", 0.5), subject("slow", 2), subject("same", 1.001)),
    case("pairs", LOST, subject("slow", 1.5), subject("same", 1)),
)


@pytest.mark.parametrize(
    ("accelerator", "told"),
    [("TCG", True), ("TCG (KVM cannot run guests here)", True), ("KVM", False)],
)
def test_the_limits_of_emulation(accelerator, told):
    found = msgspec.structs.replace(WHOLE, accelerator=accelerator)
    assert ("no TLB as a processor has" in markdown(found)) is told


def test_differences_are_called_and_noise_is():
    first, second = WHOLE.cases
    assert [one.call for one in first.subjects] == [Call.LESS, Call.MORE, Call.NOISE]
    assert first.subjects[0].ratio is not None
    assert first.subjects[0].ratio.median == pytest.approx(0.5, abs=1e-6)
    assert (second.subjects[0].ratio, WHOLE.passed) == (None, False)
    assert list(summary(WHOLE)) == [
        "fast: 1 faster, 1 not to the end",
        "slow: 2 slower",
        "same: 2 noise",
    ]


def test_what_is_too_short_is_not_called():
    short = bench(case("blink", subject("fast", 0.5, 10_000_000), base=10_000_000))
    assert short.cases[0].subjects[0].call is Call.SHORT


def test_tables():
    time, counted, peak = sheets(WHOLE)
    assert time.rows[0][1].startswith("0.50 (0.50\N{EN DASH}0.50) faster")
    assert time.rows[1][1] == "CRASH"
    assert sheets(WHOLE, brief=True)[0].rows[0][1] == "0.50 faster"
    assert counted.rows[0] == ("churn", "0.50", "0.50", "0.50")
    assert peak.rows[0] == ("churn", "7.0", "7.0", "7.0", "3.2")
    text = markdown(WHOLE)
    assert "pairs, fast: CRASH: page fault at &lt;0x0>" in text
    assert "so nothing here shows false sharing" in text


def test_the_chart_stands_alone_and_bars_go_the_right_way():
    root = ET.fromstring(svg(WHOLE))  # noqa: S314 - our own document
    assert root.tag.endswith("svg")
    drawn = chart(WHOLE)
    fast, slow, same = drawn.groups[0].marks
    assert fast.start < fast.end == drawn.one == slow.start < slow.end
    assert abs(same.end - same.start) < 5
    # half is as far from one as twice
    assert drawn.one - fast.start == pytest.approx(slow.end - drawn.one, rel=1e-3)
    assert {mark.tone for mark in drawn.groups[1].marks} == {"lost", "more", "noise"}


def test_on_several_cpus_the_chart_is_of_the_scaling():
    base, twice = ("bbuddy, 1 CPU", "bbuddy, 2 CPUs")
    one = case("pairs", subject(twice, 0.5))
    one = msgspec.structs.replace(one, baseline=msgspec.structs.replace(one.baseline, name=base))
    lost = case("larson", Sample(name=twice, verdict="crash"))
    lost = msgspec.structs.replace(lost, baseline=msgspec.structs.replace(lost.baseline, name=base))
    several = msgspec.structs.replace(bench(one, lost), cpus=2)
    drawn = chart(several)
    assert drawn.title.startswith("2 CPUs over one")
    ((mark,), (gone,)) = (group.marks for group in drawn.groups)
    assert (mark.label, mark.text, mark.tone) == ("bbuddy", "2.00", "less")
    assert mark.start == drawn.one < mark.end
    assert gone.tone == "lost"
    scaled = sheets(several)[0]
    assert scaled.heads == ("benchmark", "bbuddy")
    assert scaled.rows == (("pairs", "2.00 (2.00\N{EN DASH}2.00)"), ("larson", "\N{EN DASH}"))


def test_the_page_needs_nobody_and_runs_nothing():
    text = page(WHOLE)
    assert "<script" not in text
    assert "&lt;0x0&gt;" in text
    assert text.count("http") == text.count("http://www.w3.org/2000/svg") + text.count("http-equiv")


def test_several_cpus_are_timed_and_judged_otherwise():
    several = markdown(msgspec.structs.replace(WHOLE, cpus=2, clock=Clock.GUEST))
    assert "the guest's own clock says" in several
    assert "2 CPUs: each is a thread" in several
    assert "One CPU: threads take turns" not in several
    assert "One CPU: threads take turns" in markdown(WHOLE)
