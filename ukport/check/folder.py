"""A folder of patches as the rules see it, and the rules about it: names, order, what is undone."""

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from ukport.check.patchfile import PatchFile
from ukport.check.rule import ERROR, WARNING, Hit, folder_rule

SERIES = "series"
SUFFIXES = (".patch", ".diff")
_NUMBER = re.compile(r"(\d{1,6})[-_.]")
LEFT = re.compile(r".*(?:\.orig|\.rej|~|\.sw[op])\Z")
_COMMENT = re.compile(rb"^[ \t]*#[ \t]*(\S+)", re.MULTILINE)
_HIDDEN = (".git", ".keep", ".pc", ".hg", ".placeholder")


class _Folder(NamedTuple):
    path: str
    names: tuple[str, ...]
    patches: tuple[PatchFile, ...]
    listed: bytes | None = None
    fed: bool = False
    links: frozenset[str] = frozenset()


class Folder(_Folder):
    """``names`` is every file in it; ``patches`` those that are patches, in the order they apply.

    ``listed`` is its quilt ``series`` file, None where there is none. ``fed`` says that Unikraft's
    build feeds the folder to patch(1), whole. ``links`` are symbolic links among the names.
    """

    @cached_property
    def order(self) -> tuple[tuple[int, str], ...]:
        """The patches that the series file names, each with its line."""
        found = []
        for number, raw in enumerate((self.listed or b"").split(b"\n"), 1):
            words = os.fsdecode(raw).split("#", 1)[0].split()
            if words:
                found.append((number, words[0]))
        return tuple(found)

    @cached_property
    def shelved(self) -> frozenset[str]:
        """What the series file names in a comment: left out, and meant."""
        return frozenset(os.fsdecode(word) for word in _COMMENT.findall(self.listed or b""))


def number_of(name: str) -> int | None:
    """The number that a patch's name begins with."""
    found = _NUMBER.match(name)
    return int(found[1]) if found else None


def _numbered(folder: Folder) -> list[tuple[str, int]]:
    """Patches with their numbers; none where a series file orders them or hardly any has one."""
    pairs = [(patch.name, number_of(patch.name)) for patch in folder.patches]
    numbered = [(name, number) for name, number in pairs if number is not None]
    return numbered if folder.listed is None and 2 * len(numbered) > len(pairs) else []


@folder_rule(
    "patch-number",
    WARNING,
    "Two patches with one number, or a number left out: what the order was meant to be is unclear.",
    cure="number the patches one by one from 0001 (ukport check --fix renames them)",
    example="0020-a.patch beside 0020-b.patch",
    fixable=True,
)
def numbers(folder: Folder) -> Iterator[Hit]:
    ordered = sorted(_numbered(folder), key=lambda pair: (pair[1], os.fsencode(pair[0])))
    before = ("", min(ordered[0][1], 1) - 1) if ordered else ("", 0)
    for name, number in ordered:
        first = before[1] + 1
        if number == before[1]:
            yield Hit(0, f"number {number} is also that of {before[0]}", file=name)
        elif number > first:
            what = f"{first:04}" if first == number - 1 else f"{first:04} to {number - 1:04}"
            yield Hit(0, f"no patch has the number {what} before it", file=name)
        before = (name, number)


@folder_rule(
    "patch-unnumbered",
    WARNING,
    "Patches are applied by name: only a number gives them an order that is meant.",
    cure="give it a number, or list all in a series file where quilt applies them",
    example="fix-build.patch beside 0001-os.patch",
)
def unnumbered(folder: Folder) -> Iterator[Hit]:
    without = [patch.name for patch in folder.patches if number_of(patch.name) is None]
    if folder.listed is None and len(folder.patches) > 1:
        for name in without:
            yield Hit(0, "has no number: its place in the order is that of its name", file=name)


