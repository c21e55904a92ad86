"""Why a guest did not come to its end, told from its console, its image and its machine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ukport.verify import crash
from ukport.verify.boot import Boot
from ukport.verify.crash import Dump
from ukport.verify.explanation import Explanation, Frame, Processor, Register, Role
from ukport.verify.known import Port, Scene, known
from ukport.verify.layout import Layout
from ukport.verify.monitor import State
from ukport.verify.operand import accessed
from ukport.verify.symbolise import Image
from ukport.verify.verdict import Kind, Verdict, lines

_TAIL = 12  # lines of the console before the dump
_FRAMES = 16
_WIDTH = 200  # characters of a console line
_CLOSE = 16  # bytes: an access may begin before the page that is missing
_SCANNED = 32  # words on the stack behind its pointer
# Not worth showing: segment, control, debug and vector registers.
_SHOWN = ("RIP", "RSP", "PC", "SP", "CR2", "FAR_EL1", "ESR_EL1", "FS_BASE", "RFL", "PSTATE")


@dataclass(frozen=True)
class Seen:
    """A boot that did not pass; ``again``: a second one, whose machine was read at its end."""

    verdict: Verdict
    booted: Boot
    image: Image
    layout: Layout
    port: Port
    again: Boot | None = None


def explain(seen: Seen) -> Explanation:
    """Everything that is known of an ending; no more than the verdict's reason where it is FAIL."""
    console = lines(seen.booted.console)
    dump = crash.read(console)
    state = _state(seen, dump)
    registers = {**state.registers, **dump.registers} if dump.registers else state.registers
    dies = seen.verdict.kind in (Kind.CRASH, Kind.OOM, Kind.HANG)
    at = registers.get("RIP", registers.get("PC")) if dies else None
    instruction = seen.image.instruction(at) if at is not None else ""
    fault = _fault(seen, dump, state, accessed(instruction, registers)) if dies else None
    frames = _frames(seen.image, dump, state, registers) if dies else ()
    scene = Scene(
        verdict=seen.verdict,
        console=console,
        dump=dump,
        state=state,
        registers=registers,
        image=seen.image,
        layout=seen.layout,
        port=seen.port,
        frames=frames,
        fault=fault,
        instruction=instruction,
        reset=seen.booted.ended.shutdown == "guest-reset",
    )
    rules = known(scene)
    return Explanation(
        what=_what(scene),
        fault=fault,
        lies=seen.layout.words(fault, seen.image.symbol(fault)) if fault is not None else "",
        instruction=instruction,
        registers=tuple(_registers(registers, seen)) if dies else (),
        frames=frames,
        known=rules,
        tail=tuple(line[:_WIDTH] for line in _tail(console, dump)),
        cpus=tuple(_cpus(state, seen)) if dies else (),
    )


def _state(seen: Seen, dump: Dump) -> State:
    """The machine at the end; that of the second boot only where it ended as the first did."""
    if seen.again is None:
        return seen.booted.state
    repeated = crash.read(lines(seen.again.console))
    same = (repeated.instruction, repeated.what) == (dump.instruction, dump.what)
    return seen.again.state if same else State()


def _fault(seen: Seen, dump: Dump, state: State, touched: Sequence[int]) -> int | None:
    """The address whose access failed: the processor's own word first, else by the instruction."""
    if dump.fault is not None:
        return dump.fault
    wild = next((address for address in touched if not seen.layout.known(address)), None)
    if dump.what == "page fault":
        return state.registers.get("CR2", wild)
    if seen.booted.ended.shutdown != "guest-reset":
        return None
    # Nobody handled it, so nobody said what it was; CR2 may be of a fault long before.
    last = state.registers.get("CR2", -_CLOSE)
    return last if any(abs(last - address) < _CLOSE for address in touched) else wild


def _what(scene: Scene) -> str:
    """One line: what happened, to which address, where."""
    place = next((str(place) for f in scene.frames for place in f.places), "")
    where = f" in {place}" if place else ""
    happened = scene.dump.what
    if not happened and scene.reset:
        happened = "a fault that nothing handled reset the machine"
    if happened:
        to = ""
        if scene.fault is not None:
            to = f" at {scene.fault:#x}, {scene.layout.words(scene.fault)}{',' if where else ''}"
        return f"{happened}{to}{where}"
    if scene.verdict.kind is Kind.HANG:
        return f"{scene.verdict.reason}; it stood{where}" if where else scene.verdict.reason
    return scene.verdict.reason


