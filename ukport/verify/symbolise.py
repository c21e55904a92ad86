"""What lies at an address of an image: asked of binutils, which the build needs anyway."""

import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ukport import process
from ukport.verify.build import SOURCES
from ukport.verify.explanation import Place
from ukport.verify.machine import X86_64, Machine

_TIMEOUT = 60.0  # seconds
_SECTION = re.compile(
    r"^ *\d+ (\S+) +([0-9a-f]+) +([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+) .*\n +(.*)$", re.MULTILINE
)
_SEGMENT = re.compile(
    r"^ +TLS +off.*vaddr 0x([0-9a-f]+).*align 2\*\*(\d+)\n +filesz \S+ memsz 0x([0-9a-f]+)",
    re.MULTILINE,
)
_SYMBOL = re.compile(r"^([0-9a-f]+) \S (\S+)$", re.MULTILINE)
_DISASSEMBLED = re.compile(r"^ *[0-9a-f]+:\t(.+)$", re.MULTILINE)
# Where upstream's own sources lie in the build folder: build/libx/origin/x-1.0/src/a.c.
_ORIGIN = re.compile(r"^build/[^/]+/origin/")


@dataclass(frozen=True)
class Section:
    """A part of the image in memory, ``end`` exclusive; ``offset`` is where the file has it."""

    name: str
    start: int
    end: int
    offset: int
    code: bool


@dataclass(frozen=True)
class Tls:
    """The segment of thread-local variables: size in memory and alignment, in bytes."""

    size: int
    align: int


class Image:
    """The symbols beside a built image; ``root`` is the workspace, where its sources lie.

    Nothing is read before it is asked for. An image that cannot be read has nothing at any address.
    """

    def __init__(self, image: Path, root: Path, machine: Machine = X86_64) -> None:
        beside = image.with_name(f"{image.name}.dbg")
        self._path = beside if beside.is_file() else image
        self._root = root
        self._prefix = machine.prefix

    def _ask(self, program: str, *args: str, input: str | None = None) -> str:
        done = process.run(
            [f"{self._prefix}{program}", *args, *((self._path,) if program != "addr2line" else ())],
            input=input.encode() if input is not None else None,
            timeout=_TIMEOUT,
            check=False,
        )
        return done.text

    def places(self, addresses: Iterable[int]) -> Mapping[int, tuple[Place, ...]]:
        """Function, file and line of each code address, innermost first."""
        wanted = list(dict.fromkeys(addresses))
        if not wanted:
            return {}
        asked = "".join(f"{address:#x}\n" for address in wanted)
        answer = self._ask("addr2line", "-afie", str(self._path), input=asked)
        found: dict[int, tuple[Place, ...]] = {}
        for block in re.split(r"^0x", answer, flags=re.MULTILINE)[1:]:
            address, *lines = block.strip().split("\n")
            pairs = zip(lines[::2], lines[1::2], strict=False)
            places = [self._place(function, where) for function, where in pairs]
            found[int(address, 16)] = tuple(place for place in places if place.function != "??")
        return found

    def _place(self, function: str, where: str) -> Place:
        path, _, line = where.partition(" (")[0].rpartition(":")
        number = int(line) if line.isdecimal() else 0
        return Place(function, self.shorten(path) if number else "", number)

    def shorten(self, path: str) -> str:
        """A source's path from its tree on: mimalloc-2.1.9/src/alloc.c, core/lib/ukboot/boot.c."""
        inside = os.path.normpath(path).removeprefix(f"{self._root}/").removeprefix(f"{SOURCES}/")
        return _ORIGIN.sub("", inside)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """What of the image is in memory."""
        found = []
        for name, *numbers, flags in _SECTION.findall(self._ask("objdump", "-h")):
            size, start, offset = (int(number, 16) for number in numbers)
            # .tbss has addresses, and no memory at them.
            there = "ALLOC" in flags and not ("THREAD_LOCAL" in flags and "CONTENTS" not in flags)
            if there and size:
                found.append(Section(name, start, start + size, offset, "CODE" in flags))
        return tuple(found)

    def origins(self, library: str) -> frozenset[str]:
        """The folders of upstream's sources that the line tables name for a library's objects."""
        # From the build folder on: what ccache compiled has paths that start there.
        name = re.escape(library).encode()
        pattern = re.compile(rb"(?<![\w.+-])%s/origin/([\w.+-]+)/" % name)
        return frozenset(name.decode("ascii") for name in pattern.findall(self._bytes))

    @property
    def word(self) -> int:
        """Bytes of a pointer: the image's ELF class."""
        return 4 if self._bytes[4:5] == b"\x01" else 8

    @cached_property
    def _bytes(self) -> bytes:
        try:
            return self._path.read_bytes()
        except OSError:
            return b""

    def after_call(self, address: int) -> bool:
        """Whether the instruction before ``address`` of x86 code is a call."""
        before = self._code(address - _LONGEST_CALL, _LONGEST_CALL)
        if len(before) < _LONGEST_CALL:
            return False
        through_memory = (
            before[-size] == _CALL_RM and _is_call(before[1 - size]) for size in _SIZES_RM
        )
        return before[-_SIZE_REL] == _CALL_REL or any(through_memory)

    def _code(self, start: int, size: int) -> bytes:
        section = next((s for s in self.sections if s.code and s.start <= start < s.end), None)
        if section is None:
            return b""
        at = section.offset + start - section.start
        return self._bytes[at : at + size]

    @cached_property
    def tls(self) -> Tls | None:
        """The segment of thread-local variables, if there is one."""
        found = _SEGMENT.search(self._ask("objdump", "-p"))
        return Tls(int(found[3], 16), 1 << int(found[2])) if found else None

    @cached_property
    def symbols(self) -> tuple[tuple[int, str], ...]:
        """Symbols with an address, by address."""
        return tuple((int(at, 16), name) for at, name in _SYMBOL.findall(self._ask("nm", "-n")))

    @cached_property
    def _starts(self) -> list[int]:
        return [address for address, _ in self.symbols]

    def symbol(self, address: int) -> str:
        """The symbol at or before an address of the image, with the distance to it."""
        if not any(section.start <= address < section.end for section in self.sections):
            return ""
        at = bisect_right(self._starts, address) - 1
        if at < 0:
            return ""
        start, name = self.symbols[at]
        return f"{name}+{address - start:#x}" if address != start else name

    def address(self, symbol: str) -> int | None:
        """Where a symbol is."""
        return next((address for address, name in self.symbols if name == symbol), None)

    def instruction(self, address: int) -> str:
        """The instruction at ``address``, disassembled."""
        text = self._ask(
            "objdump",
            *("-d", "--no-show-raw-insn", f"--start-address={address:#x}"),
            f"--stop-address={address + _LONGEST:#x}",
        )
        found = _DISASSEMBLED.search(text)
        return " ".join(found[1].split()) if found else ""


_LONGEST = 16  # bytes of an instruction
# Calls of x86-64: E8 with a distance of four bytes, FF /2 with an operand of one to six.
_CALL_REL, _SIZE_REL = 0xE8, 5
_CALL_RM, _SIZES_RM = 0xFF, (2, 3, 6, 7)
_LONGEST_CALL = 7


def _is_call(modrm: int) -> bool:
    """Whether the operand byte of an FF makes it a call."""
    return modrm >> 3 & 7 == 2  # noqa: PLR2004 - the manual's /2
