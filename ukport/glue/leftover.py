"""The text by hand that is left of a makefile, in the conditionals that hold something of it."""

from collections.abc import Mapping, Sequence

from ukport.glue.fate import Fate
from ukport.glue.makefile import Branch, Statement


def assembled(
    statements: Sequence[Statement], fates: Mapping[Statement, Fate]
) -> tuple[str, frozenset[Statement]]:
    """The kept texts in their order, in the conditionals that hold something, and these."""
    frames: list[list[tuple[Branch | None, str]]] = [[(None, "")]]
    kept: set[Statement] = set()
    for statement in statements:
        if isinstance(statement, Branch) and statement.word == "endif" and len(frames) > 1:
            parts = frames.pop()
            if any(body.strip() for _, body in parts):
                kept |= {branch for branch, _ in parts if branch} | {statement}
                whole = "".join(_line(b.raw if b else "") + body for b, body in parts)
                _put(frames, whole + _line(statement.raw))
        elif isinstance(statement, Branch) and statement.word == "else" and len(frames) > 1:
            frames[-1].append((statement, ""))
        elif isinstance(statement, Branch) and statement.word.startswith("if"):
            frames.append([(statement, "")])
        else:
            _put(frames, _line(fates[statement].kept))
    text = "".join((b.raw if b else "") + body for parts in frames for b, body in parts)
    return text, frozenset(kept)


def _put(frames: list[list[tuple[Branch | None, str]]], text: str) -> None:
    branch, body = frames[-1][-1]
    frames[-1][-1] = (branch, body + text)


def _line(text: str) -> str:
    return text if text.endswith("\n") or not text else f"{text}\n"
