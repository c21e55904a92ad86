"""Versions, their order, and which tag a request such as ``2.1`` means."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import total_ordering

from ukport.errors import UsageError
from ukport.recipe.pattern import CLAUSE, VERSION

_VERSION = re.compile(VERSION)
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_WORD = re.compile(r"([a-z]*)([0-9]*)")
# What comes before the release; a lone a, b or m does so only with a number (2.0b1).
_PRE = {"dev": 0, "a": 1, "alpha": 1, "m": 1, "b": 2, "beta": 2, "pre": 3, "preview": 3, "rc": 4}
_RELEASE, _POST, _OTHER = 10, 11, 12
# What comes behind it: no word (1.2.3-1), a letter (1.1.1w, 0.9.8zh), or one of these.
_LATER = re.compile(r"z?[a-z]?|pl|sp|post|patch|build|rev|update|final|ga|release|stable")

Suffix = tuple[tuple[int, str, int], ...]


class NoSuchVersionError(UsageError):
    """Upstream has no release of that version."""


@total_ordering
@dataclass(frozen=True)
class Version:
    """A version as upstream writes it; two that are written differently are two versions.

    They are ordered as their numbers say: 1.9 < 1.10. Known words of a prerelease stand before
    the release, everything else behind it: 2.1.7-rc1 < 2.1.7 < 2.1.7-1 < 2.1.7a < 2.1.7-motley.
    """

    text: str
    numbers: tuple[int, ...] = field(compare=False)
    suffix: Suffix = field(compare=False)

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Raises UsageError where ``text`` is not one."""
        numbers = _NUMBERS.match(text)
        if numbers is None or not _VERSION.fullmatch(text):
            raise UsageError(
                f"{text[:80]!r} is not a version",
                "write it like 2.1, 2.1.7 or latest; no number has more than 9 digits",
            )
        rest = text[numbers.end() :]
        return cls(text, tuple(int(part) for part in numbers[0].split(".")), _suffix(rest))

    @property
    def prerelease(self) -> bool:
        return any(rank < _RELEASE for rank, _, _ in self.suffix)

    @property
    def unusual(self) -> bool:
        """Whether it holds a word that nobody knows: 1.3.1.1-motley, 2.1.7-win."""
        return any(rank == _OTHER for rank, _, _ in self.suffix)

    @property
    def full(self) -> bool:
        """Whether it means itself alone, and not the newest of its line."""
        return len(self.numbers) > 2 or len(self.suffix) > 1  # noqa: PLR2004 - major.minor.patch

    @property
    def base(self) -> tuple[int, ...]:
        """The numbers without zeros at the end, for which 2.1 and 2.1.0 are equal."""
        end = len(self.numbers)
        while end and self.numbers[end - 1] == 0:
            end -= 1
        return self.numbers[:end]

    @property
    def rank(self) -> tuple[tuple[int, ...], Suffix]:
        """Its place in the order; 2.1 and 2.1.0 share one."""
        return self.base, self.suffix

    def __lt__(self, other: "Version") -> bool:
        return (self.rank, self.text) < (other.rank, other.text)

    def __str__(self) -> str:
        return self.text


def _suffix(rest: str) -> Suffix:
    """One place in the order for each part of ``-rc1`` or ``a-beta1``, then that of the end."""
    parts = [part for part in re.split(r"[-._+]", rest.lower()) if part]
    return (*(_place(part) for part in parts), (_RELEASE, "", 0))


def _place(part: str) -> tuple[int, str, int]:
    shape = _WORD.fullmatch(part)
    if shape is None:
        return (_OTHER, part, 0)
    word, number = shape[1], int(shape[2] or 0)
    if word in _PRE and (len(word) > 1 or shape[2]):
        return (_PRE[word], "", number)
    return (_POST if _LATER.fullmatch(word) else _OTHER, word, number)


def releases(tags: Iterable[str], template: str, separator: str = ".") -> Mapping[Version, str]:
    """The versions that upstream tagged, each with its tag; ``template`` is like ``v{version}``.

    With another ``separator``, such as ``_``, the tag of 1.1.1w is written ``1_1_1w``.
    """
    before, _, after = template.partition("{version}")
    found = {}
    for tag in tags:
        inner = tag.removeprefix(before).removesuffix(after)
        text = inner.replace(separator, ".")
        # Each tag gives one version and each version one tag: what does not go back is no release.
        same = f"{before}{text.replace('.', separator)}{after}" == tag
        if same and _VERSION.fullmatch(text):
            found[Version.parse(text)] = tag
    return dict(sorted(found.items()))


