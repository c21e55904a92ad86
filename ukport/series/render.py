"""Write a patch anew where its bytes no longer serve; all that can stay, stays."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ukport.series.content import File
from ukport.series.model import FileChange, Hunk
from ukport.series.place import function_at, same_function
from ukport.series.track import Edit, to_crlf

_INDEX = re.compile(rb"^index ([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})", re.MULTILINE)
_NAMES = re.compile(rb"^(?:diff |Index: |--- |\+\+\+ )[^\n]*$", re.MULTILINE)
_LINES = re.compile(rb"^(?:index|---|\+\+\+) [^\n]*\n", re.MULTILINE)
_CONTEXT = 3
_SECTION = 80
_SHA256 = 64


class Redone(NamedTuple):
    """A file change to write anew: what it finds on the new side, and its edits there."""

    before: File
    after: File
    edits: tuple[Edit, ...]
    path: str


def render(
    raw: bytes,
    files: Sequence[FileChange],
    redone: Sequence[Redone | list[Redone] | bool],
) -> bytes:
    """The patch with some file changes written anew (Redone), kept (True) or left out (False).

    Several for one change: its hunks go to more than one file.
    """
    out = []
    at = 0
    for change, new in zip(files, redone, strict=True):
        out.append(raw[at : change.start])
        if isinstance(new, Redone):
            out += _file(raw, change, new)
        elif isinstance(new, list):
            out += [part for one in new for part in _file(raw, change, one)]
        elif new:
            out.append(raw[change.start : change.end])
        at = change.end
    out.append(raw[at:])
    return b"".join(out)


def _file(raw: bytes, change: FileChange, new: Redone) -> list[bytes]:
    head = raw[change.start : change.hunks_at]
    if not new.edits:
        # Only its mode is left to change: names without a hunk are no patch.
        return [_LINES.sub(b"", head)]
    return [_header(head, change, new), _hunks(change, new)]


def reject(change: FileChange, raw: bytes, hunks: Sequence[Hunk]) -> bytes:
    """The hunks that did not land, as a patch of their own."""
    if not change.hunks:
        return raw[change.start : change.end]
    return raw[change.start : change.hunks_at] + b"".join(format_hunk(hunk) for hunk in hunks)


def _header(head: bytes, change: FileChange, new: Redone) -> bytes:
    path = (change.new or change.path).encode("utf-8", "surrogateescape")
    target = new.path.encode("utf-8", "surrogateescape")
    old = change.path.encode("utf-8", "surrogateescape")
    if target not in (path, old) or (not change.renamed and target != path):
        # The names with whatever prefix and date they came with.
        head = _NAMES.sub(lambda line: line[0].replace(path, target).replace(old, target), head)
    found = _INDEX.search(head)
    if found:
        ids = (blob_id(new.before.data, len(found[1])), blob_id(new.after.data, len(found[2])))
        head = (
            head[: found.start()]
            + b"index %s..%s" % (ids[0].encode(), ids[1].encode())
            + head[found.end() :]
        )
    return head


def blob_id(data: bytes, width: int = 40) -> str:
    """The name that git gives to these bytes, cut to ``width``."""
    # Imported here: it loads all of OpenSSL, and most series are carried without a new name.
    import hashlib

    make = hashlib.sha256 if width == _SHA256 else hashlib.sha1
    return make(b"blob %d\0%s" % (len(data), data)).hexdigest()[:width]


def _hunks(change: FileChange, new: Redone) -> bytes:
    context = max([_CONTEXT, *(min(max(h.leading, h.trailing), 25) for h in change.hunks)])
    if all(max(h.leading, h.trailing) < _CONTEXT for h in change.hunks):
        context = _CONTEXT
    named = any(hunk.section for hunk in change.hunks)
    sections = [hunk.section for hunk in change.hunks]
    crlf_head = all(hunk.section.endswith(b"\r") for hunk in change.hunks)
    hunks = make_hunks(new.before.lines, new.edits, context, named=named)
    kept = [_keep_section(hunk, sections) for hunk in hunks]
    text = b"".join(format_hunk(hunk) for hunk in kept)
    return text if not crlf_head else text.replace(b"\r\r\n", to_crlf(b"\n"))


def _keep_section(hunk: Hunk, sections: Sequence[bytes]) -> Hunk:
    """The section text as it was, where it names the same function in other words."""
    for section in sections:
        if section and same_function(section, hunk.section):
            return Hunk(
                hunk.old_start,
                hunk.old_count,
                hunk.new_start,
                hunk.new_count,
                section,
                hunk.lines,
            )
    return hunk


def make_hunks(
    lines: Sequence[bytes], edits: Sequence[Edit], context: int = _CONTEXT, *, named: bool = True
) -> list[Hunk]:
    """Hunks with context from edits on ``lines``, as git writes them; touching ones are joined."""
    real = [e for e in edits if tuple(lines[e.new_start : e.new_end]) != e.new_lines]
    ordered = sorted(real, key=lambda edit: (edit.new_start, edit.new_end))
    groups: list[list[Edit]] = []
    for edit in ordered:
        if groups and edit.new_start - groups[-1][-1].new_end <= 2 * context:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    hunks = []
    shift = 0
    for group in groups:
        hunk = _make_hunk(lines, group, context, shift, named=named)
        shift += hunk.new_count - hunk.old_count
        hunks.append(hunk)
    return hunks


def _make_hunk(
    lines: Sequence[bytes], group: Sequence[Edit], context: int, shift: int, *, named: bool
) -> Hunk:
    start = max(group[0].new_start - context, 0)
    end = min(group[-1].new_end + context, len(lines))
    body: list[tuple[bytes, bytes]] = []
    at = start
    for edit in group:
        body += [(b" ", line) for line in lines[at : edit.new_start]]
        body += [(b"-", line) for line in lines[edit.new_start : edit.new_end]]
        body += [(b"+", line) for line in edit.new_lines]
        at = edit.new_end
    body += [(b" ", line) for line in lines[at:end]]
    old_count = end - start
    new_count = sum(tag != b"-" for tag, _ in body)
    section = function_at(lines, start)[:_SECTION] if named else b""
    return Hunk(
        start + 1 if old_count else start,
        old_count,
        start + shift + 1 if new_count else start + shift,
        new_count,
        section,
        tuple(body),
    )


def format_hunk(hunk: Hunk) -> bytes:
    """The bytes of a hunk, as git writes them."""
    head = b"@@ -%s +%s @@" % (
        _range(hunk.old_start, hunk.old_count),
        _range(hunk.new_start, hunk.new_count),
    )
    out = [head, b" " + hunk.section if hunk.section else b"", b"\n"]
    for tag, content in hunk.lines:
        out += [tag, content]
        if not content.endswith(b"\n"):
            out.append(b"\n\\ No newline at end of file\n")
    return b"".join(out)


def _range(start: int, count: int) -> bytes:
    return b"%d" % start if count == 1 else b"%d,%d" % (start, count)
