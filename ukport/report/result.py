"""The result of an upgrade or a verification, as told to people and machines.

``schema`` changes when a field is removed or changes its meaning; fields may be added.
"""

from typing import Any

import msgspec

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


class TreeResult(msgspec.Struct, frozen=True):
    """Where a source came from, exactly."""

    name: str
    url: str
    tag: str
    commit: str
    archive: str
    sha256: str


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
    backend: str
    guest_version: str
    tests: tuple[TestResult, ...]
    tests_planned: int
    trees: tuple[TreeResult, ...]
    patches: tuple[PatchOutcome, ...]
    features: tuple[str, ...]
    sources: tuple[str, ...]
    sources_added: tuple[str, ...] = ()
    sources_removed: tuple[str, ...] = ()
    glue_changed: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    seconds: float
    stages: dict[str, float]
    boot_command: str = ""
    console: str = ""
    build_log: str = ""
    report: str = ""

    @property
    def passed(self) -> bool:
        return self.verdict == "pass"

    @property
    def tests_passed(self) -> int:
        return sum(test.passed for test in self.tests)


def to_json(result: Result) -> str:
    """The result as one JSON document; the console and the log stay in their files."""
    data: dict[str, Any] = msgspec.to_builtins(result)
    for name in ("console", "build_log"):
        del data[name]
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
