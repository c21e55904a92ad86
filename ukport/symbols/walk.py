"""Which names a definition mentions where they count: evaluated, in scope, and not ruled out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from pycparser import c_ast

from ukport.symbols.extensions import ASM
from ukport.symbols.fold import Folder, Layout
from ukport.symbols.record import Reference

_UNEVALUATED = ("sizeof", "_Alignof", "alignof", "offsetof", "__builtin_constant_p")
_ENDLESS = frozenset({"__builtin_unreachable", "__builtin_trap", "__builtin_abort", "abort"})
_BLOCKS = frozenset(f"__builtin_mem{name}" for name in ("cpy", "move", "set", "cmp"))
OUTSIDE: Layout = (-2, 1, -1)
_LABELS = (c_ast.Label, c_ast.Case, c_ast.Default)


class Walker:
    """Collects the references of one definition."""

    def __init__(self, folder: Folder) -> None:
        self._folder = replace(folder, variable=self._variable)
        # Per scope: the layouts of local names, if known; OUTSIDE for what is declared extern.
        self._scopes: list[dict[str, Layout | None]] = []
        self.found: dict[Reference, None] = {}

    def function(self, node: c_ast.Node) -> None:
        """A function's body, in the scope of its parameters."""
        self._scopes.append({})
        declared = node.decl.type
        for parameter in declared.args.params if declared.args else ():
            self._parameter(parameter)
        for old in node.param_decls or ():
            self._parameter(old)
        self.visit(node.body)
        self._scopes.pop()

    def _parameter(self, node: c_ast.Node) -> None:
        name = getattr(node, "name", None)
        if isinstance(name, str):
            self._scopes[-1][name] = self._folder.layout(getattr(node, "type", None))

    def _variable(self, name: str) -> Layout | None:
        return next((scope[name] for scope in reversed(self._scopes) if name in scope), None)

    def visit(self, node: c_ast.Node | None) -> None:
        """An expression or a statement."""
        if node is None:
            return
        handler = _HANDLERS.get(type(node))
        if handler is not None:
            handler(self, node)
        else:
            for child in node:
                self.visit(child)

    def _all(self, nodes: Iterable[c_ast.Node]) -> None:
        for node in nodes:
            self.visit(node)

    def _mention(self, name: str, node: c_ast.Node, *, called: bool) -> None:
        for scope in reversed(self._scopes):
            if name in scope:
                if scope[name] is not OUTSIDE:
                    return
                break
        if name in self._folder.numbers:
            return
        line = node.coord.line if node.coord else 1
        self.found.setdefault(Reference(name, line - 1, called))

    def identifier(self, node: c_ast.Node) -> None:
        self._mention(node.name, node, called=False)

    def call(self, node: c_ast.Node) -> None:
        arguments = node.args.exprs if node.args else ()
        if not isinstance(node.name, c_ast.ID):
            self.visit(node.name)
        elif node.name.name == ASM:
            self._all(arguments)
            return
        elif node.name.name in _UNEVALUATED:
            return
        else:
            self._mention(node.name.name, node.name, called=True)
            self._library(node.name, arguments)
        self._all(arguments)

    def _library(self, name: c_ast.Node, arguments: Sequence[c_ast.Node]) -> None:
        """A builtin for blocks of memory is a call of C's own function where the size is open."""
        function = name.name.removeprefix("__builtin_")
        if name.name in _BLOCKS and arguments and self._folder.value(arguments[-1]) is None:
            self._mention(function, name, called=True)

    def member(self, node: c_ast.Node) -> None:
        self.visit(node.name)

    def designated(self, node: c_ast.Node) -> None:
        self._all(d for d in node.name if not isinstance(d, c_ast.ID))
        self.visit(node.expr)

    def unary(self, node: c_ast.Node) -> None:
        if node.op not in _UNEVALUATED:
            self.visit(node.expr)

    def cast(self, node: c_ast.Node) -> None:
        self.visit(node.expr)

    def literal(self, node: c_ast.Node) -> None:
        self.visit(node.init)

    def skip(self, node: c_ast.Node) -> None:
        """Types that name expressions do not evaluate them."""

    def binary(self, node: c_ast.Node) -> None:
        if node.op not in ("&&", "||"):
            self.visit(node.left)
            self.visit(node.right)
            return
        decides = node.op == "||"
        left, right = self._folder.value(node.left), self._folder.value(node.right)
        if left is not None:
            if bool(left) != decides:
                self.visit(node.right)
            return
        if right is not None and bool(right) == decides and _pure(node.left):
            return
        self.visit(node.left)
        self.visit(node.right)

    def _truth(self, node: c_ast.Node | None) -> bool | None:
        """Whether a condition is always true or always false; what it mentions is collected."""
        if node is None:
            return True
        value = self._folder.value(node)
        if value is not None:
            return bool(value)
        self.visit(node)
        return _settled(node, self._folder)

    def branch(self, node: c_ast.Node) -> None:
        truth = self._truth(node.cond)
        for branch, live in ((node.iftrue, True), (node.iffalse, False)):
            if truth is None or truth is live or _has_label(branch):
                self._scoped(branch)

    def choice(self, node: c_ast.Node) -> None:
        truth = self._truth(node.cond)
        if truth is not False:
            self.visit(node.iftrue)
        if truth is not True:
            self.visit(node.iffalse)

    def while_loop(self, node: c_ast.Node) -> None:
        if self._truth(node.cond) is not False or _has_label(node.stmt):
            self._scoped(node.stmt)

    def do_loop(self, node: c_ast.Node) -> None:
        self._scoped(node.stmt)
        self._truth(node.cond)

    def for_loop(self, node: c_ast.Node) -> None:
        self._scopes.append({})
        self.visit(node.init)
        if self._truth(node.cond) is not False or _has_label(node.stmt):
            self._scoped(node.stmt)
            self.visit(node.next)
        self._scopes.pop()

    def _scoped(self, node: c_ast.Node | None) -> None:
        self._scopes.append({})
        self.visit(node)
        self._scopes.pop()

    def block(self, node: c_ast.Node) -> None:
        self._scopes.append({})
        self._statements(node.block_items or ())
        self._scopes.pop()

    def _statements(self, items: Iterable[c_ast.Node]) -> None:
        """Statements in order; behind one that does not end, only a label is reached again."""
        reached = True
        for item in items:
            reached = reached or _has_label(item)
            if reached:
                self.visit(item)
                reached = not _leaves(item, self._folder)
            elif isinstance(item, c_ast.Decl):
                self._enter(item)

    def labelled(self, node: c_ast.Node) -> None:
        self.visit(getattr(node, "expr", None))
        inner = getattr(node, "stmts", None)
        self._statements(inner if inner is not None else [node.stmt])

    def _enter(self, node: c_ast.Node) -> bool:
        """Put a declared name into scope; whether it is an object of its own."""
        outside = "extern" in node.storage or isinstance(node.type, c_ast.FuncDecl)
        if node.name:
            layout = OUTSIDE if outside else self._folder.layout(node.type)
            self._scopes[-1][node.name] = layout
        return not outside

    def declaration(self, node: c_ast.Node) -> None:
        if not self._scopes:  # a member of a struct
            self.kind(node.type)
            return
        if self._enter(node):
            self.kind(node.type)
            self.visit(node.init)

    def typedef(self, node: c_ast.Node) -> None:
        if self._scopes:
            self._scopes[-1][node.name] = None

    def kind(self, node: c_ast.Node | None) -> None:
        """The sizes of arrays are evaluated, and a type's enumerators are names of the scope."""
        while node is not None:
            if isinstance(node, c_ast.ArrayDecl):
                self.visit(node.dim)
            elif isinstance(node, c_ast.Enum):
                for one in node.values.enumerators if node.values and self._scopes else ():
                    self._scopes[-1][one.name] = None
                return
            node = getattr(node, "type", None) if not isinstance(node, c_ast.Struct) else None


