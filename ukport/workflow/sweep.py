"""``ukport sweep``: every release of upstream from one on, without a hand's help."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from ukport.errors import UsageError
from ukport.recipe import Recipe, load
from ukport.report.sweep import Sweep, markdown, page, sweep_of, to_json
from ukport.source import Cache, Version, find_version, known_versions
from ukport.verify.matrix import Filters
from ukport.workflow import matrix
from ukport.workflow.events import TellCells


@dataclass(frozen=True)
class Wish:
    """From which release to which (``until`` is the newest where it is empty), and how.

    ``memory`` are sizes in MiB, each tried with every release, none for the recipe's. ``least``
    looks for the least memory of each, ``fresh`` uses no kept result, ``jobs`` are cores.
    """

    since: str
    until: str = ""
    accel: str = "auto"
    least: bool = False
    fresh: bool = False
    jobs: int = 0
    memory: tuple[int, ...] = ()


def run(project: Path, name: str, cache: Cache, tell: TellCells, wish: Wish) -> Sweep:
    """Carry, make, build, boot and judge every release; ``reports/<recipe>-sweep/`` is written.

    A release that fails does not stop the others. What was tried before with the same inputs is
    not tried again, so a sweep that was stopped goes on. Raises UsageError, FetchError, and
    MissingError as a matrix does.
    """
    recipe = load(project, name)
    versions = tuple(str(version) for version in chosen(recipe, cache, wish))
    order = matrix.Order(
        versions,
        Filters(memory=wish.memory),
        accel=wish.accel,
        whole=False,
        least=wish.least,
        fresh=wish.fresh,
        jobs=wish.jobs,
    )
    return write(sweep_of(matrix.run(project, name, cache, tell, order)), project)


def chosen(recipe: Recipe, cache: Cache, wish: Wish) -> list[Version]:
    """The releases from ``since`` to ``until``, in their order; raises UsageError for none."""
    known = known_versions(recipe.upstream, cache, fresh=not cache.offline)
    first, _ = find_version(recipe, wish.since, cache)
    last = find_version(recipe, wish.until, cache)[0] if wish.until else max(known)
    found = sorted(version for version in known if first <= version <= last)
    if not found:
        raise UsageError(
            f"{recipe.name}: there is no release from {first} to {last}",
            "--from names the older one",
        )
    return found


def write(sweep: Sweep, project: Path) -> Sweep:
    """The table as Markdown, HTML and JSON."""
    folder = project / "reports" / f"{sweep.recipe}-sweep"
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / "sweep.md"
    sweep = msgspec.structs.replace(sweep, report=str(report))
    (folder / "sweep.json").write_text(f"{to_json(sweep)}\n", "utf-8")
    (folder / "sweep.html").write_text(page(sweep), "utf-8")
    report.write_text(markdown(sweep), "utf-8")
    return sweep
