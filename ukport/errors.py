"""The one base error of ukport and the exit codes that users script against."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process returns; stable, documented in the README."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    CONFLICT = 3
    MISSING = 4
    FETCH = 5
    INTERRUPTED = 130


class UkportError(Exception):
    """An expected failure, shown to the user without a traceback.

    ``message`` says what failed, on which file or patch, and why; ``hint`` what to do next.
    """

    exit_code = ExitCode.FINDINGS

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(UkportError):
    """The command line or a file written by the user asks for something that cannot be."""

    exit_code = ExitCode.USAGE


class ConflictError(UkportError):
    """A patch does not fit and a person has to decide."""

    exit_code = ExitCode.CONFLICT


class MissingError(UkportError):
    """A program or a capability is missing on this machine."""

    exit_code = ExitCode.MISSING


class FullError(MissingError):
    """A disk has no room left."""


class FetchError(UkportError):
    """A source could not be had, or is not what its checksum says."""

    exit_code = ExitCode.FETCH
