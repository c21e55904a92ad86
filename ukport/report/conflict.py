"""A conflict in words: the hunk, why it does not fit, and the two texts that meet there."""

from collections.abc import Iterator, Sequence

from ukport.series.outcome import Fate, HunkResult, PatchResult

_SHOWN = 12


def describe(result: PatchResult) -> str:
    """Every open hunk of a patch; as many lines of each text as a person reads at once."""
    lines = [f"  {_clean(result.verdict)}"] if result.verdict else []
    lines += [f"  it stands on an earlier patch: {_clean(one)}" for one in result.depends]
    for hunk in result.hunks:
        if hunk.fate is Fate.OPEN:
            lines += _hunk(hunk)
    return "\n".join(lines)


def _hunk(hunk: HunkResult) -> Iterator[str]:
    yield f"  {_clean(hunk.file)} {hunk.header} {_clean(hunk.reason)}"
    if hunk.broken_by:
        yield f"    broken by {_clean(hunk.broken_by)}"
    if hunk.whereabouts:
        yield f"    its code: {_clean(hunk.whereabouts)}"
    if hunk.missing:
        yield f"    no longer exist: {', '.join(hunk.missing[:_SHOWN])}"
    yield from _block("the patch", _change(hunk))
    yield from _block(
        f"upstream has, from line {hunk.line}", [f"| {_line(line)}" for line in hunk.upstream]
    )
    yield from _block(
        f"a proposal, to be judged: {_clean(hunk.proposal)}",
        [f"| {_line(line)}" for line in hunk.proposed],
    )


def _change(hunk: HunkResult) -> list[str]:
    """What the hunk expects and what it wants, as one listing."""
    if not hunk.wanted:
        return [f"  {_line(line)}" for line in hunk.expected]
    # Slow to load, and only wanted here.
    import difflib

    before, after = ([_line(line) for line in side] for side in (hunk.expected, hunk.wanted))
    return [line.rstrip() for line in difflib.ndiff(before, after) if not line.startswith("?")]


def _block(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"    {title}:"
    for line in lines[:_SHOWN]:
        yield f"      {line}"
    if len(lines) > _SHOWN:
        yield f"      … {len(lines) - _SHOWN} more"


def _line(line: bytes) -> str:
    return _clean(line.decode("utf-8", "replace").rstrip())


def _clean(text: str) -> str:
    """Text from a patch or from upstream, safe for a terminal."""
    plain = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(
        c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in plain
    )
