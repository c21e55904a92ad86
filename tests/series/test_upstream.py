"""Real series over real releases."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.series.lab import Lab
from ukport.git import Repository
from ukport.git.mirror import mirror
from ukport.series import Outcome, Patch, read_series, write_series
from ukport.series.apply import apply
from ukport.series.rebase import rebase

pytestmark = pytest.mark.upstream
Upstream = Callable[[str], str]


@pytest.fixture(scope="session")
def bare(
    upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Repository]:
    """A mirror of an upstream, made once."""
    made: dict[str, Repository] = {}

    def get(url: str) -> Repository:
        if url not in made:
            path = tmp_path_factory.mktemp("mirror") / "repo.git"
            mirror(upstream(url), path)
            made[url] = Repository(path)
        return made[url]

    return get


def test_all_patches_of_lib_musl(bare: Callable[[str], Repository], tmp_path: Path) -> None:
    """22 of 22, none through fuzz: patch(1) agrees, byte for byte, without any."""
    port = bare("https://github.com/unikraft/lib-musl")
    musl = bare("https://git.musl-libc.org/git/musl")
    port.export("stable", tmp_path / "port", ["patches"])
    series = read_series(tmp_path / "port/patches")
    assert len(series) == 22
    done = rebase(musl, series, "v1.2.3", "v1.2.5", scratch=tmp_path / "scratch")
    adjusted = [r.name[:4] for r in done.results if r.outcome is Outcome.ADJUSTED]
    unchanged = [r for r in done.results if r.outcome is Outcome.UNCHANGED]
    assert (adjusted, len(unchanged)) == (["0005", "0018", "0020"], 19)
    assert apply(musl, done.series, "v1.2.5", scratch=tmp_path / "again") == done.tree
    write_series(tmp_path / "out", done.series)
    musl.export("v1.2.5", tmp_path / "by-patch")
    for name in (tmp_path / "out/series").read_text().split():
        command = ["patch", "-p1", "-s", "-F0", "--no-backup-if-mismatch"]
        with (tmp_path / "out" / name).open("rb") as patch:
            subprocess.run(command, cwd=tmp_path / "by-patch", stdin=patch, check=True)
    for path in {change.path for patch in series for change in patch.files}:
        assert (tmp_path / "by-patch" / path).read_bytes() == done.repo.read(done.tree, path)


def carried_commits(work: Lab, source: Repository, wanted: int) -> list[tuple[str, Patch]]:
    """Commits between 1.6.1 and 2.1.0 that can be had on 1.6.1, as patches made there."""
    log = ["rev-list", "--no-merges", "--reverse", "--topo-order", "v1.6.1..v2.1.0"]
    commits = source.git(log).text.split()[::4]
    found: list[tuple[str, Patch]] = []
    work.git("checkout", "-q", "-f", "--detach", "v1.6.1")
    for commit in commits:
        head = work.git("rev-parse", "HEAD").decode().strip()
        work.git("cherry-pick", "-Xno-renames", commit, check=False)
        if work.git("diff", "--stat", head, "HEAD"):
            patch = work.patch(head, "HEAD", f"{len(found):04}.patch")
            found.append((commit, patch))
        else:
            work.git("cherry-pick", "--abort", check=False)
            work.git("reset", "-q", "--hard", head)
        if len(found) == wanted:
            break
    return found


def test_commits_that_upstream_has(bare: Callable[[str], Repository], tmp_path: Path) -> None:
    source = bare("https://github.com/microsoft/mimalloc")
    subprocess.run(["git", "clone", "-q", "-n", source.path, tmp_path / "work"], check=True)
    carried = carried_commits(Lab(tmp_path / "work"), source, 33)
    assert len(carried) == 33
    series = [patch for _, patch in carried]
    done = rebase(source, series, "v1.6.1", "v2.1.0", scratch=tmp_path / "scratch")
    right = [
        commit
        for (commit, _), result in zip(carried, done.results, strict=True)
        if result.outcome is Outcome.UPSTREAMED and commit in {e.commit for e in result.evidence}
    ]
    assert len(right) >= 31


def test_commits_that_upstream_will_have_are_not_upstreamed(
    bare: Callable[[str], Repository], tmp_path: Path
) -> None:
    """The counter-test: commits younger than the target, carried to it, must not be found."""
    source = bare("https://github.com/microsoft/mimalloc")
    subprocess.run(["git", "clone", "-q", "-n", source.path, tmp_path / "work"], check=True)
    work = Lab(tmp_path / "work")
    log = ["rev-list", "--no-merges", "--reverse", "--topo-order", "v2.1.2..v2.2.7"]
    work.git("checkout", "-q", "-f", "--detach", "v2.0.9")
    series = []
    for commit in source.git(log).text.split()[::3]:
        head = work.git("rev-parse", "HEAD").decode().strip()
        work.git("cherry-pick", "-Xno-renames", commit, check=False)
        if work.git("diff", "--stat", head, "HEAD"):
            series.append(work.patch(head, "HEAD", f"{len(series):04}.patch"))
        else:
            work.git("cherry-pick", "--abort", check=False)
            work.git("reset", "-q", "--hard", head)
    assert len(series) >= 20
    for history in (True, False):
        done = rebase(
            source, series, "v2.0.9", "v2.1.2", scratch=tmp_path / str(history), history=history
        )
        assert [r.name for r in done.results if r.outcome is Outcome.UPSTREAMED] == []
