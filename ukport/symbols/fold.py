"""Constant expressions, as far as a compiler folds them without optimising.

A branch that such a condition rules out is in no object.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pycparser import c_ast

# Size and alignment in bytes on the 64-bit machines that Unikraft runs on, and 1 for a signed
# integer, 0 for an unsigned one, -1 for all else.
Layout = tuple[int, int, int]
POINTER: Layout = (8, 8, -1)
FUNCTION: Layout = (-1, 1, -1)
_LONG_DOUBLE: Layout = (16, 16, -1)
_BASIC: Mapping[str, Layout] = {
    "void": (1, 1, -1),
    "_Bool": (1, 1, -1),
    "char": (1, 1, -1),  # signed on one machine, unsigned on another
    "short": (2, 2, 1),
    "int": (4, 4, 1),
    "long": (8, 8, 1),
    "float": (4, 4, -1),
    "double": (8, 8, -1),
    "__int128": (16, 16, -1),
    "__builtin_va_list": (24, 8, -1),
    "__float128": _LONG_DOUBLE,
}


def _divide(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


_BINARY: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": lambda left, right: left - right * _divide(left, right),
    "<<": lambda left, right: left << min(right, 128),
    ">>": lambda left, right: left >> min(right, 128),
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "==": lambda left, right: int(left == right),
    "!=": lambda left, right: int(left != right),
    "<": lambda left, right: int(left < right),
    "<=": lambda left, right: int(left <= right),
    ">": lambda left, right: int(left > right),
    ">=": lambda left, right: int(left >= right),
}
_UNARY: Mapping[str, Callable[[int], int]] = {
    "+": operator.pos,
    "-": operator.neg,
    "~": operator.invert,
    "!": lambda value: int(not value),
}


@dataclass(frozen=True)
class Folder:
    """Works out expressions and layouts; ``numbers`` and ``layouts`` are those of known names.

    ``variable`` gives the layout of a variable in scope, where it is known.
    """

    numbers: Mapping[str, int | None]
    layouts: Mapping[str, Layout]
    variable: Callable[[str], Layout | None] = lambda _name: None

    def value(self, node: "c_ast.Node | None") -> int | None:
        """The value of an integer constant expression, or None where it is not one."""
        found: int | None = None
        match node and type(node).__name__:
            case "Constant":
                found = _constant(node)
            case "ID":
                found = self.numbers.get(node.name) if node else None
            case "Cast":
                found = self._cast(node)
            case "UnaryOp":
                found = self._unary(node)
            case "BinaryOp":
                found = self._binary(node)
            case "TernaryOp":
                found = self._choice(node)
            case "FuncCall":
                found = self._call(node)
        return found

    def _cast(self, node: "c_ast.Node") -> int | None:
        layout = self.layout(node.to_type.type)
        value = self.value(node.expr)
        if value is None or layout is None or layout[0] not in (1, 2, 4, 8):
            return None
        return value

    def _unary(self, node: "c_ast.Node") -> int | None:
        if node.op in ("sizeof", "_Alignof"):
            layout = self.layout(node.expr.type) if type(node.expr).__name__ == "Typename" else None
            return layout[node.op == "_Alignof"] if layout else None
        value = self.value(node.expr)
        return _UNARY[node.op](value) if value is not None and node.op in _UNARY else None

    def _binary(self, node: "c_ast.Node") -> int | None:
        left, right = self.value(node.left), self.value(node.right)
        if node.op in ("&&", "||"):
            return _both(left, right, decides=node.op == "||")
        if right is None:
            return None
        if left is None:
            return self._out_of_range(node.op, node.left, right)
        if (node.op in "/%" and not right) or (node.op in ("<<", ">>") and right < 0):
            return None
        return _BINARY[node.op](left, right)

    def _out_of_range(self, operator: str, node: "c_ast.Node", limit: int) -> int | None:
        """A comparison that no value of a variable's type can make true, or make false."""
        layout = self.variable(node.name) if type(node).__name__ == "ID" else None
        if layout is None or layout[2] < 0:
            return None
        bits = 8 * layout[0] - layout[2]
        lowest, highest = (-(1 << bits) if layout[2] else 0), (1 << bits) - 1
        compare = _BINARY[operator]
        if operator in ("<", "<=", ">", ">=") and compare(lowest, limit) == compare(highest, limit):
            return compare(lowest, limit)
        return None

    def _choice(self, node: "c_ast.Node") -> int | None:
        condition = self.value(node.cond)
        if condition is None:
            return None
        return self.value(node.iftrue if condition else node.iffalse)

    def _call(self, node: "c_ast.Node") -> int | None:
        name = getattr(node.name, "name", "")
        arguments: Sequence[c_ast.Node] = node.args.exprs if node.args else []
        if name == "__builtin_expect" and arguments:
            return self.value(arguments[0])
        if name == "__builtin_constant_p" and arguments:
            return int(self.value(arguments[0]) is not None)
        return None

    def layout(self, node: "c_ast.Node | None") -> Layout | None:
        """Size and alignment of a type, or None where they are not known."""
        found: Layout | None = None
        match node and type(node).__name__:
            case "PtrDecl":
                found = POINTER
            case "FuncDecl":
                found = FUNCTION
            case "TypeDecl" | "Typename":
                found = self.layout(node.type) if node else None
            case "IdentifierType":
                found = self._named(node.names) if node else None
            case "Enum":
                found = _BASIC["int"]
            case "ArrayDecl":
                found = self._array(node)
            case "Struct" | "Union":
                found = self._struct(node)
        return found

    def _named(self, names: Sequence[str]) -> Layout | None:
        words = [name for name in names if name not in ("signed", "unsigned")]
        if words.count("long") and "double" in words:
            return _LONG_DOUBLE
        chosen = next(
            (word for word in ("short", "char", "long", *words, "int") if word in words), "int"
        )
        layout = self.layouts.get(chosen) or _BASIC.get(chosen)
        if layout is None or len(words) == len(names):
            return layout
        return (layout[0], layout[1], int("signed" in names))

    def _array(self, node: "c_ast.Node") -> Layout | None:
        element, count = self.layout(node.type), self.value(node.dim)
        if element is None or count is None:
            return None
        return element[0] * count, element[1], -1

    def _struct(self, node: "c_ast.Node") -> Layout | None:
        if node.decls is None:
            return self.layouts.get(node.name or "")
        size, alignment, union = 0, 1, type(node).__name__ == "Union"
        for member in node.decls:
            layout = self.layout(getattr(member, "type", None))
            if layout is None or getattr(member, "bitsize", None):
                return None
            alignment = max(alignment, layout[1])
            at = 0 if union else -(-size // layout[1]) * layout[1]
            size = max(size, at + layout[0])
        return -(-size // alignment) * alignment, alignment, -1


def _both(left: int | None, right: int | None, *, decides: bool) -> int | None:
    """What ``&&`` gives, or ``||`` where true ``decides``: the right side may not matter."""
    if left is not None and bool(left) == decides:
        return int(decides)
    return None if left is None or right is None else int(bool(right))


def _constant(node: "c_ast.Node") -> int | None:
    text: str = node.value
    if node.type == "char":
        inner = text[text.index("'") + 1 : -1]
        return ord(inner) if len(inner) == 1 else None
    if "float" in node.type or "double" in node.type or node.type == "string":
        return None
    digits = text.rstrip("uUlL")
    try:
        return int(digits, 8) if digits[:1] == "0" and digits.isdigit() else int(digits, 0)
    except ValueError:
        return None
