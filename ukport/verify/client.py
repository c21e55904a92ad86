"""A program on the host that talks to a guest, through a port that QEMU forwards from 127.0.0.1.

The port is the kernel's choice, so two guests never want the same, and it is asked of QEMU's
monitor. The guest reaches nothing but what was begun from here.
"""

import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ukport import process
from ukport.errors import MissingError

HOST = "127.0.0.1"
_FORWARD = re.compile(r"^\s*TCP\[HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Client:
    """``program`` is Python; ``port`` is the guest's."""

    program: Path
    port: int

    @property
    def board(self) -> tuple[str, ...]:
        """QEMU's options for the guest's network."""
        net = f"user,id=net,restrict=on,hostfwd=tcp:{HOST}:0-:{self.port}"
        return ("-netdev", net, "-device", "virtio-net-pci,netdev=net")

    def start(self, forwarded: int) -> "subprocess.Popen[bytes]":
        """Run it against the forwarded port, away from the user's settings of Python."""
        command = [sys.executable, "-I", "-u", str(self.program), HOST, str(forwarded)]
        return process.start(command, stderr=subprocess.STDOUT, tied=True)


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
