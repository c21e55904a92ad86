"""Applying at zero fuzz gives the very tree that git gives, or says why not."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.series.lab import Lab, function, make_lab
from ukport.errors import ConflictError
from ukport.series import Patch
from ukport.series.apply import apply


def test_a_chain_of_everything(lab: Lab, tmp_path: Path) -> None:
    states: list[dict[str, bytes | None]] = [
        {"a.c": function("a") + function("b"), "bin": bytes(range(256)) * 20, "dos": b"1\r\n2\r\n"},
        {"a.c": function("a") + function("c"), "new": b"no newline", "dir/deep/x": b"1\n"},
        {"bin": bytes(range(256)) * 20 + b"tail", "dos": b"1\r\n3\r\n", "new": None},
        {"dir/deep/x": None, "dir/deep": b"a file now\n", "latin": b"caf\xe9\n"},
        {"a.c": None, "moved.c": function("a") + function("c"), "dos": None, "bin": b"\0short"},
    ]
    commits = [lab.commit(state, f"step {number}") for number, state in enumerate(states)]
    steps = pairwise(commits)
    series = [lab.patch(old, new, f"{n:04}.patch", "-M") for n, (old, new) in enumerate(steps)]
    tree = apply(lab.repo, series, commits[0], scratch=tmp_path / "scratch")
    assert tree == lab.repo.tree(commits[-1])


def test_a_misfit_names_patch_file_hunk_and_lines(lab: Lab, tmp_path: Path) -> None:
    base = lab.commit({"a.c": function("a")})
    mine = lab.commit({"a.c": function("a").replace(b"a_3 = 3", b"a_3 = 33")})
    other = lab.commit({"a.c": function("a").replace(b"a_3 = 3", b"a_3 = 44")}, "x", base)
    patch = lab.patch(base, mine, "0007-mine.patch")
    with pytest.raises(ConflictError) as caught:
        apply(lab.repo, [patch], other, scratch=tmp_path / "scratch")
    message = caught.value.message
    for part in ("0007-mine.patch", "a.c", "@@ -3,7 +3,7 @@", "int a_3 = 3;", "int a_3 = 44;"):
        assert part in message
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("change", [{"a.c": None}, {"new.c": b"there already\n"}])
def test_a_missing_file_or_one_too_many(
    lab: Lab, tmp_path: Path, change: dict[str, bytes | None]
) -> None:
    base = lab.commit({"a.c": function("a")})
    mine = lab.commit({"a.c": function("b"), "new.c": b"x\n"})
    other = lab.commit(change, "x", base)
    with pytest.raises(ConflictError, match=next(iter(change))):
        apply(lab.repo, [lab.patch(base, mine)], other, scratch=tmp_path / "scratch")


def test_binary_without_its_bytes_is_refused(lab: Lab, tmp_path: Path) -> None:
    base = lab.commit({"x": b"\0a"})
    mine = lab.commit({"x": b"\0b"})
    patch = Patch("p", lab.git("diff", base, mine))
    assert b"Binary files" in patch.raw
    with pytest.raises(ConflictError, match="does not hold them"):
        apply(lab.repo, [patch], base, scratch=tmp_path / "scratch")


ROWS = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"}\n", b"\n", b"\r\n"]), max_size=30)


@given(ROWS, ROWS, st.integers(0, 3), st.binary(max_size=3).map(lambda b: b.replace(b"\n", b"")))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_two_files(
    tmp_path_factory: pytest.TempPathFactory,
    old: list[bytes],
    new: list[bytes],
    context: int,
    tail: bytes,
) -> None:
    folder = tmp_path_factory.mktemp("two")
    lab = make_lab(folder / "lab")
    one = lab.commit({"x": b"".join(old)})
    two = lab.commit({"x": b"".join(new) + tail})
    patch = lab.plain(one, two, "p", f"-U{context}", "--text")
    tree = apply(lab.repo, [patch], one, scratch=folder / "scratch")
    assert tree == lab.repo.tree(two)


def test_lines_that_moved_are_found_where_git_finds_them(lab: Lab, tmp_path: Path) -> None:
    rows = [f"line {number * number % 41}\n".encode() for number in range(200)]
    base = lab.commit({"x": b"".join(rows)})
    rows[100] = b"changed\n"
    mine = lab.commit({"x": b"".join(rows)})
    moved = lab.commit({"x": b"new\n" * 5 + lab.file(base, "x")}, "x", base)
    patch = lab.plain(base, mine)
    tree = apply(lab.repo, [patch], moved, scratch=tmp_path / "scratch")
    lab.git("apply", "--index", "-", input=patch.raw)
    assert tree == lab.git("write-tree").decode().strip()
