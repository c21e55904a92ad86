"""An image tried: booted, judged, and explained where it did not pass."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from ukport.verify import accelerator, boot, crash
from ukport.verify.boot import Accelerator, Autopsy, Boot
from ukport.verify.client import Client
from ukport.verify.explain import Seen, explain, headline
from ukport.verify.explanation import Explanation
from ukport.verify.known import STARVED, Port
from ukport.verify.layout import Layout
from ukport.verify.machine import Machine
from ukport.verify.symbolise import Image
from ukport.verify.verdict import Expected, Kind, Verdict, judge, lines

_ELF = b"\x7fELF"
_HEAP = re.compile(r"^CONFIG_LIBUKBOOT_HEAP_BASE=(0x[0-9a-f]+)$", re.MULTILINE)
_AGAIN = 10.0  # seconds beyond twice the first boot that a second one may take


@dataclass(frozen=True)
class Subject:
    """What is tried: an image of the workspace ``root``; ``memory`` in MiB, ``timeout`` in seconds.

    ``config`` is the configuration that it was built with. ``arguments`` and ``counted`` are as
    ``boot.run`` has them.
    """

    image: Path
    root: Path
    config: Path
    machine: Machine
    memory: int
    timeout: float
    expected: Expected
    port: Port
    cpus: int = 1
    arguments: tuple[str, ...] = ()
    counted: bool = False
    client: Client | None = None

    def judge(self, booted: Boot) -> Verdict:
        """What the console, or the client, tells of a boot."""
        return judge(booted.console, booted.ended, self.expected, booted.told)

    @property
    def symbols(self) -> Image:
        return Image(self.image, self.root, self.machine)

    def strangers(self) -> tuple[str, ...]:
        """Folders of other sources of upstream whose objects are in the image."""
        if not self.port.origin:
            return ()
        return tuple(sorted(self.symbols.origins(self.port.library) - {self.port.origin}))

    def layout(self, image: Image) -> Layout:
        """The guest's memory: with paging, core maps it once more where the heap is to be."""
        text = self.config.read_text("utf-8") if self.config.is_file() else ""
        found = _HEAP.search(text) if "CONFIG_PAGING=y\n" in text else None
        heap = int(found[1], 16) if found else None
        return Layout(image.sections, self.memory, self.machine.ram, heap)


@dataclass(frozen=True)
class Trial:
    """``explanation`` is None where the verdict is PASS, or nothing was booted."""

    verdict: Verdict
    booted: Boot | None = None
    explanation: Explanation | None = None


def try_out(subject: Subject, wanted: str, cache: Path) -> Trial:
    """Boot with ``wanted``, one of accelerator.CHOICES, judge, and explain.

    ``cache`` is the folder where it is remembered what this machine's KVM can do.
    """
    if not _is_image(subject.image):
        why = f"the build left {subject.image.name}, which is no image for {subject.machine.name}"
        return Trial(Verdict(Kind.BUILD, why))
    booted, verdict = _boot(subject, wanted, cache)
    if verdict.kind is Kind.PASS:
        return Trial(verdict, booted)
    seen = _seen(subject, verdict, booted)
    verdict = _starved(subject, verdict, booted)
    explanation = explain(replace(seen, verdict=verdict))
    return Trial(_refined(verdict, explanation), booted, explanation)


def _is_image(path: Path) -> bool:
    with path.open("rb") as image:
        return image.read(len(_ELF)) == _ELF


def _boot(subject: Subject, wanted: str, cache: Path) -> tuple[Boot, Verdict]:
    """Boot with KVM where the probe passed; a guest that says nothing there is tried with TCG."""
    chosen = accelerator.choose(cache, wanted, subject.machine)
    booted = _run(subject, chosen)
    verdict = subject.judge(booted)
    silent = verdict.kind in (Kind.CRASH, Kind.HANG, Kind.NOT_RUN) and not verdict.version
    if chosen != Accelerator("kvm") or not silent:
        return booted, verdict
    tcg = Accelerator("tcg", "KVM cannot run guests here")
    again = _run(subject, tcg)
    second = subject.judge(again)
    if not second.version:
        return booted, verdict
    accelerator.remember(cache, tcg)
    return again, second


def _run(
    subject: Subject,
    chosen: Accelerator,
    *,
    timeout: float | None = None,
    autopsy: Autopsy | None = None,
) -> Boot:
    return boot.run(
        subject.image,
        chosen,
        memory=subject.memory,
        timeout=timeout or subject.timeout,
        machine=subject.machine,
        cpus=subject.cpus,
        autopsy=autopsy,
        arguments=subject.arguments,
        counted=subject.counted,
        client=subject.client,
    )


def _seen(subject: Subject, verdict: Verdict, booted: Boot) -> Seen:
    """A guest that died has taken its machine along: a second boot stands still at its death."""
    again = None
    if verdict.kind in (Kind.CRASH, Kind.OOM) and not booted.state.registers:
        stack = crash.read(lines(booted.console)).top
        limit = min(subject.timeout, 2 * booted.seconds + _AGAIN)
        again = _run(subject, booted.accelerator, timeout=limit, autopsy=Autopsy(stack))
    image = subject.symbols
    return Seen(verdict, booted, image, subject.layout(image), subject.port, again)


def _starved(subject: Subject, verdict: Verdict, booted: Boot) -> Verdict:
    """Tests that fail in less memory than the recipe gives: OOM, if the image passes with that."""
    enough = subject.port.enough
    if verdict.kind is not Kind.FAIL or subject.memory >= enough:
        return verdict
    again = _run(replace(subject, memory=enough), booted.accelerator)
    if subject.judge(again).kind is not Kind.PASS:
        return verdict
    reason = f"{verdict.reason}; with {enough} MiB the same image passes"
    return replace(verdict, kind=Kind.OOM, reason=reason)


def _refined(verdict: Verdict, explanation: Explanation) -> Verdict:
    """What is known of an ending may say more than its last words."""
    rules = explanation.known
    starved = verdict.kind is Kind.CRASH and any(r.rule in STARVED for r in rules)
    return replace(
        verdict,
        kind=Kind.OOM if starved else verdict.kind,
        reason=headline(explanation),
        hint=rules[0].advice if rules else "",
    )