def _tail(console: Sequence[str], dump: Dump) -> Sequence[str]:
    """The last lines before the dump; the dump itself is told in better words."""
    end = dump.line if dump.line >= 0 else len(console)
    spoken = [line for line in console[:end] if line.strip()]
    return spoken[-_TAIL:]


def _registers(registers: Mapping[str, int], seen: Seen) -> Iterator[Register]:
    for name, value in registers.items():
        general = name[0] in "RX" and (name[1:].isdecimal() or len(name) == len("RAX"))
        if not general and name not in _SHOWN:
            continue
        lies = "" if name in ("RFL", "PSTATE", "ESR_EL1") else _lies(value, seen)
        yield Register(name, value, lies)


def _cpus(state: State, seen: Seen) -> Iterator[Processor]:
    """Where each CPU of several stood."""
    at = [cpu.get("RIP", cpu.get("PC", 0)) for cpu in state.cpus]
    places = seen.image.places(at)
    for index, (address, cpu) in enumerate(zip(at, state.cpus, strict=True)):
        place = next((str(place) for place in places.get(address, ())), "")
        yield Processor(index, place, tuple(_registers(cpu, seen)))


def _lies(value: int, seen: Seen) -> str:
    """Where a value points to; a small number is a number."""
    if seen.layout.known(value) or "text" in seen.layout.outside(value):
        return seen.layout.words(value, seen.image.symbol(value))
    return ""


@dataclass
class _Chain:
    """Code addresses in the order of their calls, each once."""

    image: Image
    found: list[tuple[int, Role]] = field(default_factory=list)

    def add(self, address: int, role: Role) -> None:
        is_code = any(s.code and s.start <= address < s.end for s in self.image.sections)
        if is_code and all(address != known for known, _ in self.found):
            self.found.append((address, role))


def _frames(
    image: Image, dump: Dump, state: State, registers: Mapping[str, int]
) -> tuple[Frame, ...]:
    """The call chain, from the dump where it has one, else along the frame pointers."""
    chain = _Chain(image)
    at = registers.get("RIP", registers.get("PC"))
    if at is not None:
        chain.add(at, Role.INSTRUCTION)
    words = _stack(dump, state, image.word)
    callers = dump.callers or tuple(_walk(words, registers, image.word))
    if "X30" in registers:
        chain.add(registers["X30"], Role.CALLER)
    unframed = _unframed(image, words, registers)
    if unframed is not None and unframed not in callers:
        chain.add(unframed, Role.STACK)
    for address in callers:
        chain.add(address, Role.CALLER)
    found = chain.found[:_FRAMES]
    # A return address is behind the call, which may be another line.
    asked = {address: address - (role is not Role.INSTRUCTION) for address, role in found}
    places = image.places(asked.values())
    return tuple(Frame(a, role, places.get(asked[a], ())) for a, role in found)


def _stack(dump: Dump, state: State, word: int) -> Mapping[int, int]:
    """The words on the stack, from the machine and from what the dump shows of them."""
    raw = {a + i: v >> 8 * i & 0xFF for a, v in state.words.items() for i in range(4)}
    raw |= dump.stack
    return {
        address: sum(raw[address + i] << 8 * i for i in range(word))
        for address in raw
        if address % word == 0 and all(address + i in raw for i in range(word))
    }


def _walk(words: Mapping[int, int], registers: Mapping[str, int], word: int) -> Iterator[int]:
    """Return addresses along the frame pointers, as far as the stack was read."""
    frame = registers.get("RBP", registers.get("X29", 0))
    while frame in words and frame + word in words:
        yield words[frame + word]
        if words[frame] <= frame:
            return
        frame = words[frame]


def _unframed(image: Image, words: Mapping[int, int], registers: Mapping[str, int]) -> int | None:
    """The return address below the first frame: of a function that had not made its own yet.

    Only the nearest; further ones may be left from calls that are over.
    """
    top, frame = registers.get("RSP"), registers.get("RBP")
    if top is None or frame is None:
        return None
    word = image.word
    below = range(top & -word, min(frame, top + word * _SCANNED), word)
    return next((words[at] for at in below if at in words and image.after_call(words[at])), None)


def headline(explanation: Explanation) -> str:
    """One line that says why: what happened, and what is known of it."""
    first = explanation.known[0].what if explanation.known else ""
    return f"{explanation.what}: {first}" if first else explanation.what
