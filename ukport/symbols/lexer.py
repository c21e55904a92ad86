"""A quicker lexer for pycparser: one regular expression finds where tokens end.

What kind a token is pycparser's own lexer says, once for each spelling.
"""

import re
from collections.abc import Callable, Iterator

from pycparser.c_lexer import CLexer, Token

from ukport.symbols.lexical import STRING

_TOKEN = re.compile(
    r"[ \t\r\f\v]+|(\n)"
    rf"|((?:L|u8?|U)?(?:{STRING})|[A-Za-z_$][\w$]*|\.?[0-9](?:[eEpP][+-]|[\w.])*"
    r"|\.\.\.|<<=|>>=|\+\+|--|->|&&|\|\||<<|>>|[<>=!*/%+&|^-]=|.)",
    re.DOTALL,
)


class QuickLexer:
    """What pycparser asks of a lexer; without line directives, pragmas and attributes in [[]]."""

    def __init__(self, error_func: Callable[[str, int, int], None], *, dialect: str) -> None:
        self._whole = CLexer(error_func, dialect=dialect)
        self._kinds: dict[str, str] = {}
        self._matches: Iterator[re.Match[str]] = iter(())
        self._line = 1
        self.filename = ""

    def input(self, text: str, filename: str = "") -> None:
        """Begin with another text."""
        self._matches = _TOKEN.finditer(text)
        self._line = 1
        self.filename = filename

    def token(self) -> Token | None:
        """The next token, or None at the end."""
        for match in self._matches:
            group = match.lastindex
            if group == 2:  # noqa: PLR2004 - the pattern's second group is a token
                value = match[2]
                kind = self._kinds.get(value) or self._kind(value)
                return Token(kind, value, self._line, 1, self.filename)
            if group == 1:
                self._line += 1
        return None

    def _kind(self, value: str) -> str:
        self._whole.input(value, self.filename)
        token = self._whole.token()
        # What it does not know it has reported, by raising.
        kind = token.type if token is not None and token.value == value else "PPHASH"
        self._kinds[value] = kind
        return kind
