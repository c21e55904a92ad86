"""What this machine can give to cells that run at the same time."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# MiB that QEMU and a build take beside the guest's own memory.
OVERHEAD = 400
_UNKNOWN = 4096  # MiB


class Budget:
    """Memory in MiB and cores, shared by threads.

    A cell that asks for more than there is waits until it is alone, and is let in then: a guest
    rarely touches all of its memory, and the verdict tells if it could not run.
    """

    def __init__(self, cores: int, memory: int) -> None:
        self.cores = cores
        self.memory = memory
        self._taken: list[int] = []
        self._changed = threading.Condition()

    @contextmanager
    def share(self, memory: int) -> Iterator[int]:
        """Wait for room for ``memory`` MiB; how many cores the one who has it may use."""
        asked = memory + OVERHEAD
        with self._changed:
            self._changed.wait_for(
                lambda: not self._taken or sum(self._taken) + asked <= self.memory
            )
            self._taken.append(asked)
            cores = max(1, self.cores // len(self._taken))
        try:
            yield cores
        finally:
            with self._changed:
                self._taken.remove(asked)
                self._changed.notify_all()


def cores() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0))


def free_memory() -> int:
    """MiB that can be had without swapping, as Linux estimates it."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        (line,) = (line for line in lines if line.startswith("MemAvailable:"))
        return int(line.split()[1]) // 1024
    except (OSError, ValueError):
        return _UNKNOWN
