"""Results of cells, kept by everything that went into them, so that a matrix resumes."""

import hashlib
from pathlib import Path

import msgspec

from ukport import __version__, verify
from ukport.report.result import SCHEMA, Result, to_json
from ukport.source import Cache
from ukport.verify import emulator
from ukport.verify.verdict import Kind
from ukport.workflow.unikernel import Unikernel

# These may be this machine's fault or this moment's: they are tried again.
_NOT_KEPT = frozenset({Kind.BUILD, Kind.HANG, Kind.NOT_RUN})


class Kept:
    """The results in one cache; a damaged one is as good as none."""

    def __init__(self, cache: Cache) -> None:
        self._root = cache.root / "cells"
        self._judge = _judge()

    def key(self, unit: Unikernel, toolchain: str, accelerator: str, *, least: bool) -> str:
        """What decides how a cell ends, ukport's own judgement included."""
        library = unit.library.stamp if unit.library else ""
        parts = (
            *(SCHEMA, __version__, self._judge, unit.key(toolchain), unit.cell.name, library),
            *(unit.application.stamp, repr(unit.expected), repr(unit.timeout), accelerator),
            *(emulator.version(unit.surroundings.machine), "least" if least else ""),
            *(repr(unit.arguments), unit.client.text if unit.client else ""),
        )
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]

    def read(self, key: str) -> Result | None:
        folder = self._root / key
        try:
            result = msgspec.json.decode((folder / "result.json").read_bytes(), type=Result)
            return msgspec.structs.replace(
                result,
                console=(folder / "console.log").read_text("utf-8"),
                build_log=(folder / "build.log").read_text("utf-8"),
            )
        except (OSError, ValueError):
            return None

    def write(self, key: str, result: Result) -> None:
        if result.verdict in _NOT_KEPT:
            return
        folder = self._root / key
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "console.log").write_text(result.console, "utf-8")
        (folder / "build.log").write_text(result.build_log, "utf-8")
        # Last and in one step: it is what makes the others count.
        part = folder / "result.json.part"
        part.write_text(to_json(result), "utf-8")
        part.replace(folder / "result.json")


def _judge() -> str:
    """The code that builds, boots and judges: other code may judge otherwise."""
    total = hashlib.sha256()
    for module in sorted(Path(verify.__file__).parent.glob("*.py")):
        total.update(module.read_bytes())
    return total.hexdigest()
