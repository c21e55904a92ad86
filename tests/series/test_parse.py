"""The parser: everything that git writes, and nothing that an enemy writes."""

import base64
import contextlib
import subprocess
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unidiff import PatchSet

from tests.series.lab import Lab, function
from ukport.series import Patch, PatchError
from ukport.series.model import split_lines
from ukport.series.render import format_hunk, render

PLAIN = b"""--- a/x.c
+++ b/x.c
@@ -1,3 +1,3 @@
 one
-two
+zwei
 three
"""


def test_plain_patch() -> None:
    patch = Patch("p", b"Some prose\n\n" + PLAIN)
    (change,) = patch.files
    (hunk,) = change.hunks
    assert (change.old, change.new) == ("x.c", "x.c")
    assert hunk.before == (b"one\n", b"two\n", b"three\n")
    assert hunk.after == (b"one\n", b"zwei\n", b"three\n")
    assert patch.subject == "Some prose"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (b"a/../../etc/passwd", "'..'"),
        (b"a//../x", "'..'"),
        (b"a/.git/hooks/pre-commit", ".git"),
        (b"a/.GIT/config", ".git"),
        (b"a/sub/.git/config", ".git"),
        (b"a/git~1/config", ".git"),
        (b'"a/\\056\\056/x"', "'..'"),
    ],
)
def test_paths_that_leave_the_tree_are_refused(path: bytes, why: str) -> None:
    raw = PLAIN.replace(b"b/x.c", path)
    with pytest.raises(PatchError, match=r"evil\.patch:") as caught:
        _ = Patch("evil.patch", raw).files
    assert why in caught.value.message


def test_absolute_path_loses_its_root_as_with_patch_p1() -> None:
    (change,) = Patch("p", PLAIN.replace(b"a/x.c", b"/etc/x").replace(b"b/x.c", b"/etc/x")).files
    assert change.path == "x"
    with pytest.raises(PatchError, match="absolute"):
        _ = Patch("p", PLAIN.replace(b"b/x.c", b"/x.c"), strip=0).files


def test_rename_targets_are_checked_too() -> None:
    raw = b"diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to ../../y\n"
    with pytest.raises(PatchError, match=r"'\.\.'"):
        _ = Patch("p", raw).files


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN[:-7],
        PLAIN.replace(b"@@ -1,3 +1,3 @@", b"@@ -1,2 +1,3 @@"),
        PLAIN.replace(b"@@ -1,3 +1,3 @@", b"@@ -1,9 +1,9 @@"),
        PLAIN.replace(b"@@ -1,3 +1,3 @@", b"@@ -1,x +1,3 @@"),
        b"diff --git a/x b/x\nold mode 777777\nnew mode 100644\n",
        b"diff --git a/x b/x\nGIT binary patch\nliteral 5\nzzzzz!!\n\n",
        b"diff --git a/x b/x\nGIT binary patch\nliteral 99999999\nIcmZQz\n\n",
    ],
)
def test_broken_patches_are_named_with_their_line(raw: bytes) -> None:
    with pytest.raises(PatchError, match=r"^bad\.patch:\d+: "):
        _ = Patch("bad.patch", raw).files


def test_a_bomb_in_a_binary_patch_is_not_unpacked() -> None:
    packed = zlib.compress(b"\0" * (1 << 22), 9)
    rows = [packed[i : i + 52] for i in range(0, len(packed), 52)]
    body = b""
    for row in rows:
        code = 64 + len(row) if len(row) <= 26 else 96 + len(row) - 26
        body += bytes([code]) + base64.b85encode(row + b"\0" * (-len(row) % 4)) + b"\n"
    raw = b"diff --git a/x b/x\nGIT binary patch\nliteral 100\n" + body + b"\n"
    with pytest.raises(PatchError, match="promises 100 bytes"):
        _ = Patch("p", raw).files


@given(st.binary(max_size=400))
def test_no_bytes_crash_it(raw: bytes) -> None:
    patch = Patch("p", raw)
    with contextlib.suppress(PatchError):
        _ = patch.files
        _ = patch.subject, patch.author, patch.body, patch.trailers


PIECES = [
    *split_lines(PLAIN),
    b"diff --git a/x b/y\n",
    b'diff --git "a/\\303\\244" "b/\\303\\244"\n',
    b"new file mode 100644\n",
    b"deleted file mode 100644\n",
    b"rename from x\n",
    b"rename to y\n",
    b"index 1234567..89abcde 100644\n",
    b"GIT binary patch\n",
    b"delta 12\n",
    b"literal 0\n",
    b"HcmV?d00001\n",
    b"\\ No newline at end of file\n",
    b"Binary files a/x and b/x differ\n",
    b"-- \n2.39.5\n",
    b"\n",
    b"\r\n",
    b"@@ -0,0 +1 @@\n",
    b"+\xff\xfe\r\n",
    b"From: =?utf-8?q?=C3=A9?= <a@b>\n",
    b"Index: x\n",
]


