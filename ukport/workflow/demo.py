"""``ukport demo``: the whole path on the embedded example, explained as it goes.

What runs are the workflows of the commands that it names, on a project like any other.
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ukport import example
from ukport.errors import ConflictError
from ukport.report.result import PatchOutcome, Result
from ukport.source import Cache
from ukport.source.mirrors import Mirrors
from ukport.verify.accelerator import check
from ukport.workflow.events import Event
from ukport.workflow.upgrade import Upgrade
from ukport.workflow.verify import verify

TARGET = "2.0"
_CONSOLE = 3  # lines of it that are shown


class Voice(Protocol):
    """Who tells it: in words, as commands, as the output of those."""

    def tell(self, event: Event, /) -> None:
        """A stage of a workflow."""

    def words(self, text: str, /) -> None:
        """A paragraph."""

    def command(self, line: str, /) -> None:
        """A command that could be typed here."""

    def output(self, text: str, /) -> None:
        """What a program said, line for line."""

    def result(self, result: Result, /) -> None:
        """How an upgrade or a verification ended."""


@dataclass(frozen=True)
class Stage:
    """Where the example is shown, and to whom."""

    there: example.Example
    cache: Cache
    voice: Voice
    accel: str

    @property
    def upgrade(self) -> Upgrade:
        return Upgrade(self.there.project, self.cache, self.voice.tell, self.accel)


def set_up(folder: Path, cache: Cache, voice: Voice, accel: str) -> Stage:
    """Unpack the example into a new folder; raises UsageError."""
    check(accel)
    there = example.unpack(folder.absolute())
    mirrors = Mirrors(anywhere=(str(there.sources),), only=True)
    return Stage(there, replace(cache, mirrors=mirrors), voice, accel)


def demo(stage: Stage) -> bool:
    """All of it; whether everything ended as it should, which failures here are part of."""
    voice = stage.voice
    voice.words(
        f"In {stage.there.project} is a port that works: a small allocator of ukport's own, at"
        " 1.0.0, with four patches and its glue, on a kernel of a few hundred lines that takes"
        " Unikraft's place. Upstream has released 2.0.0 since. One command carries the port there:"
    )
    passed = upgraded(stage)
    crashed = _crash(stage)
    stopped = _conflict(stage)
    voice.words(
        "All of this was the bare kernel, not Unikraft, and an allocator made for it. The real"
        " thing, in a checkout of ukport's repository:"
    )
    voice.command("ukport upgrade mimalloc --to 2.1")
    return passed and crashed and stopped


def instead(stage: Stage, recipe: str) -> bool:
    """The upgrade of the example where that of ``recipe`` cannot be; says what was not done."""
    voice = stage.voice
    voice.words(
        f"{recipe} was not upgraded: its sources cannot be had here, and nothing of it was built or"
        " booted. The same path, on the example that ukport brings along:"
    )
    passed = upgraded(stage)
    how = "was carried to its next release, built and booted" if passed else "did not pass either"
    voice.words(
        f"So the example {how}, on the bare kernel, which is not Unikraft; {recipe} is where it"
        f" was. To upgrade {recipe}, reach its upstream, or bring the sources: --mirror DIR, or"
        f" --bundle FILE, made where there is a network with: ukport bundle {recipe} -o FILE."
        " To see more of what ukport does: ukport demo."
    )
    return passed


def upgraded(stage: Stage) -> bool:
    """The upgrade over a rename, and what happened in it."""
    voice = stage.voice
    voice.command(f"ukport upgrade {example.RECIPE} --to {TARGET} --mirror {example.SOURCES}")
    result = stage.upgrade.start(example.RECIPE, TARGET)
    voice.result(result)
    voice.words("What became of the four patches:")
    voice.output("\n".join(_patch(patch) for patch in result.patches))
    voice.words(
        "The first followed its file to another name. The second is dropped, because upstream took"
        " it in. Upstream had rewritten the line that the third changes, which was resolved by hand"
        " once, and is remembered with the recipe. The fourth fits as it is, though its function"
        " moved."
    )
    voice.words("The glue follows upstream's own list of sources, and its declarations:")
    voice.output(
        "\n".join(
            [
                *(f"+ {source}" for source in result.sources_added),
                *(f"- {source}" for source in result.sources_removed),
                *(f"+ -D{feature}" for feature in result.features),
            ]
        )
    )
    voice.words("It was built and booted; the guest's last words, from which the verdict is made:")
    voice.output("\n".join(result.console.rstrip().split("\n")[-_CONSOLE:]))
    return result.passed


def _patch(patch: PatchOutcome) -> str:
    why = "; ".join(part for part in (patch.reason, patch.evidence) if part)
    return f"{patch.name[:4]} {patch.outcome:<11}{why}"


def _crash(stage: Stage) -> bool:
    """A patch that crashes, and where."""
    voice = stage.voice
    voice.words("Now a patch that applies, compiles, and is wrong:")
    series = next((stage.there.project / "patches" / example.RECIPE).iterdir())
    added = example.break_series(stage.there)
    voice.output("\n".join(f"+ patches/{example.RECIPE}/{series.name}/{name}" for name in added))
    voice.command(f"ukport verify {example.RECIPE} --mirror {example.SOURCES}")
    project = stage.there.project
    result = verify(project, example.RECIPE, None, stage.cache, voice.tell, accel=stage.accel)
    voice.result(result)
    if result.explanation:
        voice.words("The crash, with its call chain in the source:")
        places = [str(place) for frame in result.explanation.frames for place in frame.places]
        voice.output("\n".join(places))
    for name in added:
        (series / name).unlink()
    return result.verdict == "crash"


def _conflict(stage: Stage) -> bool:
    """The same upgrade where nobody remembers, which stops and explains."""
    voice = stage.voice
    voice.words(
        "Last, the upgrade is taken back, and the remembered resolution put away, to see what"
        " happens where a person has to decide:"
    )
    voice.command("ukport upgrade --undo")
    stage.upgrade.undo()
    aside = stage.there.project / "resolutions"
    shutil.move(stage.there.project / "recipes" / example.RECIPE / "resolutions", aside)
    voice.command(f"mv recipes/{example.RECIPE}/resolutions .")
    voice.command(f"ukport upgrade {example.RECIPE} --to {TARGET} --mirror {example.SOURCES}")
    try:
        stage.upgrade.start(example.RECIPE, TARGET)
    except ConflictError as error:
        voice.output(error.message)
    else:
        return False
    voice.words(
        "Nothing was changed, and the upgrade waits there for you: resolve it in"
        " .ukport/upgrade/work with any editor, then go on, or forget it:"
    )
    voice.command(f"cd {stage.there.project}")
    voice.command(f"ukport upgrade --continue --mirror {example.SOURCES}")
    voice.command("ukport upgrade --abort")
    return True
