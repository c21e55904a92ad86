"""A parser of patches that never leaves bytes and never crashes: what it cannot read, it says.

Understands what ``git``, ``diff -u``, quilt, Subversion and mailers write. Works on spans, so that
everything it does not understand (prose, diffstats, signatures) is kept where it stood.
"""

import re

from ukport.errors import UsageError
from ukport.git.paths import unsafe_path
from ukport.series.model import Binary, FileChange, Hunk, split_lines

_HUNK = re.compile(
    rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@ ?(.*?)\r?\n?\Z", re.DOTALL
)
_ESCAPES = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}
_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)
_SLASHES = re.compile(rb"/{2,}")
_MODES = frozenset({"100644", "100755", "120000", "160000"})
_PROLOGUE = (b"diff ", b"Index: ", b"====")
_OPENING = (*_PROLOGUE, b"--- ")
_MAX_BINARY = 256 << 20


class PatchError(UsageError):
    """A file that is no patch, or one that reaches where it must not; ``line`` counts from 1."""

    def __init__(self, name: str, line: int, why: str) -> None:
        super().__init__(f"{name}:{line}: {why}")
        self.line = line
        self.why = why


class PathError(PatchError):
    """A path that leaves the tree, or might."""


class HunkError(PatchError):
    """A hunk whose lines are not what its header promises."""


