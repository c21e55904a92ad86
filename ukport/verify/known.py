"""What is known of how guests end: a rule each, with its evidence, what would do, and its source.

A rule speaks only where it has seen what it says; none of them guesses from the version.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ukport.verify.crash import Dump
from ukport.verify.explanation import Frame, Known
from ukport.verify.layout import PAGE, Layout
from ukport.verify.monitor import State
from ukport.verify.operand import of_stack
from ukport.verify.symbolise import Image
from ukport.verify.verdict import Kind, Verdict


@dataclass(frozen=True)
class Port:
    """What the rules may know of what was built.

    ``library`` is Unikraft's name of it, ``folder`` that of its own files, ``origin`` the folder of
    upstream's sources; ``enough`` is the memory, in MiB, that the recipe asks for.
    """

    library: str
    folder: str
    origin: str
    enough: int


@dataclass(frozen=True)
class Scene:
    """All that was seen of an ending."""

    verdict: Verdict
    console: Sequence[str]
    dump: Dump
    state: State
    registers: Mapping[str, int]
    image: Image
    layout: Layout
    port: Port
    frames: tuple[Frame, ...]
    fault: int | None
    instruction: str
    reset: bool

    @property
    def functions(self) -> Iterator[tuple[str, str]]:
        """Function and file of every place, innermost first."""
        for frame in self.frames:
            for place in frame.places:
                yield place.function, place.file


def known(scene: Scene) -> tuple[Known, ...]:
    """Every rule that holds, the weightiest first."""
    return tuple(found for rule in _RULES if (found := rule(scene)))


def _stale(scene: Scene) -> Known | None:
    """The line tables name the folder that each object's source lay in."""
    others = scene.image.origins(scene.port.library) - {scene.port.origin}
    if not others or not scene.port.origin:
        return None
    return Known(
        "stale-object",
        f"the image holds objects of {', '.join(sorted(others))} beside {scene.port.origin}",
        "remove the library's objects from the build folder, and build again",
        "the source paths in the image's line tables",
    )


def _tls(scene: Scene) -> Known | None:
    """x86-64's ABI, TLS variant II: the thread pointer is a multiple of the segment's alignment."""
    tls, pointer = scene.image.tls, scene.state.registers.get("FS_BASE", 0)
    if tls is None or not pointer or pointer % tls.align == 0:
        return None
    return Known(
        "tls-alignment",
        f"thread-local variables lie {pointer % tls.align} bytes off: the thread pointer"
        f" {pointer:#x} is no multiple of the TLS segment's alignment, {tls.align}",
        "carry the core patch that lays out the TLS by its real alignment",
        "https://github.com/unikraft/unikraft/issues/1478",
    )


_RECURSION = 12  # calls of one place by itself
_NEAR = 4 * PAGE  # a frame's size


def _stack(scene: Scene) -> Known | None:
    callers = scene.dump.callers
    deepest = max((callers.count(caller) for caller in callers), default=0)
    top = scene.registers.get("RSP", scene.registers.get("SP"))
    if scene.fault is None or top is None:
        return None
    if abs(scene.fault - top) > _NEAR or not of_stack(scene.instruction):
        return None
    again = f"; the same call is {deepest} times in the chain" if deepest >= _RECURSION else ""
    return Known(
        "stack-overflow",
        f"the stack has overflowed: its pointer {top:#x} is where no stack is{again}",
        "end the recursion, keep large arrays off the stack, or raise STACK_SIZE_PAGE_ORDER",
        "the fault is an access by the stack pointer",
    )


def _clone(scene: Scene) -> Known | None:
    if scene.fault is None or scene.fault >= PAGE:
        return None
    if not any("clone" in name and file.endswith("clone.c") for name, file in scene.functions):
        return None
    return Known(
        "clone-out-of-memory",
        "no memory for a new thread: clone() takes the NULL that it got for a thread",
        "give the guest more memory, or find out what holds it",
        "core 0.17, lib/posix-process/clone.c: PTRISERR(NULL) is false",
    )


_REFUSED = re.compile(r"out_?of_?memory|(?:^|_)oom(?:_|$)", re.IGNORECASE)


