"""The one place that starts programs.

Arguments are always a list and never pass through a shell; the environment is built anew for each
program; a child dies with us, even after ``kill -9``, so nothing is left running.
"""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO
from weakref import WeakSet

from ukport.errors import MissingError, UkportError

# Debian's package for each program that ukport starts, for the line that installs it.
PACKAGES: Mapping[str, str] = {
    "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
    "aarch64-linux-gnu-ld": "binutils-aarch64-linux-gnu",
    "aarch64-linux-gnu-objcopy": "binutils-aarch64-linux-gnu",
    "awk": "gawk",
    "bison": "bison",
    "flex": "flex",
    "gcc": "gcc",
    "gdb": "gdb",
    "gdb-multiarch": "gdb-multiarch",
    "git": "git",
    "ld": "binutils",
    "make": "make",
    "nm": "binutils",
    "objcopy": "binutils",
    "patch": "patch",
    "qemu-system-aarch64": "qemu-system-arm",
    "qemu-system-x86_64": "qemu-system-x86",
    "tar": "tar",
    "gzip": "gzip",
}

_tied: WeakSet[subprocess.Popen[bytes]] = WeakSet()
_ended = threading.Event()

_WATCH_INTERVAL = 0.5  # seconds
_REAP_INTERVAL = 0.002  # seconds


class ProcessError(UkportError):
    """A program failed; keeps its command, exit status and output."""

    def __init__(self, completed: "Completed", hint: str = "") -> None:
        self.completed = completed
        tail = (completed.stderr or completed.stdout).decode("utf-8", "replace").strip()[-2000:]
        ending = "timed out" if completed.timed_out else f"exit status {completed.returncode}"
        super().__init__(f"{' '.join(completed.argv[:4])}: {ending}\n{tail}".rstrip(), hint)


@dataclass(frozen=True)
class Completed:
    """A finished program: output in bytes, ``seconds`` of wall time."""

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes
    seconds: float
    timed_out: bool = False

    @property
    def text(self) -> str:
        """Standard output as text; bytes that are not UTF-8 are replaced."""
        return self.stdout.decode("utf-8", "replace")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a child: ours, less what would change git's or make's behaviour."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("GIT_", "MAKE")) or key.startswith(("GIT_CONFIG", "GIT_SSL"))
    }
    return {**kept, "LC_ALL": "C.UTF-8", "LANGUAGE": "C", **(extra or {})}


def require(program: str) -> str:
    """The full path of ``program``; raises MissingError with the line that installs it."""
    path = shutil.which(program)
    if path is None:
        package = PACKAGES.get(program, program)
        raise MissingError(
            f"{program} is not installed on this machine",
            f"install it with: apt-get install {package}",
        )
    return path


@cache
def _death_signal() -> tuple[str, ...]:
    """Prefix that ties a child's life to ours (util-linux); empty where there is no setpriv."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--") if setpriv else ()


def start(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: int | IO[bytes] | None = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = subprocess.PIPE,
    stderr: int | IO[bytes] | None = subprocess.PIPE,
    tied: bool = False,
    keep_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program that is talked to while it runs.

    ``tied`` is for long ones: they get their own process group and are ended when ukport ends.
    """
    program, *rest = [str(part) for part in argv]
    command = [require(program), *rest]
    if tied and _ended.is_set():
        raise KeyboardInterrupt
    child = subprocess.Popen(
        [*_death_signal(), *command] if tied else command,
        cwd=cwd,
        env=environment(env),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=tied,
        pass_fds=tuple(keep_fds),
    )
    if tied:
        _tied.add(child)
    return child


def end_all() -> None:
    """For ^C while threads work: end all tied children, and let none be started any more.

    The threads see their programs end, or KeyboardInterrupt where they start another.
    """
    _ended.set()
    for child in tuple(_tied):
        if child.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)


def is_ending() -> bool:
    """Whether ``end_all`` was called: what a program left or said then means nothing."""
    return _ended.is_set()


def stop(child: subprocess.Popen[bytes]) -> None:
    """End a child and its process group: politely first, then for certain."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            if os.getpgid(child.pid) == child.pid:
                os.killpg(child.pid, number)
            else:
                child.send_signal(number)
            child.wait(timeout=3)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
        else:
            break
    child.wait()


def reap(child: subprocess.Popen[bytes], timeout: float) -> int:
    """Wait for a child; the most memory that it held, in KiB.

    One that does not end within ``timeout`` seconds is stopped, and nothing is known of it.
    """
    deadline = time.monotonic() + timeout
    while True:
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            return used.ru_maxrss
        if time.monotonic() > deadline:
            stop(child)
            return 0
        time.sleep(_REAP_INTERVAL)


def withheld(child: subprocess.Popen[bytes]) -> float:
    """Seconds in which the one of its threads that waited most was ready to run and had no core.

    The second field of ``/proc/PID/task/TID/schedstat``, in nanoseconds; 0 where there is none.
    """
    most = 0
    for file in Path(f"/proc/{child.pid}/task").glob("*/schedstat"):
        with suppress(OSError, ValueError, IndexError):
            most = max(most, int(file.read_text("ascii").split()[1]))
    return most / 1e9


def spent(child: subprocess.Popen[bytes]) -> int:
    """Nanoseconds of processor time that a child has taken so far; 0 where that cannot be told.

    Its clock has the name that Linux's clock_getcpuclockid() gives it.
    """
    with suppress(OSError):
        return time.clock_gettime_ns((~child.pid << 3) | 2)
    return 0


def _wait(child: subprocess.Popen[bytes], watch: Callable[[], None], timeout: float | None) -> None:
    """Wait for a child that writes to a file; raises subprocess.TimeoutExpired."""
    deadline = time.monotonic() + timeout if timeout is not None else None
    while child.poll() is None:
        watch()
        if deadline is not None and time.monotonic() > deadline:
            raise subprocess.TimeoutExpired(child.args, timeout or 0)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_WATCH_INTERVAL)


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    input: bytes | None = None,
    timeout: float | None = None,
    check: bool = True,
    log: Path | None = None,
    tied: bool = False,
    keep_fds: Sequence[int] = (),
    watch: Callable[[], None] | None = None,
) -> Completed:
    """Run a program to its end; ``timeout`` in seconds.

    With ``log`` both outputs go to that file instead of memory, and ``watch``, if given, is called
    twice a second while the program runs. Raises MissingError where the
    program is not installed and, unless ``check`` is off, ProcessError where it fails.
    """
    began = time.monotonic()
    sink = log.open("wb") if log else None
    try:
        child = start(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL,
            stdout=sink or subprocess.PIPE,
            stderr=subprocess.STDOUT if sink else subprocess.PIPE,
            tied=tied,
            keep_fds=keep_fds,
        )
        timed_out = False
        try:
            if log and watch:
                _wait(child, watch, timeout)
            out, err = child.communicate(input, timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
            stop(child)
            out, err = child.communicate()
        except BaseException:
            stop(child)
            raise
    finally:
        if sink:
            sink.close()
    if log:
        out = log.read_bytes()
    seconds = time.monotonic() - began
    words = tuple(str(part) for part in argv)
    done = Completed(words, child.returncode, out or b"", err or b"", seconds, timed_out)
    if check and (timed_out or done.returncode != 0):
        raise ProcessError(done)
    return done
