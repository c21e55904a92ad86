"""A program on the host that talks to a guest, through a port that QEMU forwards from 127.0.0.1.

The port is the kernel's choice, so two guests never want the same, and it is asked of QEMU's
monitor. The guest reaches nothing but what was begun from here.

A client that measures prints a mark before and after what it measures, and waits after each for a
line on its standard input: the clocks are read while nothing happens.
"""

import os
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ukport import process
from ukport.errors import MissingError

HOST = "127.0.0.1"
_FORWARD = re.compile(r"^\s*TCP\[HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)", re.MULTILINE)

_MARK = re.compile(rb"^ukport: measure (?:from|to)\r?\n", re.MULTILINE)


@dataclass(frozen=True)
class Mark:
    """Where a client began or ended to measure: nanoseconds of QEMU's processor time so far.

    ``instructions`` are those of the guest, 0 where they are not counted.
    """

    spent: int
    instructions: int


@dataclass(frozen=True)
class Client:
    """``program`` is Python, ``arguments`` are its command line; ``port`` is the guest's."""

    program: Path
    port: int
    arguments: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The program itself."""
        return self.program.read_text("utf-8")

    @property
    def board(self) -> tuple[str, ...]:
        """QEMU's options for the guest's network."""
        net = f"user,id=net,restrict=on,hostfwd=tcp:{HOST}:0-:{self.port}"
        return ("-netdev", net, "-device", "virtio-net-pci,netdev=net")

    def start(self, forwarded: int) -> "subprocess.Popen[bytes]":
        """Run it against the forwarded port, away from the user's settings of Python."""
        command = [sys.executable, "-I", "-u", str(self.program), HOST, str(forwarded)]
        return process.start(
            [*command, *self.arguments],
            stdin=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            tied=True,
        )


def marks(told: bytes | bytearray) -> int:
    """How many marks a client has printed so far."""
    return len(_MARK.findall(told))


def go_on(client: "subprocess.Popen[bytes]") -> None:
    """Tell a client that waits after a mark."""
    with suppress(BrokenPipeError):
        if client.stdin:
            os.write(client.stdin.fileno(), b"\n")


def forwarded(usernet: str) -> int | None:
    """The host's port of the one forwarding that the monitor's ``info usernet`` tells of."""
    found = _FORWARD.search(usernet)
    return int(found[1]) if found else None


def require(modules: tuple[str, ...], tools: tuple[str, ...]) -> None:
    """Raises MissingError for the first of what a client needs that is not on this machine."""
    for module in modules:
        if find_spec(module) is None:
            raise MissingError(
                f"the client of the test needs the Python module {module}",
                f"install it with: {sys.executable} -m pip install {module}",
            )
    for tool in tools:
        process.require(tool)
