"""The dump that Unikraft prints when it crashes, read from the console; pure.

What it looks like is core's plat/common/x86/{traps,trace}.c and plat/common/arm/traps_arm64.c. A
page fault on x86 has no line that says so, nor the address: only the registers are printed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Dump:
    """What a guest told of its crash; empty where it told nothing.

    ``what`` is in words. ``callers`` are return addresses, innermost first. ``stack`` are bytes by
    address. ``line`` is where in the console it begins, -1 where there is none.
    """

    what: str = ""
    registers: Mapping[str, int] = field(default_factory=dict)
    callers: tuple[int, ...] = ()
    stack: Mapping[int, int] = field(default_factory=dict)
    fault: int | None = None
    line: int = -1

    @property
    def instruction(self) -> int | None:
        """Where the processor stood."""
        return self.registers.get("RIP", self.registers.get("PC"))

    @property
    def top(self) -> int | None:
        """The stack pointer."""
        return self.registers.get("RSP", self.registers.get("SP"))


# The kernel's own prefix; "[    0.118191] CRIT: [libkvmplat] <trace.c @   41> ".
_KERNEL = re.compile(
    r"^(?:\[ *\d+\.\d+\] )?(?:CRIT|ERR): +(?:\[\w+\] )?(?:<(\S+) @ +(\d+)> )?(.*)$"
)
_TRAP = re.compile(r"Unhandled Trap (\d+) \(([\w ]+)\)(?:, error code=0x([0-9a-f]+))?")
_ASSERTION = re.compile(r"Assertion fail(?:ure|ed):? *(.*)")
_X86 = re.compile(r"\b(R[A-Z0-9]{2}|EFLAGS): ([0-9a-f]{8,16})\b")
_ARM = re.compile(r"(SP|ESR_EL1|ELR_EL1|LR|PSTATE|FAR_EL1)\b[^:]*: 0x([0-9a-f]{16})")
_ARM_ROW = re.compile(r"x(\d\d) ~ x\d\d:((?: 0x[0-9a-f]{16})+)")
_FRAME = re.compile(r"base is 0x[0-9a-f]+ +caller is (0x[0-9a-f]+)")
_BYTES = re.compile(r"^([0-9a-f]{4,16}):((?: [0-9a-f]{2}){1,16})")
_RESERVED = {"R08": "R8", "R09": "R9", "EFLAGS": "RFL"}
# Exception classes of ESR_EL1 (Arm ARM, D17.2.37).
_CLASSES = {
    0x00: "invalid instruction",
    0x20: "instruction abort",
    0x21: "instruction abort",
    0x22: "misaligned program counter",
    0x24: "data abort",
    0x25: "data abort",
    0x26: "misaligned stack pointer",
    0x3C: "breakpoint",
}
_ABORTS = (0x20, 0x21, 0x24, 0x25)


def read(console: Sequence[str]) -> Dump:
    """The first dump of a console: later ones are of the handler itself."""
    spoken = [(at, found) for at, text in enumerate(console) if (found := _KERNEL.match(text))]
    registers: dict[str, int] = {}
    callers: list[int] = []
    stack: dict[int, int] = {}
    what, begin = "", -1
    for at, found in spoken:
        text = found[3]
        new = _registers(text)
        if new.keys() & registers.keys():
            break
        registers |= new
        if not what and (told := _told(text)):
            what = f"{told} at {found[1]}:{found[2]}" if found[1] and "assert" in told else told
            begin = at
        if new and begin < 0:
            begin = at
        if (frame := _FRAME.search(text)) and int(frame[1], 16):
            callers.append(int(frame[1], 16))
        if row := _BYTES.match(text):
            start = int(row[1], 16)
            stack |= {start + i: int(byte, 16) for i, byte in enumerate(row[2].split())}
    if not what and "RIP" in registers:
        what = "page fault"
    if "ESR_EL1" in registers:
        what = _CLASSES.get(registers["ESR_EL1"] >> 26, what)
    return Dump(what, registers, tuple(callers), stack, _fault(registers), begin)


def _told(text: str) -> str:
    if found := _TRAP.search(text):
        return f"{found[2]} (trap {found[1]})"
    if found := _ASSERTION.search(text):
        return f"failed assertion {found[1]}".rstrip()
    return ""


def _registers(text: str) -> dict[str, int]:
    """The registers of a line, by QEMU's names."""
    found = {_RESERVED.get(name, name): int(value, 16) for name, value in _X86.findall(text)}
    for name, value in _ARM.findall(text):
        found[{"ELR_EL1": "PC", "LR": "X30"}.get(name, name)] = int(value, 16)
    for first, values in _ARM_ROW.findall(text):
        found |= {f"X{int(first) + i}": int(v, 16) for i, v in enumerate(values.split())}
    return found


def _fault(registers: Mapping[str, int]) -> int | None:
    """The address that was accessed, where the dump has it: on arm64."""
    is_abort = registers.get("ESR_EL1", 0) >> 26 in _ABORTS
    return registers.get("FAR_EL1") if is_abort else None