def _refused(scene: Scene) -> Known | None:
    """Programs that end where memory is refused do it in a function of its own."""
    if scene.verdict.kind not in (Kind.CRASH, Kind.OOM):
        return None
    handler = next((name for name, _ in scene.functions if _REFUSED.search(name)), "")
    if not handler:
        return None
    return Known(
        "memory-refused",
        f"an allocation was refused: the program ended itself in {handler}()",
        "give the guest more memory, or find out what holds it",
        "the call chain",
    )


# Those that show memory to be the cause, whatever the guest said last.
STARVED = frozenset({"clone-out-of-memory", "memory-refused"})
_INITTAB = re.compile(r"__uk_thread_inittab\d+_(\w+)")


def _thread_exit(scene: Scene) -> Known | None:
    """Exit callbacks run from the table's end to its beginning: the allocator's has to be first."""
    if not scene.verdict.checks or all(check.passed for check in scene.verdict.checks):
        return None
    names = [found[1] for _, name in scene.image.symbols if (found := _INITTAB.fullmatch(name))]
    ours = [at for at, name in enumerate(names) if _is_of(scene, name.removeprefix("0x0_"))]
    if not ours:
        return None
    # With an init callback, too: it takes memory with the thread's own heap, and frees it too late.
    late = [n for n in names[: ours[0]] if not n.startswith("0x0_") and not n.endswith("_0x0")]
    if not late:
        return None
    return Known(
        "thread-exit-order",
        f"each thread leaves memory behind: {_exit(scene, late[0])} frees after"
        f" {scene.port.library} has torn down the thread's heap in {_exit(scene, names[ours[0]])}",
        "carry the core patch that leaves the earliest thread callback to allocators",
        "the order of .uk_thread_inittab in the image",
    )


def _exit(scene: Scene, pair: str) -> str:
    """The exit callback of a pair, which the table's symbol joins to one name."""
    words = pair.split("_")
    for at in range(1, len(words)):
        init, end = "_".join(words[:at]), "_".join(words[at:])
        if scene.image.address(end) is not None and (init == "0x0" or scene.image.address(init)):
            return end
    return pair


def _is_of(scene: Scene, function: str) -> bool:
    """Whether a function is one of the port's own files."""
    address = scene.image.address(function)
    if address is None:
        return False
    places = scene.image.places([address]).get(address, ())
    return any(place.file.startswith(f"libs/{scene.port.folder}/") for place in places)


def _memory(scene: Scene) -> Known | None:
    starved = scene.verdict.kind is Kind.OOM
    # A guest that was not run had no memory to be too little.
    ran = scene.verdict.kind is not Kind.NOT_RUN
    if not starved and (not ran or scene.layout.memory >= scene.port.enough):
        return None
    least = "" if starved else "; not shown to be the cause"
    enough = scene.port.enough
    advice = f"give the guest {enough} MiB, as the recipe does"
    if scene.layout.memory >= enough:
        advice = "give the guest more memory, or find out what holds it"
    return Known(
        "too-little-memory",
        f"the guest has {scene.layout.memory} MiB, the recipe's test asks for {enough}{least}",
        advice,
        "the verdict's reason" if starved else "the recipe",
    )


def _random(scene: Scene) -> Known | None:
    if not any(re.search(r"(?i)HWRNG.*-95|RDRAND|RDSEED", line) for line in scene.console):
        return None
    return Known(
        "no-hardware-random",
        "the processor that QEMU shows has no RDRAND or RDSEED, which LIBUKRANDOM wants",
        "leave LIBUKRANDOM unset, or use a newer QEMU (7.2's -cpu max has no RDSEED, 10's has)",
        "core 0.17, lib/ukrandom",
    )


def _x2apic(scene: Scene) -> Known | None:
    if not any("Bootstrap processor init failed: -95" in line for line in scene.console):
        return None
    return Known(
        "no-x2apic",
        "this QEMU is too old: Unikraft's SMP wants x2APIC, which emulation has from 9.0 on",
        "use QEMU 9 or later, KVM, or LCPU_MAXCOUNT=1",
        "core 0.17, plat/kvm/x86/setup.c",
    )


_RULES: tuple[Callable[[Scene], Known | None], ...] = (
    _stale,
    _tls,
    _stack,
    _clone,
    _refused,
    _thread_exit,
    _memory,
    _random,
    _x2apic,
)
