"""Where the time of a make went, from the times of what it left."""

from collections.abc import Iterable
from pathlib import Path


def written(build: Path, began: float) -> list[tuple[float, str]]:
    """When each object since ``began`` (seconds since the epoch) was done, and of which library."""
    found = []
    for path in build.glob("*/**/*.o"):
        when = path.stat().st_mtime
        if when >= began:
            found.append((when, path.relative_to(build).parts[0]))
    for path in build.glob("*.o"):
        when = path.stat().st_mtime
        if when >= began:
            found.append((when, path.name.split(".")[0]))
    return found


def spans(done: Iterable[tuple[float, str]], began: float, ended: float) -> dict[str, float]:
    """Seconds of wall time by library, the most first; the sum is the whole time of the make.

    The time from one object to the next is the latter's: several are compiled at once, so this is
    what each adds to the wall, not what it takes alone. ``prepare`` is before the first object,
    ``link`` after the last one.
    """
    times = sorted(done)
    if not times:
        return {"make": ended - began}
    found: dict[str, float] = {}
    last = times[0][0]
    for when, library in times[1:]:
        found[library] = found.get(library, 0.0) + when - last
        last = when
    most = dict(sorted(found.items(), key=lambda item: -item[1]))
    return {"prepare": times[0][0] - began, **most, "link": ended - last}
