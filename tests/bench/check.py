"""How long ``ukport check`` takes, as a multiple of an interpreter that does nothing.

Run it with: python -m tests.bench.check

40 patches and 1,000, of three hunks in two files each, in a folder of their own: every rule about
patches and folders is looked for. (Whether a series applies is kept by content; a first look at
40 patches of a recipe adds what ``tests.bench.rebase`` shows for applying.)
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.startup import seconds

ROUNDS = 21
LIMIT = 8.0
THOUSAND = 2.0  # seconds

HEAD = """\
From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: A. Author <author@example.org>
Date: Thu, 1 Jan 2026 00:00:00 +0000
Subject: [PATCH] part{n}: Take memory from the store of pages

There is no mmap() below the heap, so what this part asks for has to
come from the store of pages, in runs that are aligned as asked.

Upstream-Status: Pending
Signed-off-by: A. Author <author@example.org>
---
 src/part{n}.c | 6 +++---
 src/more{n}.c | 2 +-
 2 files changed, 4 insertions(+), 4 deletions(-)

"""
FILE = """\
diff --git a/src/{name}{n}.c b/src/{name}{n}.c
index 1111111111111111111111111111111111111111..2222222222222222222222222222222222222222 100644
--- a/src/{name}{n}.c
+++ b/src/{name}{n}.c
"""
HUNK = """\
@@ -{at},9 +{at},9 @@ static void* part_{n}(size_t size)
   if (size == 0) return NULL;
   const size_t aligned = align_up(size, page_size());
   void* p = NULL;
-  p = mmap(NULL, aligned, PROT_READ, MAP_PRIVATE, -1, {at});
-  if (p == MAP_FAILED) return NULL;
+  p = pages_take(aligned, {at});
+  if (p == NULL) return NULL;
   stat_increase(committed, aligned);
   stat_increase(reserved, aligned);
   return p;
 }}
"""


def write(folder: Path, count: int) -> None:
    for n in range(1, count + 1):
        hunks = [HUNK.format(n=n, at=at) for at in (20, 90, 40)]
        text = HEAD.format(n=n) + FILE.format(name="part", n=n) + hunks[0] + hunks[1]
        text += FILE.format(name="more", n=n) + hunks[2] + "-- \n2.39.5\n\n"
        (folder / f"{n:04}-part{n}-Take-memory.patch").write_text(text)


def checked(folder: Path) -> float:
    program = str(Path(sys.executable).with_name("ukport"))
    began = time.perf_counter()
    done = subprocess.run([program, "check", str(folder)], capture_output=True, check=True)
    assert done.stdout == b"nothing found\n", done.stdout
    return time.perf_counter() - began


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        forty, thousand = (Path(name) / part for part in ("40", "1000"))
        for folder in (forty, thousand):
            folder.mkdir()
            write(folder, int(folder.name))
        pairs = [(seconds(sys.executable, "-c", "pass"), checked(forty)) for _ in range(ROUNDS)]
        bare, few = (statistics.median(column) for column in zip(*pairs, strict=True))
        before = cpu()
        many = statistics.median(checked(thousand) for _ in range(5))
        # One thread: where the machine has nothing else to do, it is the time that passes.
        spent = (cpu() - before) / 5
    print(f"python -c pass               {bare * 1000:7.1f} ms")
    print(f"ukport check, 40 patches     {few * 1000:7.1f} ms")
    print(f"ratio                        {few / bare:7.1f}     (at most {LIMIT:.0f})")
    print(
        f"ukport check, 1,000 patches  {many:7.2f} s, of the processor {spent:.2f} s"
        f"  (at most {THOUSAND:.0f})"
    )
    return int(few / bare > LIMIT or spent > THOUSAND)


if __name__ == "__main__":
    sys.exit(main())
