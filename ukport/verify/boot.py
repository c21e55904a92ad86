"""Booting an image under QEMU: KVM where a probe shows that it runs guests, else TCG.

What the guest prints and what QEMU says come on two pipes, so that neither is taken for the other.
How the guest ended is asked of QEMU's monitor.
"""

import os
import re
import selectors
import struct
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from ukport import process
from ukport.verify import client as clients
from ukport.verify import monitor
from ukport.verify.client import Client, Mark, forwarded
from ukport.verify.counter import Counter, counting
from ukport.verify.machine import X86_64, Machine
from ukport.verify.monitor import Monitor, State
from ukport.verify.verdict import Ended

QEMU = X86_64.qemu
CONSOLE_LIMIT = 4 * 1024 * 1024  # bytes; a guest that prints more is stopped
_SAID_LIMIT = 64 * 1024  # bytes of QEMU's own words
# QEMU says this and then stands still for ever.
_STUCK = b"KVM internal error"
_STOPPED = -1  # the status of a QEMU that we ended
_NOTABLE = 0.2  # seconds without a core that put a deadline off
_LAST = 3.0  # seconds that QEMU has to end in once it was told to
# The clock goes on by 2^0 ns with each instruction, and where the guest sleeps it need not wait.
COUNTED = ("-icount", "shift=0,sleep=off")


@dataclass(frozen=True)
class Accelerator:
    """``kvm`` or ``tcg``, and why where the reason matters to the reader."""

    name: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.name.upper()}{f' ({self.why})' if self.why else ''}"


@dataclass(frozen=True)
class Boot:
    """A finished boot: console in bytes, ``seconds`` of wall time for the whole run.

    ``state`` is the machine as it stood where it was stopped, or in an autopsy; ``host_memory`` the
    most that QEMU took, in MiB. ``arrivals`` tell, for each piece of the console that ends a line,
    how many bytes had come by then, and how many nanoseconds of processor time QEMU had taken.
    """

    console: bytes
    ended: Ended
    seconds: float
    accelerator: Accelerator
    command: tuple[str, ...]
    state: State = field(default_factory=State)
    host_memory: int = 0
    told: bytes | None = None  # what the client printed, where there was one
    arrivals: tuple[tuple[int, int], ...] = ()
    marks: tuple[Mark, ...] = ()  # of a client that measures


@dataclass(frozen=True)
class Autopsy:
    """``stack``: where the stack is to be read, if not at the stack pointer."""

    stack: int | None = None


def run(
    image: Path,
    accelerator: Accelerator,
    *,
    memory: int,
    timeout: float,
    machine: Machine = X86_64,
    cpus: int = 1,
    autopsy: Autopsy | None = None,
    arguments: Sequence[str] = (),
    counted: bool = False,
    client: Client | None = None,
) -> Boot:
    """Boot ``image`` with ``memory`` MiB, for at most ``timeout`` seconds.

    ``arguments`` are the guest's command line. With ``counted`` its clock counts instructions, one
    a nanosecond, instead of time: only emulation can do that. A ``client`` runs beside it; its
    guest's clock stays as it is, and instructions are counted apart from it. Time in which QEMU
    waited for a core does not count: a busy machine is no hang of the guest. With ``autopsy`` the
    machine stands still at its end, to be read, and has no exit status. Raises MissingError where
    QEMU is not installed.
    """
    board = (*(machine.observed if autopsy else machine.board), *(client.board if client else ()))
    command = [
        *qemu_command(image, accelerator, memory, machine.emulator, board, cpus),
        *(("-append", " ".join(arguments)) if arguments else ()),
        *(COUNTED if counted and client is None else ()),
    ]
    began = time.monotonic()
    counts = counting(machine.emulator) if counted and client else nullcontext()
    with monitor.listen() as (ours, theirs), counts as counter:
        handles = [theirs.fileno(), *([counter.handle] if counter else [])]
        extra = [*monitor.options(theirs.fileno()), *(("-no-shutdown",) if autopsy else ())]
        extra += counter.options if counter else ()
        child = process.start([*command, *extra], tied=True, keep_fds=handles)
        theirs.close()
        watched = _Watch(child, ours, began + timeout, counter)
        try:
            if client and (port := forwarded(ours.human("info usernet"))):
                watched.listen(client.start(port))
            ended = watched.to_the_end(stands_still=autopsy is not None)
            state = ours.state(autopsy.stack if autopsy else None) if ended else State()
            ours.quit()
            watched.rest(_LAST)
            peak = process.reap(child, _LAST)
        finally:
            watched.dismiss()
            process.stop(child)
            for stream in (child.stdout, child.stderr):
                if stream:
                    stream.close()
    ended = ended or Ended(child.returncode, shutdown=ours.ended)
    return Boot(
        console=bytes(watched.console),
        ended=replace(ended, said=watched.said),
        seconds=time.monotonic() - began,
        accelerator=accelerator,
        command=tuple(command),
        state=state,
        host_memory=peak // 1024,
        told=bytes(watched.told) if client else None,
        arrivals=tuple(watched.arrivals),
        marks=tuple(watched.marks),
    )


