"""Outcomes of single patches, each on a real repository, each checked in the resulting tree."""

from pathlib import Path

import pytest

from tests.series.lab import Lab, function
from ukport.series import Fate, Outcome, Patch, PatchResult, Rebase
from ukport.series.rebase import rebase

BASE = b"#include <stdio.h>\n\n" + b"".join(function(name) for name in ("one", "two", "three"))


def edited(data: bytes, old: str, new: str) -> bytes:
    assert data.count(old.encode()) == 1
    return data.replace(old.encode(), new.encode())


def carry(lab: Lab, patches: list[Patch], old: str, new: str, scratch: Path) -> Rebase:
    return rebase(lab.repo, patches, old, new, scratch=scratch)


@pytest.fixture
def base(lab: Lab) -> str:
    return lab.commit({"a.c": BASE, "b.c": function("four")}, "base")


def one(
    lab: Lab,
    tmp_path: Path,
    base: str,
    mine: dict[str, bytes | None],
    theirs: dict[str, bytes | None],
) -> tuple[PatchResult, Rebase]:
    """Carry one patch with my change over one upstream commit with theirs."""
    patched = lab.commit(mine, "my patch", base)
    new = lab.commit(theirs, "upstream goes on", base)
    done = carry(lab, [lab.patch(base, patched)], base, new, tmp_path / "scratch")
    return done.results[0], done


def test_untouched_file_keeps_the_bytes(lab: Lab, tmp_path: Path, base: str) -> None:
    mine = edited(BASE, "int two_3 = 3;", "int two_3 = 33;")
    patched = lab.commit({"a.c": mine}, "my patch", base)
    new = lab.commit({"b.c": function("five")}, "upstream goes on", base)
    patch = lab.patch(base, patched)
    done = carry(lab, [patch], base, new, tmp_path / "scratch")
    assert done.results[0].outcome is Outcome.UNCHANGED
    assert done.series == (patch,)
    assert done.repo.read(done.tree, "a.c") == mine
    assert done.repo.read(done.tree, "b.c") == function("five")


def test_moved_lines_keep_the_bytes(lab: Lab, tmp_path: Path, base: str) -> None:
    mine = edited(BASE, "int two_3 = 3;", "int two_3 = 33;")
    theirs = edited(BASE, "#include <stdio.h>", "#include <stdio.h>\n#include <math.h>\n")
    result, done = one(lab, tmp_path, base, {"a.c": mine}, {"a.c": theirs})
    assert result.outcome is Outcome.UNCHANGED
    assert done.repo.read(done.tree, "a.c") == edited(theirs, "int two_3 = 3;", "int two_3 = 33;")
    assert result.hunks[0].line > 1


def test_changed_context_adjusts(lab: Lab, tmp_path: Path, base: str) -> None:
    mine = edited(BASE, "int two_3 = 3;", "int two_3 = 33;")
    theirs = edited(BASE, "int two_1 = 1;", "int two_1 = 11;")
    result, done = one(lab, tmp_path, base, {"a.c": mine}, {"a.c": theirs})
    assert result.outcome is Outcome.ADJUSTED
    assert [hunk.fate for hunk in result.hunks] == [Fate.MERGED]
    tree = done.repo.read(done.tree, "a.c")
    assert tree == edited(theirs, "int two_3 = 3;", "int two_3 = 33;")
    lab.git("apply", "--check", "--unidiff-zero", "-", input=done.series[0].raw)
    assert b"int two_1 = 11;" in done.series[0].raw


def test_same_change_is_upstreamed_and_names_the_commit(
    lab: Lab, tmp_path: Path, base: str
) -> None:
    mine = edited(BASE, "int two_3 = 3;", "int two_3 = 33;")
    result, done = one(lab, tmp_path, base, {"a.c": mine}, {"a.c": mine})
    assert result.outcome is Outcome.UPSTREAMED
    assert result.evidence[0].kind == "patch-id"
    assert result.evidence[0].commit == lab.git("rev-parse", "HEAD").decode().strip()
    assert done.series == ()


