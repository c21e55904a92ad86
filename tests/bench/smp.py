"""What two cores of this machine are good for, by the benchmarks that guests run on two CPUs.

Run it with: python -m tests.bench.smp [VERSION…]   (upstreams needed; nothing else may run)

The same sources with the same numbers, as a process of this Linux: a thread on one core, and two on
two. Beside mimalloc, built from upstream's tree, stands glibc's malloc, as it is and with one arena
and no caches, so that all threads wait for one lock. Scaling is the time on one core over the time
on two, of alternating rounds: their median, least and most.
"""

import os
import re
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.upstream import FLAGS, ROOT, tree
from ukport.recipe import load
from ukport.recipe.model import Case

VERSIONS = ("1.6.3", "2.1.9", "3.4.3")
ROUNDS = 7
# Which argument says how often, and how many times more often than in the guest, where each
# instruction takes many of the host's.
LONGER = {
    "cache-scratch": (3, 1),
    "cache-thrash": (3, 1),
    "larson": (5, 2),
    "threadtest": (1, 4),
    "pairs": (1, 4),
}
ONE_LOCK = {"MALLOC_ARENA_MAX": "1", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
SOURCES = ("main.c", "lines.c", "batches.c", "exchange.c")
TICKS = re.compile(r"^ukport: measure count (\d+) ticks$", re.MULTILINE)
# What main.c asks of Unikraft, and Linux does not say.
ALLOC = """
#include <stddef.h>
typedef long __ssz;
#define uk_alloc_get_default() NULL
#define uk_alloc_availmem(a) (-1L)
"""


@dataclass(frozen=True)
class Allocator:
    name: str
    program: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, case: Case, cpus: int) -> int:
        """The processor's ticks from begin to end."""
        numbers = list(case.arguments)
        at, times = LONGER[case.name]
        numbers[at + 1] = str(int(numbers[at + 1]) * times)
        environment = {**os.environ, **self.environment, "CPUS": str(cpus)}
        done = subprocess.run(
            [self.program, *numbers], env=environment, capture_output=True, text=True, check=True
        )
        (ticks,) = TICKS.findall(done.stdout)
        return int(ticks)


def compile_all(versions: Sequence[str], folder: Path) -> list[Allocator]:
    (folder / "uk").mkdir()
    (folder / "uk/alloc.h").write_text(ALLOC)
    (folder / "uk/config.h").touch()
    recipe = ROOT / "recipes/mimalloc"
    sources = [str(recipe / "bench" / name) for name in SOURCES]
    sources.append(str(ROOT / "tests/bench/linux.c"))
    flags = ["gcc", "-O2", "-w", "-pthread", f"-I{folder}", f"-I{recipe}/bench", f"-I{recipe}/test"]
    glibc = folder / "glibc"
    subprocess.run([*flags, *sources, "-o", glibc], check=True)
    found = [Allocator("glibc", glibc), Allocator("glibc, one lock", glibc, ONE_LOCK)]
    for version in versions:
        top = folder / version
        tree(version, top)
        program = folder / f"mimalloc-{version}"
        library = [*FLAGS, "-DMI_MALLOC_OVERRIDE", f"-I{top}/include", f"-I{top}/src"]
        unit = folder / f"{version}.o"
        subprocess.run(["gcc", *library, "-c", top / "src/static.c", "-o", unit], check=True)
        subprocess.run([*flags, *sources, unit, "-o", program], check=True)
        found.append(Allocator(f"mimalloc {version}", program))
    return found


def scaling(allocators: Sequence[Allocator], cases: Sequence[Case]) -> dict[str, list[list[float]]]:
    """By benchmark, and then by allocator, the ratio of each round."""
    found: dict[str, list[list[float]]] = {case.name: [[] for _ in allocators] for case in cases}
    for at in range(ROUNDS):
        for case in cases:
            for number, one in enumerate(allocators):
                order = (1, 2) if at % 2 else (2, 1)
                ticks = {cpus: one.run(case, cpus) for cpus in order}
                found[case.name][number].append(ticks[1] / ticks[2])
    return found


def main() -> int:
    smp = load(ROOT, "mimalloc").bench.smp
    with TemporaryDirectory() as folder:
        allocators = compile_all(sys.argv[1:] or VERSIONS, Path(folder))
        found = scaling(allocators, smp.cases)
    names = [one.name for one in allocators]
    print(f"| | {' | '.join(names)} |\n|-|{'-|' * len(names)}")
    for case, by_allocator in found.items():
        told = (
            f"{statistics.median(one):.2f} ({min(one):.2f} to {max(one):.2f})"
            for one in by_allocator
        )
        print(f"| {case} | {' | '.join(told)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
