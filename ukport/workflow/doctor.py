"""``ukport doctor``: what the machine has, what each thing is for, and how to get it."""

import re
import shutil
import sys
from dataclasses import dataclass

from ukport import process
from ukport.source import Cache
from ukport.verify import accelerator, boot
from ukport.verify.machine import MACHINES, X86_64


@dataclass(frozen=True)
class Need:
    """A program, and what ukport wants it for; most work does without an ``extra`` one."""

    program: str
    purpose: str
    extra: bool = False


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
    Need("git", "fetches sources and carries patches"),
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
    python = ".".join(str(part) for part in sys.version_info[:3])
    return (_there("python", "runs ukport", python), *found, _folder(cache))


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
    return _there(need.program, need.purpose, version[0] if version else line)


def _folder(cache: Cache) -> Finding:
    purpose = "keeps what was fetched and built"
    try:
        cache.root.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(cache.root).free // 2**20
    except OSError as error:
        return Finding("cache", purpose, ok=False, found=f"{cache.root}: {error.strerror}")
    return _there("cache", purpose, f"{cache.root}, {free} MiB free")


def install_line(findings: tuple[Finding, ...]) -> str:
    """The line that installs what is missing, extras too, or an empty string."""
    packages = sorted({finding.package for finding in findings if not finding.ok} - {""})
    return f"apt-get install {' '.join(packages)}" if packages else ""
