"""All files that a series touches, on both sides, while it is carried patch by patch."""

from collections.abc import Mapping, Sequence

from ukport.git.difference import Differences, blob_spans, renames
from ukport.git.objects import Entry, Reader
from ukport.git.repository import Repository
from ukport.series.alignment import Alignment, Block, from_changes, identical
from ukport.series.apply import Fitted, put
from ukport.series.content import File, from_bytes
from ukport.series.model import FileChange
from ukport.series.track import Edit, Track

_MAX_MATCHED = 6000
_SUBMODULE = "160000"


class State:
    """The files of both sides by path, and which old file is which new one.

    ``base`` is the new side as upstream has it, ``first`` the old one.
    """

    def __init__(
        self,
        old: dict[str, File],
        new: dict[str, File],
        pairs: dict[str, tuple[str, Alignment]],
        base: Mapping[str, File],
        first: Mapping[str, File],
    ) -> None:
        self.first = first
        self.old = old
        self.new = new
        self.pairs = pairs
        self.base = base

    def fork(self) -> "State":
        """A copy to try things on."""
        return State(dict(self.old), dict(self.new), dict(self.pairs), self.base, self.first)

    def path_of(self, path: str) -> str | None:
        """Where the new side keeps an old file."""
        found = self.pairs.get(path)
        return found[0] if found else None

    def track(self, path: str) -> Track | None:
        """Both sides of an old file; None where the new side has none."""
        found = self.pairs.get(path)
        if found is None or path not in self.old or found[0] not in self.new:
            return None
        return Track(self.old[path], self.new[found[0]], *found)

    def add(self, path: str, made: File | None, *, landed: bool) -> None:
        """The patch adds a file."""
        if made is None:
            return
        self.old[path] = made
        there = self.new.get(path)
        if there is None and not landed:
            return
        self.new[path] = there or made
        self.pairs[path] = (path, match(made, self.new[path]))

    def remove(self, path: str, *, landed: bool) -> None:
        """The patch deletes a file."""
        self.old.pop(path, None)
        found = self.pairs.pop(path, None)
        if found and landed:
            self.new.pop(found[0], None)

    def replace(self, path: str, made: File | None, *, landed: bool) -> None:
        """The patch replaces bytes or mode of a file as a whole."""
        target = self.path_of(path)
        if made is None or target is None:
            return
        binary = self.old[path].lines != made.lines
        self.old[path] = made
        if landed:
            there = self.new[target]
            self.new[target] = made if binary else there._replace(mode=made.mode)
        if binary:
            self.pairs[path] = (target, match(made, self.new[target]))

    def change(
        self,
        change: FileChange,
        path: str,
        edits: Sequence[Edit],
        *,
        landed: bool,
        mode: str | None,
    ) -> None:
        """The patch changes lines, and may rename or copy the file."""
        track = self.track(path)
        if track is None:
            return
        after = track.advanced(edits, landed=landed, mode=mode)
        goal = change.new if (change.renamed or change.copied) and change.new else path
        if change.copied:
            self.add(goal, after.old, landed=False)
            if landed and goal not in self.new:
                self.new[goal] = after.new
                self.pairs[goal] = (goal, after.alignment)
            return
        self.old.pop(path)
        self.pairs.pop(path)
        self.old[goal] = after.old
        target = track.new_path
        if landed and goal != path and target == path:
            self.new.pop(target)
            target = goal
        if landed:
            self.new[target] = after.new
        self.pairs[goal] = (target, after.alignment)

    def old_only(self, change: FileChange, path: str, made: File | None) -> None:
        """The patch changes a file that the new side does not have."""
        if not change.copied:
            self.old.pop(path, None)
        if made is not None:
            self.old[change.new or path] = made

    def graft(self, fitted: Fitted) -> None:
        """A patch that was brought to the new side on another way; the old side has it already."""
        put(self.new, fitted)
        source, goal = fitted.source or fitted.change.path, fitted.change.path
        for path, (target, _) in list(self.pairs.items()):
            if target in (source, goal):
                there = goal if goal in self.new else target
                if there in self.new and path in self.old:
                    self.pairs[path] = (there, match(self.old[path], self.new[there]))
                else:
                    del self.pairs[path]
        if goal not in self.pairs and goal in self.old and goal in self.new:
            self.pairs[goal] = (goal, match(self.old[goal], self.new[goal]))

    def adopt(self, fitted: Fitted, *, landed: bool) -> None:
        """The patch was written for the new tree: both sides are the same file from here on."""
        if not landed:
            return
        put(self.new, fitted)
        path = fitted.change.path
        if fitted.after is not None:
            self.old[path] = fitted.after
            self.pairs[path] = (path, identical(len(fitted.after.lines)))


def match(one: File, other: File) -> Alignment:
    """The common lines of two files that git has not compared."""
    if one.lines == other.lines:
        return identical(len(one.lines))
    if max(len(one.lines), len(other.lines)) > _MAX_MATCHED:
        return Alignment((), len(one.lines), len(other.lines))
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, one.lines, other.lines, autojunk=False)
    blocks = [Block(*found) for found in matcher.get_matching_blocks() if found.size]
    return Alignment(tuple(blocks), len(one.lines), len(other.lines))


def open_state(
    repo: Repository, reader: Reader, trees: tuple[str, str], paths: set[str], known: Differences
) -> State:
    """Read the files of a series from both trees, and learn which of their lines are the same."""
    old, new = trees
    before, after = reader.entries(old, paths), reader.entries(new, paths)
    moved: dict[str, str] = {}
    if any(path not in after for path in before):
        found = renames(repo, old, new)
        moved = {p: found[p].new for p in before if p not in after and p in found}
        after |= reader.entries(new, moved.values())
    entries = (*before.values(), *after.values())
    oids = list({entry.oid for entry in entries if entry.mode != _SUBMODULE})
    files = {blob.oid: from_bytes(blob.data) for blob in reader.many(oids) if blob}
    sides = (_files(before, files), _files(after, files))
    state = State(sides[0], sides[1], {}, dict(sides[1]), dict(sides[0]))
    for path in state.old:
        target = path if path in state.new else moved.get(path, "")
        if target in state.new:
            ids = (before[path].oid, after[target].oid)
            moved_and_changed = ids[0] != ids[1] and target != path
            changes = blob_spans(repo, *ids) if moved_and_changed else known.spans(*ids)
            sizes = (len(state.old[path].lines), len(state.new[target].lines))
            state.pairs[path] = (target, from_changes(changes, *sizes))
    return state


def _files(entries: Mapping[str, Entry], files: Mapping[str, File]) -> dict[str, File]:
    return {p: files[e.oid]._replace(mode=e.mode) for p, e in entries.items() if e.oid in files}
