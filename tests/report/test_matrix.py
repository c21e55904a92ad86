import msgspec
import pytest

from ukport.errors import UsageError
from ukport.report import result as results
from ukport.report.matrix import MatrixResult, from_json, grid, join, markdown, reasons, to_json
from ukport.report.result import Result

FIELDS = ["platform", "accelerator", "backend", "guest_version"]


def cell(version: str, configuration: str, verdict: str = "pass", *, part: str = "toy") -> Result:
    tests = (
        results.TestResult("one", passed=True),
        results.TestResult("two | three", passed=verdict == "pass"),
    )
    return Result(
        **dict.fromkeys(FIELDS, ""),
        recipe="toy",
        previous="1.0",
        version=version,
        verdict=verdict,
        reason=f"it was a {verdict}",
        allocator=part,
        configuration=configuration,
        architecture="x86_64",
        memory=16,
        tests=tests if verdict in ("pass", "fail") else (),
        tests_planned=2 if verdict in ("pass", "fail") else 0,
        trees=(),
        patches=(),
        features=(),
        sources=(),
        seconds=1.0,
        stages={},
        console="much",
    )


def matrix(*cells: Result, part: str = "") -> MatrixResult:
    return MatrixResult(recipe="toy", cells=cells, part=part, seconds=3.0, cores=2)


def test_a_table_says_why_a_cell_did_not_pass():
    told = matrix(
        cell("1.0", "plain"),
        cell("1.0", "paging", "fail"),
        cell("1.1", "plain", "crash"),
        cell("1.0", "plain", part="other"),
    )
    lines = markdown(told).splitlines()
    assert "2 of 4 cells passed, in 3 s." in lines
    assert lines[4:10] == [
        "|  | plain | paging |",
        "|-|-|-|",
        "| toy 1.0 | PASS 2/2 | FAIL 1/2 |",
        "| toy 1.1 | CRASH | \N{EN DASH} |",
        "| other | PASS 2/2 | \N{EN DASH} |",
        "",
    ]
    assert lines[10:] == [
        r"- tests failed: two \| three: toy 1.0 paging",
        "- it was a crash: toy 1.1 plain",
    ]


def test_it_is_read_as_it_was_written():
    told = matrix(cell("1.0", "plain"), part="1/2")
    bare = msgspec.structs.replace(told.cells[0], console="")
    assert from_json(to_json(told).encode(), "x") == msgspec.structs.replace(told, cells=(bare,))


def test_parts_are_joined_and_the_worse_of_two_counts():
    one = matrix(cell("1.0", "plain"), cell("1.0", "paging"), part="1/3")
    two = matrix(cell("1.0", "plain", "hang"), part="2/3")
    told = join([two, one])
    assert told.missing == ("3/3",)
    assert not told.passed
    assert {c.configuration: c.verdict for c in told.cells} == {"plain": "hang", "paging": "pass"}
    assert (told.seconds, told.cores) == (6.0, 2)
    assert [names for _, names in reasons(told)] == [("toy 1.0 plain",)]
    assert len(grid(told).columns) == 2


@pytest.mark.parametrize("parts", [("1/2", "2/3"), ("1/2", "")])
def test_what_does_not_belong_together(parts):
    with pytest.raises(UsageError, match="not the parts of one matrix"):
        join([matrix(cell("1.0", "plain"), part=part) for part in parts])
