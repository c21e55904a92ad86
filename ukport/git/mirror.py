"""Bare copies of upstream repositories: heads and tags, nothing else."""

import os
import shutil
from pathlib import Path

from ukport.errors import FetchError
from ukport.git.command import run
from ukport.process import Completed

_REFSPECS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")

# A server that sends less than this many bytes a second, for this many seconds, is not answering.
_STALLED = ("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60")
_LONGEST = 3600.0  # seconds


def mirror(url: str, path: Path, *, timeout: float | None = None) -> None:
    """Clone all heads and tags of ``url`` into a new bare repository at ``path``.

    The user's git configuration holds (url.insteadOf, proxies, credentials). The repository
    appears at ``path`` in one step, whole. Raises FetchError with the URL.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    # Whoever was killed over it left a part; the caller sees to it that nobody works on one now.
    for left in path.parent.glob(f"{path.name}.*.part"):
        shutil.rmtree(left, ignore_errors=True)
    try:
        made = run(
            ["init", "--quiet", "--bare", "--template=", "--", unfinished],
            check=False,
        )
        _check(made, url)
        fetch(unfinished, url, timeout=timeout)
        unfinished.rename(path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def fetch(path: Path, url: str, *, timeout: float | None = None) -> None:
    """Bring the heads and tags of a bare repository up to date; FetchError with the URL."""
    args = ["fetch", "--quiet", "--prune", "--no-write-fetch-head", "--no-auto-gc"]
    done = run(
        [*_STALLED, "-c", "protocol.version=2", *args, "--", url, *_REFSPECS],
        repo=path,
        check=False,
        pinned=False,
        timeout=timeout if timeout is not None else _LONGEST,
        tied=True,
    )
    _check(done, url)


def default_branch(url: str) -> str:
    """The branch that a clone of ``url`` would check out, as ``refs/heads/…``; FetchError."""
    args = ["-c", "protocol.version=2", "ls-remote", "--symref", "--", url, "HEAD"]
    done = run([*_STALLED, *args], check=False, pinned=False, timeout=_LONGEST, tied=True)
    _check(done, url)
    words = done.text.partition("\n")[0].split()
    if len(words) != 3 or words[0] != "ref:":  # noqa: PLR2004 - "ref: refs/heads/main HEAD"
        raise FetchError(f"{url} has no default branch", "name a revision: URL@REV")
    return words[1]


def _check(done: Completed, url: str) -> None:
    if done.timed_out or done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()[-1500:]
        why = f"no answer within {done.seconds:.0f} s" if done.timed_out else said
        raise FetchError(
            f"cannot fetch {url}: {why}",
            "check the network, or name a copy: --mirror DIR, --bundle FILE, or"
            f" git config --global url./path/to/copy.insteadOf {url}",
        )
