"""Our three-way merge against git's own, on files edited at random by two sides."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.series.lab import Lab, make_lab
from ukport.series import Outcome, Patch
from ukport.series.rebase import rebase

SIZE = 24
EDITS = st.lists(
    st.tuples(st.integers(0, SIZE - 1), st.integers(0, 2), st.integers(0, 3)),
    min_size=1,
    max_size=3,
)


def edit(rows: list[bytes], edits: list[tuple[int, int, int]], mark: str) -> list[bytes]:
    """Replace ``removed`` lines by ``added`` ones at each place, from the end."""
    rows = list(rows)
    for number, (at, removed, added) in enumerate(sorted(edits, reverse=True)):
        new = [f"  {mark} writes {number} {i};\n".encode() for i in range(added)]
        rows[at : at + removed] = new
    return rows


def merged_by_git(folder: Path, texts: dict[str, bytes]) -> bytes | None:
    for name, text in texts.items():
        (folder / name).write_bytes(text)
    command = ["git", "merge-file", "-p", "new", "old", "mine"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return make_lab(tmp_path_factory.mktemp("oracle") / "lab")


@given(EDITS, EDITS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_git_merges_we_merge_alike(
    oracle: Lab,
    tmp_path_factory: pytest.TempPathFactory,
    mine: list[tuple[int, int, int]],
    theirs: list[tuple[int, int, int]],
) -> None:
    base = [b"int f(void)\n", b"{\n"] + [f"  line {n};\n".encode() for n in range(SIZE)]
    ours = edit(base, mine, "mine")
    upstream = edit(base, theirs, "upstream")
    if ours == base:
        return
    folder = tmp_path_factory.mktemp("case")
    texts = {
        "old": b"".join(base),
        "mine": b"".join(ours),
        "new": b"".join(upstream),
    }
    expected = merged_by_git(folder, texts)
    old = oracle.commit({"f.c": texts["old"]})
    patched = oracle.commit({"f.c": texts["mine"]})
    new = oracle.commit({"f.c": texts["new"]}, "upstream", old)
    patch = Patch("p", oracle.git("diff", old, patched))
    done = rebase(oracle.repo, [patch], old, new, scratch=folder / "scratch")
    result = done.results[0]
    got = done.repo.read(done.tree, "f.c")
    if result.outcome in (Outcome.UNCHANGED, Outcome.ADJUSTED):
        # What we land applies as it is written, and to the very tree that we say.
        oracle.git("checkout", "-q", "-f", "--detach", new)
        oracle.git("apply", "-", input=done.series[0].raw)
        assert (oracle.path / "f.c").read_bytes() == got
    if expected is None:
        return
    if result.outcome is Outcome.UPSTREAMED:
        # Both took the same lines out and put none in.
        assert got == expected == texts["new"]
    else:
        assert result.outcome in (Outcome.UNCHANGED, Outcome.ADJUSTED)
        assert got == expected
