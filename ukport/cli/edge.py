"""The one handler at the edge: every expected error becomes its message and its exit code."""

import errno
import functools
import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import ParamSpec

from ukport.errors import ExitCode, UkportError

P = ParamSpec("P")


def at_edge(command: Callable[P, int]) -> Callable[P, None]:
    """Run ``command`` and leave with the code that it returns or that its error stands for."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        import typer  # here, for the commands that go without it

        work = functools.partial(command, *args, **kwargs)
        raise typer.Exit(guarded(work, wants_json=bool(kwargs.get("json"))))

    return run


def guarded(work: Callable[[], int], *, wants_json: bool = False) -> int:
    """Run a command to its end; the exit code that it returns or that its error stands for."""
    _settle_streams()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    return _code(work, wants_json=wants_json)


def _settle_streams() -> None:
    """A closed stream swallows, and one that cannot write a character writes another."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            sink = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open to the end
            setattr(sys, name, sink)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """End as at ^C: children are stopped and temporary folders removed."""
    raise KeyboardInterrupt


def _code(command: Callable[[], int], *, wants_json: bool) -> int:
    try:
        code = int(command())
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone, `head` for one; there is nobody left to tell.
        sys.stderr.close()
        return ExitCode.FINDINGS
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the edge: all ends here
        return failed(error, wants_json=wants_json)
    return code


def failed(error: BaseException, *, wants_json: bool = False) -> int:
    """Say what went wrong; the exit code that it stands for."""
    told = _explained(error)
    try:
        sys.stdout.flush()
        if wants_json:
            _document(told)
            sys.stdout.flush()
    except OSError:
        # Nowhere to write to: what is buffered is dropped, or Python would try again at its end.
        with Path(os.devnull).open("wb") as sink:
            os.dup2(sink.fileno(), sys.stdout.fileno())
    _complain(told)
    return told.exit_code


def _explained(error: BaseException) -> UkportError:
    """Any error as one of ours, with its exit code."""
    match error:
        case UkportError():
            return error
        case KeyboardInterrupt():
            told = UkportError("interrupted; nothing was changed", "the same command again goes on")
            told.exit_code = ExitCode.INTERRUPTED
            return told
        case OSError():
            place = f"{error.filename}: " if error.filename else ""
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            hint = "make room, or name a place that has it: UKPORT_CACHE, TMPDIR" if full else ""
            return UkportError(f"{place}{error.strerror or error}", hint)
        case _:
            return UkportError(f"internal error, a bug of ukport: {error!r}", _kept_traceback())


def _kept_traceback() -> str:
    """Put the traceback where a report can take it from."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="ukport-bug-", suffix=".log", delete=False) as log:
        traceback.print_exc(file=log)
    return f"please report it with {log.name}"


def _complain(error: UkportError) -> None:
    sys.stderr.write(f"ukport: {error.message}\n")
    if error.hint:
        sys.stderr.write(f"  → {error.hint}\n")


def _document(error: UkportError) -> None:
    """The error for a machine, in place of the result."""
    import json

    told = {"schema": "ukport.error/1", "exit_code": int(error.exit_code)}
    sys.stdout.write(json.dumps({**told, "error": error.message, "hint": error.hint}) + "\n")
