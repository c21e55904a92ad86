"""Which accelerator to boot with, remembered for as long as the machine stays up."""

import hashlib
import os
from pathlib import Path

from ukport.errors import UsageError
from ukport.process import require
from ukport.verify import boot
from ukport.verify.machine import X86_64, Machine

CHOICES = ("auto", "kvm", "tcg")


def check(wanted: str) -> None:
    """Raises UsageError for what is none of CHOICES, nor several of them with a comma between."""
    for name in wanted.split(","):
        if name not in CHOICES:
            raise UsageError(f"there is no accelerator {name!r}", f"use {', '.join(CHOICES)}")


def choose(root: Path, wanted: str = "auto", machine: Machine = X86_64) -> boot.Accelerator:
    """As ``boot.choose``, asked once for each QEMU and each start of the computer.

    The probe is x86's: other machines are emulated unless KVM is asked for.

    ``root`` is the cache folder, ``wanted`` one of CHOICES. Raises MissingError where QEMU is not
    installed, UsageError for another choice.
    """
    check(wanted)
    if wanted != "auto":
        return boot.Accelerator(wanted, "as asked")
    if machine.name != X86_64.name or not machine.native:
        return boot.Accelerator("tcg", f"this is no {machine.name}" if not machine.native else "")
    kept = _place(root)
    name, _, why = kept.read_text("utf-8").partition("\n") if kept.exists() else ("", "", "")
    if name in CHOICES[1:]:
        return boot.Accelerator(name, why)
    found = boot.choose()
    remember(root, found)
    return found


def remember(root: Path, found: boot.Accelerator) -> None:
    """Keep what was found, for the next run."""
    kept = _place(root)
    kept.parent.mkdir(parents=True, exist_ok=True)
    draft = kept.with_suffix(f".{os.getpid()}")
    draft.write_text(f"{found.name}\n{found.why}", "utf-8")
    draft.replace(kept)


def _place(root: Path) -> Path:
    program = Path(require(boot.QEMU))
    started = Path("/proc/sys/kernel/random/boot_id")
    machine = started.read_text("ascii") if started.exists() else ""
    asked = f"{program} {program.stat().st_mtime_ns} {machine}".encode()
    return root / "kvm" / hashlib.sha256(asked + boot.probe_image()).hexdigest()[:16]
