"""A guest that crashed, booted once more under gdb up to its crash."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ukport import process
from ukport.verify.boot import Accelerator, qemu_command
from ukport.verify.build import SOURCES
from ukport.verify.machine import X86_64, Machine
from ukport.verify.symbolise import Image

# Where a kernel goes only when it is at its end: Unikraft's and the bare one's. The first of them
# are behind core's question whether somebody handles the fault.
_ENDS = ("dump_regs", "trapped", "ukplat_crash", "ukplat_terminate")


@dataclass(frozen=True)
class Crashed:
    """``registers`` are those of the crash by gdb's names; ``memory`` in MiB."""

    image: Path
    machine: Machine
    memory: int
    accelerator: str
    registers: Mapping[str, int]


def require(machine: Machine) -> str:
    """The path of a gdb that knows ``machine``; raises MissingError."""
    return process.require("gdb" if machine.native else "gdb-multiarch")


def attach(crashed: Crashed) -> int:
    """gdb with the user's terminal, stopped at the crash, symbols loaded; its exit status.

    The guest's console goes to a file, which gdb's first line names. Raises MissingError.
    """
    with tempfile.TemporaryDirectory(prefix="ukport-gdb-") as name:
        folder = Path(name)
        # The build folder may be another ukport's by now.
        image = shutil.copy(crashed.image, folder / "image")
        symbols = shutil.copy(f"{crashed.image}.dbg", folder / "image.dbg")
        console = folder / "console.log"
        emulator = process.start(
            [
                *_qemu(crashed, Path(image), console),
                "-gdb",
                f"unix:{folder}/gdb,server=on,wait=off",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            tied=True,
        )
        try:
            _wait_for(folder / "gdb", emulator)
            words = _script(crashed, Path(symbols), folder / "gdb", console)
            gdb = process.start(
                [require(crashed.machine), "-q", "-nx", *words],
                stdin=None,
                stdout=None,
                stderr=None,
            )
            return gdb.wait()
        finally:
            process.stop(emulator)


def _qemu(crashed: Crashed, image: Path, console: Path) -> list[str]:
    machine = crashed.machine
    accelerator = Accelerator(crashed.accelerator)
    words = qemu_command(image, accelerator, crashed.memory, machine.emulator, machine.observed)
    at = words.index("stdio")
    return [*words[:at], f"file:{console}", *words[at + 1 :], "-S", "-no-shutdown"]


def _wait_for(socket: Path, emulator: "subprocess.Popen[bytes]") -> None:
    """QEMU makes its socket before it says anything."""
    for _ in range(_TRIES):
        if socket.exists() or emulator.poll() is not None:
            return
        try:
            emulator.wait(_PAUSE)
        except subprocess.TimeoutExpired:
            continue


_TRIES, _PAUSE = 200, 0.05  # seconds


def _script(crashed: Crashed, symbols: Path, socket: Path, console: Path) -> list[str]:
    """Up to the kernel's last function, and back to the registers that the dump showed."""
    known = Image(crashed.image, crashed.image.parent, crashed.machine)
    ends = [name for name in _ENDS if known.address(name) is not None][:1]
    ends += [name for name in _ENDS[-2:] if known.address(name) is not None and name not in ends]
    lines = [
        f"echo the guest's console: {console}\\n",
        "set pagination off",
        "set confirm off",
        f"set substitute-path {SOURCES} {crashed.image.parents[1]}",
        f"file {symbols}",
        # QEMU speaks of a 64-bit processor, whatever the image is.
        *(("set architecture i386:x86-64",) if crashed.machine is X86_64 else ()),
        f"target remote {socket}",
        *(f"thbreak {name}" for name in ends),
        "continue",
        *(f"set ${name}={value:#x}" for name, value in crashed.registers.items()),
        "set pagination on",
        "x/i $pc",
        "backtrace",
    ]
    return [word for line in lines for word in ("-ex", line)]
