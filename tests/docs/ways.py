"""What a test does with each documented command, beside parsing it with the real command line.

``TOY`` runs it on the toy, in this order, with the toy's names in the place of mimalloc's; an
upgrade is built and booted. ``REAL`` runs it as it is shown, on this repository and its upstreams.
``ELSEWHERE`` are commands that other tests run, on mimalloc's or a library's own sources. What is
shown and run need not name the same recipe, but the same options; ``NEVER`` are those that no test
runs, and why.
"""

from typing import NamedTuple


class Run(NamedTuple):
    """A shown command, the arguments that stand for it, and the exit codes that are fine."""

    shown: str
    arguments: str
    codes: tuple[int, ...] = (0,)


TOY = (
    Run("ukport fetch RECIPE…", "fetch toy"),
    Run("ukport list", "list"),
    Run("ukport schema", "schema"),
    Run("ukport schema --markdown", "schema --markdown"),
    Run("ukport man", "man"),
    Run("ukport doctor", "doctor", (0, 4)),
    Run("ukport outdated", "outdated"),
    Run("ukport series RECIPE", "series toy"),
    Run("ukport diff RECIPE", "diff toy"),
    Run("ukport glue mimalloc", "glue toy"),
    Run("ukport glue RECIPE --diff", "glue toy --diff", (1,)),
    Run("ukport glue RECIPE --write", "glue toy --write"),
    Run("ukport check", "check", (1,)),  # the toy's sources name no licence
    Run("ukport check FILE… --fix", "check patches --fix"),
    Run(
        (
            "ukport check lib-musl/patches/0020-prlimit64_conflict.patch"
            " --ignore patch-status,patch-body"
        ),
        "check patches --ignore patch-status,patch-body",
    ),
    Run("ukport glue RECIPE --check", "glue toy --check"),
    Run(
        "ukport symbols mimalloc --version 2.1.9 --diff 2.2.7",
        "symbols toy --version 1.0.0 --diff 1.1.0",
        (1,),
    ),
    Run("ukport dev mimalloc --tree lib-musl", "dev toy --tree toy"),
    Run("ukport refresh mimalloc", "refresh toy"),
    Run("ukport matrix RECIPE --github", "matrix toy --github"),
    Run("ukport matrix RECIPE --gitlab", "matrix toy --gitlab"),
    Run("ukport matrix mimalloc --github --shards 4", "matrix toy --github --shards 4"),
    Run("ukport verify RECIPE --version V", "verify toy --version 1.0.0"),
    Run("ukport verify mimalloc --timings", "verify toy --timings"),
    Run("ukport verify mimalloc --min-memory", "verify toy --min-memory"),
    Run(
        "ukport verify mimalloc --version 2.1.9 --baseline bbuddy",
        "verify toy --version 1.0.0 --baseline 1.9.0",
    ),
    Run(
        "ukport verify mimalloc --arch arm64 --version 2.1.9",
        "verify toy --arch x86_64 --version 1.0.0",
    ),
    Run("ukport verify RECIPE --matrix", "verify toy --matrix"),
    Run("ukport verify mimalloc --matrix --config ukvmem", "verify toy --matrix --config default"),
    Run(
        "ukport verify mimalloc --memory 256 --memory 512 --accel kvm,tcg",
        "verify toy --memory 16 --memory 32 --accel tcg",
    ),
    Run("ukport verify mimalloc --matrix --shard 1/4", "verify toy --matrix --shard 1/1"),
    Run("ukport report join reports/*-of-4/matrix.json", "report join {matrix}"),
    Run("ukport lint PATH", "lint recipes/toy/lib", (0, 1)),
    Run("ukport bundle mimalloc -o mimalloc.bundle", "bundle toy -o toy.bundle"),
    Run(
        "ukport upgrade mimalloc --to 2.1 --bundle mimalloc.bundle",
        "upgrade toy --to 1.1 --bundle toy.bundle",
    ),
    Run("ukport upgrade --undo", "upgrade --undo"),
    Run("ukport upgrade mimalloc --to 1.6.5", "upgrade toy --to 1.2", (3,)),
    Run("ukport status", "status", (0, 3)),
    Run("ukport upgrade --abort", "upgrade --abort"),
    Run(
        "ukport rebase --series DIR --old OLD --new NEW --out DIR",
        "rebase --series patches/toy/1.0 --old {upstream}@v1.0.0 --new {upstream}@v1.1.0"
        " --out {elsewhere}/out",
    ),
    Run(
        "ukport rebase --range-diff FILE",
        "rebase --series patches/toy/1.0 --old {upstream}@v1.0.0 --new {upstream}@v1.1.0"
        " --out {elsewhere}/again --range-diff {elsewhere}/review.md",
    ),
    Run("ukport release mimalloc", "release toy"),
    Run("ukport watch", "watch"),
)

