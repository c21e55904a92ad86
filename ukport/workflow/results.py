"""From what the stages made to the one Result that is reported."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ukport.errors import ExitCode, FullError, UkportError
from ukport.report import html, junit, markdown
from ukport.report.result import PatchOutcome, Result, TestResult, TreeResult, to_json
from ukport.series.outcome import Fate, PatchResult
from ukport.source import Cache
from ukport.verify.boot import Boot, command_line
from ukport.verify.matrix import Axes, Cell
from ukport.verify.room import is_full
from ukport.verify.verdict import Kind, lines
from ukport.workflow.port import Made
from ukport.workflow.stage import Stages

if TYPE_CHECKING:
    from ukport.workflow.verify import Verification


def result_of(made: Made, proof: "Verification", stages: Stages, seconds: float) -> Result:
    """Everything that one run found."""
    verdict, boot = proof.verdict, proof.booted
    return Result(
        recipe=made.recipe.name,
        previous=made.recipe.version,
        version=str(made.version),
        verdict=str(verdict.kind),
        reason=verdict.reason,
        platform=proof.unit.surroundings.where,
        accelerator=str(boot.accelerator) if boot else "",
        allocator=proof.unit.cell.allocator,
        on=proof.unit.on,
        configuration=proof.unit.cell.configuration,
        architecture=proof.unit.cell.architecture,
        variant=proof.unit.variant,
        memory=proof.unit.memory,
        compared=_compared(proof.unit.cell),
        backend=made.backend.name,
        guest_version=verdict.version,
        tests=tuple(TestResult(check.name, check.passed) for check in verdict.checks),
        tests_planned=verdict.planned,
        trees=tuple(
            TreeResult(t.name, t.url, t.tag, t.commit, t.archive, t.sha256, t.taken)
            for t in made.sources.lock.trees
        ),
        patches=patch_outcomes(made),
        features=made.features,
        sources=made.compiled,
        sources_added=made.change.added,
        sources_removed=made.change.removed,
        glue_changed=made.change.files,
        seconds=seconds,
        stages=dict(stages.seconds),
        timings=dict(proof.built.parts) if proof.built else {},
        boot_command=command_line(boot.command) if boot else "",
        console=_console(boot) if boot else "",
        build_log=proof.log.decode("utf-8", "replace"),
        hint=verdict.hint,
        host_memory=boot.host_memory if boot else 0,
        image_size=proof.built.size if proof.built else 0,
        explanation=proof.explanation,
    )


def _console(boot: Boot) -> str:
    """What the guest printed, then what its client did."""
    told = [] if boot.told is None else ["", "what the client printed:", *lines(boot.told)]
    return "\n".join([*lines(boot.console), *told])


def nothing_made(axes: Axes, cell: Cell, error: UkportError) -> Result:
    """For a cell that came to no build: the port cannot be made, or this machine cannot make it."""
    machines = error.exit_code in (ExitCode.MISSING, ExitCode.FETCH)
    return Result(
        recipe=axes.recipe.name,
        previous=axes.recipe.version,
        version=cell.version or axes.recipe.version,
        verdict=str(Kind.NOT_RUN if machines else Kind.BUILD),
        reason=error.message.partition("\n")[0].removesuffix(":"),
        hint=error.hint,
        platform="",
        accelerator="",
        allocator=cell.allocator,
        on=axes.on(cell),
        configuration=cell.configuration,
        architecture=cell.architecture,
        variant=axes.variant(cell),
        memory=cell.memory,
        compared=_compared(cell),
        backend="",
        guest_version="",
        tests=(),
        tests_planned=0,
        trees=(),
        patches=(),
        features=(),
        sources=(),
        seconds=0.0,
        stages={},
        build_log=error.message,
    )


def _compared(cell: Cell) -> str:
    return cell.accelerator if cell.compared else ""


def patch_outcomes(made: Made) -> tuple[PatchOutcome, ...]:
    """What became of every patch of every tree."""
    return tuple(
        PatchOutcome(
            one.tree,
            patch.name,
            str(patch.outcome),
            patch.reason,
            _evidence(patch),
            len(patch.hunks),
            sum(hunk.fate is Fate.MERGED for hunk in patch.hunks),
        )
        for one in made.carried
        for patch in one.results
    )


def _evidence(patch: PatchResult) -> str:
    """Why a patch is said to be upstream's."""
    return "; ".join(one.detail for one in patch.evidence)


def write_report(result: Result, top: Path) -> Result:
    """Report, result and logs in ``reports/<recipe>-<version>/``; the result with their place.

    A variant of the ordinary cell has a folder of its own, with its name behind the version.
    """
    name = "-".join(filter(None, (result.recipe, result.version, result.variant)))
    folder = top / "reports" / name
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / "report.md"
    result = msgspec.structs.replace(result, report=str(report))
    page = html.Page(html.title_of(result), (result,))
    texts = {
        "console.log": result.console,
        "build.log": result.build_log,
        "result.json": f"{to_json(result)}\n",
        "report.html": html.render(page),
        "junit.xml": junit.render([result]),
        "report.md": markdown.render(result),
    }
    write_texts(folder, texts)
    return result


def with_logs(result: Result, reports: Path) -> Result:
    """The result with its console and log, where its own report is in the folder ``reports``."""
    folder = reports / Path(result.report).parent.name
    try:
        there = msgspec.json.decode((folder / "result.json").read_bytes(), type=Result)
        same = msgspec.structs.replace(result, baseline=there.baseline) == there
        texts = [(folder / name).read_text("utf-8") for name in ("console.log", "build.log")]
    except (OSError, UnicodeDecodeError, msgspec.DecodeError):
        return result
    if not same:
        return result
    console, build_log = texts
    return msgspec.structs.replace(result, console=console, build_log=build_log)


def write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    """All of them or, where the disk is full, none: what was there stays. Raises FullError."""
    parts = {folder / name: folder / f".{name}.part" for name in texts}
    try:
        for part, text in zip(parts.values(), texts.values(), strict=True):
            part.write_text(text, "utf-8")
        for path, part in parts.items():
            part.replace(path)
    except OSError as error:
        if not is_full(error):
            raise
        raise FullError(
            f"no room left on the disk of {folder}: the report is not written",
            "make room there, and run the same command again; the last report is as it was",
        ) from None
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def keep_failed(result: Result, cache: Cache) -> Result:
    """For a run that writes nothing here: the logs of a failure are kept in the cache."""
    return result if result.passed else write_report(result, cache.root)