@pytest.mark.parametrize(
    ("also", "message"),
    [({}, "back out"), ({"b.c": b"x\n"}, 'Revert "my patch"'), ({"b.c": b"x\n"}, "back out")],
)
def test_reverted_change_is_not_upstreamed(
    lab: Lab, tmp_path: Path, base: str, also: dict[str, bytes | None], message: str
) -> None:
    mine = edited(BASE, "int two_3 = 3;", "int two_3 = 33;")
    patched = lab.commit({"a.c": mine}, "my patch", base)
    lab.commit({"a.c": mine}, "my patch", base)
    new = lab.commit({"a.c": BASE, **also}, message)
    done = carry(lab, [lab.patch(base, patched)], base, new, tmp_path / "scratch")
    assert done.results[0].outcome is Outcome.UNCHANGED
    assert done.repo.read(done.tree, "a.c") == mine


def test_the_same_line_in_another_function_is_another_change(
    lab: Lab, tmp_path: Path, base: str
) -> None:
    extra = "release_the_buffer(buffer);"
    mine = edited(BASE, "  int one_3 = 3;", f"  int one_3 = 3;\n  {extra}")
    theirs = edited(BASE, "  int three_3 = 3;", f"  int three_3 = 3;\n  {extra}")
    result, done = one(lab, tmp_path, base, {"a.c": mine}, {"a.c": theirs})
    assert result.outcome is Outcome.UNCHANGED
    assert done.repo.read(done.tree, "a.c").count(extra.encode()) == 2


def test_change_lost_in_a_merge_is_not_upstreamed(lab: Lab, tmp_path: Path) -> None:
    older = lab.commit({"a.c": BASE}, "older")
    base = lab.commit({"b.c": b"base\n"}, "base")
    mine = edited(BASE, "int two_3 = 3;", "int two_3 = 33;")
    patched = lab.commit({"a.c": mine}, "my patch", base)
    side = lab.commit({"a.c": mine}, "my patch", older)
    lab.git("checkout", "-q", "-f", "--detach", base)
    lab.git("merge", "-q", "-s", "ours", "-m", "merge", side)
    new = lab.commit({"b.c": b"x\n"}, "tip")
    done = carry(lab, [lab.patch(base, patched)], base, new, tmp_path / "scratch")
    assert done.results[0].outcome is Outcome.UNCHANGED


def test_landed_and_reworked_is_upstreamed(lab: Lab, tmp_path: Path, base: str) -> None:
    mine = edited(BASE, "int two_3 = 3;", "int two_3 = 33;")
    patched = lab.commit({"a.c": mine}, "my patch", base)
    landed = lab.commit({"a.c": mine}, "my patch", base)
    new = lab.commit({"a.c": edited(mine, "int two_3 = 33;", "long two_3 = 44;")}, "rework")
    done = carry(lab, [lab.patch(base, patched)], base, new, tmp_path / "scratch")
    assert done.results[0].outcome is Outcome.UPSTREAMED
    assert done.results[0].evidence[0].commit == landed


def test_conflict_carries_everything_a_person_needs(lab: Lab, tmp_path: Path, base: str) -> None:
    mine = edited(BASE, "int two_3 = 3;", "int two_3 = 33;")
    theirs = edited(BASE, "int two_3 = 3;", "int two_3 = 77;")
    result, done = one(lab, tmp_path, base, {"a.c": mine}, {"a.c": theirs})
    assert result.outcome is Outcome.CONFLICT
    assert result.output is None
    hunk = result.hunks[0]
    assert (hunk.file, hunk.fate) == ("a.c", Fate.OPEN)
    assert b"  int two_3 = 3;\n" in hunk.expected
    assert b"  int two_3 = 77;\n" in hunk.upstream
    assert "upstream goes on" in hunk.broken_by
    assert result.verdict.startswith("rebase by hand")
    assert not done.clean
    assert done.repo.read(done.tree, "a.c") == theirs


def test_the_commit_that_breaks_a_hunk_is_named_among_many(
    lab: Lab, tmp_path: Path, base: str
) -> None:
    mine = lab.commit({"a.c": edited(BASE, "int two_3 = 3;", "int two_3 = 33;")}, "mine", base)
    data = BASE
    lab.git("checkout", "-q", "-f", "--detach", base)
    for number in range(12):
        data += function(f"extra{number}")
        lab.commit({"a.c": data}, f"grow {number}")
        if number == 7:
            data = edited(data, "int two_3 = 3;", "float two_3 = gone;")
            guilty = lab.commit({"a.c": data}, "the guilty one")
    new = lab.commit({}, "tip")
    done = carry(lab, [lab.patch(base, mine)], base, new, tmp_path / "scratch")
    assert done.results[0].hunks[0].broken_by == f"{guilty[:12]} (the guilty one)"


