"""Carry Debian's own series from one suite to the next and compare with what maintainers did.

Run it with: python -m tests.bench.debian [--folder DIR] [package ...]

Sources come from the archive with ``apt-get source --download-only`` under lists of our own, and
stay in the folder. A patch counts as kept if the new suite has one of its name or subject; where
the archive no longer holds the new suite's patches, nothing is known about that ("?").
"""

import argparse
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

from ukport.errors import UkportError
from ukport.series import Outcome, PatchResult, read_series
from ukport.workflow.rebase import rebase_series

PACKAGES = ("redis", "nginx", "busybox", "haproxy", "lwip")
SUITES = ("bookworm", "trixie")
MIRROR = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LANDED = (Outcome.UNCHANGED, Outcome.ADJUSTED)


def fetch(folder: Path, suite: str, packages: list[str]) -> Path:
    """Download the sources of a suite; what is missing from the archive is missed later."""
    home = folder / suite
    for name in ("lists/partial", "cache/archives/partial", "source"):
        (home / name).mkdir(parents=True, exist_ok=True)
    (home / "sources.list").write_text(f"deb-src [signed-by={KEYRING}] {MIRROR} {suite} main\n")
    options = {
        "Dir::Etc::sourcelist": home / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": home / "lists",
        "Dir::Cache": home / "cache",
    }
    apt = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]
    subprocess.run([*apt, "update"], check=False)
    for package in packages:
        if not list((home / "source").glob(f"{package}_*.orig.tar.*[!c]")):
            command = [*apt, "source", "--download-only", package]
            subprocess.run(command, cwd=home / "source", check=False)
    return home / "source"


def unpacked(source: Path, package: str, kind: str, into: Path) -> Path | None:
    """One tarball of a package, unpacked; None where the archive did not have it."""
    found = sorted(source.glob(f"{package}_*.{kind}.tar.*[!c]"))
    if not found:
        return None
    with tarfile.open(found[0]) as tar:
        tar.extractall(into, filter="data")
    return into


def names_of(folder: Path) -> set[str]:
    series = read_series(folder)
    return {p.name.rsplit("/", 1)[-1] for p in series} | {p.subject for p in series}


def state_of(result: PatchResult, subject: str, new: set[str] | None) -> str:
    if new is None:
        return "?"
    return "kept" if {result.name.rsplit("/", 1)[-1], subject} & new else "dropped"


def carry(package: str, sources: tuple[Path, Path]) -> list[tuple[str, PatchResult]]:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        old = unpacked(sources[0], package, "debian", work / "old")
        new = unpacked(sources[1], package, "debian", work / "new")
        if old is None:
            return []
        ends = [next(source.glob(f"{package}_*.orig.tar.*[!c]"), None) for source in sources]
        if None in ends or not (old / "debian/patches").is_dir():
            return []
        patches = old / "debian/patches"
        report = rebase_series(patches, str(ends[0]), str(ends[1]), work / "out")
        subjects = {patch.name: patch.subject for patch in read_series(patches)}
        known = names_of(new / "debian/patches") if new else None
        results = report.rebase.results
        return [(state_of(r, subjects[r.name], known), r) for r in results]


def verdicts(rows: list[tuple[str, PatchResult]]) -> Counter[str]:
    count: Counter[str] = Counter()
    for state, result in rows:
        still = sum(hunk.fate.value == "open" for hunk in result.hunks)
        fine = result.outcome in LANDED or (result.outcome is Outcome.PARTIAL and still <= 1)
        count[state] += 1
        count[f"{state}, lands or has one hunk open"] += fine
        count[f"{state}, upstreamed"] += result.outcome is Outcome.UPSTREAMED
    return count


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "ukport-deb")
    parser.add_argument("packages", nargs="*", default=PACKAGES)
    asked = parser.parse_args()
    sources = [fetch(asked.folder, suite, list(asked.packages)) for suite in SUITES]
    rows = []
    for package in asked.packages:
        try:
            found = carry(package, (sources[0], sources[1]))
        except UkportError as error:
            sys.stdout.write(f"{package}: {error}\n")
            continue
        for state, result in found:
            why = "; ".join(one.detail for one in result.evidence) or result.reason
            told = f"{package:8} {state:8} {result.outcome.value:11} {result.name}  {why}"
            sys.stdout.write(f"{told[:180]}\n")
        rows += found
    count = verdicts(rows)
    for key, value in sorted(count.items()):
        sys.stdout.write(f"{value:4}  {key}\n")
    return int(count["kept, upstreamed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
