"""GNU C's extensions: what pycparser does not read is taken out, what it says is kept."""

import re
from dataclasses import dataclass, field

from ukport.symbols.lexical import STRING, closing

_WORDS = {
    "__extension__": "",
    "__inline__": "inline",
    "__inline": "inline",
    "__restrict__": "restrict",
    "__restrict": "restrict",
    "__const__": "const",
    "__const": "const",
    "__volatile__": "volatile",
    "__volatile": "volatile",
    "__signed__": "signed",
    "__signed": "signed",
    "__thread": "_Thread_local",
    "__typeof__": "typeof",
    "__typeof": "typeof",
    "__auto_type": "auto",
    "__alignof__": "_Alignof",
    "__alignof": "_Alignof",
    "__complex__": "_Complex",
    "__real__": "",
    "__imag__": "",
    "__builtin_offsetof": "offsetof",
}
_BRACKETED = ("__attribute__", "__attribute", "__asm__", "__asm", "asm")
_COMPATIBLE = "__builtin_types_compatible_p"
_FOUND = re.compile(rf"{STRING}|\b(?:{'|'.join((*_WORDS, *_BRACKETED, _COMPATIBLE))})\b|[{{}}]")
_ANY = re.compile(rf"\b(?:{'|'.join((*_WORDS, *_BRACKETED, _COMPATIBLE))})\b")
_ASM_HEAD = re.compile(
    r"\s*(?:\b(?:__volatile__|__volatile|volatile|goto|inline|__inline__)\b\s*)*\("
)
_ATTRIBUTE_HEAD = re.compile(r"\s*\(")
_ATTRIBUTE = re.compile(r"(\w+)\s*(?:\(([^()]*(?:\([^()]*\)[^()]*)*)\))?")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_NAME = re.compile(r"\w+")
# What stands for an asm statement's operands: a call that is none.
ASM = "__ukport_asm"


@dataclass
class Plain:
    """A declaration without extensions: its text, and what the extensions said.

    ``attributes`` are those of what is declared, by name without underscores, with their
    arguments. ``label`` is the symbol that an asm label gives it. ``cleanups`` are functions that
    local variables' attributes call. ``assembles`` where it is an asm of its own.
    """

    text: str
    attributes: dict[str, str] = field(default_factory=dict)
    label: str = ""
    cleanups: tuple[str, ...] = ()
    assembles: bool = False


def plain(text: str) -> Plain:
    """Take the extensions out of one declaration; its lines stay where they are."""
    if not _ANY.search(text):
        return Plain(text)
    done = Plain("")
    kept: list[str] = []
    at = scan = depth = 0
    while found := _FOUND.search(text, scan):
        word, scan = found[0], found.end()
        if word in "{}":
            depth += 1 if word == "{" else -1
            continue
        if word[0] in "\"'":
            continue
        kept.append(text[at : found.start()])
        if word in _WORDS:
            kept.append(_WORDS[word])
        else:
            replaced, scan = _bracketed(text, found, depth, "".join(kept[-4:]), done)
            kept.append(replaced)
        at = scan
    kept.append(text[at:])
    done.text = "".join(kept)
    return done


def _bracketed(
    text: str, found: re.Match[str], depth: int, before: str, done: Plain
) -> tuple[str, int]:
    """What goes in the place of an attribute or an asm, and where the text goes on."""
    word = found[0]
    head = (_ASM_HEAD if "asm" in word else _ATTRIBUTE_HEAD).match(text, found.end())
    if not head:
        return word, found.end()
    end = closing(text, head.end())
    inner = text[head.end() : end - 1]
    lines = "\n" * text.count("\n", found.start(), end)
    if word == _COMPATIBLE:
        first, _, second = inner.partition(",")
        return f"{ASM}(sizeof({first}), sizeof({second})){lines}", end
    if "attr" in word:
        _note(inner, depth, done)
        return lines, end
    if depth == 0:
        if before.strip():
            done.label = "".join(_TEXT.findall(inner))
        else:
            done.assembles = True
        return lines, end
    if _labels_variable(before):
        return lines, end
    return f"{ASM}({', '.join(_operands(inner))}){lines}", end


def _labels_variable(before: str) -> bool:
    """Whether an asm behind ``before`` names a variable's register; else it is a statement."""
    before = before.rstrip()
    last = before[-1:]
    return (last.isalnum() or last in "_]") and not re.search(r"\b(?:else|do)$", before)


def _note(inner: str, depth: int, done: Plain) -> None:
    for name, arguments in _ATTRIBUTE.findall(inner.strip().removeprefix("(")):
        bare = name.strip("_")
        if bare == "cleanup":
            done.cleanups += tuple(_NAME.findall(arguments)[:1])
        elif depth == 0:
            done.attributes[bare] = arguments.strip()


def _operands(inner: str) -> list[str]:
    """The expressions of an asm statement's operands."""
    found, at = [], 0
    token = re.compile(rf"{STRING}|\(", re.DOTALL)
    while operand := token.search(inner, at):
        at = operand.end()
        if operand[0] == "(":
            at = closing(inner, at)
            found.append(inner[operand.start() : at])
    return found
