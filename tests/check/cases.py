"""For each rule a patch, or a folder, that it finds something in, and the good one beside it."""

HEAD = """\
From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: A. Author <author@example.org>
Date: Thu, 1 Jan 2026 00:00:00 +0000
Subject: [PATCH] os: Take memory from Unikraft

There is no mmap() below the heap.

Upstream-Status: Pending
Signed-off-by: A. Author <author@example.org>
---
"""
DIFF = """\
diff --git a/src/os.c b/src/os.c
index 1111111..2222222 100644
--- a/src/os.c
+++ b/src/os.c
@@ -1,3 +1,3 @@
 one
-two
+zwei
 three
"""
SIGNATURE = "-- \n2.39.5\n\n"
GOOD = HEAD + DIFF + SIGNATURE
NEW = """\
diff --git a/{name} b/{name}
new file mode {mode}
index 0000000..1111111
--- /dev/null
+++ b/{name}
@@ -0,0 +1 @@
+{text}
"""


def new(name: str = "a.c", text: str = "int a;", mode: str = "100644") -> str:
    return HEAD + NEW.format(name=name, text=text, mode=mode)


def told(old: str, replacement: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, replacement)


STATUS = "Upstream-Status: Pending"
SIGNED = "Signed-off-by: A. Author <author@example.org>\n"
BODY = "There is no mmap() below the heap.\n\n"

# Rule, patch, and the line that is told.
BAD = {
    "patch-subject": [(DIFF, 1)],
    "patch-subject-length": [(told("os: Take", "os: Take" + " more" * 12), 4)],
    "patch-body": [(told(BODY, ""), 4)],
    "patch-sign-off": [
        (told(SIGNED, ""), 1),
        (told("<author@example.org>\n---", "author at example.org\n---"), 9),
    ],
    "patch-status": [
        (told(f"{STATUS}\n", ""), 1),
        (told(STATUS, "Upstream-Status: Submitted"), 8),
        (told(STATUS, "Upstream-Status: Accepted"), 8),
        (told(STATUS, "Upstream-Status: Inappropriate"), 8),
        (told(STATUS, "Upstream-Status: Maybe [later]"), 8),
        (told(STATUS, "Forwarded: yes"), 8),
    ],
    "patch-syntax": [
        (HEAD, 0),
        (told("-two\n+zwei\n three\n", " two\n three\n").replace("@@ -1,3", "@@ -x,3"), 0),
        (told("@@ -1,3 +1,3 @@", "@@ -1,3 1,3 @@"), 15),
        (HEAD + "diff --git a/x b/x\nBinary files a/x and b/x differ\n", 11),
    ],
    "patch-hunk": [(told("@@ -1,3 +1,3 @@", "@@ -1,4 +1,4 @@"), 21)],
    "patch-path": [
        (GOOD.replace("b/src/os.c", "b/../../etc/passwd"), 11),
        (GOOD.replace("a/src/os.c\n+++ b/src/os.c", "/etc/os.c\n+++ /etc/os.c"), 13),
        (GOOD.replace("/src/os.c", "/.git/config"), 11),
        (new("link", "../../etc/passwd", "120000"), 11),
    ],
    "patch-whitespace": [
        (told("+zwei", "+zwei "), 18),
        (told("+zwei", "+  \tzwei"), 18),
        (new(text="int a;\n+").replace("+1 @@", "+1,2 @@"), 18),
    ],
    "patch-marker": [(told("+zwei", "+<<<<<<< HEAD"), 18)],
    "patch-junk": [
        (GOOD.replace(SIGNATURE, "Only in new: extra.c\n" + SIGNATURE), 20),
        (HEAD + DIFF + "\nsome words\n" + DIFF.replace("os.c", "is.c"), 21),
    ],
    "patch-line-endings": [
        (
            told("@@ -1,3 +1,3 @@\n", "@@ -1,3 +1,3 @@\n").replace(
                "+++ b/src/os.c\n", "+++ b/src/os.c\r\n"
            ),
            14,
        ),
        (told("+zwei\n", "+zwei\r\n"), 18),
    ],
    "patch-mode": [
        (
            told(
                "index 1111111..2222222 100644",
                "old mode 100644\nnew mode 100755\nindex 1111111..2222222",
            ),
            11,
        ),
        (new(mode="100755"), 11),
    ],
    "patch-leftover": [(new("src/os.c.orig"), 11), (new("src/os.c~"), 11)],
    "check-reason": [
        (told(STATUS, f"{STATUS}\nukport-check: off patch-mode"), 9),
        (told(STATUS, f"{STATUS}\nukport-check: off patch-nothing [reason]"), 9),
    ],
    "check-unused": [(told(STATUS, f"{STATUS}\nUkport-Check: off patch-mode [meant]"), 9)],
}

