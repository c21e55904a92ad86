"""What a unikernel stands on, behind one interface: Unikraft, or the bare kernel for trying.

A platform's core is a tree with a Makefile that takes ``A`` (application), ``L`` (libraries, with a
colon between), ``O`` (output), ``C`` (configuration), ``CROSS_COMPILE`` and ``UK_CFLAGS``, knows
the target ``olddefconfig``, and leaves one image whose symbols lie beside it, in a file that ends
in ``.dbg``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ukport.verify.machine import Machine


@dataclass(frozen=True)
class Platform:
    """``title`` is what every output calls it; ``options`` are set to y in every configuration.

    ``image`` is the pattern of the image's name over ``{machine}``, ``tools`` are the programs that
    the build starts beside make and the compiler. ``room`` is what a build folder takes, in bytes.
    """

    name: str
    title: str
    options: tuple[str, ...]
    image: str
    tools: tuple[str, ...]
    room: int

    def on(self, machine: Machine) -> str:
        """``Unikraft kvm/x86_64``, for people."""
        return self.title.format(machine=machine.name)

    def images(self, machine: Machine) -> str:
        """The pattern that an image for ``machine`` matches, and its symbols do not."""
        return self.image.format(machine=machine.name)


UNIKRAFT = Platform(
    "unikraft",
    "Unikraft kvm/{machine}",
    ("PLAT_KVM",),
    "*_qemu-{machine}",
    ("flex", "bison", "awk", "patch", "tar", "python3"),
    150_000_000,  # 113 MB with mimalloc and musl
)
# A kernel of a few hundred lines, for trying ukport and for tests: what passes on it says nothing
# of Unikraft, and every output says so.
BARE = Platform(
    "bare",
    "bare (not Unikraft)",
    ("PLAT_BARE",),
    "*_bare-{machine}",
    ("patch", "tar", "gzip"),
    1_000_000,
)
PLATFORMS: Mapping[str, Platform] = MappingProxyType({one.name: one for one in (UNIKRAFT, BARE)})
