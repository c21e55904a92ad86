"""Series to commits and back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.series.lab import Lab, function
from ukport.git import Repository
from ukport.git.mirror import mirror
from ukport.series import Patch
from ukport.series.apply import apply
from ukport.series.branch import commit_series, export_commits, range_diff
from ukport.series.rebase import rebase

MIMALLOC = "https://github.com/microsoft/mimalloc"


def two_patches(lab: Lab) -> tuple[str, list[Patch]]:
    base = lab.commit({"a.c": function("a"), "b.c": function("b"), "bin": b"\0"})
    first = lab.commit({"a.c": function("a").replace(b"a_3 = 3", b"a_3 = 33")}, "first\n\nwhy\n")
    second = lab.commit(
        {"b.c": function("b").replace(b"b_3 = 3", b"b_3 = 33"), "bin": b"\0\1"}, "s\u00e9cond | x"
    )
    return base, [lab.patch(base, first), lab.patch(first, second, "0002-y.patch")]


def test_export_is_a_fixed_point(lab: Lab, tmp_path: Path) -> None:
    base, series = two_patches(lab)
    home = lab.repo.scratch(tmp_path / "s")
    exported = export_commits(home, *commit_series(home, series, base))
    again = export_commits(home, *commit_series(home, exported, base))
    assert again == exported
    assert [patch.name for patch in exported] == ["0001-first.patch", "0002-s-cond-x.patch"]
    assert apply(lab.repo, exported, base, scratch=tmp_path / "t") == apply(
        lab.repo, series, base, scratch=tmp_path / "u"
    )


def test_a_patch_without_a_date_gives_the_same_commit_every_time(lab: Lab, tmp_path: Path) -> None:
    base, series = two_patches(lab)
    bare = [Patch("p", series[0].raw[series[0].files[0].start :])]
    tips = [commit_series(lab.repo.scratch(tmp_path / name), bare, base) for name in "ab"]
    assert tips[0] == tips[1]


def test_range_diff_for_the_reviewer(lab: Lab, tmp_path: Path) -> None:
    base, series = two_patches(lab)
    new = lab.commit(
        {"a.c": function("a").replace(b"a_1 = 1", b"a_1 = 11"), "c.c": b"x\n"}, "up", base
    )
    done = rebase(lab.repo, series, base, new, scratch=tmp_path / "s")
    told = range_diff(lab.repo, (base, series), (new, done.series), scratch=tmp_path / "r")
    assert "! 1:" in told.text
    assert "| 1 | adjusted | 1 | first |" in told.markdown
    assert "| 2 | unchanged | 2 | s\u00e9cond \\| x |" in told.markdown
    assert "int a_1 = 11;" in told.markdown


@pytest.mark.upstream
def test_four_hundred_mailed_patches(upstream: Callable[[str], str], tmp_path: Path) -> None:
    mirror(upstream(MIMALLOC), tmp_path / "m.git")
    repo = Repository(tmp_path / "m.git")
    log = ["rev-list", "--no-merges", "--max-count=400", "--topo-order", "v2.1.7"]
    home = repo.scratch(tmp_path / "s")
    for commit in repo.git(log).text.split():
        raw = repo.git(["format-patch", "--stdout", "--binary", "-1", commit]).stdout
        patch = Patch("0001-x.patch", raw)
        parent = f"{commit}^"
        below, tip = commit_series(home, [patch], parent)
        assert home.tree(tip) == repo.tree(commit)
        exported = export_commits(home, below, tip)
        assert export_commits(home, *commit_series(home, exported, parent)) == exported
