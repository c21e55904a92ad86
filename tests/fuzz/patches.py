"""Bytes that are almost patches, given to the reader, to every rule and to --fix.

Run it with: python -m tests.fuzz.patches [--count 100000] [--seed N]

Good and bad patches of the tests and of this repository are mutated: bits, bytes, spans, lines,
counts, and pieces of one put into another. Whatever comes in, what comes out is findings: no other
exception than ukport's own, none that takes longer than ten seconds, and no file opened to write,
an audit hook sees to that. A failing input is kept beside the message that names it.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from tests.check import cases
from ukport.check.folder import Folder
from ukport.check.mend import mend, renumbered
from ukport.check.patchfile import PatchFile
from ukport.check.run import Looking
from ukport.check.settings import Settings
from ukport.series.parse import PatchError
from ukport.series.patch import Patch
from ukport.workflow import checkrules

ROOT = Path(__file__).parents[2]
SECONDS = 10  # of the clock: the machine may have more to do
PIECES = (
    b"@@ -1,3 +1,3 @@\n", b"@@ -0,0 +1 @@\n", b"@@ -999999999,1 +1,999999999 @@\n",
    b"diff --git a/x b/x\n", b"--- a/x\n+++ b/x\n", b"--- /dev/null\n", b"+++ b/../x\n",
    b"new file mode 120000\n", b"rename from a\nrename to b\n", b"GIT binary patch\n",
    b"literal 5\nMcmZQzU|?imV5|gS00961\n\n", b"delta 9\n", b"\\ No newline at end of file\n",
    b"-- \n2.39.5\n", b"\0" * 9, b"\xff\xfe", b"\r\n", b"Subject: =?utf-8?b?=\n", b"\x1b[31m",
    b"ukport-check: off patch-mode [x]\n", b"Signed-off-by: <\n", b'From: "\\" <>\n', b'"a\\777"',
)  # fmt: skip


class SlowError(Exception):
    """An input that takes too long."""


def corpus() -> list[bytes]:
    """Whole patches, good and bad."""
    bad = [case for rule in cases.BAD.values() for case, _ in rule]
    own = [path.read_bytes() for path in sorted((ROOT / "patches").rglob("*.patch"))]
    return [text.encode() for text in (*cases.FINE, *bad)] + own


def mutated(chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """One input: a few changes of a seed."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice((1, 2, 8, 64, 512)))
        match chance.randrange(8):
            case 0 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            case 1 if at < len(data):
                data[at] = chance.randrange(256)
            case 2:
                del data[at:end]
            case 3:
                data[at:at] = data[at:end] * chance.choice((1, 2, 50))
            case 4:
                data[at:at] = chance.choice(PIECES)
            case 5:
                other = chance.choice(seeds)
                start = chance.randrange(len(other) + 1)
                data[at:at] = other[start : start + 300]
            case 6:
                lines = bytes(data).splitlines(keepends=True)
                chance.shuffle(lines)
                data = bytearray(b"".join(lines)) if chance.random() < 0.2 else data
            case _:
                digits = [i for i, byte in enumerate(data) if 48 <= byte <= 57]
                if digits:
                    data[chance.choice(digits)] = chance.randrange(48, 58)
    return bytes(data)


def look(raw: bytes, other: bytes) -> int:
    """Everything that reads a patch, and that is told about it; the number of findings."""
    looking = Looking(Settings(), checkrules.names())
    patches = (PatchFile("1-a.patch", "1-a.patch", raw), PatchFile("2-b.patch", "2-b.patch", other))
    folder = Folder("", ("1-a.patch", "2-b.patch"), patches, raw[:200] if raw[:1] > b"x" else None)
    for patch in patches:
        looking.patch(patch)
    looking.folder(folder)
    made = mend(patches[0], lambda _: True, frozenset())
    again = mend(PatchFile("m", "m", made), lambda _: True, frozenset())
    assert again == made, "what is mended is mended again"
    renumbered(folder)
    try:
        for change in Patch("p", raw, 0).files:
            assert change.path
            assert not change.path.startswith(("/", "../"))
    except PatchError:
        pass
    return len(looking.finish())


def _slow(_number: int, _frame: FrameType | None) -> None:
    raise SlowError(f"more than {SECONDS} s")


def _guard(event: str, args: tuple[object, ...]) -> None:
    if _KEEPING:
        return
    if event == "open" and isinstance(args[2], int) and args[2] & 3:
        raise AssertionError(f"opened to write: {args[0]!r}")
    if event in ("os.remove", "os.rename", "os.mkdir", "os.symlink", "subprocess.Popen"):
        raise AssertionError(f"{event}: {args!r}")


_KEEPING: list[bool] = []


def run(count: int, seed: int, *, guard: bool = True) -> int:
    """The findings of ``count`` inputs; raises at the first that fails, and keeps it."""
    chance = random.Random(seed)  # noqa: S311 - the same inputs for the same seed
    seeds = corpus()
    found = look(seeds[0], seeds[1])  # all that is imported late is imported now
    look(cases.new(text="int a; ").encode(), seeds[-1])
    if guard:
        sys.addaudithook(_guard)
        signal.signal(signal.SIGALRM, _slow)
    for number in range(count):
        raw, other = mutated(chance, seeds), mutated(chance, seeds)
        try:
            if guard:
                signal.alarm(SECONDS)
            found += look(raw, other)
        except BaseException:
            _KEEPING.append(True)
            with tempfile.NamedTemporaryFile(prefix="ukport-fuzz-", delete=False) as file:
                file.write(raw)
            print(f"input {number} of seed {seed}: {file.name}", file=sys.stderr)
            raise
    signal.alarm(0)
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    began = time.monotonic()
    found = run(asked.count, asked.seed)
    spent = time.monotonic() - began
    print(
        f"{asked.count} inputs, {found} findings, {spent:.0f} s, no crash, no hang, no file touched"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
