"""What upstream added between two versions, line by line and word by word."""

from functools import cached_property

from ukport.git.difference import Differences

_BLANKS = b" \t\r\f\v"
_SHORTEST = 4
_DIGITS = b"0123456789-"
_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_SPACED = bytes(one if one in _LETTERS + _DIGITS else ord(" ") for one in range(256))
# A look through the whole text takes a hundredth of what it takes to list all its lines.
_LOOKS = 30


class Gained:
    """Lines and words of what upstream added; listed only where many are asked for.

    Patches of one series say much the same, so every answer is kept.
    """

    def __init__(self, compared: Differences, looks: int = _LOOKS) -> None:
        self._compared = compared
        self._looks = looks
        self._known_lines: dict[bytes, bool] = {}
        self._known_words: dict[bytes, bool] = {}

    def line(self, line: bytes) -> bool:
        """Whether a line, without white space, is there."""
        if line not in self._known_lines:
            few = len(self._known_lines) < self._looks
            found = self._look_for_line(line) if few else b"+" + line in self._lines
            self._known_lines[line] = found
        return self._known_lines[line]

    def word(self, word: bytes) -> bool:
        """Whether one of ``words`` is there."""
        if word not in self._known_words:
            few = len(self._known_words) < self._looks
            self._known_words[word] = self._look_for_word(word) if few else word in self._words
        return self._known_words[word]

    def _look_for_line(self, line: bytes) -> bool:
        return b"\n+" + line + b"\n" in self._dense

    def _look_for_word(self, word: bytes) -> bool:
        text = self._spaced
        at = text.find(word + b" ")
        while at >= 0:
            # Digits in front of it are no part of a word.
            if text[max(at - 40, 0) : at].rstrip(_DIGITS)[-1:] in (b" ", b""):
                return True
            at = text.find(word + b" ", at + 1)
        return False

    @cached_property
    def _dense(self) -> bytes:
        return self._compared.raw.translate(None, _BLANKS) + b"\n"

    @cached_property
    def _spaced(self) -> bytes:
        return b" " + self._compared.added.translate(_SPACED) + b" "

    @cached_property
    def _lines(self) -> frozenset[bytes]:
        return frozenset(self._dense.split(b"\n"))

    @cached_property
    def _words(self) -> frozenset[bytes]:
        return words(self._compared.added)


def words(text: bytes) -> frozenset[bytes]:
    """Every name in a text, and those joined by hyphens: four letters or more."""
    # Quicker than to look for each with a regular expression.
    found = (word.lstrip(_DIGITS) for word in set(text.translate(_SPACED).split()))
    return frozenset(word for word in found if len(word) >= _SHORTEST)
