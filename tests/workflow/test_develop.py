"""A series as commits and back: byte-stable, only what changed, and nothing lost."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.toy import git
from ukport.errors import ConflictError, UkportError, UsageError
from ukport.source import Cache, default_root
from ukport.workflow.develop import Workbench

SECOND = """\
From: B. Author <b@example.org>
Date: Fri, 2 Jan 2026 00:00:00 +0000
Subject: version: Say one more

Upstream-Status: Pending
Signed-off-by: B. Author <b@example.org>
---
--- a/src/version.c
+++ b/src/version.c
@@ -3,4 +3,4 @@
 int toy_version(void)
 {
-\treturn TOY_VERSION;
+\treturn TOY_VERSION + 0;
 }
"""


@pytest.fixture
def bench(toy):
    (toy.patch.parent / "0002-version-Say-one-more.patch").write_text(SECOND)
    return Workbench(toy.project, Cache(default_root()))


def files(bench: Workbench) -> dict[str, bytes]:
    folder = bench.project / "patches/toy/1.0"
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def opened(bench: Workbench):
    series = bench.choose("toy", None, None)
    return series, bench.open(series, discard=False).folder


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def states(written) -> list[tuple[str, str]]:
    return [(one.patch.name, one.state) for one in written.patches]


def test_nothing_changed_nothing_written(bench):
    before = files(bench)
    series, folder = opened(bench)
    assert git(folder, "log", "--format=%an %s").splitlines() == [
        "B. Author version: Say one more",
        "A. Author answer: Triple instead of doubling",
        "ukport base",
    ]
    assert git(folder, "status", "--porcelain", "--branch").strip() == "## series"
    written = bench.refresh(series)
    assert written.files == ()
    assert {state for _, state in states(written)} == {"unchanged"}
    assert files(bench) == before


def test_an_amended_patch_is_the_only_one_written(bench):
    before = files(bench)
    series, folder = opened(bench)
    # The first of the two, so that the second gets another commit under it.
    edit(folder, "src/answer.c", "value * 3", "value * 4")
    git(folder, "commit", "-qa", "--fixup", "HEAD~")
    git(folder, "-c", "sequence.editor=true", "rebase", "-qi", "--autosquash", "refs/ukport/base")
    written = bench.refresh(series)
    after = files(bench)
    assert [Path(name).name for name in written.files] == [next(iter(before))]
    assert after["0002-version-Say-one-more.patch"].decode() == SECOND
    first = next(iter(after.values()))
    assert b"+\treturn value * 4;" in first
    # Its prose stays as it was, the diffstat and the names of blobs are new.
    assert first.partition(b"---\n")[0] == next(iter(before.values())).partition(b"---\n")[0]
    assert bench.refresh(series).files == ()


def test_what_is_written_applies_and_comes_back_as_it_is(bench):
    series, folder = opened(bench)
    edit(folder, "src/answer.c", "value * 3", "value * 4")
    git(
        folder,
        "commit",
        "-qa",
        "-m",
        "answer: Four\n\nWhy not.\n\nSigned-off-by: A <a@example.org>",
    )
    written = bench.refresh(series)
    assert states(written)[-1] == ("0003-answer-Four.patch", "new")
    before = files(bench)
    bench.open(series, discard=False)
    assert bench.refresh(series).files == ()
    assert files(bench) == before


def test_reordered_and_dropped(bench):
    series, folder = opened(bench)
    base, first, second = git(folder, "log", "--reverse", "--format=%H").split()
    git(folder, "reset", "-q", "--hard", base)
    git(folder, "cherry-pick", second, first)
    assert states(bench.refresh(series)) == [
        ("0001-version-Say-one-more.patch", "renamed"),
        ("0002-answer-Triple-instead-of-doubling.patch", "renamed"),
    ]
    assert files(bench)["0001-version-Say-one-more.patch"].decode() == SECOND
    git(folder, "reset", "-q", "--hard", "HEAD~")
    written = bench.refresh(series)
    assert written.gone == ("0002-answer-Triple-instead-of-doubling.patch",)
    assert list(files(bench)) == ["0001-version-Say-one-more.patch"]


def test_a_message_edited(bench):
    series, folder = opened(bench)
    git(
        folder,
        "commit",
        "-q",
        "--amend",
        "-m",
        "version: Say it\n\nSigned-off-by: B <b@example.org>",
    )
    assert states(bench.refresh(series))[1] == ("0002-version-Say-one-more.patch", "edited")
    text = files(bench)["0002-version-Say-one-more.patch"].decode()
    assert "Subject: [PATCH] version: Say it\n" in text
    assert "Author: " not in text
    assert 'From: "B. Author" <b@example.org>\nDate: Fri, 2 Jan 2026 00:00:00 +0000\n' in text


def test_edits_of_two_developers_merge(bench, tmp_path):
    git(bench.project, "init", "-q", "-b", "main")
    git(bench.project, "add", "recipes", "patches")
    git(bench.project, "commit", "-q", "-m", "start")
    git(tmp_path, "clone", "-q", str(bench.project), "other")
    other = Workbench(tmp_path / "other", bench.cache)
    changes = [("src/answer.c", "* 3", "* 5", "HEAD~"), ("src/version.c", "+ 0", "+ 1", "HEAD")]
    for one, (name, old, new, fixed) in zip((bench, other), changes, strict=True):
        series, folder = opened(one)
        edit(folder, name, old, new)
        git(folder, "commit", "-qa", "--fixup", fixed)
        git(
            folder,
            "-c",
            "sequence.editor=true",
            "rebase",
            "-qi",
            "--autosquash",
            "refs/ukport/base",
        )
        assert len(one.refresh(series).files) == 1
        git(one.project, "commit", "-qam", "edit")
    git(bench.project, "pull", "-q", "--no-rebase", "--no-edit", str(other.project), "main")
    bench.open(series, discard=False)
    assert "value * 5" in (bench.work(series).folder / "src/answer.c").read_text()
    assert "+ 1" in (bench.work(series).folder / "src/version.c").read_text()


def test_uncommitted_changes_are_refused(bench):
    before = files(bench)
    series, folder = opened(bench)
    edit(folder, "src/answer.c", "value * 3", "value * 4")
    with pytest.raises(UsageError, match=r"in no commit: src/answer\.c"):
        bench.refresh(series)
    with pytest.raises(UkportError, match="in no commit"):
        bench.open(series, discard=False)
    with pytest.raises(UkportError, match="in no commit"):
        bench.close(series)
    assert files(bench) == before
    assert "value * 4" in (folder / "src/answer.c").read_text()


def test_a_file_that_git_does_not_know_is_told(bench):
    series, folder = opened(bench)
    (folder / "src/new.c").write_text("int x;\n")
    assert bench.refresh(series).unknown == ("src/new.c",)
    with pytest.raises(UkportError, match=r"src/new\.c"):
        bench.open(series, discard=False)


def test_a_detached_head_is_refused(bench):
    series, folder = opened(bench)
    git(folder, "checkout", "-q", "HEAD~")
    with pytest.raises(UsageError, match="detached"):
        bench.refresh(series)


def test_a_rebase_under_way_is_a_conflict(bench):
    series, folder = opened(bench)
    edit(folder, "src/version.c", "+ 0", "+ 9")
    git(folder, "commit", "-qa", "--fixup", "HEAD")
    stopped = subprocess.run(
        ["git", "-c", "sequence.editor=sed -i 1s/pick/edit/", "rebase", "-i", "refs/ukport/base"],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert b"edit" in stopped.stderr.lower() or stopped.returncode == 0
    with pytest.raises(ConflictError, match="in the middle of a rebase"):
        bench.refresh(series)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("commit", "-q", "--allow-empty", "-m", "nothing"), "changes no file"),
        (("commit", "-q", "--allow-empty", "--fixup", "HEAD"), "changes no file"),
        (("merge", "-q", "--no-ff", "-m", "merged", "side"), "is a merge"),
    ],
)
def test_a_commit_that_is_no_patch_is_refused(bench, command, why):
    before = files(bench)
    series, folder = opened(bench)
    git(folder, "branch", "side")
    git(folder, "switch", "-q", "side")
    (folder / "src/side.c").write_text("int side;\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "side: New")
    git(folder, "switch", "-q", "series")
    git(folder, *command)
    with pytest.raises(UsageError, match=why):
        bench.refresh(series)
    assert files(bench) == before


def test_a_fixup_that_waits_is_refused(bench):
    series, folder = opened(bench)
    edit(folder, "src/version.c", "+ 0", "+ 9")
    git(folder, "commit", "-qa", "--fixup", "HEAD")
    with pytest.raises(UsageError, match="waits to be melted"):
        bench.refresh(series)


def test_a_series_that_changed_meanwhile_is_not_overwritten(bench):
    series, folder = opened(bench)
    edit(folder, "src/answer.c", "value * 3", "value * 4")
    git(folder, "commit", "-qa", "-m", "answer: Four")
    path = bench.project / "patches/toy/1.0/0002-version-Say-one-more.patch"
    path.write_text(SECOND.replace("Say one more", "Say more"))
    before = files(bench)
    with pytest.raises(ConflictError, match="changed since"):
        bench.refresh(series)
    assert files(bench) == before


def test_open_commits_are_not_lost(bench):
    series, folder = opened(bench)
    edit(folder, "src/answer.c", "value * 3", "value * 4")
    git(folder, "commit", "-qa", "-m", "answer: Four")
    with pytest.raises(UkportError, match="commits that are not in the series"):
        bench.open(series, discard=False)
    bench.open(series, discard=True)
    assert "value * 3" in (folder / "src/answer.c").read_text()
    bench.close(series)
    assert not folder.exists()


def test_the_list_and_the_diff(bench):
    series, folder = opened(bench)
    edit(folder, "src/version.c", "+ 0", "+ 9")
    git(folder, "commit", "-qa", "--amend", "--no-edit")
    rows = [(one.name, one.applies, one.work, one.upstream) for one in bench.listed("toy")]
    assert rows == [
        ("0001-answer-Triple-instead-of-doubling.patch", "yes", "unchanged", "Pending"),
        ("0002-version-Say-one-more.patch", "yes", "edited", "Pending"),
    ]
    assert b"+\treturn value * 3;" in bench.diff(series)
    assert b" 2 files changed" in bench.diff(series, stat=True)
    assert "+ 9" in bench.compare(series)


def test_the_list_without_the_tree(bench):
    shutil.rmtree(bench.cache.root, ignore_errors=True)
    assert {one.applies for one in bench.listed("toy")} == {"not tried"}


def test_a_series_that_does_not_apply_cannot_be_opened(bench):
    path = bench.project / "patches/toy/1.0/0002-version-Say-one-more.patch"
    path.write_text(SECOND.replace("int toy_version", "int no_version"))
    with pytest.raises(ConflictError, match="does not apply to toy"):
        opened(bench)
    assert [one.applies for one in bench.listed("toy")] == ["yes", "no"]


def test_no_such_tree(bench):
    with pytest.raises(UsageError, match="no series of toycore"):
        bench.choose("toy", "toycore", None)
