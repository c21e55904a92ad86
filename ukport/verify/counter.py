"""Counting a guest's instructions while its clock runs as ever, by a plugin of QEMU's.

QEMU's own counting (``-icount``) makes the guest's clock of them, and what comes from the network
then waits for that clock. The plugin is made here, for the interface of the QEMU that is there.
"""

import os
import struct
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from ukport import process

_INTERFACES = (2, 1)  # from QEMU 9.0 on, and before (its qemu-plugin.h)
_LIMIT = 30.0  # seconds for the compiler, and for QEMU to say whether it takes the plugin
_COUNT = struct.Struct("=Q")


@dataclass(frozen=True)
class Counter:
    """``handle`` is memory that we share with QEMU."""

    plugin: Path
    handle: int

    @property
    def options(self) -> tuple[str, ...]:
        """QEMU's, which must inherit the handle."""
        return ("-plugin", f"{self.plugin},fd={self.handle}")

    def read(self) -> int:
        """Instructions so far."""
        number: int = _COUNT.unpack(os.pread(self.handle, _COUNT.size, 0))[0]
        return number


def can_count(emulator: Sequence[str]) -> bool:
    """Whether this QEMU takes the plugin: asked of itself."""
    return _plugin(tuple(emulator)) is not None


@contextmanager
def counting(emulator: Sequence[str]) -> Iterator[Counter | None]:
    """A counter for one boot; None where this QEMU takes no plugin."""
    plugin = _plugin(tuple(emulator))
    if plugin is None:
        yield None
        return
    with _shared() as handle:
        yield Counter(plugin, handle)


@contextmanager
def _shared() -> Iterator[int]:
    handle = os.memfd_create("ukport-counter", 0)
    try:
        os.ftruncate(handle, _COUNT.size)
        yield handle
    finally:
        os.close(handle)


@cache
def _plugin(emulator: tuple[str, ...]) -> Path | None:
    made = (_made(interface) for interface in _INTERFACES)
    return next((plugin for plugin in made if _is_taken(emulator, plugin)), None)


@cache
def _place() -> "tempfile.TemporaryDirectory[str]":
    """Goes with this process."""
    return tempfile.TemporaryDirectory(prefix="ukport-counter-")


@cache
def _made(interface: int) -> Path:
    plugin = Path(_place().name) / f"counter-{interface}.so"
    source = resources.files("ukport.verify") / "counter.c"
    with resources.as_file(source) as path:
        flags = ("-O2", "-shared", "-fPIC", "-fvisibility=hidden", f"-DINTERFACE={interface}")
        process.run(["gcc", *flags, "-o", plugin, path], timeout=_LIMIT)
    return plugin


def _is_taken(emulator: tuple[str, ...], plugin: Path) -> bool:
    with _shared() as handle:
        done = process.run(
            [
                *(*emulator, "-accel", "tcg", "-machine", "none"),
                *Counter(plugin, handle).options,
                *("-display", "none", "-nodefaults", "-monitor", "stdio"),
            ],
            input=b"quit\n",
            check=False,
            timeout=_LIMIT,
            keep_fds=[handle],
        )
    return done.returncode == 0
