"""The result of an upgrade or a verification, as told to people and machines.

``schema`` changes when a field is removed or changes its meaning; fields may be added.
"""

from typing import Any

import msgspec

from ukport.verify.explanation import Explanation

SCHEMA = "ukport.result/1"


class TestResult(msgspec.Struct, frozen=True):
    """One test as the guest reported it."""

    name: str
    passed: bool


class PatchOutcome(msgspec.Struct, frozen=True):
    """What became of one patch on its way to the version."""

    tree: str
    name: str
    outcome: str
    reason: str
    evidence: str = ""  # of what is said to be upstream's
    hunks: int = 0
    merged: int = 0  # hunks whose surroundings had changed


class PatchStat(msgspec.Struct, frozen=True):
    """One file of an adjusted patch: the lines that it changed there, and changes now."""

    patch: str
    file: str
    before: str  # "+3 -1"
    after: str


class SeriesReview(msgspec.Struct, frozen=True):
    """A series that is not what it was: its adjusted patches, and both compared by git.

    ``note`` says why, where git could not compare them.
    """

    tree: str
    folder: str  # below ``patches/``
    stat: tuple[PatchStat, ...]
    range_diff: str = ""
    note: str = ""


class TreeResult(msgspec.Struct, frozen=True):
    """Where a source came from, exactly."""

    name: str
    url: str
    tag: str
    commit: str
    archive: str
    sha256: str
    taken: str = ""  # a mirror or bundle, where it did not come from ``url``


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """What was there before, in the same cell: ``version`` of the port, or another allocator.

    ``regressions`` are tests that it passed and the port does not, ``standing`` those that neither
    passes, ``fixed`` those that only the port passes. ``worse``: the port is not PASS and it is.
    """

    name: str
    version: str
    verdict: str
    reason: str
    tests: tuple[TestResult, ...] = ()
    regressions: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    worse: bool = False


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one run found; times in seconds."""

    schema: str = SCHEMA
    recipe: str
    previous: str
    version: str
    verdict: str
    reason: str
    platform: str
    accelerator: str
    # The points of its cell of the matrix; ``variant`` names those that are not the first ones.
    allocator: str = ""
    on: str = ""  # what the port allocates with, where it is no allocator itself
    configuration: str = ""
    architecture: str = ""
    variant: str = ""
    backend: str
    guest_version: str
    tests: tuple[TestResult, ...]
    tests_planned: int
    trees: tuple[TreeResult, ...]
    patches: tuple[PatchOutcome, ...]
    reviews: tuple[SeriesReview, ...] = ()
    features: tuple[str, ...]
    sources: tuple[str, ...]
    sources_added: tuple[str, ...] = ()
    sources_removed: tuple[str, ...] = ()
    glue_changed: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    seconds: float
    stages: dict[str, float]
    timings: dict[str, float] = {}  # of the build's seconds, by library
    boot_command: str = ""
    console: str = ""
    build_log: str = ""
    report: str = ""
    # What would do, where the verdict is not PASS and something is known to.
    hint: str = ""
    memory: int = 0  # of the guest, MiB
    compared: str = ""  # the accelerator asked for, where the matrix has several
    # The least memory it passes with, and how each size that was tried ended, in MiB; 0: not asked.
    least_memory: int = 0
    memory_tried: dict[str, str] = {}
    memory_below: str = ""  # why a MiB less than the least does not do
    host_memory: int = 0  # the most that QEMU took of this machine's, MiB
    image_size: int = 0  # bytes
    explanation: Explanation | None = None
    baseline: Baseline | None = None

    @property
    def passed(self) -> bool:
        return self.verdict == "pass"

    @property
    def is_port(self) -> bool:
        """Whether the port is in the guest, and not another allocator in its place."""
        return bool(self.on) or self.allocator in ("", self.recipe)

    @property
    def what(self) -> str:
        """``mimalloc 2.1.9``, ``redis 7.0.11 on bbuddy``; another allocator has no version."""
        if not self.is_port:
            return self.allocator
        return f"{self.recipe} {self.version}" + (f" on {self.on}" if self.on else "")

    @property
    def elsewhere(self) -> str:
        """``platform: bare (not Unikraft)``, for every output; empty for what is Unikraft."""
        if not self.platform or self.platform.startswith("Unikraft"):
            return ""
        return f"platform: {self.platform}"

    @property
    def tests_passed(self) -> int:
        return sum(test.passed for test in self.tests)


def to_builtins(result: Result) -> dict[str, Any]:
    """The result as plain data; the console and the log stay in their files."""
    data: dict[str, Any] = msgspec.to_builtins(result)
    for name in ("console", "build_log"):
        del data[name]
    return data


def to_json(result: Result) -> str:
    """The result as one JSON document."""
    return msgspec.json.format(msgspec.json.encode(to_builtins(result)), indent=2).decode()
