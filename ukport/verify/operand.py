"""Which memory an x86 instruction accesses, from its text (AT&T syntax) and the registers; pure."""

import re
from collections.abc import Mapping

_MASK = (1 << 64) - 1
_OPERAND = re.compile(
    r"(?:%([c-gs]s):)?(-?0x[0-9a-f]+)?\((%[er]\w+)?(?:,(%[er]\w+)(?:,([1248]))?)?\)", re.ASCII
)
_ABSOLUTE = re.compile(r"(?:^|[ ,])(?:%([fg]s):)?(0x[0-9a-f]+)(?=,|$)")
_STACK = re.compile(r"\(%[er][sb]p\b")
_PUSHES = ("push", "call")
_POPS = ("pop", "ret", "leave")
_WITHOUT = ("lea", "nop", "j")  # no access, whatever they name


def accessed(instruction: str, registers: Mapping[str, int]) -> tuple[int, ...]:
    """The addresses that may be accessed, the likeliest first; none that cannot be computed."""
    name, _, operands = instruction.partition(" ")
    operands = operands.partition("#")[0].strip()
    found = []
    if not name.startswith(_WITHOUT):
        found = [_effective(match, registers) for match in _OPERAND.finditer(operands)]
        if not found and not name.startswith(_PUSHES):
            found = [
                _based(match[1], int(match[2], 16), registers) for match in _absolute(operands)
            ]
    top = registers.get("RSP")
    if top is not None and name.startswith(_PUSHES):
        found.append((top - 8) & _MASK)
    if top is not None and name.startswith(_POPS):
        found.append(top)
    return tuple(address for address in found if address is not None)


def _absolute(operands: str) -> list[re.Match[str]]:
    return list(_ABSOLUTE.finditer(operands))


def _effective(match: re.Match[str], registers: Mapping[str, int]) -> int | None:
    segment, displacement, base, index, scale = match.groups()
    total = int(displacement or "0", 16)
    for name, factor in ((base, 1), (index, int(scale or "1"))):
        if name:
            value = registers.get(f"R{name[2:].upper()}")
            if value is None:
                return None
            total += value * factor
    return _based(segment, total, registers)


def _based(segment: str | None, offset: int, registers: Mapping[str, int]) -> int | None:
    """With the base of the segment, which only FS and GS have."""
    if segment not in ("fs", "gs"):
        return offset & _MASK
    base = registers.get(f"{segment.upper()}_BASE")
    return (base + offset) & _MASK if base is not None else None


def of_stack(instruction: str) -> bool:
    """Whether the instruction accesses the stack, or a frame on it."""
    name, _, operands = instruction.partition(" ")
    return name.startswith((*_PUSHES, *_POPS)) or bool(_STACK.search(operands))
