"""What becomes of a patch, hunk by hunk, as values that every report is made from."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from ukport.git.repository import Repository
from ukport.series.patch import Patch


class Outcome(StrEnum):
    """What became of one patch."""

    UNCHANGED = "unchanged"
    ADJUSTED = "adjusted"
    UPSTREAMED = "upstreamed"
    PARTIAL = "partial"
    CONFLICT = "conflict"
    SKIPPED = "skipped"  # a person left it out


class Fate(StrEnum):
    """What became of one hunk."""

    EXACT = "exact"  # lands on the very lines it expects
    MOVED = "moved"  # lands on the very lines it expects, elsewhere in the file
    MERGED = "merged"  # lands by a three-way merge: lines around it changed
    PRESENT = "present"  # upstream has it already
    OPEN = "open"  # a person has to decide


class HunkResult(NamedTuple):
    """One hunk (or, with an empty header, a whole file): where it landed or why it did not.

    ``expected`` and ``wanted`` are the lines before and after, ``upstream`` what is there instead.
    ``broken_by`` is the upstream commit after which it no longer fits, ``whereabouts`` what became
    of the code, ``missing`` the identifiers that no longer exist. ``proposal`` says how an open
    hunk might go in, and ``proposed`` what the place would then hold: a guess to be judged.
    """

    file: str
    header: str
    fate: Fate
    reason: str = ""
    line: int = 0
    expected: tuple[bytes, ...] = ()
    upstream: tuple[bytes, ...] = ()
    wanted: tuple[bytes, ...] = ()
    broken_by: str = ""
    whereabouts: str = ""
    missing: tuple[str, ...] = ()
    proposal: str = ""
    proposed: tuple[bytes, ...] = ()


class Evidence(NamedTuple):
    """Why a patch is taken to be upstream, or to land; ``certainty`` is 0 to 1."""

    kind: str
    detail: str
    certainty: float
    commit: str = ""


class PatchResult(NamedTuple):
    """One patch; ``output`` is what it is now (for ``partial`` a proposal), None if not at all.

    ``verdict`` says what a person should do: rebase by hand, partial, or re-port. ``depends`` are
    the earlier patches of the series that an unlanded one stands on, each with what became of it.
    """

    name: str
    outcome: Outcome
    output: Patch | None
    hunks: tuple[HunkResult, ...]
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    rejects: bytes = b""
    verdict: str = ""
    depends: tuple[str, ...] = ()


class Start(NamedTuple):
    """Where a part of a series comes from: the whole of it, and the commits it is carried between.

    ``repo`` has upstream's commits and tags; the trees of a part may be in another one.
    """

    repo: Repository
    series: Sequence[Patch]
    old: str
    new: str


class Way(NamedTuple):
    """From where to where a series is carried: two trees of ``repo``, and what they come from.

    The commits of ``start`` are empty where there are none.
    """

    repo: Repository
    trees: tuple[str, str]
    start: Start


class Rebase(NamedTuple):
    """A whole series; ``tree`` in ``repo`` is the new tree with all patches that landed.

    It is empty where nobody asked for it.
    """

    results: tuple[PatchResult, ...]
    series: tuple[Patch, ...]
    tree: str
    repo: Repository

    @property
    def clean(self) -> bool:
        """Whether every patch landed or is upstream."""
        done = (Outcome.UNCHANGED, Outcome.ADJUSTED, Outcome.UPSTREAMED)
        return all(result.outcome in done for result in self.results)
