"""Carry Debian's own series from one suite to the next and compare with what maintainers did.

Run it with: python -m tests.bench.debian [--folder DIR] [package ...]

Sources come from the archive with ``apt-get source --download-only`` under lists of our own, and
stay in the folder. The new suite is the first of NEWER that the archive, or its part for security,
still has the package of, patches and all. A patch counts as kept if the new series has one of its
name, its subject or its CVE, else as dropped. Where no newer patches are to be had the maintainers'
word is not known, and upstream's own change log is asked instead: "listed" if it names the patch's
subject or CVE, else "unlisted".

``upstreamed`` is false for a patch that the maintainers kept. Where nobody says anything of a patch
git has to prove it: it must take the patch back, by its very lines, out of the new tree.
"""

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ukport.errors import UkportError
from ukport.series import Fate, Outcome, Patch, PatchResult, read_series
from ukport.workflow.rebase import rebase_series

PACKAGES = ("redis", "nginx", "busybox", "haproxy", "lwip")
OLDER, NEWER = "bookworm", ("trixie", "forky", "sid")
LOGS = ("CHANGES", "CHANGELOG", "ChangeLog", "NEWS", "00-RELEASENOTES", "docs/changes")
MIRROR = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LANDED = (Outcome.UNCHANGED, Outcome.ADJUSTED)


def fetch(folder: Path, suite: str, packages: list[str], *, security: bool = False) -> None:
    """Download the sources of a suite; what is missing from the archive is missed later."""
    home = folder / suite
    lists = home / ("security" if security else "lists")
    for path in (lists / "partial", home / "cache/archives/partial", home / "source"):
        path.mkdir(parents=True, exist_ok=True)
    archive = f"{MIRROR}-security {suite}-security" if security else f"{MIRROR} {suite}"
    origin = home / f"{lists.name}.list"
    origin.write_text(f"deb-src [signed-by={KEYRING}] {archive} main\n")
    options = {
        "Dir::Etc::sourcelist": origin,
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": lists,
        "Dir::Cache": home / "cache",
    }
    apt = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]
    missing = [p for p in packages if not whole(home / "source", p)]
    if missing:
        subprocess.run([*apt, "update"], check=False)
    for package in missing:
        command = [*apt, "source", "--download-only", package]
        subprocess.run(command, cwd=home / "source", check=False)


def whole(source: Path, package: str) -> bool:
    """Whether a package is there with its patches."""
    return bool(one(source, package, "debian") and one(source, package, "orig"))


def one(source: Path, package: str, kind: str) -> Path | None:
    """The tarball of a package that is there, if any."""
    return next(iter(sorted(source.glob(f"{package}_*.{kind}.tar.*[!c]"))), None)


def unpacked(source: Path, package: str, kind: str, into: Path) -> Path | None:
    """One tarball of a package, unpacked; None where the archive did not have it."""
    found = one(source, package, kind)
    if not found:
        return None
    with tarfile.open(found) as tar:
        tar.extractall(into, filter="data")
    return into


CVE = re.compile(r"CVE-\d{4}-\d+", re.IGNORECASE)


def words_of(patch: Patch) -> set[str]:
    """What a patch is known by: its name, its subject, the CVEs that either names."""
    name = patch.name.rsplit("/", 1)[-1]
    return {name, patch.subject, *map(str.upper, CVE.findall(f"{name} {patch.subject}"))}


def by_series(folder: Path) -> Callable[[Patch], str]:
    """The maintainers' word: whether the new series has the patch."""
    known = set().union(*(words_of(patch) for patch in read_series(folder)))
    return lambda patch: "kept" if words_of(patch) & known else "dropped"


def by_log(archive: Path) -> Callable[[Patch], str]:
    """Upstream's own word: whether the change log of the new version names the patch."""
    with tarfile.open(archive) as tar:
        members = [m for m in tar if m.isfile() and m.name.partition("/")[2] in LOGS]
        files = [file for member in members if (file := tar.extractfile(member))]
        text = " ".join(b" ".join(file.read() for file in files).decode("utf-8", "replace").split())

    def listed(patch: Patch) -> str:
        words = words_of(patch) - {patch.name.rsplit("/", 1)[-1]}
        return "listed" if any(word in text for word in words) else "unlisted"

    return listed