@given(st.lists(st.sampled_from(PIECES), max_size=25))
@settings(max_examples=400)
def test_no_shuffled_patch_crashes_it_and_spans_are_in_order(pieces: list[bytes]) -> None:
    raw = b"".join(pieces)
    try:
        files = Patch("p", raw).files
    except PatchError:
        return
    at = 0
    for change in files:
        assert at <= change.start <= change.hunks_at <= change.end <= len(raw)
        at = change.end
    assert render(raw, files, [True] * len(files)) == raw


TEXT = st.lists(
    st.sampled_from(
        [b"a", b"b", b"", b"\tx", b"\xff\xfe", b"--- a", b"+++ b", b"@@ -1 +1 @@", b"-"]
    ),
    max_size=14,
)


@given(TEXT, TEXT, st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_hunks_survive_being_written_anew(
    tmp_path_factory: pytest.TempPathFactory,
    old: list[bytes],
    new: list[bytes],
    crlf: bool,
    old_end: bool,
    new_end: bool,
) -> None:
    folder = tmp_path_factory.mktemp("diff")
    eol = b"\r\n" if crlf else b"\n"
    for name, rows, end in (("old", old, old_end), ("new", new, new_end)):
        data = eol.join(rows) + (eol if end and rows else b"")
        (folder / name).write_bytes(data)
    raw = subprocess.run(
        ["git", "diff", "--no-index", "--no-color", "--text", "old", "new"],
        cwd=folder,
        capture_output=True,
        check=False,
    ).stdout
    files = Patch("p", raw).files
    rewritten = b"".join(
        raw[change.start : change.hunks_at] + b"".join(format_hunk(h) for h in change.hunks)
        for change in files
    )
    assert rewritten == raw


def test_same_view_as_unidiff(lab: Lab) -> None:
    old = lab.commit({"a.c": function("one"), "b/c.c": function("two"), "gone": b"x\n"})
    new = lab.commit({"a.c": function("uno"), "b/c.c": function("two") + b"x\n", "gone": None})
    patch = lab.patch(old, new)
    theirs = PatchSet(patch.raw.decode())
    assert [change.path for change in patch.files] == [file.path for file in theirs]
    assert [len(change.hunks) for change in patch.files] == [len(file) for file in theirs]
    for change, file in zip(patch.files, theirs, strict=True):
        for hunk, other in zip(change.hunks, file, strict=True):
            assert b"".join(hunk.before).decode() == "".join(line[1:] for line in other.source)


MAILED = b"""From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001
From: =?UTF-8?q?Eduard=20Vintil=C4=83?= <e@example.org>
Date: Fri, 9 Dec 2022 23:28:05 +0200
Subject: [PATCH 1/2] long
 subject

Body
---
 x.c | 2 +-
"""
LOGGED = b"commit 0123456789abcdef\nAuthor: F H <f@h>\n\n    real subject\n"


@pytest.mark.parametrize(
    ("prose", "subject", "author"),
    [
        (MAILED, "long subject", "Eduard Vintil\u0103 <e@example.org>"),
        (b"Description: short\n long story\nAuthor: A B <a@b>\n\n", "short", "A B <a@b>"),
        (LOGGED, "real subject", "F H <f@h>"),
        (b"caf\xe9 in Latin-1\n", "caf\u00e9 in Latin-1", ""),
        (b"", "p", ""),
    ],
)
def test_headers(prose: bytes, subject: str, author: str) -> None:
    patch = Patch("p", prose + PLAIN)
    assert patch.subject == subject
    assert patch.author == author
    assert len(patch.files) == 1


def test_trailers_name_upstream_commits() -> None:
    prose = b"Fix\n\n(cherry picked from commit 0123456789abcdef)\nOrigin: upstream, https://x/y\n"
    trailers = dict(Patch("p", prose + PLAIN).trailers)
    assert trailers["Cherry-Picked-From"] == "0123456789abcdef"
    assert trailers["Origin"] == "upstream, https://x/y"


def test_repository_names_with_odd_bytes(lab: Lab) -> None:
    names = ["sp ace.c", "tab\there.c", 'quo"te.c', "umläut.c", "back\\slash.c"]
    old = lab.commit(dict.fromkeys(names, b"1\n2\n"))
    new = lab.commit(dict.fromkeys(names, b"1\n3\n"))
    assert {change.path for change in lab.patch(old, new).files} == set(names)


def test_empty_and_mode_only_files(lab: Lab) -> None:
    old = lab.commit({"a": b"x\n"})
    new = lab.commit({"empty file": b""})
    (change,) = lab.patch(old, new).files
    assert (change.old, change.new, change.hunks) == (None, "empty file", ())
