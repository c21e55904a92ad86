"""The value of a macro that stands for an integer, from the text of all macros."""

import ast
import re
from collections.abc import Callable, Mapping
from operator import add, and_, invert, lshift, mul, neg, or_, pos, rshift, sub, xor

_WORD = re.compile(r"\b[A-Za-z_]\w*\b")
_NUMBER = re.compile(r"\b(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*\b")
_DEEPEST = 16
_LONGEST = 500  # characters of an expression that is looked at
_BINARY: Mapping[type, Callable[[int, int], int]] = {
    ast.Add: add,
    ast.Sub: sub,
    ast.Mult: mul,
    ast.LShift: lshift,
    ast.RShift: rshift,
    ast.BitOr: or_,
    ast.BitAnd: and_,
    ast.BitXor: xor,
}
_UNARY: Mapping[type, Callable[[int], int]] = {ast.USub: neg, ast.UAdd: pos, ast.Invert: invert}
_BITS = 64  # of the widest integer
_LARGEST = 1 << _BITS


def value(name: str, macros: Mapping[str, str]) -> int | None:
    """The integer that the macro ``name`` stands for, or None where it is none.

    Arithmetic on integers and on other such macros is worked out: 1.5.6 is 1*100*100 + 5*100 + 6.
    """
    text = macros.get(name)
    for _ in range(_DEEPEST):
        if text is None or len(text) > _LONGEST:
            return None
        replaced = _WORD.sub(lambda word: macros.get(word[0], word[0]), _NUMBER.sub(_decimal, text))
        if replaced == text:
            break
        text = replaced
    try:
        return _evaluate(ast.parse((text or "").strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _decimal(number: re.Match[str]) -> str:
    text = number[1]
    octal = len(text) > 1 and text.isdigit() and text.startswith("0")
    try:
        return str(int(text, 8 if octal else 0))
    except ValueError:
        return text


def _evaluate(node: ast.expr) -> int:
    """Raises ValueError for what is no arithmetic of integers, or grows too large."""
    match node:
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            result = number
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
            operands = (_evaluate(left), _evaluate(right))
            if isinstance(operator, ast.LShift | ast.RShift) and not 0 <= operands[1] < _BITS:
                raise ValueError("a shift by that many places")
            result = _BINARY[type(operator)](*operands)
        case ast.UnaryOp(op=operator, operand=operand) if type(operator) in _UNARY:
            result = _UNARY[type(operator)](_evaluate(operand))
        case _:
            raise ValueError("no arithmetic of integers")
    if abs(result) > _LARGEST:
        raise ValueError("too large")
    return result