def test_partial_proposes_and_rejects(lab: Lab, tmp_path: Path, base: str) -> None:
    mine = edited(BASE, "int one_3 = 3;", "int one_3 = 33;")
    mine = edited(mine, "int three_3 = 3;", "int three_3 = 33;")
    theirs = edited(BASE, "int three_3 = 3;", "int three_3 = 77;")
    result, done = one(lab, tmp_path, base, {"a.c": mine}, {"a.c": theirs})
    assert result.outcome is Outcome.PARTIAL
    assert result.output is not None
    assert b"one_3 = 33" in result.output.raw
    assert b"three_3 = 33" not in result.output.raw
    assert b"three_3 = 33" in result.rejects
    assert b"one_3" not in result.rejects
    assert done.series == ()
    assert done.repo.read(done.tree, "a.c") == theirs
    lab.git("apply", "--check", "-", input=result.output.raw)


def test_later_patches_go_on_without_the_one_that_conflicts(
    lab: Lab, tmp_path: Path, base: str
) -> None:
    first = lab.commit({"a.c": edited(BASE, "int two_3 = 3;", "int two_3 = 33;")}, "first", base)
    data = edited(BASE, "int two_3 = 3;", "int two_3 = 33;")
    second = lab.commit({"a.c": edited(data, "int three_1 = 1;", "int three_1 = 11;")}, "second")
    theirs = edited(BASE, "int two_3 = 3;", "int two_3 = 77;")
    new = lab.commit({"a.c": theirs}, "upstream", base)
    patches = [lab.patch(base, first), lab.patch(first, second, "0002-y.patch")]
    done = carry(lab, patches, base, new, tmp_path / "scratch")
    assert [r.outcome for r in done.results] == [Outcome.CONFLICT, Outcome.UNCHANGED]
    tree = done.repo.read(done.tree, "a.c")
    assert tree == edited(theirs, "int three_1 = 1;", "int three_1 = 11;")


def test_a_patch_that_needs_a_lost_one_is_no_clean_landing(
    lab: Lab, tmp_path: Path, base: str
) -> None:
    data = edited(BASE, "int two_3 = 3;", "int two_3 = 33;")
    first = lab.commit({"a.c": data}, "first", base)
    second = lab.commit({"a.c": edited(data, "int two_3 = 33;", "int two_3 = 333;")}, "second")
    new = lab.commit({"a.c": edited(BASE, "int two_3 = 3;", "int two_3 = 77;")}, "upstream", base)
    patches = [lab.patch(base, first), lab.patch(first, second, "0002-y.patch")]
    done = carry(lab, patches, base, new, tmp_path / "scratch")
    assert [r.outcome for r in done.results] == [Outcome.CONFLICT, Outcome.CONFLICT]


def test_same_lines_in_another_function_are_not_taken(lab: Lab, tmp_path: Path) -> None:
    body = ("lock();", "count++;", "unlock();", "log_it();")
    base = lab.commit({"a.c": function("one", *body) + function("two", "other();")}, "base")
    mine = function("one", "lock();", "count += 2;", "unlock();", "log_it();")
    patched = lab.commit({"a.c": mine + function("two", "other();")}, "mine", base)
    new = lab.commit({"a.c": function("one", "gone();") + function("two", *body)}, "up", base)
    done = carry(lab, [lab.patch(base, patched)], base, new, tmp_path / "scratch")
    assert done.results[0].outcome is Outcome.CONFLICT


def test_renamed_file_is_followed(lab: Lab, tmp_path: Path, base: str) -> None:
    mine = edited(BASE, "int two_3 = 3;", "int two_3 = 33;")
    moved = BASE + function("six")
    result, done = one(lab, tmp_path, base, {"a.c": mine}, {"a.c": None, "src/new.c": moved})
    assert result.outcome is Outcome.ADJUSTED
    assert done.repo.read(done.tree, "src/new.c") == edited(moved, "two_3 = 3;", "two_3 = 33;")
    assert b"+++ b/src/new.c" in done.series[0].raw
    lab.git("apply", "--check", "-", input=done.series[0].raw)


