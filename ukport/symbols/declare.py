"""From one declaration's text to its record, through pycparser."""

import re
from collections.abc import Mapping, Sequence

from pycparser import c_ast, c_generator, c_parser

from ukport.symbols.extensions import Plain, plain
from ukport.symbols.fold import FUNCTION, Folder, Layout
from ukport.symbols.lexer import QuickParser
from ukport.symbols.quick import KEPT
from ukport.symbols.record import Declared, Record, Reference
from ukport.symbols.walk import Walker

# Types that the compiler knows and the parser does not.
_COMPILERS = (
    "__builtin_va_list",
    "__int128_t",
    "__uint128_t",
    "__float80",
    "__float128",
    "__bf16",
    r"_Float(?:16|32|64|128)x?",
)
_KNOWN = re.compile(rf"\b(?:{'|'.join(_COMPILERS)})\b")
_NEWEST = re.compile(r"\b(?:typeof|auto)\b")
_LAID_OUT = frozenset({"packed", "aligned", "scalar_storage_order", "vector_size", "mode"})


class Reader:
    """Reads declarations one by one; what they rest on comes with each."""

    def __init__(self) -> None:
        self._legacy = QuickParser()
        # The only dialect that has typeof; it takes more words for keywords.
        self._newest = QuickParser(dialect="c23")
        self._generator = c_generator.CGenerator()

    def read(
        self,
        text: str,
        types: Sequence[str],
        numbers: Mapping[str, int | None],
        layouts: Mapping[str, Layout],
    ) -> Record:
        """The record of a declaration; ``types`` are the typedefs that it uses."""
        done = plain(text)
        if done.assembles:
            return Record(error="assembler outside of all functions")
        names = [*types, *_KNOWN.findall(done.text)]
        prefix = f"typedef int {', '.join(dict.fromkeys(names))};" if names else ""
        parser = self._newest if _NEWEST.search(done.text) else self._legacy
        try:
            tree = parser.parse(prefix + done.text, "")
        except (c_parser.ParseError, AssertionError, RecursionError) as error:
            return _unreadable(str(error))
        return _Maker(done, Folder(dict(numbers), dict(layouts)), self._generator).record(
            tree.ext[len(dict.fromkeys(names)) :]
        )


_AT = re.compile(r":(\d+):\d+: (.*)")


def _unreadable(error: str) -> Record:
    place = _AT.match(error)
    line, what = (int(place[1]) - 1, place[2]) if place else (0, error)
    return Record(error=f"not C that pycparser reads: {what}", line=line)


class _Maker:
    def __init__(self, done: Plain, folder: Folder, generator: "c_generator.CGenerator") -> None:
        self._plain = done
        self._folder = folder
        self._generator = generator
        self._types: list[str] = []
        self._tags: list[str] = []
        self._numbers: dict[str, int | None] = {}
        self._sizes: dict[str, Layout] = {}
        self._declared: list[Declared] = []

    def record(self, items: Sequence[c_ast.Node]) -> Record:
        for item in items:
            self._item(item)
        return Record(
            tuple(self._types),
            tuple(self._tags),
            self._numbers,
            self._sizes,
            tuple(self._declared),
        )

    def _item(self, item: c_ast.Node) -> None:
        match item:
            case c_ast.FuncDef():
                self._specifiers(item.decl.type)
                self._function(item.decl, item)
            case c_ast.Typedef():
                self._specifiers(item.type)
                self._types.append(item.name)
                self._size(item.name, item.type)
            case c_ast.Decl():
                self._specifiers(item.type)
                if item.name is None:
                    return
                if isinstance(item.type, c_ast.FuncDecl) or self._is_function_type(item.type):
                    self._function(item, None)
                else:
                    self._object(item)

    def _is_function_type(self, node: c_ast.Node) -> bool:
        return isinstance(node, c_ast.TypeDecl) and self._folder.layout(node) == FUNCTION

    def _size(self, name: str, node: c_ast.Node) -> None:
        # The attributes that change a layout are gone from the text.
        if self._plain.attributes.keys() & _LAID_OUT:
            return
        layout = self._folder.layout(node)
        if layout:
            self._sizes[name] = layout

    def _specifiers(self, node: c_ast.Node | None) -> None:
        """Tags and enumerators in a declaration's type, parameters and members included."""
        if node is None:
            return
        if isinstance(node, c_ast.Enum):
            self._enum(node)
            return
        if isinstance(node, c_ast.Struct | c_ast.Union):
            if node.name:
                self._tags.append(node.name)
            for member in node.decls or ():
                self._specifiers(getattr(member, "type", None))
            if node.name and node.decls is not None:
                self._size(node.name, node)
            return
        if isinstance(node, c_ast.FuncDecl):
            for parameter in node.args.params if node.args else ():
                self._specifiers(getattr(parameter, "type", None))
        inner = getattr(node, "type", None)
        if isinstance(inner, c_ast.Node):
            self._specifiers(inner)

    def _enum(self, node: c_ast.Node) -> None:
        if node.name:
            self._tags.append(node.name)
        following: int | None = 0
        for one in node.values.enumerators if node.values else ():
            value = self._folder.value(one.value) if one.value is not None else following
            self._tags.append(one.name)
            self._numbers[one.name] = value
            self._folder = Folder({**self._folder.numbers, one.name: value}, self._folder.layouts)
            following = None if value is None else value + 1

    def _function(self, node: c_ast.Node, definition: c_ast.Node | None) -> None:
        attributes = self._plain.attributes
        references: tuple[Reference, ...] = ()
        if definition is not None:
            walker = Walker(self._folder)
            walker.function(definition)
            references = tuple(walker.found)
        specifiers = node.funcspec
        self._add(
            node,
            references,
            function=True,
            inline="inline" in specifiers,
            defined=definition is not None,
            gnu_inline="gnu_inline" in attributes,
            noreturn="noreturn" in attributes or "_Noreturn" in specifiers,
            signature=self._signature(node) if definition is not None else "",
        )

    def _object(self, node: c_ast.Node) -> None:
        walker = Walker(self._folder)
        walker.visit(node.init)
        external = "extern" in node.storage
        self._add(
            node,
            tuple(walker.found),
            function=False,
            inline=False,
            defined=node.init is not None or not external,
            tentative=node.init is None and not external,
        )

    def _add(
        self,
        node: c_ast.Node,
        references: tuple[Reference, ...],
        *,
        function: bool,
        inline: bool,
        defined: bool,
        tentative: bool = False,
        gnu_inline: bool = False,
        noreturn: bool = False,
        signature: str = "",
    ) -> None:
        attributes = self._plain.attributes
        cleanups = tuple(Reference(name, 0, called=True) for name in self._plain.cleanups)
        alias = attributes.get("alias", "").strip('"')
        self._declared.append(
            Declared(
                name=node.name,
                symbol=self._plain.label or node.name,
                line=(node.coord.line - 1) if node.coord else 0,
                function=function,
                static="static" in node.storage,
                extern="extern" in node.storage,
                inline=inline,
                defined=defined or bool(alias),
                tentative=tentative,
                weak="weak" in attributes,
                gnu_inline=gnu_inline,
                kept=bool(attributes.keys() & KEPT),
                noreturn=noreturn,
                alias=alias,
                signature=signature,
                references=references + cleanups,
            )
        )

    def _signature(self, node: c_ast.Node) -> str:
        """The type of a function as C writes it, without its name and storage."""
        text = self._generator.visit(node.type)
        return " ".join(re.sub(rf"\b{re.escape(node.name)}\b", "", text, count=1).split())
