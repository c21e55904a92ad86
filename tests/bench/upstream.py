"""Upstream's own tests in the guest against the same tests on this Linux, test by test.

Run it with: python -m tests.bench.upstream [VERSION…]   (upstreams needed)

Both are compiled from the same tree and by the same driver, recipes/mimalloc/test/upstream.c, with
the same macros; on Linux upstream is taken as it is, without the port. Exits 1 where a test passes
on Linux and not in the guest.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from ukport.git.repository import Repository
from ukport.recipe import load
from ukport.source import Cache, default_root, find_version

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "recipes/mimalloc/test"
VERSIONS = ("1.6.3", "1.9.11", "2.0.9", "2.1.9", "2.4.1", "3.4.3")
FLAGS = (
    *("-O2", "-w", "-DNDEBUG", "-DMI_DEBUG=0", "-DMI_SECURE=0", "-DMI_STAT=0"),
    *("-ftls-model=initial-exec", "-fno-builtin-malloc"),
)
RESULT = re.compile(r"(not )?ok \d+ - (.*)")


def tree(version: str, target: Path) -> None:
    """Upstream at a version, as its tag has it."""
    recipe = load(ROOT, "mimalloc")
    cache = Cache(default_root())
    _, tag = find_version(recipe, version, cache)
    repository: Repository = cache.repository(recipe.upstream.name, recipe.upstream.url, need=tag)
    repository.export(repository.tree(repository.resolve(tag)), target)


def commands(top: Path, out: Path) -> Iterator[list[str]]:
    """The library as one unit, the tests that this version has, and the driver."""
    flags = ["gcc", *FLAGS, f"-I{top}/include", f"-I{top}/src", f"-I{out}"]
    yield [*flags, "-c", f"{top}/src/static.c", "-o", f"{out}/library.o"]
    told = []
    for source in load(ROOT, "mimalloc").test.upstream.sources:
        path = top / source
        if not path.exists():
            continue
        name = re.sub(r"\W", "_", f"upstream_{path.stem}")
        told.append(f"-D{name.upper()}")
        before = [f"-Dmain={name}", "-include", f"{TESTS}/upstream.h"]
        yield [*flags, *before, "-c", str(path), "-o", f"{out}/{path.stem}.o"]
    for source in ("upstream.c", "version.c"):
        yield [*flags, *told, f"-I{TESTS}", "-c", f"{TESTS}/{source}", "-o", f"{out}/{source}.o"]


def on_linux(version: str) -> dict[str, bool]:
    """How each test ends in a process of this machine."""
    with TemporaryDirectory() as folder:
        top, out = Path(folder) / "tree", Path(folder) / "out"
        tree(version, top)
        (out / "uk").mkdir(parents=True)
        (out / "uk/config.h").write_text("#define CONFIG_LIBUKBOOT_INITMIMALLOC 1\n")
        (out / "uk/essentials.h").touch()
        for command in commands(top, out):
            subprocess.run(command, check=True)
        program = out / "tests"
        objects = [str(path) for path in out.glob("*.o")]
        subprocess.run(["gcc", *objects, "-o", program, "-lpthread"], check=True)
        done = subprocess.run(program, capture_output=True, text=True, timeout=300, check=False)
    found = (RESULT.fullmatch(line) for line in done.stdout.splitlines())
    return {one[2]: not one[1] for one in found if one}


def in_guest(version: str) -> dict[str, bool]:
    """How each test ends in the unikernel."""
    program = Path(sys.executable).with_name("ukport")
    options = ["--version", version, "--upstream-tests", "--json"]
    done = subprocess.run(
        [program, "verify", "mimalloc", *options], cwd=ROOT, capture_output=True, check=False
    )
    result = json.loads(done.stdout)
    if not result.get("tests"):
        raise SystemExit(result.get("reason") or result.get("error"))
    return {one["name"]: one["passed"] for one in result["tests"]}


def main() -> int:
    good = True
    print("| version | on Linux | in the guest | not in the guest |\n|-|-|-|-|")
    for version in sys.argv[1:] or VERSIONS:
        linux, guest = on_linux(version), in_guest(version)
        lost = sorted(name for name, passed in linux.items() if passed and not guest.get(name))
        counts = (f"{sum(found.values())}/{len(found)}" for found in (linux, guest))
        print(f"| {version} | {' | '.join(counts)} | {', '.join(lost)} |", flush=True)
        good = good and not lost
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
