"""The macro of upstream's that tells its version as a number."""

import re
from collections.abc import Iterator, Mapping, Sequence

from ukport.glue import buildlists
from ukport.symbols import constant

_NAMES = (
    "VERSION_NUMBER",
    "VERSION_NUM",
    "VERNUM",
    "VERSION_INT",
    "VERSION",
    "VERSION_HEX",
)
_MAJOR = "VERSION_MAJOR"
_DEFINED = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+(.+?)[ \t]*$", re.MULTILINE)
_LARGEST = 10**9  # what the recipe of every language takes


def find(
    headers: Sequence[str], texts: Mapping[str, str], macros: Mapping[str, str], version: str
) -> tuple[str, str]:
    """The macro, and its header; empty where there is none.

    ``headers`` are the public ones, ``macros`` what they define; where none of these serves, a
    header of ``texts`` that is named after the version may.
    """
    first = version.partition(".")[0]
    for ending in (*_NAMES, _MAJOR):
        for header in headers:
            for name in sorted(buildlists.defined_macros(texts[header])):
                number = constant.value(name, macros)
                if _fits(name, ending, number, first):
                    return name, header
    return next(_private(texts, first), ("", ""))


def _private(texts: Mapping[str, str], first: str) -> Iterator[tuple[str, str]]:
    for header in sorted(texts, key=lambda path: (path.count("/"), path)):
        if re.search(r"(?:^|/)\w*version\w*\.h$", header, re.IGNORECASE):
            own = dict(
                re.findall(r"(?m)^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+(.+?)[ \t]*$", texts[header])
            )
            for ending in (*_NAMES, _MAJOR):
                for name in sorted(own):
                    if _fits(name, ending, constant.value(name, own), first):
                        yield name, header


def _fits(name: str, ending: str, number: int | None, first: str) -> bool:
    """A version of one number alone has to be the right one."""
    fits = number is not None and 0 < number < _LARGEST and name.endswith(ending)
    return fits and (ending != _MAJOR or str(number) == first)
