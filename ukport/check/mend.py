"""Mend what is mechanical in a patch, and nothing else; what cannot be mended stays as it is."""

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from ukport.check.content import junk_end
from ukport.check.folder import Folder, number_of
from ukport.check.patchfile import PatchFile
from ukport.series.model import FileChange, split_lines
from ukport.series.parse import HunkError

_HEADER = re.compile(rb"(@@ -\d{1,9})(,\d{1,9})?( \+\d{1,9})(,\d{1,9})?( @@.*)\Z", re.DOTALL)
_ENDS = (b"diff ", b"@@ -", b"Index: ", b"From ", b"GIT binary")
_SIGNATURE = re.compile(rb"-- ?\r?\n")
_INDEX = re.compile(rb"^index 0+\.\.([0-9a-f]{4,64})", re.MULTILINE)
_ROUNDS = 4
_MEANT = (".md", ".markdown", ".patch", ".diff", ".rst")


def mend(patch: PatchFile, wanted: Callable[[str], bool], needed: Collection[bytes]) -> bytes:
    """The bytes of the patch, mended by the rules that are ``wanted``.

    ``needed`` are the lines that other patches of its series expect: those stay as they are.
    """
    original = patch.raw
    for _ in range(_ROUNDS):
        made = _mend(patch, wanted, needed)
        if made.raw == patch.raw:
            return made.raw
        patch = made
    # What one step mends another one breaks: that is beyond what is mechanical.
    return original


def _mend(patch: PatchFile, wanted: Callable[[str], bool], needed: Collection[bytes]) -> PatchFile:
    steps: Mapping[str, Callable[[PatchFile], bytes]] = {
        "patch-hunk": _count,
        "patch-junk": _cut,
        "patch-line-endings": _one_ending,
        "patch-whitespace": lambda one: _strip(one, needed),
    }
    for rule, step in steps.items():
        if wanted(rule):
            tried = patch._replace(raw=step(patch))
            # What it made must be read, and say the same files; else it is left alone.
            if tried.trouble is None and (patch.trouble or _same(patch, tried)):
                patch = tried
    return patch


def _same(one: PatchFile, other: PatchFile) -> bool:
    return [change.path for change in one.changes] == [change.path for change in other.changes]


def _count(patch: PatchFile) -> bytes:
    """Every hunk header counted anew, where one is wrong."""
    if not isinstance(patch.trouble, HunkError):
        return patch.raw
    lines = split_lines(patch.raw)
    at = 0
    while at < len(lines):
        header = _HEADER.match(lines[at])
        if header is None:
            at += 1
            continue
        end = _end_of_hunk(lines, at + 1)
        body = lines[at + 1 : end]
        old = sum(line[:1] in b" -\r\n" for line in body)
        new = sum(line[:1] in b" +\r\n" for line in body)
        spans = [b"" if old == 1 and not header[2] else b",%d" % old]
        spans.append(b"" if new == 1 and not header[4] else b",%d" % new)
        lines[at] = header[1] + spans[0] + header[3] + spans[1] + header[5]
        at = end
    return b"".join(lines)


def _end_of_hunk(lines: Sequence[bytes], at: int) -> int:
    start = at
    while at < len(lines):
        line = lines[at]
        named = line.startswith(b"--- ") and lines[at + 1 : at + 2][:1] != []
        if named and lines[at + 1].startswith(b"+++ "):
            break
        signed = _SIGNATURE.fullmatch(line) and len(lines) - at <= 3  # noqa: PLR2004 - its version
        if (
            line.startswith(_ENDS)
            or signed
            or line[:1] not in (b" ", b"+", b"-", b"\\", b"\n", b"\r")
        ):
            break
        at += 1
    # An empty line at the end is not the hunk's: its context has a blank in front.
    while at > start and not lines[at - 1].strip(b"\r\n"):
        at -= 1
    return at


def _cut(patch: PatchFile) -> bytes:
    """Without the text behind the last change; git's signature stays."""
    if not patch.changes:
        return patch.raw
    end = patch.changes[-1].end
    tail = patch.raw[end:]
    junk = tail[: junk_end(tail)]
    return patch.raw if not junk.strip() else patch.raw[:end] + tail[len(junk) :]


def _one_ending(patch: PatchFile) -> bytes:
    """The patch's own lines end in LF, where they are mixed."""
    own = list(_own(patch))
    ended = sum(part.count(b"\r\n") for kind, part in own if kind)
    if not 0 < ended < sum(part.count(b"\n") for kind, part in own if kind):
        return patch.raw
    return b"".join(part.replace(b"\r\n", b"\n") if kind else part for kind, part in own)


def _own(patch: PatchFile) -> Iterator[tuple[bool, bytes]]:
    """The bytes in order, each part with whether it is the patch's own text, not a file's."""
    yield True, patch.prose
    at = len(patch.prose)
    for change in patch.changes:
        yield False, patch.raw[at : change.start]
        yield True, patch.raw[change.start : change.hunks_at]
        at = change.hunks_at
    yield False, patch.raw[at:]


def _strip(patch: PatchFile, needed: Collection[bytes]) -> bytes:
    """Added lines without blanks at their ends, where nothing else names their content.

    That is in a new file, whose name in the index line is computed anew, and where there is none.
    """
    lines = split_lines(patch.raw)
    for one in patch.added:
        if one.change.path.endswith(_MEANT) or not _free(patch, one.change):
            continue
        ending = one.content[len(one.content.rstrip(b"\r\n")) :]
        bare = one.content.rstrip(b" \t\r\n") + ending
        if bare != one.content and one.content not in needed:
            lines[one.line - 1] = b"+" + bare
    made = b"".join(lines)
    return _named_anew(patch._replace(raw=made)) if made != patch.raw else patch.raw


def _free(patch: PatchFile, change: FileChange) -> bool:
    head = patch.raw[change.start : change.hunks_at]
    return b"\nindex " not in head or (change.old is None and len(change.hunks) == 1)


def _named_anew(patch: PatchFile) -> bytes:
    from ukport.series.render import blob_id

    raw = patch.raw
    for change in reversed(patch.changes):
        head = raw[change.start : change.hunks_at]
        found = _INDEX.search(head)
        if found and change.old is None and len(change.hunks) == 1:
            name = blob_id(b"".join(change.hunks[0].added), len(found[1])).encode()
            head = head[: found.start(1)] + name + head[found.end(1) :]
            raw = raw[: change.start] + head + raw[change.hunks_at :]
    return raw


def renumbered(folder: Folder) -> Mapping[str, str]:
    """New names by old ones, in the order of application; only where all have numbers."""
    names = [patch.name for patch in folder.patches]
    numbers = [number_of(name) for name in names]
    if folder.listed is not None or None in numbers or names != sorted(names, key=os.fsencode):
        return {}
    first = min((number for number in numbers if number is not None), default=1)
    width = max(4, len(str(len(names))))
    made = {
        name: f"{number:0{width}}{re.sub(r'^[0-9]+', '', name)}"
        for number, name in enumerate(names, min(first, 1))
    }
    return {old: new for old, new in made.items() if old != new}
