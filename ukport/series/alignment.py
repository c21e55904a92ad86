"""Which lines of two versions of a file are the same lines.

This is what makes a three-way merge cheap: git compares the old upstream file with the new one
once, and every patch of the series then moves both sides together.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Block(NamedTuple):
    """``size`` lines from ``old`` on are the same as those from ``new`` on.

    A tuple and not a dataclass: a long series makes a million of them.
    """

    old: int
    new: int
    size: int


class Region(NamedTuple):
    """A stretch of the old side and what stands in its place on the new side."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


class Alignment(NamedTuple):
    """The blocks that two versions share, in order; both sides' lengths in lines."""

    blocks: tuple[Block, ...]
    old_size: int
    new_size: int

    def _at(self, line: int) -> Block | None:
        """The block that holds an old line."""
        index = bisect_right(self.blocks, line, key=lambda block: block.old) - 1
        if index < 0:
            return None
        block = self.blocks[index]
        return block if line < block.old + block.size else None

    def shared(self, start: int, end: int) -> int | None:
        """Where old lines [start, end) are on the new side, if all are there and together."""
        block = self._at(start) if start < end else None
        if block is None or end > block.old + block.size:
            return None
        return block.new + start - block.old

    def untouched(self, start: int, end: int) -> int | None:
        """Where old lines [start, end) are, if upstream changed neither them nor their neighbours.

        An empty stretch stands between two lines, both of which must be there and adjacent.
        """
        if start == 0 and end == self.old_size == 0:
            return 0 if self.new_size == 0 else None
        low, high = max(start - 1, 0), min(end + 1, self.old_size)
        place = self.shared(low, high)
        if place is None:
            return None
        if start == 0 and place != 0:
            return None
        if end == self.old_size and place + high - low != self.new_size:
            return None
        return place + start - low

    def region(self, start: int, end: int) -> Region:
        """The smallest stretch around old lines [start, end) with a shared line on either side."""
        old_start, new_start = 0, 0
        old_end, new_end = self.old_size, self.new_size
        for block in self.blocks:
            if block.old < start:
                size = min(block.size, start - block.old)
                old_start, new_start = block.old + size, block.new + size
            if block.old + block.size > end:
                skip = max(end - block.old, 0)
                old_end, new_end = block.old + skip, block.new + skip
                break
        return Region(old_start, old_end, new_start, new_end)

    def own(self) -> list[tuple[int, int]]:
        """The stretches of new lines that the old side does not have."""
        gaps = []
        at = 0
        for block in self.blocks:
            if block.new > at:
                gaps.append((at, block.new))
            at = block.new + block.size
        if at < self.new_size:
            gaps.append((at, self.new_size))
        return gaps

    def spliced(
        self, old: tuple[int, int], old_count: int, new: tuple[int, int], new_count: int
    ) -> "Alignment":
        """After old lines [a, b) became ``old_count`` and new lines [c, d) ``new_count`` lines.

        Where both counts are the same and not 0, the lines put in are taken to be the same.
        """
        old_shift = old_count - (old[1] - old[0])
        new_shift = new_count - (new[1] - new[0])
        # Blocks that end before both stretches stay as they are.
        first = bisect_right(self.blocks, old[0], key=lambda block: block.old) - 1
        while first > 0 and self.blocks[first].new + self.blocks[first].size > new[0]:
            first -= 1
        first = max(first, 0)
        before = list(self.blocks[:first])
        after: list[Block] = []
        for at, block in enumerate(self.blocks[first:], first):
            old_at, new_at, size = block
            if old_at >= old[1] and new_at >= new[1]:
                # From here on all blocks lie behind both stretches.
                rest = self.blocks[at:]
                after += [Block(a + old_shift, b + new_shift, size) for a, b, size in rest]
                break
            head = min(old[0] - old_at, new[0] - new_at, size)
            if head > 0:
                before.append(Block(old_at, new_at, head))
            skip = max(old[1] - old_at, new[1] - new_at, 0)
            if skip < size:
                moved_old, moved_new = old_at + skip + old_shift, new_at + skip + new_shift
                after.append(Block(moved_old, moved_new, size - skip))
        if old_count and old_count == new_count:
            before.append(Block(old[0], new[0], old_count))
        sizes = (self.old_size + old_shift, self.new_size + new_shift)
        return Alignment((*_joined(before[-2:], before[:-2], after[:1]), *after[1:]), *sizes)


def identical(size: int) -> Alignment:
    """The alignment of a file with itself."""
    return Alignment((Block(0, 0, size),) if size else (), size, size)


def from_changes(
    changes: Iterable[tuple[int, int, int, int]], old_size: int, new_size: int
) -> Alignment:
    """From git's own (old start, old end, new start, new end) of every difference, in order."""
    blocks = []
    old_at = new_at = 0
    for old_start, old_end, new_start, new_end in changes:
        size = min(old_start - old_at, new_start - new_at)
        if size > 0:
            blocks.append(Block(old_at, new_at, size))
        old_at, new_at = old_end, new_end
    size = min(old_size - old_at, new_size - new_at)
    if size > 0:
        blocks.append(Block(old_at, new_at, size))
    return Alignment(tuple(blocks), old_size, new_size)


def _joined(seam: Sequence[Block], before: Sequence[Block], after: Sequence[Block]) -> list[Block]:
    """``before``, ``seam`` and ``after`` in a row, those of the seam that touch made one."""
    joined = list(before)
    for block in (*seam, *after):
        last = joined[-1] if joined else None
        if last and last.old + last.size == block.old and last.new + last.size == block.new:
            joined[-1] = Block(last.old, last.new, last.size + block.size)
        else:
            joined.append(block)
    return joined
