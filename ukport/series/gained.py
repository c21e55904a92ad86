"""What upstream added between two versions, line by line and word by word."""

from functools import cached_property

from ukport.git.difference import Differences

_BLANKS = b" \t\r\f\v"
_SHORTEST = 4
_DIGITS = b"0123456789-"
_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_SPACED = bytes(one if one in _LETTERS + _DIGITS else ord(" ") for one in range(256))
# A look through the whole text takes a hundredth of what it takes to list all its lines.
_LOOKS = 50


class Gained:
    """Lines and words of what upstream added; listed only where many are asked for."""

    def __init__(self, compared: Differences) -> None:
        self._compared = compared
        self._looks = 0

    def line(self, line: bytes) -> bool:
        """Whether a line, without white space, is there."""
        if self._few():
            return b"\n+" + line + b"\n" in self._dense
        return line in self._lines

    def word(self, word: bytes) -> bool:
        """Whether one of ``words`` is there."""
        if not self._few():
            return word in self._words
        text = self._spaced
        at = text.find(word + b" ")
        while at >= 0:
            # Digits in front of it are no part of a word.
            if text[max(at - 40, 0) : at].rstrip(_DIGITS)[-1:] in (b" ", b""):
                return True
            at = text.find(word + b" ", at + 1)
        return False

    def _few(self) -> bool:
        self._looks += 1
        return self._looks <= _LOOKS

    @cached_property
    def _dense(self) -> bytes:
        return self._compared.raw.translate(None, _BLANKS) + b"\n"

    @cached_property
    def _spaced(self) -> bytes:
        return b" " + self._compared.added.translate(_SPACED) + b" "

    @cached_property
    def _lines(self) -> frozenset[bytes]:
        return frozenset(self._compared.added.translate(None, _BLANKS).split(b"\n"))

    @cached_property
    def _words(self) -> frozenset[bytes]:
        return words(self._compared.added)


def words(text: bytes) -> frozenset[bytes]:
    """Every name in a text, and those joined by hyphens: four letters or more."""
    # Quicker than to look for each with a regular expression.
    found = (word.lstrip(_DIGITS) for word in set(text.translate(_SPACED).split()))
    return frozenset(word for word in found if len(word) >= _SHORTEST)
