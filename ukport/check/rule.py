"""A rule: what it is called, why it is one, what cures it, an example, and the function that looks.

The functions are small and pure; each yields what it found with the line in the file at hand.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from ukport.finding import Finding, Rule, Severity

if TYPE_CHECKING:
    from ukport.check.folder import Folder
    from ukport.check.patchfile import PatchFile

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


class Hit(NamedTuple):
    """What a rule found: ``line`` from 1, 0 for the whole file.

    ``cure`` replaces the rule's own, ``file`` is a name in the folder that was looked at.
    """

    line: int
    message: str
    cure: str = ""
    file: str = ""


class Check(NamedTuple):
    """A rule with everything that is told about it; ``example`` is what it finds."""

    rule: Rule
    cure: str
    example: str
    fixable: bool = False

    @property
    def id(self) -> str:
        return self.rule.id

    def at(self, file: str, hit: Hit) -> Finding:
        """The finding of a hit in ``file``."""
        return self.rule.at(file, hit.line, hit.message, hit.cure or self.cure)


PatchLook = Callable[["PatchFile"], Iterable[Hit]]
FolderLook = Callable[["Folder"], Iterable[Hit]]

PATCH: dict[Check, PatchLook] = {}
FOLDER: dict[Check, FolderLook] = {}


def check(
    name: str, severity: Severity, summary: str, *, cure: str, example: str, fixable: bool = False
) -> Check:
    """A rule that is looked for elsewhere, by what has more than the files at hand."""
    return Check(Rule(name, severity, summary), cure, example, fixable)


def patch_rule(
    name: str, severity: Severity, summary: str, *, cure: str, example: str, fixable: bool = False
) -> Callable[[PatchLook], PatchLook]:
    """Register a function that looks at one patch."""

    def register(look: PatchLook) -> PatchLook:
        PATCH[check(name, severity, summary, cure=cure, example=example, fixable=fixable)] = look
        return look

    return register


def folder_rule(
    name: str, severity: Severity, summary: str, *, cure: str, example: str, fixable: bool = False
) -> Callable[[FolderLook], FolderLook]:
    """Register a function that looks at a folder of patches."""

    def register(look: FolderLook) -> FolderLook:
        FOLDER[check(name, severity, summary, cure=cure, example=example, fixable=fixable)] = look
        return look

    return register
