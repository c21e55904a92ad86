"""QEMU's own monitor (QMP), on a socket that only we and the emulator hold.

The guest cannot write to it: what it says of a guest's end is true. A machine that stands still can
be read through it: its registers, and its stack.
"""

import json
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

# Sent before QEMU starts: the guest waits (-S) until the monitor hears of its end.
_START = b'{"execute": "qmp_capabilities"}{"execute": "cont"}'
_ENDS = ("SHUTDOWN", "GUEST_PANICKED")
_REGISTER = re.compile(r"\b([A-Z][A-Z0-9]{1,5})\s?=([0-9a-f]{8}(?:[0-9a-f]{8})?)\b")
_CPU = re.compile(r"^CPU#\d+\s*$", re.MULTILINE)
_BASE = re.compile(r"^([FG]S) =[0-9a-f]{4} ([0-9a-f]{8,16})", re.MULTILINE)
_WORDS = re.compile(r"^([0-9a-f]{8,16}):((?: 0x[0-9a-f]{8})+)", re.MULTILINE)
STACK = 8192  # bytes of the stack that are read
_ANSWER = 5.0  # seconds; a machine that is emulated by a busy host is slow to stop


@dataclass(frozen=True)
class State:
    """A machine that stands still: registers by QEMU's names, and the stack's 32-bit words.

    They are the first CPU's; with several, ``cpus`` has the registers of each.
    """

    registers: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[int, int] = field(default_factory=dict)
    cpus: tuple[Mapping[str, int], ...] = ()


class Monitor:
    """Our end of the monitor of one QEMU."""

    def __init__(self, ours: socket.socket) -> None:
        self._socket = ours
        self._buffer = b""
        self.ended = ""  # why the machine stopped: guest-shutdown, guest-reset, panicked, or ""

    def fileno(self) -> int:
        return self._socket.fileno()

    def hear(self) -> bool:
        """Take in what is there now; whether the monitor still speaks."""
        self._socket.settimeout(0)
        try:
            piece = self._socket.recv(65536)
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        self._take(piece)
        return bool(piece)

    def state(self, stack: int | None = None) -> State:
        """Stop the machine and read it; ``stack`` is where to read, else the stack pointer.

        Empty where the monitor does not answer.
        """
        self._ask("stop")
        cpus = cpus_of(self.human("info registers -a"))
        registers = cpus[0] if cpus else {}
        top = stack if stack is not None else registers.get("RSP", registers.get("SP", 0))
        # Behind a red zone, and for a pointer that is off by a little.
        words = words_of(self.human(f"x/{STACK // 4}wx {max(0, top & ~15):#x}")) if top else {}
        return State(registers, words, cpus if len(cpus) > 1 else ())

    def quit(self) -> None:
        """Have QEMU end; no error where it has already."""
        with suppress(OSError):
            self._socket.settimeout(_ANSWER)
            self._socket.sendall(b'{"execute": "quit"}')

    def human(self, line: str) -> str:
        """The answer to a command of the human monitor; empty where there is none in time."""
        answer = self._ask("human-monitor-command", {"command-line": line})
        return answer if isinstance(answer, str) else ""

    def _ask(self, command: str, arguments: Mapping[str, str] | None = None) -> object:
        """The answer of one command; None where there is none in time."""
        asked = {"execute": command, "id": command, "arguments": arguments or {}}
        deadline = time.monotonic() + _ANSWER
        try:
            self._socket.settimeout(_ANSWER)
            self._socket.sendall(json.dumps(asked).encode())
            while (left := deadline - time.monotonic()) > 0:
                self._socket.settimeout(left)
                piece = self._socket.recv(65536)
                if not piece:
                    return None
                for answer in self._take(piece):
                    if answer.get("id") == command:
                        return answer.get("return")
        except OSError:
            pass
        return None

    def _take(self, piece: bytes) -> list[dict[str, object]]:
        """Whole messages; the first event that ends the guest is remembered."""
        *whole, self._buffer = (self._buffer + piece).split(b"\n")
        messages = []
        for line in whole:
            with suppress(ValueError):
                message = json.loads(line)
                messages.append(message)
                if message.get("event") in _ENDS and not self.ended:
                    self.ended = str(message.get("data", {}).get("reason", "panicked"))
        return messages


@contextmanager
def listen() -> Iterator[tuple[Monitor, socket.socket]]:
    """A monitor and the end that QEMU gets, for ``options``; close that once QEMU has started."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(_START)
        yield Monitor(ours), theirs


def options(handle: int) -> list[str]:
    """QEMU's options for the monitor; not part of the command that people see."""
    return ["-S", "-chardev", f"socket,id=qmp,fd={handle}", "-mon", "chardev=qmp,mode=control"]


def cpus_of(text: str) -> tuple[Mapping[str, int], ...]:
    """The registers of each CPU of ``info registers -a``."""
    parts = _CPU.split(text)
    return tuple(registers_of(part) for part in (parts[1:] or parts) if part.strip())


def registers_of(text: str) -> Mapping[str, int]:
    """Registers of ``info registers``; those of a 32-bit mode by their 64-bit names."""
    found = {name: int(value, 16) for name, value in _REGISTER.findall(text)}
    found |= {f"{name}_BASE": int(value, 16) for name, value in _BASE.findall(text)}
    if "EIP" in found:
        found = {f"R{k[1:]}" if k in _NARROW else k: value for k, value in found.items()}
    return found


_NARROW = ("EIP", "ESP", "EBP", "EAX", "EBX", "ECX", "EDX", "ESI", "EDI")


def words_of(text: str) -> Mapping[int, int]:
    """The 32-bit words of an ``x/wx``, by address."""
    return {
        int(start, 16) + 4 * at: int(word, 16)
        for start, words in _WORDS.findall(text)
        for at, word in enumerate(words.split())
    }
