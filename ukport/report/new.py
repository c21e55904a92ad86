"""A new port as text and as JSON."""

from collections.abc import Iterator

import msgspec

_SHOWN = 8
SCHEMA = "ukport.new/1"


class NewPort(msgspec.Struct, frozen=True, kw_only=True):
    """What was proposed; ``needed`` are symbols from outside, by the machine's own compiler.

    ``providers`` and ``missing`` are told by Unikraft's build: who provides what, and the symbols
    that nobody does with the places that use them. ``selects`` are libraries of core's that had to
    be chosen for some. ``weak`` is not there either, and need not be. ``parsed`` of ``units`` were
    read by what they say, the others by their objects.
    """

    schema: str = SCHEMA
    recipe: str
    version: str
    folder: str
    sources: tuple[str, ...]
    listed_in: str
    headers: tuple[str, ...]
    options: tuple[str, ...]
    optional_sources: dict[str, tuple[str, ...]]
    functions: int
    needed: tuple[str, ...]
    providers: dict[str, tuple[str, ...]]
    missing: dict[str, tuple[str, ...]]
    selects: dict[str, tuple[str, ...]] = {}
    weak: tuple[str, ...] = ()
    units: int = 0
    parsed: int = 0
    stubs: bool
    todo: tuple[str, ...]
    verdict: str
    reason: str


def document(port: NewPort) -> str:
    """One JSON document."""
    return msgspec.json.format(msgspec.json.encode(port), indent=2).decode()


def lines(port: NewPort) -> Iterator[str]:
    """For people."""
    where = f"as {port.listed_in} lists them" if port.listed_in else "as the symbols ask for them"
    yield f"sources   {len(port.sources)}, {where}"
    yield f"headers   {', '.join(port.headers)}: {port.functions} functions"
    for option in port.options:
        more = len(port.optional_sources.get(option, ()))
        yield f"option    {option}" + (f": {more} sources more" if more else "")
    if port.units:
        yield f"units     {port.parsed} of {port.units} parsed as Unikraft's build compiles them"
    for library, names in port.providers.items():
        yield f"needs     {library}: {_some(names)}"
    for option, names in port.selects.items():
        yield f"selects   {option}: {_some(names)}"
    for name, places in port.missing.items():
        yield f"nobody    provides {name}: {_some(places)}"
    if port.verdict and not port.missing:
        yield "nobody    provides: nothing is missing"
    if port.weak:
        yield f"optional  {_some(port.weak)}: weak, and nobody provides it"
    if port.stubs:
        yield f"stubs     {port.folder}/glue/missing.c stops the guest where one is called"
    yield f"by hand   {len(port.todo)} things, listed in {port.folder}/TODO.md"


def _some(words: tuple[str, ...]) -> str:
    rest = len(words) - _SHOWN
    return ", ".join(words[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
