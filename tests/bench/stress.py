"""Ten million operations on two CPUs: every allocator, and what must be caught without its lock.

Run it with: python -m tests.bench.stress ARCHITECTURE [WORD]   (upstreams needed; for x86_64
UKPORT_QEMU names QEMU 9.0 or newer; WORD is part of the names of those wanted)

mimalloc 1.6 takes 256 MiB at once and then hardly asks the page store: it is tried with less.

Exits 1 where an allocator does not pass, or one without its lock does.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.upstream import ROOT

VERSIONS = ("1.6.3", "2.1.9", "3.4.3")
FOREIGN = re.compile(r"(\d+) and (\d+) operations, (\d+) and (\d+) of them freed")
LOCK = re.compile(r"ukarch_spin_(un)?lock\(&lock\);")


@dataclass(frozen=True)
class Entrant:
    name: str
    options: tuple[str, ...]
    locked: bool = True


def entrants() -> Iterator[Entrant]:
    """In the order that has the fewest builds from nothing."""
    for locked in (True, False):
        for version in VERSIONS:
            memory = ("--memory", "256") if version.startswith("1.6") else ()
            name = f"mimalloc {version}{'' if locked else ', page store without its lock'}"
            yield Entrant(name, ("--version", version, *memory), locked)
    yield Entrant("bbuddy, locked", ("--allocator", "bbuddy-locked"))
    yield Entrant("bbuddy, without its lock", ("--allocator", "bbuddy"), locked=False)


def project(folder: Path, *, locked: bool) -> Path:
    """The recipe and its patches; mimalloc's page store without its lock, if so wanted."""
    top = folder / ("locked" if locked else "unlocked")
    for name in ("recipes", "patches"):
        shutil.copytree(ROOT / name, top / name)
    if not locked:
        pages = top / "recipes/mimalloc/glue/pages.c"
        pages.write_text(LOCK.sub("", pages.read_text()))
    return top


def verified(top: Path, architecture: str, entrant: Entrant) -> dict[str, Any]:
    command = ["verify", "mimalloc", "--smp", "2", "--arch", architecture, "--json"]
    program = Path(sys.executable).with_name("ukport")
    done = subprocess.run(
        [program, *command, *entrant.options], cwd=top, capture_output=True, check=False
    )
    result: dict[str, Any] = json.loads(done.stdout)
    if "verdict" not in result:
        raise SystemExit(f"{entrant.name}: {result['error']}")
    return result


def told(result: dict[str, Any]) -> str:
    """The verdict, and how much was done by whom, or why it ended."""
    verdict = str(result["verdict"]).upper()
    console = (Path(result["report"]).parent / "console.log").read_text()
    found = FOREIGN.search(console)
    if verdict == "PASS" and found:
        done, crossed = int(found[1]) + int(found[2]), int(found[3]) + int(found[4])
        return f"{verdict}: {done:,} operations, {crossed:,} blocks freed by the other CPU"
    return f"{verdict}: {result['reason']}"


def main() -> int:
    architecture, *word = sys.argv[1:]
    good = True
    with TemporaryDirectory() as folder:
        tops = {locked: project(Path(folder), locked=locked) for locked in (True, False)}
        print(f"| {architecture} | |\n|-|-|")
        for one in (one for one in entrants() if all(w in one.name for w in word)):
            result = verified(tops[one.locked], architecture, one)
            print(f"| {one.name} | {told(result)} |", flush=True)
            good = good and (result["verdict"] == "pass") == one.locked
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
