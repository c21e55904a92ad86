"""As much of C's lexis as is needed to find where declarations, strings and parentheses end."""

import re

# The texts of a preprocessed unit have no comments left.
STRING = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
_BRACKET = re.compile(rf"{STRING}|[(){{}}]", re.DOTALL)
_DEPTH = {"(": 1, "{": 1, ")": -1, "}": -1}


def closing(text: str, at: int) -> int:
    """The place behind what closes the parenthesis or brace that stands before ``at``."""
    depth = 1
    while depth and (token := _BRACKET.search(text, at)):
        at = token.end()
        depth += _DEPTH.get(token[0], 0)
    return at if depth == 0 else len(text)


_BREAK = re.compile(rf"{STRING}|[(){{}};]", re.DOTALL)


def pieces(text: str) -> tuple[list[tuple[int, str]], str]:
    """The declarations at the top level of ``text``, and what is left behind the last whole one.

    Each comes with the number of newlines before it. A body is what a brace opens behind a
    closing parenthesis, where no other is open: its end is the end of a definition.
    """
    found: list[tuple[int, str]] = []
    depth = start = line = 0
    body = False
    for token in _BREAK.finditer(text):
        kind = token[0]
        if kind == ";":
            ends = depth == 0
        elif kind in "({":
            if depth == 0 and kind == "{":
                body = _opens_body(text[start : token.start()])
            depth += 1
            continue
        elif kind in ")}":
            depth -= 1
            ends = body and depth == 0 and kind == "}"
        else:
            continue
        if ends:
            raw = text[start : token.end()]
            bare = raw.lstrip()
            first = line + raw.count("\n", 0, len(raw) - len(bare))
            if bare != ";":
                found.append((first, bare))
            line += raw.count("\n")
            start, body = token.end(), False
    rest = text[start:]
    return found, "" if rest.isspace() else rest


_ATTRIBUTES = re.compile(r"__attribute(?:__)?\s*\(")


def _opens_body(head: str) -> bool:
    """Whether a brace behind ``head`` opens a function's body; else a struct or an initializer."""
    head = head.rstrip()
    if not head or head.endswith(";"):  # parameters declared the old way
        return True
    if not head.endswith(")"):
        return False
    kept, at = [], 0
    while found := _ATTRIBUTES.search(head, at):
        kept.append(head[at : found.start()])
        at = closing(head, found.end())
    kept.append(head[at:])
    return "".join(kept).rstrip().endswith(")")
