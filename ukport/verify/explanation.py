"""What is told of a guest that crashed, hung or ran out of memory; data alone."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """How an address came into an explanation."""

    INSTRUCTION = "instruction"  # where the processor stood
    CALLER = "caller"  # a return address of the call chain
    STACK = "stack"  # lies on the stack behind a call: likely a return address


@dataclass(frozen=True)
class Place:
    """A line of source; ``file`` is relative to the tree where it lies in one of the build."""

    function: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        where = f" at {self.file}:{self.line}" if self.file and self.line else ""
        return f"{self.function}{where}"


@dataclass(frozen=True)
class Frame:
    """A code address with its places in the source, innermost first: all but the last inlined."""

    address: int
    role: Role
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Register:
    """A register's value; ``lies`` says where that points to, if anywhere that is known."""

    name: str
    value: int
    lies: str = ""


@dataclass(frozen=True)
class Processor:
    """One CPU of several: ``place`` is the line of source that it stands at, if it is in one."""

    index: int
    place: str
    registers: tuple[Register, ...]


@dataclass(frozen=True)
class Known:
    """What is known of this ending: a rule's name, what it is, what would do, and its source."""

    rule: str
    what: str
    advice: str
    source: str


@dataclass(frozen=True)
class Explanation:
    """Why a guest did not come to its end.

    ``fault`` is the address that was accessed, None where there is none or it is not known, and
    ``lies`` says what is there. ``instruction`` is disassembled. ``tail`` are the console's last
    lines before the dump. ``cpus`` are there where the guest has several.
    """

    what: str
    fault: int | None = None
    lies: str = ""
    instruction: str = ""
    registers: tuple[Register, ...] = ()
    frames: tuple[Frame, ...] = ()
    known: tuple[Known, ...] = ()
    tail: tuple[str, ...] = ()
    cpus: tuple[Processor, ...] = ()
