"""The memory of a guest, as far as it is known from outside: what lies at an address; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ukport.verify.symbolise import Section

PAGE = 4096
_MIB = 1024 * 1024
_TEXT = 5  # printable bytes that make a pointer suspicious


@dataclass(frozen=True)
class Layout:
    """``memory`` in MiB from ``ram`` on; with paging it is mapped a second time at ``heap``."""

    sections: Sequence[Section]
    memory: int
    ram: int = 0
    heap: int | None = None

    def section(self, address: int) -> Section | None:
        """The part of the image there."""
        return next((s for s in self.sections if s.start <= address < s.end), None)

    def known(self, address: int) -> bool:
        """Whether there is memory at ``address``."""
        return not self.outside(address)

    def outside(self, address: int) -> str:
        """Why there is no memory at ``address``; nothing where there is."""
        size = self.memory * _MIB
        heap = self.heap if self.heap is not None else 1 << 64
        if address >= PAGE and any(at <= address < at + size for at in (self.ram, heap)):
            return ""
        return next(self._reasons(address, heap))

    def _reasons(self, address: int, heap: int) -> Iterator[str]:
        if address < PAGE:
            yield "in the first page, which is no memory" if address else "a NULL pointer"
        if text := _text(address):
            yield f"no address but the text {text!r}"
        if (1 << 47) <= address < (1 << 64) - (1 << 47):
            yield "no canonical address"
        if address >= heap:
            yield f"above the heap, which begins at {heap:#x} and has {self.memory} MiB"
        if address >= self.ram:
            yield f"above the guest's {self.memory} MiB"
        yield f"below the guest's memory, which begins at {self.ram:#x}"

    def words(self, address: int, symbol: str = "") -> str:
        """What lies at ``address``, in words; ``symbol`` is what the image has there."""
        if why := self.outside(address):
            return why
        if section := self.section(address):
            return f"{symbol or 'the image'} in {section.name}"
        if self.heap is not None and address >= self.heap:
            return "the heap"
        lowest = min((section.start for section in self.sections), default=0)
        if address < lowest:
            return "memory below the image, where the boot stack is"
        return "memory behind the image"


def _text(address: int) -> str:
    """The characters that a pointer consists of, where all its bytes are printable."""
    raw = address.to_bytes(8, "little").rstrip(b"\0")
    printable = all(0x20 <= byte < 0x7F for byte in raw)  # noqa: PLR2004 - ASCII's
    return raw.decode("ascii") if printable and len(raw) >= _TEXT else ""
