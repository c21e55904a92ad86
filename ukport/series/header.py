"""Read what a patch says about itself: mail headers, DEP-3 fields or plain prose."""

import re
from typing import NamedTuple

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)\Z")
_FROM_LINE = re.compile(r"From ([0-9a-f]{7,64}) \w{3} \w{3} ")
# What `git log` and `git show` print.
_SHOWN_COMMIT = re.compile(r"commit ([0-9a-f]{7,64})\s*\Z")
_PICKED = re.compile(r"\(cherry[- ]picked from commit ([0-9a-f]{7,64})\)")
_TAGS = re.compile(r"\A(?:\s*\[[^\]]*\])+:?\s*")
_MAIL = frozenset({"from", "subject", "date", "to", "cc", "message-id", "mime-version"})
_ENCODED = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?=")


class Header(NamedTuple):
    """What stands before the first change of a patch, as text for people and for look-ups."""

    subject: str
    author: str
    date: str
    body: str
    trailers: tuple[tuple[str, str], ...]
    commit: str = ""  # from a mailed patch's "From <oid>" line


def read_header(prose: bytes) -> Header:
    """Read any prose; bytes that are no UTF-8 are taken for Latin-1."""
    lines = _decode(prose).replace("\r\n", "\n").split("\n")
    commit = ""
    while lines and not lines[0].strip():
        lines.pop(0)
    if lines and (found := _FROM_LINE.match(lines[0]) or _SHOWN_COMMIT.match(lines[0])):
        commit = found[1]
        lines.pop(0)
    fields, rest = _fields(lines)
    message = _message(rest)
    if not fields:
        subject, body = _prose(message)
        return Header(subject, "", "", body, _trailers(message), commit)
    long = fields.get("description") or fields.get("subject") or ""
    if not long:
        long, message = _first(message)
    subject, _, more = long.partition("\n")
    body = "\n".join(part for part in (more.strip(), "\n".join(message).strip()) if part)
    author = fields.get("author") or fields.get("from") or ""
    date = fields.get("date") or fields.get("last-update") or ""
    pairs = tuple((key.title(), value) for key, value in fields.items())
    return Header(
        _TAGS.sub("", _words(subject)).strip(),
        _words(author.split("\n")[0]),
        date,
        body,
        pairs + _trailers([*more.split("\n"), *message]),
        commit,
    )


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _fields(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """The leading ``Key: value`` block with continuation lines, and what follows it."""
    fields: dict[str, str] = {}
    key = ""
    for number, line in enumerate(lines):
        found = _FIELD.match(line)
        if found:
            key = found[1].lower()
            fields[key] = found[2]
        elif key and line[:1] in (" ", "\t"):
            folded = line.strip()
            # A mail subject is folded, a DEP-3 description has a body: " ." is its empty line.
            glue = " " if key in _MAIL else "\n"
            fields[key] += glue + ("" if folded == "." else folded)
        else:
            return fields, lines[number:]
    return fields, []


def _message(lines: list[str]) -> list[str]:
    """The message without the diffstat that follows a ``---`` line."""
    return lines[: lines.index("---")] if "---" in lines else lines


def _first(lines: list[str]) -> tuple[str, list[str]]:
    for number, line in enumerate(lines):
        if line.strip():
            return line.strip().lstrip("# "), lines[number + 1 :]
    return "", []


def _prose(lines: list[str]) -> tuple[str, str]:
    subject, rest = _first(lines)
    return _TAGS.sub("", subject), "\n".join(rest).strip()


def _trailers(lines: list[str]) -> tuple[tuple[str, str], ...]:
    found = []
    for line in lines:
        picked = _PICKED.search(line)
        if picked:
            found.append(("Cherry-Picked-From", picked[1]))
        elif (pair := _FIELD.match(line)) and pair[2]:
            found.append((pair[1].title(), pair[2].strip()))
    return tuple(found)


def _words(text: str) -> str:
    """Decode RFC 2047 words; left as they are where they are broken."""
    if not _ENCODED.search(text):
        return text.strip()
    # Imported here: most patches need no decoding, and it costs as much as the rest of a rebase.
    from email.errors import HeaderParseError
    from email.header import decode_header, make_header

    try:
        return str(make_header(decode_header(text))).strip()
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return text.strip()
