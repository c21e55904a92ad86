"""Rules about what a patch does: whether it can be read, stays in its tree, and is clean."""

import posixpath
import re
from collections.abc import Iterator

from ukport.check.folder import LEFT
from ukport.check.patchfile import Added, PatchFile
from ukport.check.rule import ERROR, WARNING, Hit, patch_rule
from ukport.git.paths import unsafe_link
from ukport.series.model import FileChange
from ukport.series.parse import HunkError, PathError

_ABSOLUTE = re.compile(
    rb"^(?:---|\+\+\+|rename (?:from|to)|copy (?:from|to)) \"?(/(?!dev/null)\S*)", re.MULTILINE
)
_SIGNATURE = re.compile(rb"-- ?\r?\n[^\n]{0,80}(?:\r?\n\s*)?\Z")
_MODE_TOLD = re.compile(r"\bmodes?\b|executable|chmod|permission|\+x\b", re.IGNORECASE)
_SPACES_MEAN_SOMETHING = (".md", ".markdown", ".patch", ".diff", ".rst")
_MARKERS = (b"<<<<<<< ", b">>>>>>> ", b"||||||| ")
_LINK = "120000"


@patch_rule(
    "patch-syntax",
    ERROR,
    "A patch that cannot be read, or that changes nothing.",
    cure="write it anew: git format-patch, or ukport refresh",
    example="a file without any hunk",
)
def syntax(patch: PatchFile) -> Iterator[Hit]:
    trouble = patch.trouble
    if trouble and not isinstance(trouble, HunkError | PathError):
        yield Hit(trouble.line, trouble.why)
    if not trouble and not patch.changes:
        yield Hit(0, "changes no file")
    for change in patch.changes:
        if change.opaque:
            yield Hit(
                patch.line_of(change.start),
                f"{change.path}: says that binary files differ, but does not hold them",
                "make it with git diff --binary",
            )


@patch_rule(
    "patch-hunk",
    ERROR,
    "A hunk whose header counts other lines than it has: patch(1) stops there or drops lines.",
    cure="ukport check --fix counts anew",
    example="@@ -1,3 +1,4 @@ over three lines",
    fixable=True,
)
def hunk(patch: PatchFile) -> Iterator[Hit]:
    if isinstance(patch.trouble, HunkError):
        yield Hit(patch.trouble.line, patch.trouble.why)


@patch_rule(
    "patch-path",
    ERROR,
    "A path or a link that leaves the tree: a patch must not write anywhere else.",
    cure="name files by their place below the top of the tree",
    example="+++ b/../../etc/passwd",
)
def path(patch: PatchFile) -> Iterator[Hit]:
    if isinstance(patch.trouble, PathError):
        yield Hit(patch.trouble.line, patch.trouble.why)
    for change in patch.changes:
        head = patch.raw[change.start : change.hunks_at]
        for name in _ABSOLUTE.finditer(head):
            line = patch.line_of(change.start + name.start())
            yield Hit(line, f"the path {name[1].decode(errors='replace')!r} is absolute")
        if change.new_mode == _LINK and change.new:
            yield from _links(patch, change, change.new)


def _links(patch: PatchFile, change: FileChange, name: str) -> Iterator[Hit]:
    for one in change.hunks:
        target = b"".join(one.added).decode("utf-8", "surrogateescape")
        if why := unsafe_link(name, target):
            yield Hit(patch.line_of(change.start), f"the link {name} {why}")


@patch_rule(
    "patch-whitespace",
    WARNING,
    "Blanks at the end of an added line, before a tab, or empty lines at the end of a file.",
    cure="take the blanks out of the added line",
    example="+\treturn 0; ",
    fixable=True,
)
def whitespace(patch: PatchFile) -> Iterator[Hit]:
    for one in patch.added:
        if why := blank_error(one):
            yield Hit(one.line, f"{one.change.path}: {why}")


def blank_error(one: Added) -> str:
    """What git would complain about in an added line; an empty string where nothing."""
    if one.change.path.endswith(_SPACES_MEAN_SOMETHING) or one.change.new_mode == _LINK:
        return ""
    text = one.content.rstrip(b"\r\n")
    if text[-1:] in (b" ", b"\t"):
        return "blanks at the end of the line"
    indent = text[: len(text) - len(text.lstrip(b" \t"))]
    if b" \t" in indent:
        return "a blank before a tab in the indentation"
    if one.last and not text and one.change.old is None:
        return "an empty line at the end of the file"
    return ""


