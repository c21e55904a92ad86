"""The one handler at the edge: every expected error becomes its message and its exit code."""

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer

from ukport.errors import ExitCode, UkportError

P = ParamSpec("P")


def at_edge(command: Callable[P, int]) -> Callable[P, None]:
    """Run ``command`` and leave with the code that it returns or that its error stands for."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        raise typer.Exit(_code(lambda: command(*args, **kwargs)))

    return run


def _code(command: Callable[[], int]) -> int:
    try:
        return int(command())
    except UkportError as error:
        _complain(error.message, error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        _complain("interrupted; nothing was changed", "the same command again goes on")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone, `head` for one; there is nobody left to tell.
        sys.stderr.close()
        return ExitCode.FINDINGS
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _complain(f"{place}{error.strerror or error}", "nothing in recipes/ or patches/ changed")
        return ExitCode.FINDINGS
    except Exception as error:  # noqa: BLE001 - the last resort: a bug, told without its traceback
        _complain(f"internal error, a bug of ukport: {error!r}", _kept_traceback())
        return ExitCode.FINDINGS


def _kept_traceback() -> str:
    """Put the traceback where a report can take it from."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="ukport-bug-", suffix=".log", delete=False) as log:
        traceback.print_exc(file=log)
    return f"please report it with {log.name}"


def _complain(message: str, hint: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"ukport: {message}\n")
    if hint:
        sys.stderr.write(f"  → {hint}\n")
