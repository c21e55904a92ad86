"""An upgrade that waits for a person: what was asked, and what was decided so far.

All that is kept is the request and the decisions. Going on means making the port again with them,
which takes less than a second, so there is no half-done state that a kill could damage.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ukport.errors import ConflictError, UsageError
from ukport.git.worktree import WorkTree
from ukport.series.patch import Patch
from ukport.workflow.carry import Decided
from ukport.workflow.transaction import private_folder

_FOLDER = ".ukport/upgrade"
_STATE = "state.json"


class DamagedError(UsageError):
    """The state of a waiting upgrade is not what ukport wrote."""


class Waiting(msgspec.Struct, frozen=True):
    """The upgrade as it was asked for, the patch that it waits at, and the decisions.

    ``original`` is that patch as it stands in the project, ``resolutions`` are git's records of
    those made by hand, by file name.
    """

    recipe: str
    version: str
    tree: str = ""
    patch: str = ""
    original: bytes = b""
    reason: str = ""
    decided: tuple[Decided, ...] = ()
    resolutions: dict[str, bytes] = {}

    def decide(self, raw: bytes | None, how: str, resolutions: Mapping[str, bytes]) -> "Waiting":
        """The same upgrade with the waiting patch decided; ``raw`` None leaves it out."""
        return msgspec.structs.replace(
            self,
            decided=(*self.decided, Decided(self.tree, self.patch, raw, how)),
            resolutions={**self.resolutions, **resolutions},
        )


@dataclass(frozen=True)
class Desk:
    """Where an upgrade waits, below a project's ``.ukport``."""

    project: Path

    @property
    def folder(self) -> Path:
        return self.project / _FOLDER

    def make(self) -> Path:
        """The folder, made where it is not there yet; looking alone makes nothing."""
        private_folder(self.project)
        self.folder.mkdir(exist_ok=True)
        return self.folder

    @property
    def work(self) -> WorkTree:
        """The work tree in which the patch is resolved."""
        return WorkTree(self.folder / "work")

    def load(self) -> Waiting | None:
        """What waits, or None; raises DamagedError."""
        path = self.folder / _STATE
        try:
            return msgspec.json.decode(path.read_bytes(), type=Waiting)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise DamagedError(
                f"{path} cannot be read: {error}", "ukport upgrade --abort"
            ) from None

    def expect(self) -> Waiting:
        """What waits; raises UsageError where nothing does."""
        waiting = self.load()
        if waiting is None:
            raise UsageError("no upgrade is waiting", "start one: ukport upgrade RECIPE --to V")
        return waiting

    def refuse_second(self) -> None:
        """Raises ConflictError where an upgrade waits already."""
        waiting = self.load()
        if waiting is not None:
            raise ConflictError(
                f"the upgrade of {waiting.recipe} to {waiting.version} waits at {waiting.patch}",
                "finish it first: ukport upgrade --continue, --skip or --abort",
            )

    def save(self, waiting: Waiting) -> None:
        """Write the state in one step."""
        draft = self.make() / f"{_STATE}.part"
        draft.write_bytes(msgspec.json.encode(waiting))
        draft.replace(self.folder / _STATE)

    def ended(self) -> Mapping[str, None]:
        """The change of files that ends the waiting, for a transaction of the project."""
        return {str((self.folder / _STATE).relative_to(self.project)): None}

    def clear(self) -> None:
        """Forget the upgrade; the state goes first, the rest is only room."""
        (self.folder / _STATE).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def resolved(original: Patch, work: WorkTree) -> bytes:
    """The patch as the work tree has it now, under its own message.

    Raises ConflictError where a file is still in conflict, UsageError where nothing is left of it.
    """
    before, after = work.resolution()
    stat, diff = work.difference(before, after)
    if not diff:
        raise UsageError(
            f"{original.name}: nothing is left of it in the work tree",
            "leave it out with: ukport upgrade --skip",
        )
    prose, mark, _ = original.prose.partition(b"\n---\n")
    head = prose + mark + stat + b"\n" if mark else original.prose
    # What stands behind the diff, git's signature for one, stays too.
    tail = original.raw[original.files[-1].end :] if original.files else b""
    return head + diff + tail
