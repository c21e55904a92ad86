"""Function declarations of the common shape, and the heads of definitions, read without a parser.

Most of what a unit includes is never used by it: prototypes, and bodies of inline functions.
"""

import re

from ukport.symbols.extensions import Plain, plain
from ukport.symbols.record import Declared, Record

_SHAPE = re.compile(
    r"\s*(?P<before>(?:[A-Za-z_]\w*[\s*]+)+)(?P<name>[A-Za-z_]\w*)\s*\((?P<inside>[^(){};\"']*)\)\s*"
)
_WORD = re.compile(r"\w+")
_NO_TYPES = frozenset(
    _WORD.findall(
        "static extern inline _Noreturn const volatile restrict register auto _Thread_local"
    )
)
_NO_NAMES = frozenset(
    _WORD.findall(
        "typedef void char short int long float double signed unsigned struct union enum _Bool bool"
        " _Complex _Atomic __int128 typeof sizeof _Alignas _Static_assert static_assert constexpr"
    )
)
# Attributes of what is in the object though nothing uses it.
KEPT = frozenset({"used", "constructor", "destructor"})


def function(text: str) -> Record | None:
    """What a declaration says, if it declares one function and nothing else.

    Of a definition only the head is read; it is marked as unread then. None where the shape is
    another one, and a parser has to look.
    """
    if text.endswith(";"):
        head, defined = text[:-1], False
    else:
        head, brace, _ = text.partition("{")
        defined = bool(brace)
    if "(" not in head or "=" in head or "{" in head:
        return None
    told = plain(head)
    shape = _SHAPE.fullmatch(told.text)
    if shape is None or told.assembles or shape["name"] in _NO_NAMES:
        return None
    words = set(_WORD.findall(shape["before"]))
    if "typedef" in words or words <= _NO_TYPES:
        return None
    return Record(declared=(_declared(told, shape, words, defined=defined),))


def _declared(told: Plain, shape: re.Match[str], words: set[str], *, defined: bool) -> Declared:
    attributes = told.attributes
    alias = attributes.get("alias", "").strip('"')
    return Declared(
        name=shape["name"],
        symbol=told.label or shape["name"],
        line=told.text.count("\n", 0, shape.start("name")),
        function=True,
        static="static" in words,
        extern="extern" in words,
        inline="inline" in words,
        defined=defined or bool(alias),
        weak="weak" in attributes,
        gnu_inline="gnu_inline" in attributes,
        kept=bool(attributes.keys() & KEPT),
        noreturn="noreturn" in attributes or "_Noreturn" in words,
        alias=alias,
        unread=defined,
    )
