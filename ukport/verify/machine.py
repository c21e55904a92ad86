"""The architectures that are built and booted: what compiles for each, and what runs it."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ukport.errors import UsageError


@dataclass(frozen=True)
class Machine:
    """An architecture by Unikraft's name: its Kconfig option, emulator, board and compiler.

    ``observed`` is a board on which a guest that crashes stops instead of ending QEMU. ``ram`` is
    where the memory begins. ``hosts`` are the names that kernels give it (``uname -m``);
    ``compiler`` is the prefix of the programs that build for it on another host. A ``launcher``
    starts a QEMU that this system cannot start, and ``firmware`` is its option that names its own.
    """

    name: str
    option: str
    qemu: str
    board: tuple[str, ...]
    observed: tuple[str, ...]
    ram: int
    hosts: tuple[str, ...]
    compiler: str
    launcher: tuple[str, ...] = ()
    firmware: tuple[str, ...] = ()

    @property
    def emulator(self) -> tuple[str, ...]:
        """The words that start QEMU, before its options."""
        return (*self.launcher, self.qemu, *self.firmware)

    @property
    def native(self) -> bool:
        """Whether this host is of the same architecture."""
        return platform.machine() in self.hosts

    @property
    def prefix(self) -> str:
        """What Unikraft's build calls CROSS_COMPILE."""
        return "" if self.native else self.compiler


# isa-debug-exit is how Unikraft's QEMU platform on x86 ends with a status of its own. On arm64
# there is only PSCI's SYSTEM_OFF: the emulator then says that it was the guest that shut down.
X86_64 = Machine(
    "x86_64",
    "ARCH_X86_64",
    "qemu-system-x86_64",
    ("-device", "isa-debug-exit"),
    ("-device", "pvpanic"),
    0,
    ("x86_64", "amd64"),
    "x86_64-linux-gnu-",
)
ARM64 = Machine(
    "arm64",
    "ARCH_ARM_64",
    "qemu-system-aarch64",
    ("-machine", "virt"),
    ("-machine", "virt"),
    0x4000_0000,
    ("aarch64", "arm64"),
    "aarch64-linux-gnu-",
)
MACHINES: Mapping[str, Machine] = MappingProxyType({one.name: one for one in (X86_64, ARM64)})
# Whose compiler reads upstream's headers; on a host that is none of them, x86_64's.
HOST = next((one for one in MACHINES.values() if one.native), X86_64)


def named(name: str) -> Machine:
    """Raises UsageError for an architecture that is none of MACHINES."""
    if name not in MACHINES:
        raise UsageError(f"there is no architecture {name!r}", f"use {' or '.join(MACHINES)}")
    return MACHINES[name]
