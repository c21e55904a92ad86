"""``ukport symbols`` against ``gcc -c -O0`` and ``nm`` on the same units: accuracy and time.

Run it with: python -m tests.bench.symbols [CASE…]   (upstreams needed)

Cold, nothing of the units is kept; what gcc needs as well is there: the sources, the configured
build with its headers and command lines. So is what other libraries provide. Warm, all is kept.
All times are of whole processes, one after the other in rotation; gcc and nm run one at a time, and
once more with as many at a time as there are processors, as ukport runs its preprocessors.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from ukport.source import Cache, default_root
from ukport.symbols.command import Command
from ukport.workflow.answers import FOLDER, Question
from ukport.workflow.symbols import build_commands

ROOT = Path(__file__).parents[2]
ROUNDS = 5
COLD, WARM, EXACT, NEARLY = 0.9, 0.15, 1.0, 0.998
CASES = {
    "mimalloc 1.6.3": Question("mimalloc", "1.6.3"),
    "mimalloc 2.1.9": Question("mimalloc", "2.1.9"),
    "mimalloc 3.4.3": Question("mimalloc", "3.4.3"),
    "musl stdio": Question("mimalloc", "1.6.3", of="libmusl", only="src/stdio/*"),
}
# The linker makes it, for objects that ask where it is: nobody has to provide it.
LINKERS = {"_GLOBAL_OFFSET_TABLE_"}


def compile_all(commands: Sequence[Command], folder: Path, jobs: int) -> list[str]:
    """Compile and list the symbols of every unit; what nm says of each."""

    def one(at: int) -> str:
        unit = folder / f"{at}.o"
        compiled = subprocess.run(commands[at].compile(unit), stderr=subprocess.PIPE, check=False)
        assert compiled.returncode == 0, compiled.stderr.decode(errors="replace")
        return subprocess.run(["nm", unit], check=True, capture_output=True, text=True).stdout

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, range(len(commands))))


def ukport(question: Question) -> dict:
    options = [f"--version={question.version}"]
    options += [f"--of={question.of}"] * bool(question.of)
    options += [f"--only={question.only}"] * bool(question.only)
    program = Path(sys.executable).with_name("ukport")
    command = [program, "symbols", question.recipe, *options, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    found = json.loads(done.stdout)
    if "units" not in found:
        raise SystemExit(found.get("error"))
    return found


def forget() -> None:
    """Take away all that is kept of units and declarations."""
    folder = default_root() / FOLDER
    shutil.rmtree(folder / "answers", ignore_errors=True)
    for kept in folder.glob("*/results/*.declarations"):
        kept.unlink()


def seconds(call, *args) -> float:
    began = time.perf_counter()
    call(*args)
    return time.perf_counter() - began


def listed(text: str) -> tuple[set[str], set[str]]:
    """The symbols that nm lists as defined for all to see, and as undefined."""
    lines = [line.split()[-2:] for line in text.splitlines()]
    needs = {name for kind, name in lines if kind in "Uw"}
    return {name for kind, name in lines if kind.isupper() and kind != "U"}, needs - LINKERS


def accuracy(units: list[dict], listings: list[str]) -> tuple[float, float, float, float]:
    """Precision and recall of what is defined, then of what is needed."""
    counts = [0] * 6
    for unit, listing in zip(units, listings, strict=True):
        ours = [{one["name"] for one in unit[key]} for key in ("defines", "needs")]
        for at, (found, true) in enumerate(zip(ours, listed(listing), strict=True)):
            for place, some in enumerate((found & true, found, true)):
                counts[3 * at + place] += len(some)
    hit, found, true, hit2, found2, true2 = counts
    return hit / found, hit / true, hit2 / found2, hit2 / true2


def measure(name: str) -> bool:
    question = CASES[name]
    ukport(question)
    cache = Cache(default_root())
    jobs = os.cpu_count() or 1
    rows: list[tuple[float, ...]] = []
    listings: list[str] = []
    with TemporaryDirectory() as folder:
        place = Path(folder)
        for _ in range(ROUNDS):
            with build_commands(ROOT, question, cache, lambda _event: None) as commands:
                one = seconds(compile_all, commands, place, 1)
                many = seconds(compile_all, commands, place, jobs)
                listings = listings or compile_all(commands, place, jobs)
            forget()
            rows.append((one, many, seconds(ukport, question), seconds(ukport, question)))
    one, many, cold, warm = (statistics.median(column) for column in zip(*rows, strict=True))
    colds, warms = (statistics.median(row[at] / row[0] for row in rows) for at in (2, 3))
    units = ukport(question)["units"]
    parsed = sum(unit["parsed"] for unit in units)
    rates = accuracy(units, listings)
    print(
        f"{name:<15} {parsed:>3}/{len(units):<3} {rates[0]:.3f}/{rates[1]:.3f}"
        f"  {rates[2]:.4f}/{rates[3]:.4f}  {one:6.2f} {many:6.2f} {cold:6.2f} {warm:6.2f}"
        f"  {colds:5.2f} {cold / many:5.2f} {warms:5.2f} {warm / many:5.2f}",
        flush=True,
    )
    exact = min(rates[:2]) >= EXACT and min(rates[2:]) >= NEARLY
    return exact and colds <= COLD and warms <= WARM


def main() -> int:
    print(
        "                parsed   defined p/r   needed p/r     gcc+nm  -j      cold   warm"
        "   cold/  (-j)  warm/  (-j)"
    )
    good = [measure(name) for name in sys.argv[1:] or CASES]
    print(f"asked: defined {EXACT}, needed {NEARLY}, cold {COLD}, warm {WARM} of gcc+nm one by one")
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