class _Section:
    """The extended header of one file while it is read."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.git = False
        self.words: dict[bytes, bytes] = {}
        self.names = (b"", b"")
        self.old: bytes | None = None
        self.new: bytes | None = None
        self.binary: tuple[Binary, Binary | None] | None = None
        self.opaque = False


def parse_files(raw: bytes, name: str, strip: int = 1) -> tuple[FileChange, ...]:
    """Every file that a patch touches; PatchError names the patch and the line."""
    return _Parser(raw, name, strip).parse()


class _Parser:
    def __init__(self, raw: bytes, name: str, strip: int) -> None:
        self.name = name
        self.strip = strip
        self.lines = split_lines(raw)
        self.at = 0
        self.offset = 0
        self.opened = 0

    def parse(self) -> tuple[FileChange, ...]:
        files = []
        while self.at < len(self.lines):
            self.opened = self.at
            opens = self.lines[self.at].startswith(_OPENING)
            section = self._section() if opens else None
            if section is None:
                self._skip()
            else:
                files.append(self._file(section))
        return tuple(files)

    def fail(self, why: str, kind: type[PatchError] = PatchError) -> PatchError:
        # A path is wrong where its change begins; all else where we stand.
        at = self.opened if kind is PathError else self.at
        return kind(self.name, at + 1, why)

    def _line(self, ahead: int = 0) -> bytes:
        return self.lines[self.at + ahead] if self.at + ahead < len(self.lines) else b""

    def _skip(self) -> bytes:
        line = self.lines[self.at]
        self.offset += len(line)
        self.at += 1
        return line

    def _names_ahead(self, ahead: int = 0) -> bool:
        return (
            self._line(ahead).startswith(b"--- ")
            and self._line(ahead + 1).startswith(b"+++ ")
            and self._line(ahead + 2).startswith(b"@@ -")
        )

    def _section(self) -> _Section | None:
        """The header of a file that may start here, read to its end; None for other text."""
        section = _Section(self.offset)
        if self._line().startswith(b"diff --git "):
            section.git = True
            self._git_header(section)
            return section
        ahead = 0
        while self._line(ahead).startswith(_PROLOGUE) and not self._line(ahead).startswith(
            b"diff --git "
        ):
            ahead += 1
        if not self._names_ahead(ahead):
            return None
        for _ in range(ahead):
            self._skip()
        self._names(section)
        return section

    def _names(self, section: _Section) -> None:
        section.old = _name(self._skip()[4:])
        section.new = _name(self._skip()[4:])

    def _git_header(self, section: _Section) -> None:
        section.names = _git_names(self._skip()[len(b"diff --git ") :].rstrip(b"\r\n"))
        while self.at < len(self.lines):
            line = self._line()
            known = _EXTENDED.match(line)
            if known:
                section.words[known[1]] = known[2]
                self._skip()
            elif line.startswith((b"GIT binary patch",)):
                self._skip()
                section.binary = self._binary()
                return
            elif line.startswith(b"Binary files ") and line.rstrip().endswith(b" differ"):
                self._skip()
                section.opaque = True
                return
            elif self._names_ahead():
                self._names(section)
                return
            else:
                return

    def _file(self, section: _Section) -> FileChange:
        hunks_at = self.offset
        hunks = []
        while self._line().startswith(b"@@ -"):
            hunks.append(self._hunk())
        words = section.words
        old, new = self._paths(section, hunks)
        change = FileChange(
            old=old,
            new=new,
            hunks=tuple(hunks),
            start=section.start,
            hunks_at=hunks_at,
            end=self.offset,
            git=section.git,
            old_mode=self._mode(words.get(b"old mode") or words.get(b"deleted file mode")),
            new_mode=self._mode(words.get(b"new mode") or words.get(b"new file mode")),
            copied=b"copy from" in words,
            renamed=b"rename from" in words,
            binary=section.binary,
            opaque=section.opaque,
        )
        if old is None and new is None:
            raise self.fail("a change without a file name")
        return change

    def _mode(self, raw: bytes | None) -> str | None:
        if raw is None:
            return None
        mode = raw.decode("ascii", "replace").strip()
        if mode not in _MODES:
            raise self.fail(f"file mode {mode!r} is not one that git keeps")
        return mode

    def _paths(self, section: _Section, hunks: list[Hunk]) -> tuple[str | None, str | None]:
        words = section.words
        if b"rename from" in words or b"copy from" in words:
            kind = b"rename" if b"rename from" in words else b"copy"
            old = _unquote(words[kind + b" from"])
            new = _unquote(words.get(kind + b" to", b""))
            return self._safe(old), self._safe(new)
        raw_old, raw_new = section.names if section.old is None else (section.old, section.new)
        old_path, new_path = self._stripped(raw_old), self._stripped(raw_new)
        if section.git:
            if b"new file mode" in words:
                old_path = None
            if b"deleted file mode" in words:
                new_path = None
        elif len(hunks) == 1:
            # diff -N names a missing file by its date alone; an empty side says it as well.
            if hunks[0].old_count == 0 and hunks[0].old_start == 0:
                old_path = None
            elif hunks[0].new_count == 0 and hunks[0].new_start == 0:
                new_path = None
        return old_path, new_path

    def _stripped(self, raw: bytes | None) -> str | None:
        if raw is None or raw == b"/dev/null":
            return None
        # As patch(1) does: slashes in a row count as one, and -p1 of /x is x.
        parts = _SLASHES.sub(b"/", raw).lstrip(b"/").split(b"/") if self.strip else [raw]
        if len(parts) <= self.strip and self.strip:
            raise self.fail(f"{_text(raw)!r} has no {self.strip} leading folders to strip")
        return self._safe(b"/".join(parts[self.strip :] if self.strip else parts))

    def _safe(self, raw: bytes) -> str:
        path = _text(_SLASHES.sub(b"/", raw))
        while path.startswith("./"):
            path = path[2:]
        why = unsafe_path(path)
        if why:
            raise self.fail(f"the path {path!r} {why}: it may reach outside the tree", PathError)
        return path

    def _hunk(self) -> Hunk:
        head = _HUNK.match(self._line())
        if not head:
            raise self.fail(f"this is no hunk header: {_text(self._line()).strip()!r}")
        self._skip()
        numbers = [int(part) if part is not None else 1 for part in head.groups()[:4]]
        lines = self._hunk_lines(numbers[1], numbers[3])
        return Hunk(numbers[0], numbers[1], numbers[2], numbers[3], head[5], lines)

    def _hunk_lines(self, old: int, new: int) -> tuple[tuple[bytes, bytes], ...]:
        lines: list[tuple[bytes, bytes]] = []
        while old > 0 or new > 0:
            line = self._line()
            tag, content = line[:1], line[1:]
            if line in (b"\n", b"\r\n"):  # mailers and editors strip the space of an empty line
                tag, content = b" ", line
            if tag not in (b" ", b"-", b"+", b"\\") or not line:
                wanted = f"{old} more old and {new} more new lines"
                raise self.fail(
                    f"the hunk ends before its time, its header promises {wanted}", HunkError
                )
            self._skip()
            if tag == b"\\":
                _drop_newline(lines)
                continue
            old -= tag != b"+"
            new -= tag != b"-"
            lines.append((tag, content))
        if old < 0 or new < 0:
            raise self.fail("the hunk has more lines than its header promises", HunkError)
        while self._line().startswith(b"\\ "):
            self._skip()
            _drop_newline(lines)
        return tuple(lines)

    def _binary(self) -> tuple[Binary, Binary | None]:
        forward = self._binary_part()
        if forward is None:
            raise self.fail("a binary patch without data")
        return forward, self._binary_part()

    def _binary_part(self) -> Binary | None:
        head = re.match(rb"(literal|delta) (\d{1,10})\r?\n", self._line())
        if not head:
            return None
        self._skip()
        packed = b""
        while self._line().strip():
            packed += self._binary_line(self._line().rstrip(b"\r\n"))
            self._skip()
        if self._line():
            self._skip()
        import zlib  # binary patches are rare

        size = int(head[2])
        engine = zlib.decompressobj()
        try:
            data = engine.decompress(packed, min(size, _MAX_BINARY) + 1)
        except zlib.error:
            raise self.fail("the data of a binary patch cannot be unpacked") from None
        if len(data) != size:
            raise self.fail(f"a binary patch promises {size} bytes and holds {len(data)}")
        return Binary(head[1].decode(), size, data)

    def _binary_line(self, line: bytes) -> bytes:
        first = line[:1]
        from base64 import b85decode

        length = first[0] - 64 if first <= b"Z" else first[0] - 96 + 26
        try:
            data = b85decode(line[1:])
        except ValueError:
            raise self.fail("a line of a binary patch is not base85") from None
        if not 0 < length <= len(data):
            raise self.fail("a line of a binary patch has a wrong length")
        return data[:length]


_EXTENDED = re.compile(
    rb"(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to"
    rb"|rename old|rename new|similarity index|dissimilarity index|index) (.*?)\r?\n?\Z",
    re.DOTALL,
)


def _drop_newline(lines: list[tuple[bytes, bytes]]) -> None:
    if lines and lines[-1][1].endswith(b"\n"):
        tag, content = lines[-1]
        lines[-1] = (tag, content[:-1])


def _name(raw: bytes) -> bytes:
    """The file name of a ``---`` or ``+++`` line without its date."""
    raw = raw.rstrip(b"\r\n")
    if raw.startswith(b'"'):
        return _unquote(raw)
    return raw.split(b"\t", 1)[0].rstrip(b" ")


def _git_names(rest: bytes) -> tuple[bytes, bytes]:
    """The two names of a ``diff --git`` line; only used where nothing else names the file."""
    if rest.startswith(b'"'):
        found = re.match(rb'("(?:[^"\\]|\\.)*") (.*)\Z', rest, re.DOTALL)
        return (_unquote(found[1]), _unquote(found[2])) if found else (b"", b"")
    # Without a rename both names are the same below their first folder: "a/x y b/x y".
    middle = len(rest) // 2
    old, new = rest[:middle], rest[middle + 1 :]
    if rest[middle : middle + 1] == b" " and old.partition(b"/")[2] == new.partition(b"/")[2]:
        return old, new
    old, _, new = rest.partition(b" ")
    return old, _unquote(new)


def _unquote(raw: bytes) -> bytes:
    if not (raw.startswith(b'"') and b'"' in raw[1:]):
        return raw

    def plain(found: re.Match[bytes]) -> bytes:
        code = found[1]
        return bytes([int(code, 8) if len(code) > 1 else _ESCAPES.get(code, code[0])])

    return _ESCAPE.sub(plain, raw[1 : raw.rindex(b'"')])


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
