"""``ukport doctor``: what the machine has, what each thing is for, and how to get it."""

import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass

from ukport import process
from ukport.errors import MissingError
from ukport.source import Cache
from ukport.verify import accelerator, boot, emulator
from ukport.verify.machine import MACHINES, X86_64
from ukport.workflow.events import Tell
from ukport.workflow.stage import Stages

_ROOM = 500  # MiB
_LONGEST = 1800.0  # seconds


@dataclass(frozen=True)
class Need:
    """A program, and what ukport wants it for; most work does without an ``extra`` one.

    ``least`` is the oldest version that does, where one is known that does not.
    """

    program: str
    purpose: str
    extra: bool = False
    least: str = ""


@dataclass(frozen=True)
class Finding:
    """A need as this machine meets it; ``found`` is a version, a path, or why not."""

    name: str
    purpose: str
    ok: bool
    found: str
    package: str = ""
    extra: bool = False


NEEDS = (
    Need("git", "fetches sources and carries patches", least="2.39"),
    Need("gzip", "packs the sources for the build"),
    Need("make", "runs Unikraft's build"),
    Need("gcc", "compiles, and preprocesses upstream's headers"),
    Need("ld", "links the unikernel"),
    Need("flex", "builds Kconfig"),
    Need("bison", "builds Kconfig"),
    Need("awk", "is called by Unikraft's build"),
    Need("patch", "applies the series inside Unikraft's build"),
    Need("tar", "unpacks sources inside Unikraft's build"),
    Need("python3", "is called by Unikraft's build"),
    Need(boot.QEMU, "boots the unikernel"),
    *(
        Need(program, f"{does} for {other.name}", extra=True)
        for other in MACHINES.values()
        if other is not X86_64
        for program, does in ((f"{other.prefix}gcc", "compiles"), (other.qemu, "boots"))
    ),
    Need("ccache", "makes a new build folder fast", extra=True),
)


def examine(cache: Cache) -> tuple[Finding, ...]:
    """Every need, the accelerator and the cache folder."""
    found = [_program(need) for need in NEEDS]
    if shutil.which(boot.QEMU):
        chosen = accelerator.choose(cache.root)
        found.append(_there("accelerator", "runs the guest's instructions", str(chosen)))
        found += _two_cpus(cache)
    python = ".".join(str(part) for part in sys.version_info[:3])
    return (_there("python", "runs ukport", python), *found, _folder(cache))


def _two_cpus(cache: Cache) -> list[Finding]:
    """For each machine that can be booted, whether it can with two CPUs."""
    found = []
    for machine in MACHINES.values():
        if shutil.which(machine.qemu) is None:
            continue
        name, purpose = f"smp, {machine.name}", "run two CPUs of a guest at the same time"
        try:
            qemu = emulator.chosen(machine, os.environ.get(emulator.VARIABLE, ""))
        except MissingError as error:
            found.append(Finding(name, purpose, ok=False, found=error.message, extra=True))
            continue
        accel = accelerator.choose(cache.root, machine=qemu)
        lack = emulator.lack(qemu, accel.name, 2)
        words = f"{lack.reason}: {lack.hint}" if lack else emulator.version(qemu)
        found.append(Finding(name, purpose, ok=lack is None, found=words, extra=True))
    return found


def _there(name: str, purpose: str, found: str) -> Finding:
    return Finding(name, purpose, ok=True, found=found)


def _program(need: Need) -> Finding:
    package = process.PACKAGES.get(need.program, need.program)
    if shutil.which(need.program) is None:
        return Finding(
            need.program,
            need.purpose,
            ok=False,
            found="not installed",
            package=package,
            extra=need.extra,
        )
    done = process.run([need.program, "--version"], check=False, timeout=20)
    line = done.text.partition("\n")[0]
    version = re.search(r"\d+(?:\.\d+)+", line)
    if version and need.least and _numbers(version[0]) < _numbers(need.least):
        return Finding(
            need.program,
            need.purpose,
            ok=False,
            found=f"{version[0]}, too old: {need.least} is the least",
            package=package,
            extra=need.extra,
        )
    return _there(need.program, need.purpose, version[0] if version else line)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _folder(cache: Cache) -> Finding:
    purpose = "keeps what was fetched and built"
    try:
        cache.root.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(cache.root).free // 2**20
        # Asked of the system by doing it: root may write where the modes say no.
        with tempfile.TemporaryFile(dir=cache.root):
            pass
    except OSError as error:
        return Finding("cache", purpose, ok=False, found=f"{cache.root}: {error.strerror}")
    found = f"{cache.root}, {free} MiB free"
    if free < _ROOM:
        return Finding("cache", purpose, ok=False, found=f"{found}: a build takes {_ROOM} MiB")
    return _there("cache", purpose, found)


def packages(findings: tuple[Finding, ...], *, extra: bool) -> tuple[str, ...]:
    """Debian's packages of what is missing: what is needed, or what is ``extra``."""
    lacking = [one for one in findings if not one.ok and one.extra is extra]
    return tuple(sorted({one.package for one in lacking} - {""}))


def install_line(findings: tuple[Finding, ...], *, extra: bool = False) -> str:
    """The line that installs what is missing, or an empty string."""
    wanted = packages(findings, extra=extra)
    return " ".join([*_install_command(), *wanted]) if wanted else ""


def _install_command() -> list[str]:
    ask = [] if os.geteuid() == 0 else ["sudo"]
    return [*ask, "apt-get", "install", "-y", "--no-install-recommends"]


def install(findings: tuple[Finding, ...], tell: Tell) -> None:
    """Install what is needed and missing; raises MissingError where that cannot be done here."""
    wanted = packages(findings, extra=False)
    if not wanted:
        return
    if shutil.which("apt-get") is None:
        raise MissingError(
            "there is no apt-get on this machine",
            f"install these with its own package manager: {', '.join(wanted)}",
        )
    stages = Stages(tell)
    command = _install_command()
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    with stages.stage("install", " ".join(wanted)):
        # The lists of packages may be old, or not there at all in a new container.
        process.run([*command[:-3], "update", "-qq"], check=False, timeout=_LONGEST, env=quiet)
        done = process.run([*command, *wanted], check=False, timeout=_LONGEST, env=quiet)
    if done.timed_out or done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()[-1000:]
        raise MissingError(f"{' '.join(done.argv)} failed:\n{said}", "run it as root, or by hand")
