"""Patches and series: read them, apply them at zero fuzz, carry them to another version.

Names are loaded when they are asked for: reading a patch needs none of what carries one.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ukport.series.outcome import Evidence, Fate, HunkResult, Outcome, PatchResult, Rebase
    from ukport.series.parse import PatchError
    from ukport.series.patch import Patch
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
    "read_series",
    "write_series",
]
_HOMES = {
    "PatchError": "parse",
    "Patch": "patch",
    "SeriesError": "series",
    "read_series": "series",
    "write_series": "series",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'outcome')}"), name)