def resolve(request: str, known: Mapping[Version, str]) -> Version:
    """What a request means: ``2.1`` the newest 2.1.x, ``2.1.7`` itself, ``latest`` the newest.

    With three numbers or a suffix it means itself alone. The newest is that of the highest
    numbers: 2.1.7a rather than 2.1.7, but 2.1.7-win, whose word nobody knows, only where there is
    nothing else of 2.1.7. Raises NoSuchVersionError, which names the nearest versions there are.
    """
    if request == "latest":
        return _latest(known)
    wanted = Version.parse(request.removeprefix("v"))
    if wanted.full:
        # 2.1.0 may be tagged 2.1, but the exact spelling comes first.
        meant = [wanted] if wanted in known else [v for v in known if v.rank == wanted.rank]
    else:
        line = [v for v in known if v.numbers[: len(wanted.numbers)] == wanted.numbers]
        meant = _newest(line, wanted)
    if not meant:
        raise _missing(f"there is no release {request}", wanted, known)
    return meant[0]


def exact(text: str, known: Mapping[Version, str]) -> Version:
    """The very version that was written down once, such as a recipe's own.

    Raises NoSuchVersionError.
    """
    wanted = Version.parse(text)
    if wanted not in known:
        raise _missing(f"there is no release {text} (which is meant exactly)", wanted, known)
    return wanted


def _latest(known: Mapping[Version, str]) -> Version:
    newest = _newest(known)
    if newest:
        return newest[0]
    if known:
        raise NoSuchVersionError(
            "there is no finished release yet",
            f"name a prerelease; the newest is: {max(known)}",
        )
    raise NoSuchVersionError(
        "upstream has no tag that is a release", "correct upstream.tag in the recipe"
    )


def _newest(versions: Iterable[Version], spelled: Version | None = None) -> list[Version]:
    """The newest finished one, if any; of two with the same numbers the one that is ``spelled``."""

    def place(version: Version) -> tuple[object, ...]:
        return (
            version.base,
            not version.unusual,
            version.suffix,
            version == spelled,
            version.text,
        )

    finished = [version for version in versions if not version.prerelease]
    return sorted(finished, key=place)[-1:]


def _missing(what: str, wanted: Version, known: Iterable[Version]) -> NoSuchVersionError:
    near = nearest(wanted, known)
    hint = f"the nearest are: {', '.join(near)}" if near else "correct upstream.tag in the recipe"
    return NoSuchVersionError(what, hint)


def nearest(wanted: Version, known: Iterable[Version], count: int = 2) -> list[str]:
    """Up to ``count`` versions on each side of ``wanted``."""
    ordered = sorted(known)
    at = sum(version < wanted for version in ordered)
    return [str(version) for version in ordered[max(0, at - count) : at + count]]


_CLAUSE = re.compile(CLAUSE)


def within(version: Version, ranges: Iterable[str]) -> bool:
    """Whether ``version`` is in one of the ranges, each like ``>=1.8, <2``.

    Raises UsageError for a range that is not one.
    """
    return any(all(_holds(version, part.strip()) for part in r.split(",")) for r in ranges)


def _holds(version: Version, clause: str) -> bool:
    shape = _CLAUSE.fullmatch(clause)
    if shape is None:
        raise UsageError(f"{clause!r} is not a range of versions", "write it like >=1.8, <2")
    bound = Version.parse(shape[2])
    match shape[1]:
        case ">=":
            return version.rank >= bound.rank
        case "<=":
            return version.rank <= bound.rank
        case ">":
            return version.rank > bound.rank
        case "<":
            return version.rank < bound.rank and not _prerelease_of(version, bound)
        case _:
            return version.rank == bound.rank


def _prerelease_of(version: Version, bound: Version) -> bool:
    """2.0.0-beta is the beginning of 2, not the end of 1: ``<2`` leaves it out."""
    return version.prerelease and not bound.prerelease and version.base == bound.base
