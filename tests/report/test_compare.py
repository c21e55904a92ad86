"""A matrix held against one of its own versions or allocators."""

import pytest

from tests.report.results import made
from ukport.errors import UsageError
from ukport.report.compare import within
from ukport.report.result import Result

CELLS = tuple(
    made(version=version, on=on, allocator="toy" if on == "pages" else on)
    for on in ("pages", "pool@1.0")
    for version in ("1.0.0", "2.0.0")
)


def bases(results: tuple[Result, ...]) -> list[tuple[str, str]]:
    return [(r.baseline.name, r.baseline.version) if r.baseline else ("", "") for r in results]


def test_what_runs_in_a_cell():
    assert [one.what for one in CELLS][1:3] == ["toy 2.0.0 on pages", "toy 1.0.0 on pool@1.0"]
    assert [made().what, made(allocator="other").what] == ["toy 1.0.0", "other"]


def test_against_an_allocator_the_version_stays():
    assert bases(within(CELLS, "pages")) == [("", ""), ("", ""), ("pages", ""), ("pages", "")]


def test_against_a_version_the_allocator_stays():
    found = within(CELLS, "1.0.0")
    assert bases(found) == [("", ""), ("toy", "1.0.0")] * 2
    assert bases(within(CELLS[:3], "2.0.0")) == [("toy", "2.0.0"), ("", ""), ("", "")]


def test_against_another_allocator_or_the_port_in_its_place():
    cells = (made(), made(allocator="other"))
    assert bases(within(cells, "other")) == [("other", ""), ("", "")]
    assert bases(within(cells, "1.0.0")) == [("", ""), ("toy", "1.0.0")]


def test_against_what_the_matrix_has_not():
    with pytest.raises(UsageError, match="no such version or allocator"):
        within(CELLS, "lake")
