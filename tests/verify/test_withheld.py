import subprocess
import sys
import time
from pathlib import Path

import pytest

from ukport import process


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="Linux's own accounts")
def test_what_others_took_of_a_core_is_known():
    spin = "import os, time\nos.sched_setaffinity(0, {0})\nend = time.monotonic() + 1.5\n"
    spin += "while time.monotonic() < end: pass"
    several = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(3)]
    try:
        time.sleep(1.2)
        waited = [process.withheld(child) for child in several]
    finally:
        for child in several:
            child.wait()
    # three on one core: each has a third of it, and waits for the rest
    assert sum(waited) > 0.8, waited
    assert process.withheld(several[0]) == 0  # it has ended
