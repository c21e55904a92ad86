"""The date of config.h: kept where only options changed that nobody but the ported library reads.

Unikraft's make has every object depend on config.h, "a workaround until we can handle changes that
affect the compile command lines" (support/build/Makefile.rules of core), so one option more or less
compiles a thousand files of musl anew. The library's own objects, and the application's, are wiped
where its options change: the others may stay if no line of core or of a library names them.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ukport import process
from ukport.verify.workspace import Library, Workspace

_HEADER = "include/uk/bits/config.h"
_NOTHING_FOUND = 1  # what grep ends with


@dataclass(frozen=True)
class Dated:
    """What config.h defined, and its date in nanoseconds."""

    options: Mapping[str, str]
    time: int


def header(workspace: Workspace) -> Path:
    """Where make puts config.h; also the target that makes it."""
    return workspace.build / _HEADER


def read(workspace: Workspace) -> Dated | None:
    """What is there now; None before the first build."""
    path = header(workspace)
    try:
        text, time = path.read_text("utf-8"), path.stat().st_mtime_ns
    except OSError:
        return None
    defined = (line.split(maxsplit=2)[1:] for line in text.splitlines() if line[:8] == "#define ")
    return Dated({name: "".join(value) for name, *value in defined}, time)


def keep(workspace: Workspace, library: Library, before: Dated) -> bool:
    """Give the new config.h the old date, if its objects elsewhere are as good as new."""
    now = read(workspace)
    if now is None or not only_own(library, before.options, now.options):
        return False
    changed = sorted(
        name
        for name in before.options.keys() | now.options.keys()
        if before.options.get(name) != now.options.get(name)
    )
    if changed and _named_elsewhere(workspace, library, changed):
        return False
    # make would write config.h again if it were older than what it is made from.
    for path in (workspace.config, workspace.build / "config", header(workspace)):
        os.utime(path, ns=(before.time, before.time))
    return True


def only_own(library: Library, before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether all that differs are options below the library's own."""
    own = f"CONFIG_{library.library.upper()}_"
    differing = dict(before.items() ^ now.items())
    return all(name.startswith(own) for name in differing)


def _named_elsewhere(workspace: Workspace, library: Library, names: list[str]) -> bool:
    own = workspace.library(library.name)
    others = [path for path in (workspace.root / "libs").iterdir() if path != own]
    words = [word for name in names for word in ("-e", name)]
    found = process.run(
        ["grep", "-rqwF", *words, "--", workspace.core, *others], timeout=60, check=False
    )
    return found.returncode != _NOTHING_FOUND
