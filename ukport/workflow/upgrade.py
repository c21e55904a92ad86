"""``ukport upgrade``: the port of another version, proven, then written in one step."""

import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ukport.process import require
from ukport.recipe import edit, load
from ukport.recipe import lock as locks
from ukport.recipe.load import RECIPE
from ukport.recipe.lock import LOCK
from ukport.report.result import Result
from ukport.series.series import read_series
from ukport.source import Cache
from ukport.verify import boot
from ukport.verify.build import require_tools
from ukport.verify.verdict import Kind
from ukport.workflow.events import Tell
from ukport.workflow.port import Made, Request, make
from ukport.workflow.results import result_of, write_report
from ukport.workflow.stage import Stages
from ukport.workflow.transaction import commit, recover
from ukport.workflow.verify import prove


def upgrade(
    project: Path,
    name: str,
    to: str,
    cache: Cache,
    tell: Tell,
    *,
    dry_run: bool = False,
    accel: str = "auto",
) -> Result:
    """Carry a recipe to ``to`` and prove it; only a PASS changes recipes/ and patches/.

    Raises ConflictError where a patch does not fit. With ``dry_run`` nothing is written.
    """
    began = time.monotonic()
    require(boot.QEMU)
    require_tools()
    recover(project)
    recipe = load(project, name)
    lock = locks.read(project / "recipes" / name)
    stages = Stages(tell)
    with cache.scratch() as scratch:
        made = make(Request(project, recipe, to, lock), cache, stages, scratch)
        proof = prove(made, cache, stages, accel)
        changes = files(project, made)
    written: tuple[str, ...] = ()
    if proof.verdict.kind is Kind.PASS and not dry_run:
        written = commit(project, changes)
    result = msgspec.structs.replace(
        result_of(made, proof, stages, time.monotonic() - began),
        written=written,
    )
    if dry_run:
        return result
    report = write_report(result, project)
    return msgspec.structs.replace(result, report=str(report))


def files(project: Path, made: Made) -> Mapping[str, bytes | None]:
    """Every file of the project that the port of this version consists of; None: it goes away."""
    folder = f"recipes/{made.recipe.name}"
    at = made.recipe.backends.index(made.backend)
    recipe = edit(
        (project / folder / RECIPE).read_text("utf-8"),
        {("version",): str(made.version), ("backends", at, "base"): str(made.version)},
    )
    found: dict[str, bytes | None] = {
        f"{folder}/{RECIPE}": recipe.encode(),
        f"{folder}/{LOCK}": locks.dump(made.sources.lock).encode(),
    }
    found |= {f"{folder}/lib/{name}": text.encode() for name, text in made.glue.items()}
    for carried in made.carried:
        if carried.folder:
            top = f"patches/{carried.folder}"
            found |= {f"{top}/{old.name}": None for old in read_series(project / top)}
            found |= {f"{top}/{patch.name}": patch.raw for patch in carried.series}
    return found