_HANDLERS: Mapping[type, Callable[[Walker, c_ast.Node], None]] = {
    c_ast.ID: Walker.identifier,
    c_ast.FuncCall: Walker.call,
    c_ast.StructRef: Walker.member,
    c_ast.NamedInitializer: Walker.designated,
    c_ast.UnaryOp: Walker.unary,
    c_ast.BinaryOp: Walker.binary,
    c_ast.TernaryOp: Walker.choice,
    c_ast.Cast: Walker.cast,
    c_ast.CompoundLiteral: Walker.literal,
    c_ast.Typename: Walker.skip,
    c_ast.TypeOf: Walker.skip,
    c_ast.FuncDecl: Walker.skip,
    c_ast.StaticAssert: Walker.skip,
    c_ast.If: Walker.branch,
    c_ast.While: Walker.while_loop,
    c_ast.DoWhile: Walker.do_loop,
    c_ast.For: Walker.for_loop,
    c_ast.Compound: Walker.block,
    c_ast.Label: Walker.labelled,
    c_ast.Case: Walker.labelled,
    c_ast.Default: Walker.labelled,
    c_ast.Decl: Walker.declaration,
    c_ast.Typedef: Walker.typedef,
    c_ast.Struct: Walker.skip,
    c_ast.Union: Walker.skip,
    c_ast.Enum: Walker.kind,
}


