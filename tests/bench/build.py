"""Where the seconds of a verification go, as ratios in one run on one machine.

Run it with: python -m tests.bench.build [ROUNDS]   (upstreams needed; everything in a folder of its
own, five builds from nothing). Processor time stands beside wall time: on a machine that is
shared it is the one to believe.

ukport has ccache compile from the second build of the same trees on, so the first one is the
compiler's alone; the second fills ccache; the third finds all there, and the fourth, of another
configuration, finds what its macros leave the same.
"""

import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OLD, NEW = "2.1.9", "2.2.7"
ROOT = Path(__file__).parents[2]
BOOTS = 5


@dataclass(frozen=True)
class Spent:
    """Seconds: of wall time, and of the processor by all children."""

    wall: float
    processor: float

    def __str__(self) -> str:
        return f"{self.wall:6.1f} s wall {self.processor:6.1f} s processor"


@dataclass(frozen=True)
class Lab:
    """A cache and a project of its own."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        own = {"UKPORT_CACHE": self.folder / "cache", "CCACHE_DIR": self.folder / "ccache"}
        return {**os.environ, **{name: str(path) for name, path in own.items()}}

    @property
    def builds(self) -> Path:
        return self.folder / "cache/build"

    @property
    def build(self) -> Path:
        (one,) = self.builds.glob("mimalloc-*")
        return one

    def fetch(self, version: str) -> None:
        command = [sys.executable, "-m", "ukport", "fetch", "mimalloc", "--version", version]
        subprocess.run(
            [*command, "--json"],
            cwd=self.folder,
            env=self.environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def verify(self, version: str, *args: str) -> tuple[dict[str, Any], Spent]:
        command = [sys.executable, "-m", "ukport", "verify", "mimalloc", "--version", version]
        done, spent = timed([*command, *args, "--json"], self.folder, self.environment)
        result = json.loads(done)
        if result.get("verdict") != "pass":
            raise SystemExit(f"it did not pass: {result.get('reason', result.get('error'))}")
        return result, spent


def timed(command: list[str], folder: Path, env: dict[str, str]) -> tuple[bytes, Spent]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    # The compiler's warnings are no part of the table; an error is in ukport's document.
    done = subprocess.run(
        command,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, Spent(wall, used)


def plain_make(lab: Lab, place: Path) -> tuple[Spent, Spent]:
    """Unikraft's own ``make olddefconfig`` and ``make -j2``, at its own debug level.

    Of the same trees and options, which ukport's build from nothing configures as well.
    """
    made = lab.build
    for name in ("core", "libs", "app"):
        shutil.copytree(made / name, place / name, symlinks=True)
    text = (made / "config").read_text()
    text = re.sub(r".*DEBUG_SYMBOLS_LVL.*\n", "", text)
    (place / "config").write_text(text)
    for archive in (made / "build").glob("*/*.tar.gz"):
        (place / "build" / archive.parent.name).mkdir(parents=True)
        shutil.copyfile(archive, place / "build" / archive.parent.name / archive.name)
    libraries = ":".join(str(place / "libs" / name) for name in ("lib-musl", "lib-mimalloc"))
    make = ["make", "-C", str(place / "core"), f"A={place / 'app'}", f"L={libraries}"]
    make += [f"O={place / 'build'}", f"C={place / 'config'}", "WGET=false"]
    env = {**os.environ, "CCACHE_DISABLE": "1", "LC_ALL": "C.UTF-8"}
    _, configured = timed([*make, "olddefconfig"], place, env)
    _, compiled = timed([*make, "-j2"], place, env)
    if not list((place / "build").glob("*_qemu-x86_64")):
        raise SystemExit("the plain build left no image")
    shutil.rmtree(place)
    return configured, compiled


def forget(lab: Lab) -> None:
    """The build folders, but not that there were some."""
    for folder in lab.builds.glob("mimalloc-*"):
        shutil.rmtree(folder)


def bare_boots(command: str) -> float:
    """The median of QEMU alone on the same image."""
    seconds = []
    for _ in range(BOOTS):
        began = time.perf_counter()
        subprocess.run(command.split(), stdout=subprocess.DEVNULL, check=False)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def cold_build(lab: Lab, what: str, *options: str) -> float:
    """Seconds of the build with no build folder left."""
    forget(lab)
    result, spent = lab.verify(OLD, *options)
    print(f"{what:<25}{spent}")
    return float(result["stages"]["build"])


def row(what: str, value: float, limit: float, unit: str = "x") -> bool:
    print(f"{what:<58} {value:7.2f} {unit} (at most {limit:g})")
    return value <= limit


def measure(lab: Lab) -> bool:
    for version in (OLD, NEW):
        lab.fetch(version)
    result, cold = lab.verify(OLD)
    first, boots = result["stages"]["build"], [result["stages"]["boot"]]
    print(f"cold, nothing kept       {cold}")
    size = sum(f.lstat().st_blocks for f in lab.build.rglob("*")) * 512 / 1e6
    configured, compiled = plain_make(lab, lab.folder / "plain")
    plain = Spent(configured.wall + compiled.wall, configured.processor + compiled.processor)
    print(f"plain make olddefconfig  {configured}")
    print(f"plain make -j2           {compiled}")
    result, new = lab.verify(NEW)
    warm = result["stages"]["build"]
    print(f"new version, warm folder {new}")
    nothing = []
    for _ in range(BOOTS):
        result, _ = lab.verify(NEW)
        nothing.append(result["stages"]["build"])
        boots.append(result["stages"]["boot"])
    log = Path(result["report"]).with_name("build.log").read_text()
    started = len(re.findall(r"^  (?:CC|AS|LD) ", log, re.MULTILINE))
    bare = bare_boots(result["boot_command"])
    second = cold_build(lab, "cold, it fills ccache")
    again = cold_build(lab, "cold, ccache filled")
    other = cold_build(lab, "cold, other configuration", "--config", "nopaging")
    cpu = cold.processor / plain.processor
    print(f"processor time, cold ÷ plain make: {cpu:.2f}; with the boot and ukport's own work")
    print(f"the build that fills ccache ÷ plain make: {second / plain.wall:.2f}")
    print(f"cold build ÷ plain make -j2 without its configuring: {first / compiled.wall:.2f}")
    return all(
        [
            row("new version in a warm folder ÷ cold build", warm / first, 0.15),
            row("nothing changed", statistics.median(nothing), 2.5, "s"),
            row("  compilers and linkers started", started, 0, " "),
            row("boot to verdict ÷ bare QEMU", statistics.median(boots[1:]) / bare, 1.3),
            row("cold build ÷ plain make, ccache empty", first / plain.wall, 0.7),
            row("the same, ccache filled", again / plain.wall, 0.7),
            row("the same, filled by another configuration", other / plain.wall, 0.7),
            row("build folder", size, 150, "MB"),
        ]
    )


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="ukport-bench-", dir="/var/tmp") as name:
        lab = Lab(Path(name))
        for part in ("recipes", "patches"):
            shutil.copytree(ROOT / part, lab.folder / part)
        return int(not measure(lab))


if __name__ == "__main__":
    sys.exit(main())