def taken_back(patch: Patch, tree: Path) -> bool:
    """Whether git takes the patch out of the tree: every line of it is there, where it belongs."""
    (top,) = [path for path in tree.iterdir() if path.is_dir()]
    command = ["git", "apply", "--check", "--reverse", f"-p{patch.strip}", "-"]
    # Nobody's repository: git apply is to see nothing but these files.
    env = {**os.environ, "GIT_DIR": "/dev/null", "GIT_CEILING_DIRECTORIES": str(tree)}
    return not subprocess.run(command, cwd=top, input=patch.raw, env=env, check=False).returncode


def carry(package: str, folder: Path) -> list[tuple[str, PatchResult]]:
    old, *newer = (folder / suite / "source" for suite in (OLDER, *NEWER))
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        if unpacked(old, package, "debian", work / "old") is None:
            return []
        patches = work / "old/debian/patches"
        packed = [s for s in newer if whole(s, package)]
        new = next(iter(packed or [s for s in newer if one(s, package, "orig")]), None)
        ends = [one(source, package, "orig") for source in (old, new) if source]
        if new is None or None in ends or not patches.is_dir():
            return []
        print(f"{package}: {ends[0].name} to {ends[1].name} of {new.parent.name}")
        if packed:
            unpacked(new, package, "debian", work / "new")
            state = by_series(work / "new/debian/patches")
        else:
            state = by_log(ends[1])
        report = rebase_series(patches, str(ends[0]), str(ends[1]), work / "out")
        series = {patch.name: patch for patch in read_series(patches)}
        rows = [(state(series[r.name]), r) for r in report.rebase.results]
        doubtful = [r for said, r in rows if (said, r.outcome) == ("unlisted", Outcome.UPSTREAMED)]
        if doubtful:
            unpacked(new, package, "orig", work / "tree")
        proven = {r.name for r in doubtful if taken_back(series[r.name], work / "tree")}
        return [("proven" if r.name in proven else said, r) for said, r in rows]


def still_open(result: PatchResult) -> int:
    """Hunks that did not land; a proposal does not close one."""
    return sum(hunk.fate is Fate.OPEN for hunk in result.hunks)


def told(package: str, state: str, result: PatchResult) -> str:
    """One row of the table."""
    why = "; ".join(one.detail for one in result.evidence) or result.reason
    counts = f"{still_open(result)}/{len(result.hunks)} open" if still_open(result) else ""
    guessed = sum(bool(hunk.proposal) for hunk in result.hunks)
    counts += f", {guessed} proposed" if guessed else ""
    name = result.name.rsplit("/", 1)[-1][:50]
    head = f"{package:8} {state:8} {result.outcome.value:10} {counts:21} {name:50}"
    return f"{head} {why[:100]}".rstrip()


def verdicts(rows: list[tuple[str, PatchResult]]) -> Counter[str]:
    count: Counter[str] = Counter()
    for state, result in rows:
        fine = result.outcome in LANDED or (
            result.outcome is Outcome.PARTIAL and still_open(result) <= 1
        )
        count[state] += 1
        count[f"{state}, lands or has one hunk open"] += fine
        count[f"{state}, upstreamed"] += result.outcome is Outcome.UPSTREAMED
    return count


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "ukport-deb")
    parser.add_argument("packages", nargs="*", default=PACKAGES)
    asked = parser.parse_args()
    fetch(asked.folder, OLDER, list(asked.packages))
    for suite in NEWER:
        fetch(asked.folder, suite, list(asked.packages))
        fetch(asked.folder, suite, list(asked.packages), security=True)
    rows = []
    for package in asked.packages:
        try:
            found = carry(package, asked.folder)
        except UkportError as error:
            sys.stdout.write(f"{package}: {error}\n")
            continue
        for state, result in found:
            print(told(package, state, result))
        rows += found
    count = verdicts(rows)
    for key, value in sorted(count.items()):
        sys.stdout.write(f"{value:4}  {key}\n")
    return int(count["kept, upstreamed"] + count["unlisted, upstreamed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