@folder_rule(
    "series-order",
    ERROR,
    "The order in which patches apply is not the one that their numbers or the series file say.",
    cure="write all numbers with the same width, and name each patch once in the series file",
    example="10-b.patch, which applies before 2-a.patch",
)
def order(folder: Folder) -> Iterator[Hit]:
    if folder.listed is None:
        yield from _byte_order(folder)
        return
    there = {patch.name for patch in folder.patches}
    seen: dict[str, int] = {}
    for line, name in folder.order:
        if name in seen:
            yield Hit(line, f"{name} is listed again, first in line {seen[name]}", file=SERIES)
        seen.setdefault(name, line)
        if name not in there:
            yield Hit(line, f"there is no patch {name}", file=SERIES)
    for name in sorted(there - set(seen) - folder.shelved):
        yield Hit(0, "the series file does not list it: it is never applied", file=name)


def _byte_order(folder: Folder) -> Iterator[Hit]:
    pairs = sorted(_numbered(folder), key=lambda pair: os.fsencode(pair[0]))
    for (before, one), (name, other) in pairwise(pairs):
        if other < one:
            yield Hit(0, f"applies after {before}, since names are sorted as text", file=name)


@folder_rule(
    "patch-stray",
    ERROR,
    "A file among the patches that is none: Unikraft's build feeds every file to patch(1), and"
    " ukport passes it over.",
    cure="name a patch *.patch, and keep anything else elsewhere",
    example="0011-make-it-compatible.h",
)
def stray(folder: Folder) -> Iterator[Hit]:
    for name in folder.names:
        if name in folder.links:
            yield Hit(0, "is a symbolic link: what it leads to is not read", file=name)
            continue
        if LEFT.match(name) or name.startswith(_HIDDEN) or name.endswith(SUFFIXES):
            continue
        if name != SERIES:
            if folder.fed or number_of(name) is not None:
                yield Hit(0, "is no *.patch", file=name)
        elif folder.fed:
            yield Hit(0, "Unikraft's build takes the series file for a patch", file=name)


@folder_rule(
    "patch-left",
    WARNING,
    "A file that patch(1), an editor or a merge left among the patches.",
    cure="delete it",
    example="0001-os.patch.orig",
)
def left(folder: Folder) -> Iterator[Hit]:
    for name in folder.names:
        if LEFT.match(name):
            yield Hit(0, "was left behind by a tool", file=name)


_Edit = tuple[str, tuple[bytes, ...], tuple[bytes, ...]]


@folder_rule(
    "series-undone",
    WARNING,
    "A patch takes back what an earlier one did: both can go, or be one.",
    cure="melt the two patches into one (ukport dev, then git rebase -i)",
    example="0002 adds the line that 0005 removes",
)
def undone(folder: Folder) -> Iterator[Hit]:
    done: dict[_Edit, str] = {}
    for patch in folder.patches:
        taken: dict[str, list[int]] = defaultdict(list)
        own = list(_edits(patch))
        for edit, line in own:
            other = done.get((edit[0], edit[2], edit[1]))
            if other is not None and other != patch.name:
                taken[other].append(line)
        for other, lines in taken.items():
            yield Hit(lines[0], f"takes back {_count(len(lines))} of {other}", file=patch.name)
        done.update((edit, patch.name) for edit, _ in own)


def _count(number: int) -> str:
    return "a change" if number == 1 else f"{number} changes"


def _edits(patch: PatchFile) -> Iterator[tuple[_Edit, int]]:
    """Each run of removed and added lines, with its path and line; blank ones say nothing."""
    at, line = 0, 1
    for change in patch.changes:
        line += patch.raw.count(b"\n", at, change.hunks_at)
        at, place = change.hunks_at, line
        for hunk in change.hunks:
            place += 1
            yield from _runs(change.path, hunk.lines, place)
            place += sum(1 if content.endswith(b"\n") else 2 for _, content in hunk.lines)


def _runs(
    path: str, lines: Sequence[tuple[bytes, bytes]], place: int
) -> Iterator[tuple[_Edit, int]]:
    old: list[bytes] = []
    new: list[bytes] = []
    start = place
    for tag, content in [*lines, (b" ", b"\n")]:
        if tag == b" ":
            if any(text.strip(b" \t\r\n{};") for text in (*old, *new)):
                yield (path, tuple(old), tuple(new)), start
            old, new = [], []
        else:
            start = place if not old and not new else start
            (old if tag == b"-" else new).append(content)
        place += 1 if content.endswith(b"\n") else 2
