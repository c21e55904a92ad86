"""``ukport upgrade``: the port of another version, proven, then written in one step."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ukport.errors import ConflictError
from ukport.recipe import edit, load
from ukport.recipe import lock as locks
from ukport.recipe.load import RECIPE
from ukport.recipe.lock import LOCK
from ukport.report.result import Result
from ukport.series.patch import Patch
from ukport.series.series import read_series
from ukport.source import Cache
from ukport.verify.matrix import Axes, Filters
from ukport.verify.verdict import Kind
from ukport.workflow.carry import StandingError
from ukport.workflow.changes import refuse_edited
from ukport.workflow.events import Tell
from ukport.workflow.memory import RESOLUTIONS, message, remembered, write_memory
from ukport.workflow.pending import DamagedError, Desk, Waiting, resolved
from ukport.workflow.port import Made, Request, make
from ukport.workflow.results import keep_failed, result_of, write_report
from ukport.workflow.review import reviews
from ukport.workflow.stage import Stages
from ukport.workflow.transaction import commit, differing, recover, undo
from ukport.workflow.unikernel import chosen, single, unikernel
from ukport.workflow.verify import check_machine, prove


@dataclass(frozen=True)
class Upgrade:
    """How upgrades are done here: the project, the cache, whom to tell, and how to boot."""

    project: Path
    cache: Cache
    tell: Tell
    accel: str = "auto"
    dry_run: bool = False
    qemu: str = ""  # another than PATH's

    @property
    def desk(self) -> Desk:
        return Desk(self.project)

    def start(self, recipe: str, to: str) -> Result:
        """Carry a recipe to ``to`` and prove it; only a PASS changes recipes/ and patches/.

        Raises ConflictError where a patch does not fit: the conflict is laid out in a work tree,
        and the upgrade waits.
        """
        recover(self.project)
        self.desk.refuse_second()
        return self._run(Waiting(recipe, to))

    def go_on(self) -> Result:
        """Take the patch from the work tree and carry on; raises ConflictError, UsageError."""
        recover(self.project)
        waiting = self.desk.expect()
        raw = resolved(Patch(waiting.patch, waiting.original), self.desk.work)
        kept = self.desk.work.remembered()
        return self._run(waiting.decide(raw, "resolved by hand", kept))

    def skip(self) -> Result:
        """Leave the waiting patch out and carry on; raises ConflictError, UsageError."""
        recover(self.project)
        return self._run(self.desk.expect().decide(None, "left out by hand", {}))

    def abort(self) -> Waiting:
        """Forget the waiting upgrade; recipes/ and patches/ never changed."""
        recover(self.project)
        try:
            waiting = self.desk.expect()
        except DamagedError:
            waiting = Waiting("a damaged state", "")
        self.desk.clear()
        return waiting

    def undo(self) -> tuple[str, ...]:
        """Take back the last upgrade that was written; raises UkportError where it was edited."""
        recover(self.project)
        return undo(self.project)

    def _run(self, waiting: Waiting) -> Result:
        began = time.monotonic()
        recipe = load(self.project, waiting.recipe)
        axes = Axes.of(recipe)
        filters = Filters(qemu=self.qemu)
        check_machine(self.accel, recipe, *chosen(axes, filters))
        stages = Stages(self.tell)
        with self.cache.scratch() as scratch:
            try:
                made = self._make(waiting, stages, scratch)
            except StandingError as stood:
                raise self._wait(waiting, stood) from None
            cell = single(axes, made.version, filters, self.accel)
            proof = prove(unikernel(made, axes, cell), self.cache, stages)
            compared = reviews(made.carried, scratch)
        result = result_of(made, proof, stages, time.monotonic() - began)
        result = msgspec.structs.replace(result, reviews=compared)
        if self.dry_run:
            return keep_failed(result, self.cache)
        # What waited is done with in the very step that writes the result.
        changes = {**files(self.project, made), **_memory(waiting), **self.desk.ended()}
        passed = proof.verdict.kind is Kind.PASS
        written = differing(self.project, changes) if passed else ()
        # The report first: where it cannot be written, nothing else is either.
        result = write_report(msgspec.structs.replace(result, written=written), self.project)
        if passed:
            commit(self.project, changes)
            self.desk.clear()
        return result

    def _make(self, waiting: Waiting, stages: Stages, scratch: Path) -> Made:
        recipe = load(self.project, waiting.recipe)
        lock = locks.read(self.project / "recipes" / recipe.name)
        refuse_edited(self.project, recipe)
        request = Request(
            self.project,
            recipe,
            waiting.version,
            lock,
            waiting.decided,
            waiting.resolutions,
            strict=False,
        )
        return make(request, self.cache, stages, scratch)

    def _wait(self, waiting: Waiting, stood: StandingError) -> ConflictError:
        """Lay a conflict out for a person, and tell of it; a dry run only tells."""
        if self.dry_run:
            return stood
        patch = stood.standing.patch
        waiting = msgspec.structs.replace(
            waiting, tree=stood.tree, patch=patch.name, original=patch.raw, reason=stood.message
        )
        work = self.desk.work
        memory = self._memory_folder(waiting)
        work.lay_out(stood.standing.sides, message(patch), memory)
        self.desk.save(waiting)
        return ConflictError(
            stood.message,
            f"resolve it in {work.folder} with any editor or git mergetool, then run:"
            " ukport upgrade --continue  (or --skip the patch, or --abort)",
        )

    def _memory_folder(self, waiting: Waiting) -> Path:
        """The recipe's resolutions and those of this upgrade, as git's rerere keeps them."""
        folder = self.desk.make() / "memory"
        shutil.rmtree(folder, ignore_errors=True)
        known = remembered(self.project, waiting.recipe)
        return write_memory(folder, {**known, **waiting.resolutions})


def _memory(waiting: Waiting) -> Mapping[str, bytes]:
    top = f"recipes/{waiting.recipe}/{RESOLUTIONS}"
    return {f"{top}/{name}": content for name, content in waiting.resolutions.items()}


def files(project: Path, made: Made) -> Mapping[str, bytes | None]:
    """Every file of the project that the port of this version consists of; None: it goes away."""
    folder = f"recipes/{made.recipe.name}"
    at = made.recipe.backends.index(made.backend)
    carried = {name for one in made.carried for name in one.parts}
    moved: dict[tuple[str | int, ...], str] = {
        ("version",): str(made.version),
        ("backends", at, "base"): str(made.version),
    }
    for number, cure in enumerate(made.recipe.cures):
        if cure.series in carried:
            moved["cures", number, "base"] = str(made.version)
    recipe = edit((project / folder / RECIPE).read_text("utf-8"), moved)
    found: dict[str, bytes | None] = {
        f"{folder}/{RECIPE}": recipe.encode(),
        f"{folder}/{LOCK}": locks.dump(made.sources.lock).encode(),
    }
    found |= {f"{folder}/lib/{name}": text.encode() for name, text in made.glue.items()}
    for name, series in (part for one in made.carried for part in one.parts.items()):
        top = f"patches/{name}"
        # None is there as long as the published one is carried.
        there = read_series(project / top) if (project / top).is_dir() else ()
        found |= {f"{top}/{old.name}": None for old in there}
        found |= {f"{top}/{patch.name}": patch.raw for patch in series}
    return found
