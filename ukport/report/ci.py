"""The matrix of a CI that runs a recipe's matrix in parts; pure.

GitHub's is what ``strategy.matrix: ${{ fromJSON(…) }}`` takes, GitLab's a child pipeline: JSON is
YAML, so both are written as JSON.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ukport.process import PACKAGES
from ukport.verify.machine import X86_64
from ukport.verify.matrix import Axes, Cell, Filters, folder_key, shard


@dataclass(frozen=True)
class Job:
    """A part of the matrix: its cells, Debian's ``packages`` beside README's, and its command."""

    part: str
    cells: tuple[str, ...]
    packages: tuple[str, ...]
    command: str

    @property
    def name(self) -> str:
        """The points that its cells have in common: ``paging/x86_64/512M``."""
        points = [cell.split("/")[1:] for cell in self.cells]
        common = ["+".join(dict.fromkeys(axis)) for axis in zip(*points, strict=True)]
        return "/".join(common)


def jobs(
    axes: Axes, cells: Sequence[Cell], versions: Sequence[str], filters: Filters, shards: int
) -> tuple[Job, ...]:
    """``shards`` jobs, or one for each build folder; fewer where there are fewer folders."""

    def key(cell: Cell) -> str:
        return folder_key(axes, cell)

    folders = len({key(cell) for cell in cells})
    count = min(shards, folders) if shards else folders
    command = ["ukport", "verify", axes.recipe.name, "--matrix", *_options(versions, filters)]
    found = []
    for at in range(1, count + 1):
        part = f"{at}/{count}"
        mine = shard(cells, part, key)
        names = tuple(axes.name(cell) for cell in mine)
        line = " ".join([*command, "--shard", part])
        found.append(Job(part, names, _packages(axes, mine), line))
    return tuple(found)


def _options(versions: Sequence[str], filters: Filters) -> list[str]:
    pairs: list[tuple[str, Sequence[object]]] = [
        ("--version", versions),
        ("--arch", filters.architectures),
        ("--config", filters.configurations),
        ("--allocator", filters.allocators),
        ("--memory", filters.memory),
    ]
    return [word for option, values in pairs for value in values for word in (option, str(value))]


def _packages(axes: Axes, cells: Sequence[Cell]) -> tuple[str, ...]:
    found = []
    for machine in dict.fromkeys(axes.machine(cell) for cell in cells):
        if machine is not X86_64:
            found += [PACKAGES[f"{machine.compiler}gcc"], PACKAGES[machine.qemu]]
            found += [f"libc6-dev-{machine.name}-cross"]
    return tuple(found)


def github(found: Sequence[Job]) -> str:
    """One line, as a step's output wants it."""
    include = [
        {
            "name": job.name,
            "shard": job.part,
            "cells": len(job.cells),
            "packages": " ".join(job.packages),
            "command": job.command,
        }
        for job in found
    ]
    return json.dumps({"include": include}, ensure_ascii=False)


def gitlab(found: Sequence[Job]) -> str:
    """A pipeline with a job a part; what each leaves is joined by the last."""
    made: dict[str, Mapping[str, Any]] = {}
    for job in found:
        packages = f"PACKAGES='{' '.join(job.packages)}' " if job.packages else ""
        made[f"{job.part} {job.name}"] = {
            "stage": "test",
            "script": [f"{packages}sh .ci/setup", f".venv/bin/{job.command}"],
            "artifacts": {"when": "always", "paths": ["reports/"]},
        }
    made["join"] = {
        "stage": "deploy",
        "when": "always",
        "script": ["sh .ci/setup", ".venv/bin/ukport report join reports/*-of-*/matrix.json"],
        "artifacts": {"when": "always", "paths": ["reports/"]},
    }
    return json.dumps(made, indent=2, ensure_ascii=False)
