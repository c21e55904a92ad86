"""How long ``ukport --help`` takes, as a multiple of an interpreter that does nothing.

Run it with: python -m tests.bench.startup
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 31
LIMIT = 12.0


def seconds(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - began


def main() -> int:
    program = str(Path(sys.executable).with_name("ukport"))
    # In rotation, so that whatever else the machine does meets both alike.
    pairs = [
        (seconds(sys.executable, "-c", "pass"), seconds(program, "--help")) for _ in range(ROUNDS)
    ]
    bare, helped = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = helped / bare
    print(f"python -c pass  {bare * 1000:6.1f} ms")
    print(f"ukport --help   {helped * 1000:6.1f} ms")
    print(f"ratio           {ratio:6.1f}  (at most {LIMIT:.0f})")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
