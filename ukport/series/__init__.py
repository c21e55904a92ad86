"""Patches and series: read them, apply them at zero fuzz, carry them to another version."""

from ukport.series.apply import apply
from ukport.series.outcome import Evidence, Fate, HunkResult, Outcome, PatchResult, Rebase
from ukport.series.parse import PatchError
from ukport.series.patch import Patch
from ukport.series.rebase import rebase
from ukport.series.series import SeriesError, read_series, write_series

__all__ = [
    "Evidence",
    "Fate",
    "HunkResult",
    "Outcome",
    "Patch",
    "PatchError",
    "PatchResult",
    "Rebase",
    "SeriesError",
    "apply",
    "read_series",
    "rebase",
    "write_series",
]