@pytest.mark.parametrize("reverse", [False, True])
def test_line_endings_change_between_the_versions(
    lab: Lab, tmp_path: Path, *, reverse: bool
) -> None:
    crlf = BASE.replace(b"\n", b"\r\n")
    old, new = (BASE, crlf) if reverse else (crlf, BASE)
    base = lab.commit({"a.c": old}, "base")
    mine = lab.commit({"a.c": old.replace(b"two_3 = 3;", b"two_3 = 33;")}, "mine", base)
    target = lab.commit({"a.c": new}, "line endings", base)
    done = carry(lab, [lab.patch(base, mine)], base, target, tmp_path / "scratch")
    assert done.results[0].outcome is Outcome.ADJUSTED
    assert done.repo.read(done.tree, "a.c") == new.replace(b"two_3 = 3;", b"two_3 = 33;")
    lab.git("apply", "--check", "-", input=done.series[0].raw)


def test_new_file(lab: Lab, tmp_path: Path, base: str) -> None:
    added = function("added")
    result, done = one(lab, tmp_path, base, {"new.c": added}, {"b.c": b"x\n"})
    assert result.outcome is Outcome.UNCHANGED
    assert done.repo.read(done.tree, "new.c") == added


def test_new_file_that_upstream_has_too(lab: Lab, tmp_path: Path, base: str) -> None:
    added = function("added")
    result, _ = one(lab, tmp_path, base, {"new.c": added}, {"new.c": added})
    assert result.outcome is Outcome.UPSTREAMED


def test_new_file_that_upstream_made_otherwise(lab: Lab, tmp_path: Path, base: str) -> None:
    result, done = one(lab, tmp_path, base, {"n.c": function("mine")}, {"n.c": function("theirs")})
    assert result.outcome is Outcome.CONFLICT
    assert done.repo.read(done.tree, "n.c") == function("theirs")


def test_deleted_file(lab: Lab, tmp_path: Path, base: str) -> None:
    result, done = one(lab, tmp_path, base, {"b.c": None}, {"a.c": BASE + b"\n"})
    assert result.outcome is Outcome.UNCHANGED
    assert "b.c" not in done.repo.list(done.tree)


def test_file_deleted_upstream_is_a_conflict(lab: Lab, tmp_path: Path, base: str) -> None:
    mine = edited(function("four"), "int four_3 = 3;", "int four_3 = 33;")
    result, _ = one(lab, tmp_path, base, {"b.c": mine}, {"b.c": None})
    assert result.outcome is Outcome.CONFLICT
    assert "deleted the file" in result.reason
    assert result.verdict.startswith("re-port")


def test_lines_that_upstream_added_nearby_are_not_added_twice(
    lab: Lab, tmp_path: Path, base: str
) -> None:
    new = ["  check_the_first_thing(two_1);", "  check_the_second_thing(two_2);"]
    mine = edited(BASE, "  int two_4 = 4;", "\n".join(["  int two_4 = 4;", *new]))
    theirs = edited(BASE, "  int two_0 = 0;", "\n".join(["  int two_0 = 0;", *new]))
    result, _ = one(lab, tmp_path, base, {"a.c": mine}, {"a.c": theirs})
    assert result.outcome is Outcome.UPSTREAMED
    assert "same lines" in " ".join(e.detail for e in result.evidence) + result.hunks[0].reason


def test_both_sides_add_at_the_same_place(lab: Lab, tmp_path: Path, base: str) -> None:
    mine = edited(BASE, "#include <stdio.h>", "#include <stdio.h>\n#include <math.h>")
    theirs = edited(BASE, "#include <stdio.h>", "#include <stdio.h>\n#include <time.h>")
    result, done = one(lab, tmp_path, base, {"a.c": mine}, {"a.c": theirs})
    assert result.outcome is Outcome.PARTIAL
    assert result.hunks[0].fate is Fate.OPEN
    assert not done.clean
    assert done.series == ()


def test_mode_change(lab: Lab, tmp_path: Path, base: str) -> None:
    lab.git("checkout", "-q", "-f", "--detach", base)
    lab.git("update-index", "--chmod=+x", "b.c")
    lab.git("commit", "-q", "-m", "mode")
    mine = lab.git("rev-parse", "HEAD").decode().strip()
    new = lab.commit({"a.c": BASE + b"\n"}, "up", base)
    done = carry(lab, [lab.patch(base, mine)], base, new, tmp_path / "scratch")
    assert done.results[0].outcome is Outcome.UNCHANGED
    assert {e.path: e.mode for e in done.repo.entries(done.tree)}["b.c"] == "100755"


