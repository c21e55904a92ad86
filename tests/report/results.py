"""Results for the tests of reports."""

from typing import Any

from ukport.report.result import PatchOutcome, Result, TestResult, TreeResult


def made(**changed: Any) -> Result:
    """A result that passed, with what differs."""
    fields: dict[str, Any] = {
        "recipe": "toy",
        "previous": "1.0.0",
        "version": "1.0.0",
        "verdict": "pass",
        "reason": "2 of 2 tests passed",
        "platform": "Unikraft kvm/x86_64",
        "accelerator": "TCG",
        "allocator": "toy",
        "configuration": "paging",
        "architecture": "x86_64",
        "memory": 16,
        "backend": "all",
        "guest_version": "1",
        "tests": (TestResult("answer", passed=True), TestResult("version", passed=True)),
        "tests_planned": 2,
        "trees": (TreeResult("toy", "https://example.org/toy", "v1", "c" * 40, "a.tgz", "0" * 64),),
        "patches": (PatchOutcome("toy", "0001-a.patch", "adjusted", ""),),
        "features": ("TOY_HINT",),
        "sources": ("src/answer.c",),
        "seconds": 3.0,
        "stages": {"build": 1.0, "boot": 2.0},
        "host_memory": 60,
        "image_size": 4096,
    }
    return Result(**{**fields, **changed})
