"""What upstream's headers declare, read with pycparser from the preprocessor's real output."""

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ukport.errors import UkportError
from ukport.process import ProcessError, run

if TYPE_CHECKING:
    from pycparser import c_ast


class DeclarationError(UkportError):
    """A header that the preprocessor or the parser does not accept."""


@dataclass(frozen=True)
class Function:
    """A declared function: the text of its return type, and its parameters' names in order."""

    name: str
    returns: str
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class Declarations:
    """Functions, structs (and their typedefs) with their fields, enumerators, and macros.

    ``exported`` are the symbols that the public headers declare.
    """

    functions: Mapping[str, Function]
    structs: Mapping[str, tuple[str, ...]]
    enumerators: frozenset[str]
    macros: Mapping[str, str]
    exported: tuple[str, ...] = ()


def read(
    headers: Iterable[str],
    includes: Sequence[Path],
    flags: Iterable[str],
    public: Sequence[str] = (),
) -> Declarations:
    """Preprocess ``headers`` together and read what they declare; raises DeclarationError.

    ``public`` are those of them whose symbols are exported.
    """
    source = "".join(f'#include "{header}"\n' for header in headers)
    options = [*flags, *(f"-I{folder}" for folder in includes)]
    preprocessed = _preprocess(source, options)
    told = parse(preprocessed, _macros(source, options))
    if not public:
        return told
    from ukport.symbols import exports

    places = {str(folder / header) for folder in includes for header in public}
    return replace(told, exported=exports.declared(preprocessed, places))


def _preprocess(source: str, options: list[str], *more: str) -> str:
    with tempfile.TemporaryDirectory(prefix="ukport-") as folder:
        unit = Path(folder) / "headers.c"
        unit.write_text(source, "utf-8")
        try:
            done = run(["gcc", "-E", *more, *options, unit])
        except ProcessError as error:
            first = re.search(r"^.*(?:error|fatal).*$", str(error), re.MULTILINE)
            raise DeclarationError(
                f"the preprocessor rejects upstream's headers: {first[0] if first else error}",
                "see glue.headers and glue.includes in the recipe",
            ) from None
    return done.text


def _macros(source: str, options: list[str]) -> dict[str, str]:
    text = _preprocess(source, options, "-dM")
    return dict(re.findall(r"^#define (\w+)(?:\([^)]*\))? ?(.*)$", text, re.MULTILINE))


def parse(preprocessed: str, macros: Mapping[str, str]) -> Declarations:
    """Read preprocessed C; raises DeclarationError with the place that could not be read."""
    from pycparser import c_parser

    text = strip_extensions(preprocessed)
    try:
        tree = c_parser.CParser().parse(text, "headers")
    except c_parser.ParseError as error:
        raise DeclarationError(
            f"upstream's headers could not be read at {error}",
            "name fewer glue.headers in the recipe, or report this construct",
        ) from None
    functions: dict[str, Function] = {}
    structs: dict[str, tuple[str, ...]] = {}
    enumerators: set[str] = set()
    for item in tree.ext:
        _collect(item, functions, structs, enumerators)
    return Declarations(functions, structs, frozenset(enumerators), dict(macros))


def _collect(
    item: "c_ast.Node",
    functions: dict[str, Function],
    structs: dict[str, tuple[str, ...]],
    enumerators: set[str],
) -> None:
    from pycparser import c_ast

    if isinstance(item, c_ast.FuncDef):
        item = item.decl
    if isinstance(item, c_ast.Decl) and isinstance(item.type, c_ast.FuncDecl):
        functions[item.name] = _function(item.name, item.type)
        return
    inner = getattr(item, "type", None)
    while isinstance(inner, c_ast.TypeDecl):
        inner = inner.type
    if isinstance(inner, c_ast.Enum) and inner.values:
        enumerators.update(one.name for one in inner.values.enumerators)
    elif isinstance(inner, c_ast.Struct | c_ast.Union) and inner.decls:
        fields = tuple(field.name for field in inner.decls if getattr(field, "name", None))
        for name in {inner.name, getattr(item, "name", None)} - {None}:
            structs[str(name)] = fields


def _function(name: str, declared: "c_ast.FuncDecl") -> Function:
    from pycparser import c_generator

    parameters = declared.args.params if declared.args else []
    names = tuple(p.name for p in parameters if getattr(p, "name", None))
    returns = c_generator.CGenerator().visit(declared.type)
    # The generator writes the declared name behind the type it returns.
    return Function(name, re.sub(rf"\b{re.escape(name)}\b", "", returns).strip(), names)


_EXTENSION = re.compile(
    r"\b(?:__attribute__|__attribute|__asm__|__asm|asm|_Alignas|__declspec|__typeof__)\s*"
    r"(?:(?:__)?volatile(?:__)?\s*)?\("
)
_WORDS = re.compile(
    r"\b(?:__extension__|__inline__|__inline|__restrict__|__restrict|__const|_Noreturn"
    r"|__volatile__|__signed__|__thread)\b"
)
_REPLACED = {"__inline": "inline", "__inline__": "inline", "__signed__": "signed"}
_TYPES = (
    "typedef void *__builtin_va_list;\ntypedef long double __float128;\n"
    "typedef float _Float16;\ntypedef float __bf16;\n"
)


def strip_extensions(text: str) -> str:
    """The declarations alone, without function bodies and the GNU extensions around them.

    pycparser reads neither the extensions nor statement expressions in inline functions.
    """
    text = _without_bodies(re.sub(r"^#.*$", "", text, flags=re.MULTILINE))
    pieces, at = [], 0
    while found := _EXTENSION.search(text, at):
        pieces.append(text[at : found.start()])
        at = _closing(text, found.end())
        if found[0].startswith("__typeof__"):
            pieces.append("int")
    pieces.append(text[at:])
    return _TYPES + _WORDS.sub(lambda word: _REPLACED.get(word[0], ""), "".join(pieces))


_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[(){}]', re.DOTALL)


def _without_bodies(text: str) -> str:
    """A brace that follows a closing parenthesis outside all others opens a function's body."""
    pieces, at, scan = [], 0, 0
    while opening := _TOKEN.search(text, scan):
        scan = opening.end()
        if opening[0] == "(":
            scan = _closing(text, scan)
        elif opening[0] == "{":
            scan = _closing(text, scan)
            if text[at : opening.start()].rstrip().endswith(")"):
                pieces.append(text[at : opening.start()] + ";")
                at = scan
    return "".join(pieces) + text[at:]


def _closing(text: str, at: int) -> int:
    """The place behind what closes the parenthesis or brace that stands before ``at``."""
    depth = 1
    while depth and (token := _TOKEN.search(text, at)):
        at = token.end()
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(token[0], 0)
    return at
