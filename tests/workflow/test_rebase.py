"""``ukport rebase`` as a whole: sources of every kind, what is written, what is told."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from tests import program
from tests.series.lab import Lab, function, make_lab
from ukport.errors import ExitCode, UkportError, UsageError
from ukport.series import write_series
from ukport.workflow.rebase import rebase_series


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Tags old and new, and a series of three: lands, is upstream, conflicts."""
    lab = make_lab(tmp_path / "upstream")
    one, two, three = (function(name) for name in ("one", "two", "three"))
    old = lab.commit({"1.c": one, "2.c": two, "3.c": three}, "old")
    lab.git("tag", "old")
    changed = [data.replace(b"_3 = 3", b"_3 = 33") for data in (one, two, three)]
    commits = [old]
    for number, data in enumerate(changed, 1):
        commits.append(lab.commit({f"{number}.c": data}, f"change {number}"))
    pairs = pairwise(commits)
    series = [lab.patch(a, b, f"{n:04}-change.patch") for n, (a, b) in enumerate(pairs, 1)]
    write_series(tmp_path / "series", series)
    theirs = {"2.c": changed[1], "3.c": three.replace(b"_3 = 3", b"_3 = 77"), "4.c": b"x\n"}
    lab.commit(theirs, "new", old)
    lab.git("tag", "new")
    return lab


def test_what_is_written_and_told(lab: Lab, tmp_path: Path) -> None:
    ends = (f"{lab.path}@old", f"{lab.path}@new")
    review = tmp_path / "review.md"
    report = rebase_series(tmp_path / "series", *ends, tmp_path / "out", review=review)
    assert report.exit_code is ExitCode.CONFLICT
    document = json.loads(json.dumps(report.document()))
    assert document["schema"] == "ukport.rebase/1"
    assert [patch["outcome"] for patch in document["patches"]] == [
        "unchanged",
        "upstreamed",
        "conflict",
    ]
    assert document["patches"][0]["output"] == "0001-change.patch"
    assert document["patches"][1]["evidence"][0]["commit"]
    assert document["patches"][2]["hunks"][0]["file"] == "3.c"
    written = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    assert written == {"0001-change.patch", "proposals/0003-change.patch.rej"}
    assert (tmp_path / "out/series").read_text() == "0001-change.patch\n"
    original = (tmp_path / "series/0001-change.patch").read_bytes()
    assert (tmp_path / "out/0001-change.patch").read_bytes() == original
    assert "3.c" in report.text()
    assert "_3 = 77" in report.text()
    assert "| 1 | unchanged | 1 | change 1 |" in review.read_text()


@pytest.mark.parametrize("kind", ["folder", "archive"])
@pytest.mark.parametrize("history", [False, True])
def test_folders_and_archives(lab: Lab, tmp_path: Path, kind: str, *, history: bool) -> None:
    ends = []
    for tag in ("old", "new"):
        if kind == "folder":
            lab.repo.export(tag, tmp_path / f"x-{tag}")
            ends.append(str(tmp_path / f"x-{tag}"))
        else:
            path = tmp_path / f"x-{tag}.tar"
            path.write_bytes(lab.repo.archive(tag, prefix=f"x-{tag}/"))
            ends.append(str(path))
    known = lab.path if history else None
    report = rebase_series(tmp_path / "series", *ends, tmp_path / "out", history=known)
    results = report.rebase.results
    assert [result.outcome.value for result in results] == ["unchanged", "upstreamed", "conflict"]
    assert bool(results[1].evidence[0].commit) is history


def test_bad_input_writes_nothing(lab: Lab, tmp_path: Path) -> None:
    good = {"series": tmp_path / "series", "old": f"{lab.path}@old", "new": f"{lab.path}@new"}
    for wrong in (
        {"series": tmp_path / "nowhere"},
        {"old": str(tmp_path / "nowhere")},
        {"old": f"{lab.path}@nowhere"},
        {"new": f"{lab.path}@--output=x"},
        {"new": f"{tmp_path}@new"},
    ):
        asked = {**good, **wrong}
        with pytest.raises(UkportError):
            rebase_series(
                Path(asked["series"]), str(asked["old"]), str(asked["new"]), tmp_path / "out"
            )
        assert not (tmp_path / "out").exists()


def test_an_existing_folder_is_never_overwritten(lab: Lab, tmp_path: Path) -> None:
    ends = (f"{lab.path}@old", f"{lab.path}@new")
    with pytest.raises(UsageError, match="not empty"):
        rebase_series(tmp_path / "series", *ends, tmp_path / "series")


def test_the_out_folder_is_made_in_one_step(lab: Lab, tmp_path: Path) -> None:
    ends = (f"{lab.path}@old", f"{lab.path}@new")
    out = tmp_path / "some" / "where"
    rebase_series(tmp_path / "series", *ends, out)
    assert [path.name for path in out.parent.iterdir()] == ["where"]
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "empty")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UkportError, match="cannot be written"):
        rebase_series(tmp_path / "series", *ends, link)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("new", "code"),
    [("@new", 3), ("@none", 1), ("-gone", 2)],
    ids=["conflict", "no rev", "no folder"],
)
def test_the_command(lab: Lab, tmp_path: Path, new: str, code: int) -> None:
    ends = [f"--old={lab.path}@old", f"--new={lab.path}{new}"]
    places = [f"--series={tmp_path / 'series'}", f"--out={tmp_path / 'out'}"]
    done = program.run("rebase", *places, *ends, "--json")
    assert done.returncode == code, done.stderr
    schema = json.loads(done.stdout)["schema"]
    assert schema == ("ukport.rebase/1" if code == 3 else "ukport.error/1")


@pytest.mark.parametrize("name", ["review.md", "review.txt"])
def test_the_reviewer_sees_what_adjusted_patches_change(tmp_path: Path, name: str) -> None:
    lab = make_lab(tmp_path / "upstream")
    old = lab.commit({"a.c": function("one")}, "old")
    mine = function("one").replace(b"_3 = 3", b"_3 = 33").replace(b"_5 = 5;", b"_5 = 5;\n  more();")
    patched = lab.commit({"a.c": mine}, "change", old)
    new = lab.commit({"a.c": function("one").replace(b"_1 = 1", b"_1 = 11")}, "new", old)
    write_series(tmp_path / "series", [lab.patch(old, patched, "0001-x.patch")])
    ends = (f"{lab.path}@{old}", f"{lab.path}@{new}")
    review = tmp_path / name
    rebase_series(tmp_path / "series", *ends, tmp_path / "out", review=review)
    told = review.read_text()
    markdown = "| 0001-x.patch | a.c | +2 -1 | +2 -1 |"
    assert (markdown if name.endswith("md") else "0001-x.patch    a.c   +2 -1  +2 -1") in told
    assert "change" in told.partition("+2 -1")[2]
