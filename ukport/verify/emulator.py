"""Which QEMU runs a machine: the one on PATH, or another, wherever it lives; and what it can do.

A QEMU of another release of the system may lie in a folder that holds that whole system, as
debootstrap makes it. It is then started by its own loader, with its own libraries and firmware.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from ukport import process
from ukport.errors import MissingError
from ukport.verify.machine import X86_64, Machine

VARIABLE = "UKPORT_QEMU"
_LOADERS = ("lib64/ld-linux-*.so.*", "lib/ld-linux-*.so.*")
_LIBRARIES = ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*", "usr/lib64", "usr/lib/*/pulseaudio")
_FIRMWARE = "usr/share/qemu"
_LIMIT = 30.0  # seconds for QEMU to say what it is and what it can
LEAST = "9.0"  # the first QEMU that emulates x2APIC (its change log, "x86, TCG")


@dataclass(frozen=True)
class Lack:
    """What this machine cannot do, and what would help."""

    reason: str
    hint: str


def chosen(machine: Machine, wanted: str = "") -> Machine:
    """``machine`` with the QEMU that is ``wanted``, or the one on PATH.

    ``wanted`` is a program, a folder with programs, or a root folder. Where it is QEMU for another
    machine, its neighbour for this one is taken. Raises MissingError where there is none, or it
    does not start.
    """
    if not wanted:
        return machine
    program = _program(Path(wanted).absolute(), machine.qemu)
    if program is None:
        raise MissingError(
            f"{wanted}: there is no {machine.qemu}",
            f"name the program, or the folder that it is in, with --qemu or {VARIABLE}",
        )
    return _started(machine, program)


def _program(place: Path, name: str) -> Path | None:
    beside = place.parent if place.is_file() else place
    folders = (beside, beside / "usr/bin", beside / "bin")
    own = [place] if place.is_file() and place.name.startswith(name) else []
    return next((p for p in (*own, *(f / name for f in folders)) if p.is_file()), None)


@cache
def _started(machine: Machine, program: Path) -> Machine:
    """Tried as it is first, then by the loader of the root folder that it is in."""
    direct = replace(machine, qemu=str(program))
    if _version(direct.emulator):
        return direct
    for root in program.parents[:-1]:
        loader = next((p for glob in _LOADERS for p in sorted(root.glob(glob))), None)
        # Where /lib64 is a link to it, usr has a loader, too.
        if loader is None or not (root / _FIRMWARE).is_dir():
            continue
        libraries = ":".join(str(p) for glob in _LIBRARIES for p in sorted(root.glob(glob)))
        rooted = replace(
            direct,
            launcher=(str(loader), "--library-path", libraries),
            firmware=("-L", str(root / _FIRMWARE)),
        )
        if _version(rooted.emulator):
            return rooted
    raise MissingError(
        f"{program} does not start on this machine",
        "a QEMU of another system needs that system's libraries around it: try"
        " debootstrap --variant=minbase --include=qemu-system-x86 trixie FOLDER",
    )


def version(machine: Machine) -> str:
    """QEMU's first line about itself, or nothing where it does not start."""
    return _version(machine.emulator)


def _version(words: Sequence[str]) -> str:
    try:
        done = process.run([*words, "--version"], check=False, timeout=_LIMIT)
    except (OSError, MissingError):
        return ""
    return done.text.partition("\n")[0] if done.returncode == 0 else ""


def lack(
    machine: Machine, accelerator: str, cpus: int, features: Sequence[str] = ()
) -> Lack | None:
    """Why ``cpus`` of ``machine`` cannot run at the same time here; None where they can.

    Each must have the ``features``, by QEMU's names.
    """
    for feature in features:
        if not has(machine, accelerator, feature):
            return _without(machine, accelerator, feature)
    if cpus == 1:
        return None
    if len(os.sched_getaffinity(0)) == 1:
        return Lack(
            f"there is one core here: {cpus} CPUs would only take turns",
            "run it where there are two cores or more",
        )
    if machine.name == X86_64.name and accelerator == "tcg" and not has(machine, "tcg", "x2apic"):
        return Lack(
            f"QEMU {_number(machine)} emulates no x2APIC, without which Unikraft"
            " starts no second CPU",
            f"use KVM, or QEMU {LEAST} or newer: --qemu PATH or {VARIABLE}; arm64 needs neither",
        )
    return None


def _without(machine: Machine, accelerator: str, feature: str) -> Lack:
    if accelerator == "kvm":
        return Lack(
            f"this machine's processor has no {feature}, which the guest needs",
            "say --accel tcg, with a QEMU that emulates it",
        )
    return Lack(
        f"QEMU {_number(machine)} emulates no {feature}, which the guest needs",
        f"use KVM, or a newer QEMU: --qemu PATH or {VARIABLE}",
    )


def _number(machine: Machine) -> str:
    found = re.search(r"\d+(?:\.\d+)+", version(machine))
    return found[0] if found else ""


def has(machine: Machine, accelerator: str, feature: str) -> bool:
    """Whether its processor has it with this QEMU: asked of that itself, by starting one."""
    return _has((*machine.emulator, *machine.board), accelerator, feature)


@cache
def _has(words: tuple[str, ...], accelerator: str, feature: str) -> bool:
    processor = "host" if accelerator == "kvm" else "max"
    done = process.run(
        [
            *(*words, "-accel", accelerator, "-cpu", f"{processor},{feature}=on,enforce=on"),
            *("-S", "-display", "none", "-nodefaults", "-monitor", "stdio"),
        ],
        input=b"quit\n",
        check=False,
        timeout=_LIMIT,
    )
    return done.returncode == 0
