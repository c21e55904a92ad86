"""A quicker pycparser: one regular expression finds where tokens end, and all are there at once.

What kind a token is pycparser's own lexer says, once for each spelling.
"""

import re
from collections.abc import Callable

from pycparser import c_ast, c_parser
from pycparser.c_lexer import CLexer, Token

from ukport.symbols.lexical import STRING

_TOKEN = re.compile(
    r"[ \t\r\f\v]+|(\n)"
    rf"|((?:L|u8?|U)?(?:{STRING})|[A-Za-z_$][\w$]*|\.?[0-9](?:[eEpP][+-]|[\w.])*"
    r"|\.\.\.|<<=|>>=|\+\+|--|->|&&|\|\||<<|>>|[<>=!*/%+&|^-]=|.)",
    re.DOTALL,
)
_NAMES = frozenset({"ID", "TYPEID"})


class QuickLexer:
    """What pycparser asks of a lexer; without line directives, pragmas and attributes in [[]]."""

    def __init__(self, error_func: Callable[[str, int, int], None], *, dialect: str) -> None:
        self._whole = CLexer(error_func, dialect=dialect)
        self._kinds: dict[str, str] = {}
        self._text = ""
        self.filename = ""

    def input(self, text: str, filename: str = "") -> None:
        """Begin with another text."""
        self._text = text
        self.filename = filename

    def token(self) -> None:
        """There is nothing behind the tokens that the parser was given."""

    def tokens(self) -> list[Token | None]:
        """All of them, and the end."""
        kinds, filename, line = self._kinds, self.filename, 1
        found: list[Token | None] = []
        for newline, value in _TOKEN.findall(self._text):
            if value:
                kind = kinds.get(value) or self._kind(value)
                found.append(Token(kind, value, line, 1, filename))
            elif newline:
                line += 1
        found.append(None)
        return found

    def _kind(self, value: str) -> str:
        self._whole.input(value, self.filename)
        token = self._whole.token()
        # What it does not know it has reported, by raising.
        kind = token.type if token is not None and token.value == value else "PPHASH"
        self._kinds[value] = kind
        return kind


class QuickParser(c_parser.CParser):  # type: ignore[misc] # pycparser has no types
    """Looks at its tokens without a call for each look: it looks at each a dozen times."""

    _typedef_checked_token: Token | None

    def __init__(self, dialect: str = "legacy") -> None:
        super().__init__(lexer=QuickLexer, dialect=dialect)

    def _parse_translation_unit_or_empty(self) -> c_ast.FileAST:
        self._tokens._buffer = self.clex.tokens()  # noqa: SLF001 - held by the pin of pycparser
        return super()._parse_translation_unit_or_empty()

    def _peek(self, k: int = 1) -> Token | None:
        stream = self._tokens
        try:
            token = stream._buffer[stream._index + k - 1]  # noqa: SLF001 - as above
        except IndexError:
            return None
        if token is not self._typedef_checked_token:
            if token is not None and token.type in _NAMES:
                self._classify_identifier(token)
            else:
                self._typedef_checked_token = token
        return token

    def _peek_type(self, k: int = 1) -> str | None:
        token = self._peek(k)
        return None if token is None else token.type

    def _accept(self, token_type: str) -> Token | None:
        token = self._peek()
        if token is None or token.type != token_type:
            return None
        self._tokens._index += 1  # noqa: SLF001 - as above
        return token
