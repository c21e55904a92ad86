"""ukport as a process of its own, without loading it each time.

A server that has loaded everything is forked for each command: it has its own working folder,
environment, streams and exit code. Loading takes most of what a short command takes. What the start
itself does is tested with real ones, in tests/cli.
"""

import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.program.loaded"])
_STREAMS = ("stdin", "stdout", "stderr")


def run(
    *args: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    input: str = "",
    timeout: float = 120,
    before: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``ukport ARGS``; ``before`` runs in its process first.

    Raises subprocess.TimeoutExpired.
    """
    words = [str(word) for word in args]
    where, surroundings = str(cwd or Path.cwd()), dict(os.environ if env is None else env)
    with tempfile.TemporaryDirectory(prefix="ukport-test-") as name:
        streams = Path(name)
        (streams / "stdin").write_text(input, "utf-8")
        child = _SERVER.Process(target=_ukport, args=(words, where, surroundings, streams, before))
        child.start()
        child.join(timeout)
        code = child.exitcode
        if code is None:
            child.kill()
            child.join()
            raise subprocess.TimeoutExpired(words, timeout)
        out, err = ((streams / one).read_text("utf-8") for one in _STREAMS[1:])
    return subprocess.CompletedProcess(words, code, out, err)


def _ukport(
    words: list[str],
    where: str,
    surroundings: dict[str, str],
    streams: Path,
    before: Callable[[], None] | None,
) -> None:
    for number, name in enumerate(_STREAMS):
        mode = "w" if number else "r"
        with (streams / name).open(mode) as stream:
            os.dup2(stream.fileno(), number)
        stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - the process' own
        setattr(sys, name, stream)
    os.chdir(where)
    os.environ.clear()
    os.environ.update(surroundings)
    sys.argv = ["ukport", *words]
    from ukport.cli import main

    if before:
        before()
    try:
        main()
    finally:
        atexit._run_exitfuncs()
