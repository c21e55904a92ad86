"""Booting an image under QEMU: KVM where a probe shows that it runs guests, else TCG.

How the guest ended is asked of QEMU's own monitor (QMP), which the guest cannot write to: the
event SHUTDOWN tells a power-off by the guest from a reset, which a triple fault is, too.
"""

import os
import re
import selectors
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ukport import process
from ukport.verify.machine import X86_64, Machine
from ukport.verify.verdict import Ended

QEMU = X86_64.qemu
CONSOLE_LIMIT = 4 * 1024 * 1024  # bytes; a guest that prints more is stopped
# QEMU prints this and then stands still for ever.
_STUCK = b"KVM internal error"
# Said before QEMU starts: the guest waits (-S) until the monitor hears of its end.
_QMP = b'{"execute": "qmp_capabilities"}{"execute": "cont"}'
_SHUTDOWN = re.compile(rb'"event": "SHUTDOWN", "data": \{[^{}]*"reason": "([a-z-]+)"')


@dataclass(frozen=True)
class Accelerator:
    """``kvm`` or ``tcg``, and why where the reason matters to the reader."""

    name: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.name.upper()}{f' ({self.why})' if self.why else ''}"


@dataclass(frozen=True)
class Boot:
    """A finished boot: console in bytes, ``seconds`` of wall time for the whole run."""

    console: bytes
    ended: Ended
    seconds: float
    accelerator: Accelerator
    command: tuple[str, ...]


def run(
    image: Path,
    accelerator: Accelerator,
    *,
    memory: int,
    timeout: float,
    machine: Machine = X86_64,
) -> Boot:
    """Boot ``image`` with ``memory`` MiB, for at most ``timeout`` seconds.

    Raises MissingError where QEMU is not installed.
    """
    command = _command(image, accelerator, memory, machine)
    ours, theirs = socket.socketpair()
    began = time.monotonic()
    with ours, theirs:
        ours.sendall(_QMP)
        monitor = _monitor(theirs.fileno())
        child = process.start(
            [*command, *monitor], tied=True, stderr=subprocess.STDOUT, keep_fds=[theirs.fileno()]
        )
        theirs.close()
        try:
            console, ended = _watch(child, began + timeout)
        finally:
            process.stop(child)
            if child.stdout:
                child.stdout.close()
        ended = replace(ended, shutdown=_shutdown(ours))
    return Boot(console, ended, time.monotonic() - began, accelerator, tuple(command))


def _command(image: Path, accelerator: Accelerator, memory: int, machine: Machine) -> list[str]:
    cpu = "host" if accelerator.name == "kvm" else "max"
    return [
        *(machine.qemu, "-accel", accelerator.name, "-cpu", cpu, "-m", f"{memory}M"),
        *("-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot"),
        *("-nodefaults", *machine.board, "-kernel", str(image)),
    ]


def _monitor(handle: int) -> list[str]:
    """The monitor on a socket that is open already; not part of the command that people see."""
    return ["-S", "-chardev", f"socket,id=qmp,fd={handle}", "-mon", "chardev=qmp,mode=control"]


def _shutdown(monitor: socket.socket) -> str:
    """Why QEMU says that the machine stopped: ``guest-shutdown``, ``guest-reset``, or nothing."""
    said = b""
    monitor.settimeout(0)
    with suppress(BlockingIOError, ConnectionError):
        while piece := monitor.recv(65536):
            said += piece
    found = _SHUTDOWN.search(said)
    return found[1].decode("ascii") if found else ""


def _watch(child: "subprocess.Popen[bytes]", deadline: float) -> tuple[bytes, Ended]:
    """Read the console until the end, the deadline, or more than its bound."""
    stream = child.stdout
    if stream is None:
        raise ValueError("the console must be a pipe")
    pieces: list[bytes] = []
    size = 0
    with selectors.DefaultSelector() as ready:
        ready.register(stream, selectors.EVENT_READ)
        while size <= CONSOLE_LIMIT:
            left = deadline - time.monotonic()
            if left <= 0:
                return b"".join(pieces), Ended(-1, timed_out=True)
            if not ready.select(left):
                continue
            piece = os.read(stream.fileno(), 65536)
            if not piece:
                break
            pieces.append(piece)
            size += len(piece)
            if _STUCK in piece:
                return b"".join(pieces), Ended(-1)
        else:
            return b"".join(pieces)[:CONSOLE_LIMIT], Ended(-1, truncated=True)
    try:
        child.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return b"".join(pieces), Ended(-1, timed_out=True)
    return b"".join(pieces), Ended(child.returncode)


_PROBE_END = 33


def probe_image() -> bytes:
    """A guest of a few bytes that loads the SSE control word and ends itself with status 33.

    A multiboot kernel (specification 0.6.96, address fields in the header). It runs unpaged and
    uses SSE, as a unikernel's first instructions do: what a nested KVM may not be able to.
    """
    base, offset = 0x100000, 32
    magic, flags = 0x1BADB002, 1 << 16
    control_word = struct.pack("<I", 0x1F80)
    start = base + offset + len(control_word)
    code = (
        b"\x0f\x20\xe0\x0d\x00\x06\x00\x00\x0f\x22\xe0"  # cr4 |= OSFXSR | OSXMMEXCPT
        b"\x0f\xae\x15"  # ldmxcsr from the address that follows
        + struct.pack("<I", base + offset)
        + b"\xb0\x10\x66\xba\x01\x05\xee\xf4"  # out 0x501, 0x10; hlt
    )
    end = start + len(code)
    header = struct.pack("<III", magic, flags, -(magic + flags) & 0xFFFFFFFF)
    places = struct.pack("<IIIII", base, base, end, end, start)
    return header + places + control_word + code


def choose(*, device: Path = Path("/dev/kvm")) -> Accelerator:
    """For x86_64: KVM if it opens and a guest of ours runs to its end under it; else TCG, why."""
    if not device.exists():
        return Accelerator("tcg", "no /dev/kvm here")
    if not os.access(device, os.R_OK | os.W_OK):
        return Accelerator("tcg", "/dev/kvm may not be opened")
    with tempfile.TemporaryDirectory(prefix="ukport-") as folder:
        image = Path(folder) / "probe"
        image.write_bytes(probe_image())
        tried = run(image, Accelerator("kvm"), memory=16, timeout=5)
    if tried.ended.returncode == _PROBE_END:
        return Accelerator("kvm")
    return Accelerator("tcg", "KVM cannot run guests here")


def version() -> str:
    """QEMU's version, as it prints it."""
    done = process.run([QEMU, "--version"])
    found = re.search(r"version (\S+)", done.text)
    return found[1] if found else "unknown"


def command_line(words: Sequence[str]) -> str:
    """A command as a person can paste it."""
    import shlex

    return shlex.join(words)