@patch_rule(
    "patch-marker",
    ERROR,
    "A marker of a merge conflict that nobody resolved.",
    cure="resolve the conflict, and write the patch anew",
    example="+<<<<<<< HEAD",
)
def marker(patch: PatchFile) -> Iterator[Hit]:
    for one in patch.added:
        if one.content.startswith(_MARKERS):
            yield Hit(one.line, f"{one.change.path}: a conflict marker is added")


@patch_rule(
    "patch-junk",
    WARNING,
    "Text between or behind the changes: patch(1) skips it in silence, a lost change among it too.",
    cure="move it above the first change, or take it out (--fix does that behind the last one)",
    example="Only in new/src: extra.c",
    fixable=True,
)
def junk(patch: PatchFile) -> Iterator[Hit]:
    ends = [change.end for change in patch.changes]
    starts = [change.start for change in patch.changes[1:]]
    for end, start in zip(ends, [*starts, len(patch.raw)], strict=bool(ends)):
        between = patch.raw[end:start]
        if start == len(patch.raw):
            between = between[: junk_end(between)]
        if between.strip(b"\0 \t\r\n"):
            shown = between.strip().split(b"\n")[0][:60].decode("utf-8", "replace")
            lead = len(between) - len(between.lstrip())
            yield Hit(patch.line_of(end + lead), f"text that is no part of a change: {shown!r}")


def junk_end(tail: bytes) -> int:
    """Where in the text behind the last change git's signature begins, or the end."""
    found = _SIGNATURE.search(tail)
    return found.start() if found else len(tail)


@patch_rule(
    "patch-line-endings",
    WARNING,
    "Line endings that are mixed: some tools then take the patch, and some do not.",
    cure="let the patch's own lines end in LF, and added lines as those around them do",
    example="@@ -1,3 +1,3 @@^M between lines that end in LF",
    fixable=True,
)
def line_endings(patch: PatchFile) -> Iterator[Hit]:
    yield from _own_endings(patch)
    for change in patch.changes:
        context = [line for one in change.hunks for line in one.before if line.endswith(b"\n")]
        crlf = sum(line.endswith(b"\r\n") for line in context)
        if context and crlf in (0, len(context)):
            yield from _added_endings(patch, change, crlf=crlf > 0)


def _own_endings(patch: PatchFile) -> Iterator[Hit]:
    prose = patch.prose.split(b"\n")[:-1]
    heads = [patch.raw[c.start : c.hunks_at] for c in patch.changes]
    own = prose + [line for head in heads for line in head.split(b"\n")[:-1]]
    ended = sum(line.endswith(b"\r") for line in own)
    if 0 < ended < len(own):
        first = next(n for n, line in enumerate(patch.raw.split(b"\n"), 1) if line.endswith(b"\r"))
        yield Hit(
            first, f"{ended} of the patch's own {len(own)} lines end in CRLF, the others in LF"
        )


def _added_endings(patch: PatchFile, change: FileChange, *, crlf: bool) -> Iterator[Hit]:
    ending, other = ("CRLF", "LF") if crlf else ("LF", "CRLF")
    mine = (one for one in patch.added if one.change is change and one.content.endswith(b"\n"))
    odd = next((one for one in mine if one.content.endswith(b"\r\n") is not crlf), None)
    if odd:
        what = f"the line ends in {other}, those around it in {ending}"
        yield Hit(odd.line, f"{change.path}: {what}")


@patch_rule(
    "patch-mode",
    WARNING,
    "A change of a file's mode that the message does not speak of is rarely meant.",
    cure="say in the message why, or leave the mode as it was",
    example="old mode 100644\nnew mode 100755",
)
def mode(patch: PatchFile) -> Iterator[Hit]:
    for change in patch.changes:
        told = _MODE_TOLD.search(patch.message)
        line = patch.line_of(change.start)
        if change.old_mode and change.new_mode and change.old_mode != change.new_mode and not told:
            yield Hit(
                line,
                f"{change.path}: {change.old_mode} becomes {change.new_mode},"
                " which the message does not speak of",
            )
        elif change.old is None and change.new_mode == "100755" and not told and _no_script(change):
            yield Hit(line, f"{change.path} is new and executable, but no script")


def _no_script(change: FileChange) -> bool:
    return bool(change.hunks) and not change.hunks[0].lines[0][1].startswith(b"#!")


@patch_rule(
    "patch-leftover",
    WARNING,
    "A file that an editor, patch(1) or a merge left behind.",
    cure="leave it out of the patch",
    example="+++ b/src/os.c.orig",
)
def leftover(patch: PatchFile) -> Iterator[Hit]:
    for change in patch.changes:
        if change.new and change.old != change.new and LEFT.match(posixpath.basename(change.new)):
            yield Hit(patch.line_of(change.start), f"{change.new} is added")
