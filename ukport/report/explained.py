"""An explanation in lines of text, for a terminal, a pull request and JUnit."""

from collections.abc import Iterator

from ukport.verify.explanation import Explanation

_FRAMES = 10
_ROW = 4  # registers in a line


def told(explanation: Explanation) -> tuple[str, ...]:
    """What is known, the access, the call chain, and the registers that point somewhere."""
    return (*brief(explanation), *_registers(explanation), *_cpus(explanation))


def brief(explanation: Explanation) -> tuple[str, ...]:
    """As ``told``, without the registers."""
    return tuple(_lines(explanation))


def _lines(explanation: Explanation) -> Iterator[str]:
    for known in explanation.known:
        yield f"known: {known.rule}: {known.what} ({known.source})"
        yield f"  → {known.advice}"
    if explanation.instruction:
        touched = ""
        if explanation.fault is not None:
            touched = f"; it accessed {explanation.fault:#x}, {explanation.lies}"
        yield f"instruction: {explanation.instruction}{touched}"
    for frame in explanation.frames[:_FRAMES]:
        first, *inlined_in = [str(place) for place in frame.places] or ["no symbol"]
        yield f"{frame.role:<12}{frame.address:#x}  {first}"
        for place in inlined_in:
            yield f"{'':<12}{'':<{len(hex(frame.address))}}  inlined in {place}"
    if len(explanation.frames) > _FRAMES:
        yield f"… {len(explanation.frames) - _FRAMES} more"


def _cpus(explanation: Explanation) -> Iterator[str]:
    """Each CPU of several with all its registers: one that hangs may do so for another's sake."""
    for cpu in explanation.cpus:
        yield f"CPU {cpu.index}: {cpu.place or 'at no line of the image'}"
        words = [f"{one.name}={one.value:#x}" for one in cpu.registers]
        for at in range(0, len(words), _ROW):
            yield f"  {'  '.join(words[at : at + _ROW])}"


def _registers(explanation: Explanation) -> Iterator[str]:
    for register in explanation.registers:
        if register.lies:
            yield f"{register.name:<12}{register.value:#x}  {register.lies}"
