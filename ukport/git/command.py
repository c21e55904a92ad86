"""Run git, with the settings that change what it prints or stores pinned."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from ukport import process
from ukport.errors import UkportError
from ukport.process import Completed

# A repository's own configuration is still read, so what could change bytes is said here too.
PINS: Mapping[str, str] = {
    "color.ui": "false",
    "core.attributesFile": "/dev/null",
    "core.autocrlf": "false",
    "core.commentChar": "#",
    "core.excludesFile": "/dev/null",
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.pager": "cat",
    "core.quotePath": "true",
    "core.safecrlf": "false",
    "core.whitespace": "",
    "diff.algorithm": "histogram",
    "diff.colorMoved": "no",
    "diff.context": "3",
    "diff.dirstat": "",
    "diff.dstPrefix": "b/",
    "diff.ignoreSubmodules": "none",
    "diff.indentHeuristic": "true",
    "diff.interHunkContext": "0",
    "diff.mnemonicPrefix": "false",
    "diff.noprefix": "false",
    "diff.orderFile": "/dev/null",
    "diff.relative": "false",
    "diff.renameLimit": "2000",
    "diff.renames": "false",
    "diff.srcPrefix": "a/",
    "diff.submodule": "short",
    "diff.suppressBlankEmpty": "false",
    "diff.wsErrorHighlight": "none",
    "fastimport.unpackLimit": "1",
    "format.attach": "",
    "format.notes": "false",
    "format.pretty": "medium",
    "gc.auto": "0",
    "i18n.commitEncoding": "UTF-8",
    "i18n.logOutputEncoding": "UTF-8",
    "log.date": "default",
    "log.diffMerges": "separate",
    "log.follow": "false",
    "log.mailmap": "false",
    "log.showRoot": "true",
    "log.showSignature": "false",
    "merge.conflictStyle": "diff3",
    "merge.directoryRenames": "false",
    "merge.renameLimit": "2000",
}

# Quick and quiet everywhere: no prompt, no lock taken for a mere look, no optional network.
_ENVIRONMENT: Mapping[str, str] = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "TZ": "UTC",
}
_PINNED_ENVIRONMENT: Mapping[str, str] = {
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "0",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_PARAMETERS": "",
    "GIT_AUTHOR_NAME": "ukport",
    "GIT_AUTHOR_EMAIL": "ukport@localhost",
    "GIT_COMMITTER_NAME": "ukport",
    "GIT_COMMITTER_EMAIL": "ukport@localhost",
}


class GitError(UkportError):
    """git failed, or a repository does not hold what was asked of it."""


def arguments(args: Sequence[str | Path], *, repo: Path | None, pinned: bool) -> list[str]:
    """The whole command line; ``repo`` is a git directory, never searched for upwards."""
    command = ["git", "--no-pager", "--literal-pathspecs"]
    if repo is not None:
        command.append(f"--git-dir={repo}")
    if pinned:
        for key, value in PINS.items():
            command += ["-c", f"{key}={value}"]
    return command + [str(arg) for arg in args]


def environment(*, pinned: bool) -> dict[str, str]:
    """What git gets on top of the plain environment of a child."""
    return {**_ENVIRONMENT, **(_PINNED_ENVIRONMENT if pinned else {})}


def run(
    args: Sequence[str | Path],
    *,
    repo: Path | None = None,
    input: bytes | None = None,
    check: bool = True,
    pinned: bool = True,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
    tied: bool = False,
) -> Completed:
    """Run one git command to its end.

    ``repo`` is the git directory; ``pinned`` shuts out the user's configuration; ``tied`` ends a
    long one when ukport ends. Raises GitError where git fails, unless ``check`` is off.
    """
    done = process.run(
        arguments(args, repo=repo, pinned=pinned),
        env={**environment(pinned=pinned), **(env or {})},
        input=input,
        timeout=timeout,
        check=False,
        tied=tied,
    )
    if check and (done.timed_out or done.returncode != 0):
        raise failure(args, done, repo)
    return done


def start(args: Sequence[str | Path], *, repo: Path) -> subprocess.Popen[bytes]:
    """Start a git that is talked to while it runs; its complaints are dropped."""
    return process.start(
        arguments(args, repo=repo, pinned=True),
        env=environment(pinned=True),
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


class Job:
    """A git that works in the background while we do something else; ask for its output later."""

    def __init__(self, args: Sequence[str | Path], repo: Path) -> None:
        self._args, self._repo = args, repo
        # Files, not pipes: a pipe that nobody reads stops the one that writes.
        self._out, self._err = (_memory(name) for name in ("out", "err"))
        self._child = process.start(
            arguments(args, repo=repo, pinned=True),
            env=environment(pinned=True),
            stdout=self._out,
            stderr=self._err,
        )

    def output(self) -> bytes:
        """Wait for it and return what it printed; GitError where it failed."""
        self._child.wait()
        out, err = (_whole(file) for file in (self._out, self._err))
        if self._child.returncode != 0:
            command = tuple(str(arg) for arg in self._args)
            done = Completed(command, self._child.returncode, out, err, 0.0)
            raise failure(self._args, done, self._repo)
        return out

    def close(self) -> None:
        """End it, if it still runs; its output is nobody's business any more."""
        if self._child.poll() is None:
            self._child.terminate()
            self._child.wait()
        self._out.close()
        self._err.close()


def _memory(name: str) -> IO[bytes]:
    """A file that is nowhere on disk."""
    return os.fdopen(os.memfd_create(name), "w+b")


def _whole(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def failure(args: Sequence[str | Path], done: Completed, repo: Path | None) -> GitError:
    """The error that tells what git was asked, where, and what it said."""
    said = done.stderr.decode("utf-8", "replace").strip()[-2000:]
    ending = "timed out" if done.timed_out else f"exit status {done.returncode}"
    where = f" in {repo}" if repo else ""
    asked = " ".join(str(arg) for arg in args[:4])
    return GitError(f"git {asked}{where}: {ending}\n{said}".rstrip())