REAL = (
    "ukport list",
    "ukport outdated",
    "ukport glue mimalloc",
    "ukport dev mimalloc --tree lib-musl",
    "ukport refresh mimalloc",
    "ukport matrix mimalloc --github --shards 4",
    (
        "ukport lint https://github.com/unikraft/lib-redis"
        " --with https://github.com/unikraft/lib-lwip --format text"
    ),
)

ELSEWHERE = {
    "ukport upgrade mimalloc --to 2.1": "tests/workflow/test_mimalloc.py",
    "ukport upgrade mimalloc --to 2.1 --json": "tests/workflow/test_mimalloc.py",
    "ukport upgrade --continue": "tests/workflow/test_conflict.py",
    "ukport upgrade --skip": "tests/workflow/test_conflict.py",
    ".venv/bin/ukport upgrade mimalloc --to 2.1 --or-example": "tests/workflow/test_example.py",
    "ukport demo DIR": "tests/workflow/test_example.py",
    "ukport sweep RECIPE --from VERSION": "tests/workflow/test_sweep.py",
    "ukport sweep mimalloc --from 1.6.3 --memory 64 --memory 512": "tests/workflow/test_sweep.py",
    "ukport bench RECIPE": "tests/workflow/test_bench.py",
    (
        "ukport bench mimalloc --version 1.6.3 --version 2.1.9 --version 3.4.3 --runs 5"
    ): "tests/workflow/test_bench.py",
    "ukport verify example --mirror sources": "tests/workflow/test_example.py",
    "ukport verify mimalloc --version 2.1.9 --smp 2 --qemu FOLDER": (
        "tests/workflow/test_mimalloc_smp.py"
    ),
    "ukport verify RECIPE --smp 2": "tests/workflow/test_mimalloc_smp.py",
    "ukport verify mimalloc --smp 2": "tests/workflow/test_mimalloc_smp.py",
    "ukport verify mimalloc --version V --upstream-tests": "tests/workflow/test_mimalloc.py",
    "ukport verify redis --allocator mimalloc@2.1.9 --qemu /srv/trixie": (
        "tests/workflow/test_redis.py"
    ),
    "ukport verify redis --allocator mimalloc@3.4.3 --qemu /srv/trixie": (
        "tests/workflow/test_redis.py"
    ),
    "ukport verify redis --matrix --min-memory": "tests/workflow/test_redis.py",
    "ukport verify musl": "tests/workflow/test_redis.py",
    "ukport verify lwip": "tests/workflow/test_redis.py",
    "ukport upgrade redis --to 7.2": "tests/workflow/test_redis.py",
    "ukport bench redis --against bbuddy --runs 10": "tests/workflow/test_redis.py",
    "ukport new URL --version V": "tests/workflow/test_new.py",
    "ukport new https://github.com/madler/zlib --version 1.3.1": "tests/workflow/test_new.py",
    "ukport import PATH": "tests/workflow/test_import.py",
    "ukport import URL": "tests/workflow/test_import.py",
    "ukport symbols mimalloc --version 2.1.9": "tests/workflow/test_symbols.py",
    "ukport glue mimalloc --check": "tests/workflow/test_symbols.py",
    "ukport glue mimalloc --version 2.1.9 --check": "tests/workflow/test_symbols.py",
}

NEVER = {
    (
        "ukport bench mimalloc --version 1.6.3 --version 2.1.9 --version 3.4.3 --smp 2"
        " --arch arm64 --runs 5"
    ): "it takes two whole cores for minutes",
    "ukport bench mimalloc --smp 2": "the same",
    "ukport doctor --install": "it would install packages",
    "ukport --install-completion": "it would write to the user's shell",
}