def qemu_command(
    image: Path,
    accelerator: Accelerator,
    memory: int,
    qemu: Sequence[str],
    board: Sequence[str],
    cpus: int = 1,
) -> list[str]:
    """The emulator's command line, with the guest's console on standard output.

    Several CPUs are emulated by a thread each, which is what makes them parallel.
    """
    cpu = "host" if accelerator.name == "kvm" else "max"
    accel = "tcg,thread=multi" if accelerator.name == "tcg" and cpus > 1 else accelerator.name
    return [
        *(*qemu, "-accel", accel, "-cpu", cpu, "-m", f"{memory}M"),
        *(("-smp", str(cpus)) if cpus > 1 else ()),
        *("-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot"),
        *("-nodefaults", *board, "-kernel", str(image)),
    ]


class _Watch:
    """What comes from a guest and its emulator, up to the end of either."""

    def __init__(
        self,
        child: "subprocess.Popen[bytes]",
        ours: Monitor,
        deadline: float,
        counter: Counter | None = None,
    ) -> None:
        self.console = bytearray()
        self.told = bytearray()
        self.arrivals: list[tuple[int, int]] = []
        self.marks: list[Mark] = []
        self._said = bytearray()
        self._child = child
        self._monitor = ours
        self._deadline = deadline
        self._counter = counter
        self._withheld = 0.0
        self._client: subprocess.Popen[bytes] | None = None
        self._done = False
        self._selector = selectors.DefaultSelector()
        for stream, into in ((child.stdout, self.console), (child.stderr, self._said)):
            if stream is None:
                raise ValueError("both outputs must be pipes")
            self._selector.register(stream, selectors.EVENT_READ, into)
        self._selector.register(ours, selectors.EVENT_READ)

    @property
    def said(self) -> str:
        """QEMU's own words."""
        return self._said[:_SAID_LIMIT].decode("utf-8", "replace").strip()

    def listen(self, client: "subprocess.Popen[bytes]") -> None:
        """Take in what the guest's client prints, too."""
        if client.stdout is None:
            raise ValueError("the client's output must be a pipe")
        self._client = client
        self._selector.register(client.stdout, selectors.EVENT_READ, self.told)

    def dismiss(self) -> None:
        """End the client, where there is one."""
        if self._client:
            process.stop(self._client)
            for stream in (self._client.stdin, self._client.stdout):
                if stream:
                    stream.close()

    def to_the_end(self, *, stands_still: bool) -> Ended | None:
        """Until QEMU ends, which is None, the deadline, or more than the bound.

        One that ``stands_still`` does not end when its guest does.
        """
        while self._take(self._deadline - time.monotonic()) or self._put_off():
            if max(len(self.console), len(self.told)) > CONSOLE_LIMIT:
                del self.console[CONSOLE_LIMIT:], self.told[CONSOLE_LIMIT:]
                return Ended(_STOPPED, truncated=True)
            if _STUCK in self._said:
                return Ended(_STOPPED)
            if self._done:
                return Ended(_STOPPED, dismissed=True)
            if stands_still and self._monitor.ended:
                return Ended(0, shutdown=self._monitor.ended)
        late = time.monotonic() >= self._deadline
        return Ended(_STOPPED, timed_out=True) if late else None

    def _put_off(self) -> bool:
        """Move a deadline that has come by what other programs on this machine took of the time."""
        now, withheld = time.monotonic(), process.withheld(self._child)
        if now < self._deadline or withheld - self._withheld < _NOTABLE:
            return False
        self._deadline += withheld - self._withheld
        self._withheld = withheld
        return True

    def rest(self, seconds: float) -> None:
        """What is still in the pipes, once the end has come."""
        deadline = time.monotonic() + seconds
        while len(self.console) <= CONSOLE_LIMIT and self._take(deadline - time.monotonic()):
            pass
        del self.console[CONSOLE_LIMIT:]

    def _read_clocks(self) -> None:
        """At a mark of the client, which goes on only then."""
        while self._client and len(self.marks) < clients.marks(self.told):
            spent = process.spent(self._child)
            self.marks.append(Mark(spent, self._counter.read() if self._counter else 0))
            clients.go_on(self._client)

    def _parted(self, data: bytearray | None) -> None:
        """A guest is done once its client is; a client has nothing to do without a guest."""
        if data is self.told:
            self._done = True
        elif self._client and not any(
            key.data is None or key.data is self.console
            for key in self._selector.get_map().values()
        ):
            process.stop(self._client)

    def _take(self, seconds: float) -> bool:
        """Wait for more, and take it; False at the end of all and where nothing comes in time."""
        ready = self._selector.select(max(0.0, seconds)) if self._selector.get_map() else []
        for key, _ in ready:
            if key.data is None:
                gone = not self._monitor.hear()
            else:
                piece = os.read(key.fd, 65536)
                key.data.extend(piece)
                if key.data is self.console and b"\n" in piece:
                    self.arrivals.append((len(self.console), process.spent(self._child)))
                if key.data is self.told:
                    self._read_clocks()
                gone = not piece
            if gone:
                self._selector.unregister(key.fileobj)
                self._parted(key.data)
        return bool(ready)


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
