"""How long an upgrade takes with everything cached, and how much of it is ukport's own work.

Run it with: python -m tests.bench.upgrade [VERSION]   (upstreams needed; recipes/ stay as they are)
"""

import json
import statistics
import subprocess
import sys
import time

ROUNDS = 3
WHOLE, OWN = 15.0, 1.5  # seconds at most


def measured(version: str) -> tuple[float, float]:
    """Seconds of a whole run, and of what is neither make's nor QEMU's."""
    command = [sys.executable, "-m", "ukport", "upgrade", "mimalloc", "--to", version]
    began = time.perf_counter()
    done = subprocess.run([*command, "--dry-run", "--json"], capture_output=True, check=False)
    whole = time.perf_counter() - began
    result = json.loads(done.stdout)
    if result.get("verdict") != "pass":
        raise SystemExit(f"the upgrade did not pass: {result.get('reason', result.get('error'))}")
    return whole, whole - result["stages"]["build"] - result["stages"]["boot"]


def main() -> int:
    version = sys.argv[1] if len(sys.argv) > 1 else "2.1"
    measured(version)  # fills the caches
    runs = [measured(version) for _ in range(ROUNDS)]
    whole, own = (statistics.median(column) for column in zip(*runs, strict=True))
    print(f"whole upgrade      {whole:5.1f} s  (at most {WHOLE:.0f})")
    print(f"ukport's own work  {own:5.2f} s  (at most {OWN})")
    return int(whole > WHOLE or own > OWN)


if __name__ == "__main__":
    sys.exit(main())
