"""``ukport verify --gdb``: at the crash of a verification, with gdb."""

import shlex
from pathlib import Path

from ukport.errors import UsageError
from ukport.report.result import Result
from ukport.verify import debug as debugger
from ukport.verify.machine import named


def check_debugger(architecture: str) -> None:
    """Raises MissingError where no gdb for it is installed."""
    debugger.require(named(architecture))


# QEMU's names of what gdb can set; the others are not general registers.
_ARM = {"SP": "sp", "PC": "pc"}


def debug(result: Result) -> None:
    """gdb on the user's terminal, stopped where the guest of ``result`` died.

    Raises UsageError where no guest died.
    """
    explained = result.explanation
    died = result.verdict in ("crash", "oom") and explained is not None and explained.registers
    if not result.boot_command or explained is None or not died:
        raise UsageError(
            f"--gdb: no guest crashed, the verdict is {result.verdict.upper()}",
            "the report says what happened",
        )
    words = shlex.split(result.boot_command)
    debugger.attach(
        debugger.Crashed(
            image=Path(words[words.index("-kernel") + 1]),
            machine=named(result.architecture),
            memory=result.memory,
            accelerator=words[words.index("-accel") + 1],
            registers={
                name: one.value for one in explained.registers if (name := _gdb_name(one.name))
            },
        )
    )


def _gdb_name(name: str) -> str:
    """A general register by gdb's name; nothing for another."""
    if name in _ARM:
        return _ARM[name]
    general = (
        name[0] in "RX" and name != "RFL" and (name[1:].isdecimal() or len(name) == len("RAX"))
    )
    return name.lower() if general else ""
