"""How fast a series is carried, as a multiple of what git and quilt take for the same.

Run it with: python -m tests.bench.rebase [URL or folder of mimalloc]
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.series.lab import ENVIRONMENT

URL = "https://github.com/microsoft/mimalloc"
OLD, NEW = "v2.0.9", "v2.1.7"
ROUNDS = 7
# Most that ukport may take, as a multiple of: git rebase, quilt push.
LIMITS = {10: (1.0, None), 100: (0.25, 0.12)}
APPLY_LIMIT = 6.0
_APPLY = (
    "import sys; from pathlib import Path; from ukport.git.repository import Repository; "
    "from ukport.series.apply import apply; from ukport.series.series import read_series; "
    "print(apply(Repository(Path(sys.argv[1])), read_series(Path(sys.argv[2])), sys.argv[3], "
    "scratch=Path(sys.argv[4])))"
)


def git(folder: Path, *args: str | Path) -> bytes:
    command = ["git", "-C", str(folder), *map(str, args)]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=True).stdout


def windows(lines: Sequence[bytes]) -> dict[tuple[bytes, ...], list[int]]:
    found: dict[tuple[bytes, ...], list[int]] = {}
    for at in range(len(lines) - 8):
        found.setdefault(tuple(lines[at : at + 7]), []).append(at)
    return found


def places(repo: Path, apart: int) -> Iterator[tuple[str, int]]:
    """Lines whose surroundings are the same, and stand once, in both versions."""
    old = set(git(repo, "ls-tree", "-r", "--name-only", OLD, "src", "include").decode().split())
    new = set(git(repo, "ls-tree", "-r", "--name-only", NEW).decode().split())
    for path in sorted(path for path in old & new if path.endswith((".c", ".h"))):
        before, after = (git(repo, "show", f"{rev}:{path}").split(b"\n") for rev in (OLD, NEW))
        here, there = windows(before), windows(after)
        last = -apart
        for at in range(len(before) - 8):
            key = tuple(before[at : at + 7])
            alone = len(here[key]) == len(there.get(key, [])) == 1
            if alone and at - last >= apart and before[at + 3].strip():
                yield path, at + 3
                last = at


def make_series(repo: Path, folder: Path, count: int) -> None:
    """``count`` patches that land: half add a line, half change one."""
    work = folder / f"work{count}"
    subprocess.run(["git", "clone", "-q", "-s", "-n", repo, work], check=True)
    git(work, "checkout", "-q", "-b", "series", OLD)
    spots = list(places(repo, 8 if count <= 500 else 4))
    # Spread over all files, in an order that is not theirs.
    chosen = sorted(spots[:: max(len(spots) // count, 1)], key=lambda spot: (spot[1] % 17, spot))
    for number, (path, at) in enumerate(chosen[:count]):
        original = git(repo, "show", f"{OLD}:{path}").split(b"\n")
        lines = (work / path).read_bytes().split(b"\n")
        around = original[at - 1 : at + 2]
        spot = next(
            (i for i in range(len(lines)) if lines[i - 1 : i + 2] == around),
            lines.index(original[at]) if original[at] in lines else 1,
        )
        note = b"/* ukport bench %d */" % number
        lines[spot : spot + 1] = [lines[spot], note] if number % 2 else [lines[spot] + b" " + note]
        (work / path).write_bytes(b"\n".join(lines))
        git(work, "commit", "-qam", f"bench: change {number} in {path}")
    git(work, "format-patch", "-q", "-o", folder / str(count), f"{OLD}..series")
    names = sorted(path.name for path in (folder / str(count)).glob("*.patch"))
    (folder / str(count) / "series").write_text("".join(f"{name}\n" for name in names))


def timed(command: Sequence[str | Path], cwd: Path | None = None) -> float:
    # A program is measured as it is installed, with its compiled modules.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment |= {k: v for k, v in ENVIRONMENT.items() if k.startswith("GIT_")}
    began = time.perf_counter()
    subprocess.run(command, cwd=cwd, env=environment, capture_output=True, check=True)
    return time.perf_counter() - began


def by_ukport(repo: Path, folder: Path, count: int) -> float:
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    ends = ["--old", f"{repo}@{OLD}", "--new", f"{repo}@{NEW}", "--out", out]
    series = folder / str(count)
    program = Path(sys.executable).with_name("ukport")
    return timed([program, "rebase", "--series", series, *ends])


def by_git(folder: Path, count: int) -> float:
    work = folder / f"work{count}"
    git(work, "checkout", "-q", "-f", "--detach", "series")
    return timed(["git", "rebase", "-q", "--onto", NEW, OLD], work)


def by_quilt(repo: Path, folder: Path, count: int) -> float:
    work = folder / "quilt"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    archive = git(repo, "archive", NEW)
    subprocess.run(["tar", "x"], cwd=work, input=archive, check=True)
    (work / "patches").symlink_to(folder / str(count))
    return timed(["quilt", "push", "-aq"], work)


def rebased(repo: Path, folder: Path, count: int) -> bool:
    rivals: dict[str, Callable[[], float]] = {
        "ukport": lambda: by_ukport(repo, folder, count),
        "git rebase": lambda: by_git(folder, count),
    }
    limits = dict(zip(("git rebase", "quilt push"), LIMITS[count], strict=True))
    if shutil.which("quilt"):
        rivals["quilt push"] = lambda: by_quilt(repo, folder, count)
    # In rotation, so that whatever else the machine does meets all alike.
    rounds = [{name: run() for name, run in rivals.items()} for _ in range(ROUNDS)]
    median = {name: statistics.median(r[name] for r in rounds) for name in rivals}
    fine = True
    for name, took in median.items():
        limit = limits.get(name)
        ratio = median["ukport"] / took
        told = f" ukport takes {ratio:.2f} x (at most {limit})" if limit else ""
        print(f"rebase {count:5} patches  {name:11} {took * 1000:7.0f} ms {told}")
        fine = fine and (limit is None or ratio <= limit)
    return fine


def applied(repo: Path, folder: Path, count: int) -> bool:
    work = folder / f"work{count}"
    series = folder / str(count)
    names = sorted(series.glob("*.patch"))
    ours, theirs = [], []
    for number in range(ROUNDS):
        git(work, "checkout", "-q", "-f", "--detach", OLD)
        scratch = folder / f"scratch{number}"
        ours.append(timed([sys.executable, "-c", _APPLY, repo, series, OLD, scratch]))
        theirs.append(timed(["git", "apply", *names], work))
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(f"apply  {count:5} patches  {ratio:.2f} x git apply of all (at most {APPLY_LIMIT})")
    return ratio <= APPLY_LIMIT


def linear(repo: Path, folder: Path) -> bool:
    took = {n: min(by_ukport(repo, folder, n) for _ in range(5)) for n in (100, 1000)}
    growth = took[1000] / took[100]
    print(f"rebase 1000 patches take {growth:.1f} x as long as 100 (at most 10)")
    return growth <= 10


def main() -> int:
    source = sys.argv[1] if len(sys.argv) > 1 else URL
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repo = folder / "mimalloc.git"
        subprocess.run(["git", "clone", "-q", "--bare", source, repo], check=True)
        for count in (10, 100, 1000):
            make_series(repo, folder, count)
        fine = [rebased(repo, folder, 10), rebased(repo, folder, 100)]
        fine += [applied(repo, folder, 100), linear(repo, folder)]
    return int(not all(fine))


if __name__ == "__main__":
    sys.exit(main())
