"""Rules about what a patch says: subject, body, sign-off, and what became of it upstream."""

import re
from collections.abc import Iterator

from ukport.check.patchfile import PatchFile
from ukport.check.rule import ERROR, WARNING, Hit, patch_rule

_LONGEST = 75
_PERSON = re.compile(r"\S.*<[^<>@\s]+@[^<>@\s]+>\s*(?:#.*)?\Z")
_PLACE = re.compile(r"https?://\S+|[0-9a-f]{7,64}\b|\S+@\S+|#\d+|\b[Cc]ommit\b.*\d")
_STATUS = re.compile(
    r"([A-Za-z-]+(?:\s+[A-Za-z]+)?)\s*(?:[\[(](.*?)[\])]?|:?\s*(\S.*))?\Z", re.DOTALL
)
# Indented, too: git show prints messages so.
_SIGNED = re.compile(r"^[ \t]{0,8}Signed-off-by:[ \t]*(.*?)[ \t\r]*$", re.MULTILINE | re.IGNORECASE)
_BACKPORT = re.compile(r"\b[Bb]ackport\w*\b[^\n]*(?:https?://\S+|\b[0-9a-f]{7,64}\b)")
_TRAILER = re.compile(r"\s*(?:[A-Z][A-Za-z]*(?:-[A-Za-z]+)+:\s|Link:\s|Fixes:\s|\(cherry)")


@patch_rule(
    "patch-subject",
    WARNING,
    "A patch that does not say what it does: no subject.",
    cure="begin it with: Subject: [PATCH] component: Imperative subject",
    example="--- a/os.c",
)
def subject(patch: PatchFile) -> Iterator[Hit]:
    if not patch.header.subject:
        yield Hit(1, "no subject")


@patch_rule(
    "patch-subject-length",
    WARNING,
    f"A subject of more than {_LONGEST} characters is cut off wherever subjects are listed.",
    cure="say it in fewer words, and the rest in the body",
    example="Subject: [PATCH] os: Make the function that asks for memory ask for memory only once",
)
def subject_length(patch: PatchFile) -> Iterator[Hit]:
    length = len(patch.header.subject)
    if length > _LONGEST:
        yield Hit(
            patch.prose_line(b"subject:", b"description:"), f"a subject of {length} characters"
        )


@patch_rule(
    "patch-body",
    WARNING,
    "A subject says what a patch does, only the body can say why.",
    cure="add a paragraph below the subject that says why the port needs it",
    example="Subject: [PATCH] os: Add Unikraft\n\nSigned-off-by: A. Author <a@example.org>",
)
def body(patch: PatchFile) -> Iterator[Hit]:
    lines = [line for line in patch.header.body.split("\n") if line.strip()]
    if patch.header.subject and all(_TRAILER.match(line) for line in lines):
        yield Hit(patch.prose_line(b"subject:", b"description:"), "no body below the subject")


@patch_rule(
    "patch-sign-off",
    ERROR,
    "Unikraft takes only what is signed off (Developer Certificate of Origin).",
    cure="add a line: Signed-off-by: Your Name <you@example.org> (git commit -s)",
    example="Subject: [PATCH] os: Add Unikraft\n\nThe port needs it.\n---",
)
def sign_off(patch: PatchFile) -> Iterator[Hit]:
    prose = patch.prose.decode("utf-8", "replace")
    signed = list(_SIGNED.finditer(prose))
    if not signed:
        yield Hit(1, "no Signed-off-by")
    for one in signed:
        if not _PERSON.match(one[1]):
            line = prose.count("\n", 0, one.start()) + 1
            yield Hit(line, f"the sign-off {one[1][:80]!r} names no person with an address")


@patch_rule(
    "patch-status",
    WARNING,
    "Whoever upgrades must know what became of a patch upstream.",
    cure="add a line Upstream-Status: Pending, Submitted [link], Accepted [commit],"
    " or Inappropriate [reason]",
    example="Upstream-Status: Submitted",
)
def status(patch: PatchFile) -> Iterator[Hit]:
    trailers = [(key.lower(), value.strip()) for key, value in patch.header.trailers]
    told = dict(reversed(trailers))
    own = told.get("upstream-status")
    if own is not None:
        if why := _wrong(own):
            yield Hit(patch.prose_line(b"upstream-status:"), f"Upstream-Status: {own[:60]}: {why}")
    elif not any(_dep3(key, value) for key, value in trailers) and not _BACKPORT.search(
        patch.message
    ):
        line = patch.prose_line(b"forwarded:")
        if told.get("forwarded"):
            yield Hit(line, f"Forwarded: {told['forwarded'][:60]}: where to is not told")
        else:
            yield Hit(1, "nothing says what became of it upstream")


def _wrong(value: str) -> str:
    """What is wrong with an upstream status; an empty string where nothing is."""
    shape = _STATUS.match(value)
    if not shape:
        return "cannot be read"
    kind = shape[1].lower().split()[0]
    more = (shape[2] or shape[3] or "").strip()
    match kind:
        case "pending":
            return ""
        case "submitted":
            return "" if _PLACE.search(more) else "a submitted patch names its link"
        case "accepted" | "backport" | "merged":
            return "" if _PLACE.search(more) else "an accepted patch names its commit"
        case "inappropriate" | "denied" | "inactive-upstream":
            return "" if more else "the reason is missing"
    return "is none of Pending, Submitted, Accepted, Inappropriate"


def _dep3(key: str, value: str) -> bool:
    """Whether a field of Debian's DEP-3, or of git, says the same."""
    match key:
        case "forwarded":
            word = value.lower()
            return word.startswith(("no", "not-needed")) or bool(_PLACE.search(value))
        case "applied-upstream":
            return bool(value)
        case "origin":
            return bool(_PLACE.search(value))
        case "cherry-picked-from":
            return True
    return False
