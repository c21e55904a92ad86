"""Look for the rules at hand, and leave out what is switched off with a reason."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from ukport.check import content, folder, message  # noqa: F401 - they register their rules
from ukport.check.folder import Folder
from ukport.check.patchfile import PatchFile
from ukport.check.rule import ERROR, FOLDER, NOTE, PATCH, WARNING, Check, Hit, check
from ukport.check.settings import Off, Settings, switched_off
from ukport.finding import Finding

REASON = check(
    "check-reason",
    ERROR,
    "A rule is switched off only with a reason, and only one that there is.",
    cure="write it like: ukport-check: off patch-whitespace [upstream's own blanks]",
    example="ukport-check: off patch-whitespace",
)
UNUSED = check(
    "check-unused",
    WARNING,
    "A rule is switched off that finds nothing here.",
    cure="take the line out",
    example="ukport-check: off patch-mode [meant] in a patch that changes no mode",
)
APPLIES = check(
    "series-applies",
    ERROR,
    "A patch that does not apply at zero fuzz to the tree that the recipe locks.",
    cure="carry it there: ukport rebase, or ukport dev and ukport refresh",
    example="a hunk whose context is two lines further down, in other words",
)
EXPORT = check(
    "series-export",
    ERROR,
    "A series that becomes another one when it goes through commits and back: something is lost.",
    cure="write the patch anew: ukport dev, then ukport refresh",
    example="a body with a line that begins with diff",
)
UNTRIED = check(
    "series-untried",
    NOTE,
    "The tree of a series is not in the cache: whether its patches apply was not tried.",
    cure="ukport fetch",
    example="a clone without a cache",
)
OWN: tuple[Check, ...] = (REASON, UNUSED, APPLIES, EXPORT, UNTRIED)


def patch_checks() -> tuple[Check, ...]:
    """Every rule about patches and their folders."""
    return (*PATCH, *FOLDER, *OWN)


class Looking:
    """One run: collects findings, and which rules that were switched off found something."""

    def __init__(self, settings: Settings, known: Collection[str]) -> None:
        self.settings = settings
        self.known = known
        self.findings: list[Finding] = []
        self._off: dict[str, tuple[Off, ...]] = {}
        self._used: set[tuple[str, str]] = set()
        self._looked: set[tuple[str, str]] = set()
        self._chosen = [(one, look) for one, look in PATCH.items() if settings.wanted(one.id)]

    def patch(self, patch: PatchFile) -> None:
        """Look at one patch."""
        self.off(patch.path, patch.prose)
        for rule, look in self._chosen:
            if not self.settings.folders or self.settings.wanted(rule.id, patch.path):
                self._note(rule, patch.path, look(patch))

    def folder(self, one: Folder) -> None:
        """Look at a folder, after its patches."""
        for rule, look in FOLDER.items():
            if self.settings.wanted(rule.id):
                self._looked |= {(patch.path, rule.id) for patch in one.patches}
                for hit in look(one):
                    file = f"{one.path}/{hit.file}" if one.path not in ("", ".") else hit.file
                    self.add(rule, file, hit)

    def off(self, file: str, text: bytes) -> None:
        """What a file switches off; a missing reason is a finding, and switches nothing off."""
        told = switched_off(text) if b"kport-" in text or b"KPORT-" in text else ()
        good = []
        for one in told:
            if one.rule not in self.known:
                self.add(REASON, file, Hit(one.line, f"there is no rule {one.rule!r}"))
            elif not one.reason:
                self.add(
                    REASON, file, Hit(one.line, f"{one.rule} is switched off without a reason")
                )
            else:
                good.append(one)
        self._off[file] = tuple(good)

    def _note(self, rule: Check, file: str, hits: Iterable[Hit]) -> None:
        self._looked.add((file, rule.id))
        for hit in hits:
            self.add(rule, file, hit)

    def looked(self, rule: Check, file: str) -> None:
        """A rule was looked for in a file, outside of this module."""
        self._looked.add((file, rule.id))

    def add(self, rule: Check, file: str, hit: Hit) -> None:
        """Keep a finding, unless its rule is not wanted or is switched off in the file."""
        if not self.settings.wanted(rule.id, file):
            return
        if any(one.rule == rule.id for one in self._off.get(file, ())):
            self._used.add((file, rule.id))
        else:
            self.findings.append(rule.at(file, hit))

    def finish(self) -> Sequence[Finding]:
        """All findings, with what was switched off for nothing."""
        for file, one in self._idle():
            self.add(UNUSED, file, Hit(one.line, f"{one.rule} finds nothing here"))
        return self.findings

    def _idle(self) -> Iterator[tuple[str, Off]]:
        for file, told in self._off.items():
            for one in told:
                key = (file, one.rule)
                if key in self._looked and key not in self._used:
                    yield file, one
