"""A sweep over the toy's releases: real builds and boots, half a second a release."""

import json

from tests.toy import ukport
from ukport.report import sweep as report
from ukport.report.matrix import MatrixResult
from ukport.report.result import PatchOutcome, Result


def test_every_release_between_two_in_order_and_not_twice(toy):
    done = ukport(toy, "sweep", "toy", "--from", "1.0.0", "--to", "1.3.0", "--json")
    sweep = json.loads(done.stdout)
    assert sweep["schema"] == "ukport.sweep/1"
    rows = {row["version"]: row for row in sweep["rows"]}
    assert list(rows) == sorted(rows)
    assert rows["1.0.0"]["verdict"] == "pass"
    assert rows["1.0.0"]["tests_passed"] == rows["1.0.0"]["tests_planned"] > 0
    assert rows["1.2.0"]["verdict"] == "build"
    assert "does not fit" in rows["1.2.0"]["reason"]
    assert done.returncode == 1
    folder = toy.project / "reports/toy-sweep"
    assert "| 1.0.0 | PASS |" in (folder / "sweep.md").read_text()
    page = (folder / "sweep.html").read_text()
    assert "<script" not in page
    assert 'href="../toy-1.0.0/report.md"' in page

    passed = sum(row["verdict"] == "pass" for row in rows.values())
    again = ukport(toy, "sweep", "toy", "--from", "1.0.0", "--to", "1.3.0")
    assert f"{passed} of {len(rows)} releases passed" in again.stdout
    assert f", {passed} kept from an earlier run" in again.stdout


def test_every_release_with_several_sizes_of_memory(toy):
    sizes = ("--memory", "64", "--memory", "48")
    done = ukport(toy, "sweep", "toy", "--from", "1.0.0", "--to", "1.1.0", *sizes, "--json")
    sweep = json.loads(done.stdout)
    assert [row["least_memory"] for row in sweep["rows"]] == [48] * len(sweep["rows"])
    assert "| least MiB |" in (toy.project / "reports/toy-sweep/sweep.md").read_text()
    again = ukport(toy, "sweep", "toy", "--from", "1.0.0", "--to", "1.1.0", *sizes)
    assert f", {len(sweep['rows'])} kept from an earlier run" in again.stdout


def test_an_upside_down_range_is_a_mistake(toy):
    done = ukport(toy, "sweep", "toy", "--from", "1.3.0", "--to", "1.0.0")
    assert done.returncode == 2
    assert "no release from 1.3.0 to 1.0.0" in done.stderr


def cell(version: str, *sources: str, patches: tuple[PatchOutcome, ...] = ()) -> Result:
    return Result(
        recipe="r",
        previous="",
        version=version,
        verdict="pass",
        reason="",
        platform="",
        accelerator="",
        backend="b",
        guest_version=version,
        tests=(),
        tests_planned=0,
        trees=(),
        patches=patches,
        features=(),
        sources=sources,
        seconds=1.0,
        stages={"build": 2.0},
    )


def test_sources_are_told_against_the_release_before_and_hunks_are_counted():
    patches = (
        PatchOutcome("r", "0001", "adjusted", "", hunks=3, merged=2),
        PatchOutcome("r", "0002", "upstreamed", "", hunks=1),
    )
    cells = (cell("1", "a.c", "b.c"), cell("2", "a.c", "c.c", "d.c", patches=patches))
    sweep = report.sweep_of(MatrixResult(recipe="r", cells=cells))
    first, second = sweep.rows
    assert (first.added, first.removed) == ((), ())
    assert (second.added, second.removed) == (("c.c", "d.c"), ("b.c",))
    words = report.words(sweep, second)
    assert words[4:7] == ("2, 1 adjusted, 1 landed", "4, 2 merged", "+2 \N{MINUS SIGN}1")
    assert len(words) == len(report.heads(sweep))
