"""What each patch of a series is needed for: a verification without it.

Run it with: python -m tests.bench.without SERIES NUMBER,NUMBER… [OPTION…]   (upstreams needed)

For example: python -m tests.bench.without unikraft/0.17 3,4,5 --version 2.1.9 --smp 2 --arch arm64
Exits 1 unless each is shown to be needed: nothing passes without it, and all could be tried.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.upstream import ROOT

_SHOWN = 160  # characters of a reason


def without(series: str, number: int, options: list[str]) -> tuple[str, str, bool]:
    """The patch's name, what ukport says of its absence, and whether that shows a need for it."""
    with TemporaryDirectory() as folder:
        top = Path(folder)
        for name in ("recipes", "patches"):
            shutil.copytree(ROOT / name, top / name)
        (patch,) = (top / "patches" / series).glob(f"{number:04}-*.patch")
        patch.unlink()
        program = Path(sys.executable).with_name("ukport")
        done = subprocess.run(
            [program, "verify", "mimalloc", *options, "--json"],
            cwd=top,
            capture_output=True,
            check=False,
        )
    result = json.loads(done.stdout)
    verdict = result.get("verdict", "error")
    reason = str(result.get("reason") or result.get("error")).replace("|", "\\|")
    needed = verdict in ("fail", "crash", "hang", "oom", "build")
    return patch.stem, f"{verdict.upper()}: {reason[:_SHOWN]}", needed


def main() -> int:
    series, numbers, *options = sys.argv[1:]
    good = True
    print("| without | |\n|-|-|")
    for number in map(int, numbers.split(",")):
        name, told, needed = without(series, number, options)
        print(f"| {name} | {told} |", flush=True)
        good = good and needed
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