def _has_label(node: c_ast.Node | None) -> bool:
    if node is None:
        return False
    return isinstance(node, _LABELS) or any(
        _has_label(child) for child in node if isinstance(child, _STATEMENTS)
    )


_STATEMENTS = (
    *_LABELS,
    c_ast.Compound,
    c_ast.If,
    c_ast.While,
    c_ast.DoWhile,
    c_ast.For,
    c_ast.Switch,
)


def _leaves(node: c_ast.Node, folder: Folder) -> bool:
    """Whether what follows a statement is reached only through a label."""
    leaves = False
    match node:
        case c_ast.Return() | c_ast.Goto() | c_ast.Break() | c_ast.Continue():
            leaves = True
        case c_ast.FuncCall():
            leaves = getattr(node.name, "name", "") in _ENDLESS
        case c_ast.Compound():
            leaves = _last_leaves(node.block_items or [], folder)
        case c_ast.Label():
            leaves = _leaves(node.stmt, folder)
        case c_ast.Case() | c_ast.Default():
            leaves = _last_leaves(node.stmts or [], folder)
        case c_ast.If():
            leaves = _if_leaves(node, folder)
        case c_ast.While() | c_ast.For() | c_ast.DoWhile():
            endless = node.cond is None or bool(folder.value(node.cond))
            leaves = endless and not _has_break(node.stmt)
    return leaves


def _last_leaves(items: list[c_ast.Node], folder: Folder) -> bool:
    leaves = False
    for item in items:
        leaves = (leaves and not _has_label(item)) or _leaves(item, folder)
    return leaves


def _if_leaves(node: c_ast.Node, folder: Folder) -> bool:
    value = folder.value(node.cond)
    yes = _leaves(node.iftrue, folder)
    no = node.iffalse is not None and _leaves(node.iffalse, folder)
    if value is not None:
        return yes if value else no
    return yes and no


def _has_break(node: c_ast.Node | None) -> bool:
    """Whether a break in a loop's body, and in no other one inside of it, ends the loop.

    A goto may leave it too; its label brings the code behind the loop back by itself.
    """
    if node is None or isinstance(node, c_ast.While | c_ast.For | c_ast.DoWhile | c_ast.Switch):
        return False
    return isinstance(node, c_ast.Break) or any(
        _has_break(child) for child in node if isinstance(child, (*_STATEMENTS, c_ast.Break))
    )


_IMPURE = (c_ast.FuncCall, c_ast.Assignment, c_ast.Compound)


def _pure(node: c_ast.Node) -> bool:
    if isinstance(node, _IMPURE):
        return False
    if isinstance(node, c_ast.UnaryOp) and node.op in ("++", "--", "p++", "p--"):
        return False
    return all(_pure(child) for child in node)


def _settled(node: c_ast.Node, folder: Folder) -> bool | None:
    """The truth of a condition whose last operand alone is constant: ``f() && 0`` is false."""
    if isinstance(node, c_ast.BinaryOp) and node.op in ("&&", "||"):
        for part in (node.left, node.right):
            value = folder.value(part)
            truth = bool(value) if value is not None else _settled(part, folder)
            if truth is not None and truth == (node.op == "||"):
                return bool(truth)
    return None
