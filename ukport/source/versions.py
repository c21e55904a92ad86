"""Versions, their order, and which tag a request such as ``2.1`` means."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import total_ordering

from ukport.errors import UsageError

_SHAPE = re.compile(r"(?P<numbers>\d+(?:\.\d+)*)(?P<rest>.*)", re.DOTALL)
_PRE = re.compile(r"[-._~+]?(alpha|beta|preview|pre|rc|dev|a|b)[-._]?(\d*)$", re.IGNORECASE)
_LETTER = re.compile(r"[-._]?([a-z]|p\d+)$", re.IGNORECASE)
_RELEASE, _POST = 10, 11
_RANK = {"dev": 0, "alpha": 1, "a": 1, "beta": 2, "b": 2, "preview": 3, "pre": 3, "rc": 4}


class NoSuchVersionError(UsageError):
    """Upstream has no release of that version."""


@total_ordering
@dataclass(frozen=True, eq=False)
class Version:
    """A version as upstream writes it, ordered as its numbers say: 1.9 < 1.10.

    Alpha, beta and rc stand before their release, a letter behind it: 2.1.7 < 2.1.7a < 2.1.8.
    """

    text: str
    numbers: tuple[int, ...]
    suffix: tuple[int, str, int]

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Raises UsageError where ``text`` does not begin with a number."""
        shape = _SHAPE.fullmatch(text)
        if shape is None:
            raise UsageError(f"{text!r} is not a version", "write it like 2.1, 2.1.7 or latest")
        numbers = tuple(int(part) for part in shape["numbers"].split("."))
        return cls(text, numbers, _suffix(shape["rest"]))

    @property
    def prerelease(self) -> bool:
        return self.suffix[0] < _RELEASE

    @property
    def _key(self) -> tuple[tuple[int, ...], tuple[int, str, int]]:
        end = len(self.numbers)
        while end and self.numbers[end - 1] == 0:
            end -= 1
        return self.numbers[:end], self.suffix

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __lt__(self, other: "Version") -> bool:
        return self._key < other._key

    def __str__(self) -> str:
        return self.text


def _suffix(rest: str) -> tuple[int, str, int]:
    if not rest:
        return (_RELEASE, "", 0)
    pre = _PRE.fullmatch(rest)
    # A lone letter straight behind the number is a later release, as mimalloc's 2.1.7a.
    if pre and not (len(pre[1]) == 1 and not pre[2]):
        return (_RANK[pre[1].lower()], "", int(pre[2] or 0))
    if _LETTER.fullmatch(rest):
        return (_POST, rest.lstrip("-._").lower(), 0)
    return (0, rest, 0)


def releases(tags: Iterable[str], template: str) -> Mapping[Version, str]:
    """The versions that upstream tagged, each with its tag; ``template`` is like ``v{version}``."""
    before, _, after = template.partition("{version}")
    found = {}
    for tag in tags:
        inner = tag.removeprefix(before).removesuffix(after)
        if len(inner) + len(before) + len(after) == len(tag) and inner[:1].isdigit():
            found[Version.parse(inner)] = tag
    return dict(sorted(found.items()))


def resolve(request: str, known: Mapping[Version, str]) -> Version:
    """What a request means: ``2.1`` the newest 2.1.x, ``2.1.7`` itself, ``latest`` the newest.

    Raises NoSuchVersionError, which names the nearest versions there are.
    """
    finished = sorted(version for version in known if not version.prerelease)
    if request == "latest" and finished:
        return finished[-1]
    wanted = Version.parse(request.removeprefix("v"))
    exact = [version for version in known if version == wanted]
    if exact and (len(wanted.numbers) > 2 or wanted.suffix[0] != _RELEASE):  # noqa: PLR2004
        return exact[0]
    line = [version for version in finished if _in_line(version, wanted)]
    if line and wanted.suffix[0] == _RELEASE:
        return line[-1]
    raise NoSuchVersionError(
        f"there is no release {request}", f"the nearest are: {', '.join(nearest(wanted, known))}"
    )


def _in_line(version: Version, wanted: Version) -> bool:
    return version.numbers[: len(wanted.numbers)] == wanted.numbers


def nearest(wanted: Version, known: Iterable[Version], count: int = 2) -> list[str]:
    """Up to ``count`` versions on each side of ``wanted``."""
    ordered = sorted(known)
    at = sum(version < wanted for version in ordered)
    return [str(version) for version in ordered[max(0, at - count) : at + count]]


_COMPARE = re.compile(r"(>=|<=|<|>|==)?\s*([0-9][0-9A-Za-z.-]*)")


def within(version: Version, ranges: Iterable[str]) -> bool:
    """Whether ``version`` is in one of the ranges, each like ``>=1.8, <2``.

    Raises UsageError for a range that is not one.
    """
    return any(all(_holds(version, part.strip()) for part in r.split(",")) for r in ranges)


def _holds(version: Version, clause: str) -> bool:
    shape = _COMPARE.fullmatch(clause)
    if shape is None:
        raise UsageError(f"{clause!r} is not a range of versions", "write it like >=1.8, <2")
    bound = Version.parse(shape[2])
    match shape[1]:
        case ">=":
            return version >= bound
        case "<=":
            return version <= bound
        case ">":
            return version > bound
        case "<":
            return version < bound
        case _:
            return version == bound
