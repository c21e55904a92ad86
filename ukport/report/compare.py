"""A result against what was there before: what is new, and what failed already; pure."""

from collections.abc import Sequence

from msgspec.structs import replace

from ukport.errors import UsageError
from ukport.report.result import Baseline, Result, TestResult


def against(
    result: Result,
    *,
    name: str,
    version: str,
    verdict: str,
    reason: str,
    tests: Sequence[TestResult],
) -> Baseline:
    """``tests`` of the baseline and of ``result`` are of one application, numbered from 1 on.

    They are paired by their number: a failing one has its own words behind its name. A test that
    was not reached did not pass.
    """
    regressions, standing, fixed = [], [], []
    for at in range(max(len(tests), len(result.tests))):
        before, now = _at(tests, at), _at(result.tests, at)
        title = _title(before, now)
        if _passed(before) and not _passed(now):
            regressions.append(title)
        elif _passed(now) and before and not before.passed:
            fixed.append(title)
        elif before and not before.passed and not _passed(now):
            standing.append(title)
    return Baseline(
        name=name,
        version=version,
        verdict=verdict,
        reason=reason,
        tests=tuple(tests),
        regressions=tuple(regressions),
        standing=tuple(standing),
        fixed=tuple(fixed),
        worse=verdict == "pass" and not result.passed,
    )


def within(results: Sequence[Result], name: str) -> tuple[Result, ...]:
    """Each result of a matrix against that of ``name`` in the same place, if there is one.

    ``name`` is a version or an allocator. Raises UsageError where it is none of theirs.
    """
    by_allocator = any(name == result.on for result in results)

    def place(result: Result) -> tuple[str, ...]:
        # A port that runs on an allocator has both: the one that is not compared stays the same.
        same = (result.version if by_allocator else result.on) if result.on else ""
        return (*_place(result), same)

    bases = {place(result): result for result in results if name in _names(result)}
    if not bases:
        raise UsageError(
            f"--baseline {name}: the matrix has no such version or allocator",
            "add it with --version or --allocator",
        )
    return tuple(
        result if name in _names(result) else _with_baseline(result, bases.get(place(result)))
        for result in results
    )


def _names(result: Result) -> tuple[str, ...]:
    if result.on:
        return result.version, result.on
    return (result.version,) if result.is_port else (result.allocator,)


def _place(result: Result) -> tuple[str, ...]:
    return result.architecture, result.configuration, str(result.memory), result.compared


def _with_baseline(result: Result, base: Result | None) -> Result:
    if base is None:
        return result
    is_allocator = not base.is_port or base.on != result.on
    baseline = against(
        result,
        name=(base.on or base.allocator) if is_allocator else base.recipe,
        version="" if is_allocator else base.version,
        verdict=base.verdict,
        reason=base.reason,
        tests=base.tests,
    )
    return replace(result, baseline=baseline)


def _at(tests: Sequence[TestResult], at: int) -> TestResult | None:
    return tests[at] if at < len(tests) else None


def _passed(test: TestResult | None) -> bool:
    return test is not None and test.passed


def _title(before: TestResult | None, now: TestResult | None) -> str:
    """The name as the side that fails now has it, since it says why."""
    given = [test for test in (now, before) if test]
    return next((test.name for test in given if not test.passed), given[0].name)


def told(baseline: Baseline) -> str:
    """One line: mine or theirs."""
    name = f"{baseline.name} {baseline.version}".rstrip()
    counts = (
        (baseline.regressions, "regressed"),
        (baseline.standing, "failed there, too"),
        (baseline.fixed, "pass only here"),
    )
    words = [f"{len(tests)} {what}" for tests, what in counts if tests]
    return f"{name}: {baseline.verdict.upper()}; {', '.join(words) or 'every test the same'}"