FINE = [
    GOOD,
    told(STATUS, "Upstream-Status: Submitted [https://example.org/pull/1]"),
    told(STATUS, "Upstream-Status: Accepted [0123456789ab]"),
    told(STATUS, "Upstream-Status: Backport [https://example.org/commit/1]"),
    told(STATUS, "Upstream-Status: Inappropriate [only Unikraft has it]"),
    told(STATUS, "Forwarded: https://example.org/bug/7"),
    told(STATUS, "Forwarded: not-needed"),
    told(STATUS, "Origin: upstream, https://example.org/commit/0123456789"),
    told(STATUS, "(cherry picked from commit 0123456789abcdef0123456789abcdef01234567)"),
    new("run.sh", "#!/bin/sh", "100755"),
    new("link", "os.c", "120000"),
    new("README.md", "two blanks  "),
    HEAD.replace("\n", "\r\n") + DIFF.replace("\n", "\r\n"),
    HEAD + DIFF.replace("one\n", "one\r\n").replace("two\n", "two\r\n")
    .replace("zwei\n", "zwei\r\n").replace("three\n", "three\r\n"),
    told(STATUS, f"{STATUS}\nukport-check: off patch-mode [meant]").replace(
        "index 1111111..2222222 100644", "old mode 100644\nnew mode 100755\nindex 1111111..2222222"
    ),
    HEAD + DIFF.replace(" three\n", " three\n\\ No newline at end of file\n"),
]  # fmt: skip

UNDO = DIFF.replace("-two\n+zwei", "-zwei\n+two")
# Rule, files of a folder, and the file that is told.
FOLDERS = {
    "patch-number": [
        ({"0001-a.patch": GOOD, "0001-b.patch": GOOD}, "0001-b.patch"),
        ({"0001-a.patch": GOOD, "0003-b.patch": GOOD}, "0003-b.patch"),
        ({"0002-a.patch": GOOD}, "0002-a.patch"),
    ],
    "patch-unnumbered": [({"0001-a.patch": GOOD, "0002-b.patch": GOOD, "c.patch": ""}, "c.patch")],
    "series-order": [
        ({"2-a.patch": GOOD, "10-b.patch": GOOD, "1-c.patch": GOOD}, "2-a.patch"),
        ({"series": "a.patch\na.patch\n", "a.patch": GOOD}, "series"),
        ({"series": "a.patch\nb.patch\n", "a.patch": GOOD}, "series"),
        ({"series": "a.patch\n", "a.patch": GOOD, "b.patch": GOOD}, "b.patch"),
    ],
    "patch-stray": [
        ({"0001-a.patch": GOOD, "0002-b.h": GOOD}, "0002-b.h"),
        ({"../Makefile.uk": "", "0001-a.patch": GOOD, "README": "x"}, "README"),
        ({"../Makefile.uk": "", "0001-a.patch": GOOD, "series": "0001-a.patch\n"}, "series"),
    ],
    "patch-left": [({"0001-a.patch": GOOD, "0001-a.patch.orig": GOOD}, "0001-a.patch.orig")],
    "series-undone": [({"0001-a.patch": GOOD, "0002-b.patch": HEAD + UNDO}, "0002-b.patch")],
}  # fmt: skip
FINE_FOLDERS = [
    {"0001-a.patch": GOOD, "0002-b.patch": new()},
    {"0000-a.patch": GOOD, "0001-b.patch": new()},
    {
        "series": "# c.patch needs work\nb.patch\na.patch -p1\n",
        "a.patch": GOOD,
        "b.patch": new(),
        "c.patch": GOOD,
    },
    {"only.patch": GOOD},
]