def test_mode_change_whose_lines_are_upstream(lab: Lab, tmp_path: Path, base: str) -> None:
    lines = function("four").replace(b"four_3 = 3", b"four_3 = 33")
    lab.commit({"b.c": lines}, "mine", base)
    lab.git("update-index", "--chmod=+x", "b.c")
    lab.git("commit", "-q", "--amend", "-m", "mode and lines")
    mine = lab.git("rev-parse", "HEAD").decode().strip()
    new = lab.commit({"b.c": lines}, "up", base)
    done = carry(lab, [lab.patch(base, mine)], base, new, tmp_path / "scratch")
    assert done.results[0].outcome is Outcome.ADJUSTED
    assert {e.path: e.mode for e in done.repo.entries(done.tree)}["b.c"] == "100755"
    lab.git("apply", "--index", "-", input=done.series[0].raw)
    assert lab.git("write-tree").decode().strip() == done.tree


@pytest.mark.parametrize("data", [b"\0\1\2" * 50, bytes(range(256)) * 9])
def test_binary_file(lab: Lab, tmp_path: Path, data: bytes) -> None:
    base = lab.commit({"logo": data, "a.c": BASE}, "base")
    mine = {"logo": data + b"\0more\0"}
    result, done = one(lab, tmp_path, base, mine, {"a.c": BASE + b"\n"})
    assert result.outcome is Outcome.UNCHANGED
    assert done.repo.read(done.tree, "logo") == data + b"\0more\0"


def test_binary_file_that_upstream_changed(lab: Lab, tmp_path: Path) -> None:
    base = lab.commit({"logo": b"\0\1" * 50}, "base")
    result, _ = one(lab, tmp_path, base, {"logo": b"\0\2" * 50}, {"logo": b"\0\3" * 50})
    assert result.outcome is Outcome.CONFLICT


def test_git_rename_patch(lab: Lab, tmp_path: Path, base: str) -> None:
    moved = edited(BASE, "int two_3 = 3;", "int two_3 = 33;")
    patched = lab.commit({"a.c": None, "c.c": moved}, "move", base)
    theirs = edited(BASE, "int one_1 = 1;", "int one_1 = 11;")
    new = lab.commit({"a.c": theirs}, "up", base)
    patch = lab.patch(base, patched, "0001-x.patch", "-M")
    assert b"rename from a.c" in patch.raw
    done = carry(lab, [patch], base, new, tmp_path / "scratch")
    assert done.results[0].outcome is Outcome.UNCHANGED
    assert done.repo.read(done.tree, "c.c") == edited(theirs, "two_3 = 3;", "two_3 = 33;")
    assert "a.c" not in done.repo.list(done.tree)


def test_trees_without_history(lab: Lab, tmp_path: Path, base: str) -> None:
    mine = edited(BASE, "int two_3 = 3;", "int two_3 = 33;")
    patched = lab.commit({"a.c": mine}, "mine", base)
    new = lab.commit({"a.c": mine + function("more")}, "up", base)
    trees = [lab.repo.tree(rev) for rev in (base, new)]
    done = carry(lab, [lab.patch(base, patched)], trees[0], trees[1], tmp_path / "scratch")
    assert done.results[0].outcome is Outcome.UPSTREAMED
    assert done.results[0].evidence[0].commit == ""
    assert done.results[0].evidence[0].certainty == 1.0


def test_the_repository_itself_is_only_read(lab: Lab, tmp_path: Path, base: str) -> None:
    mine = edited(BASE, "int two_3 = 3;", "int two_3 = 33;")
    patched = lab.commit({"a.c": mine}, "mine", base)
    new = lab.commit({"b.c": b"x\n"}, "up", base)
    patch = lab.patch(base, patched)
    before = sorted(path for path in (lab.path / ".git").rglob("*") if path.is_file())
    carry(lab, [patch], base, new, tmp_path / "scratch")
    assert sorted(path for path in (lab.path / ".git").rglob("*") if path.is_file()) == before
