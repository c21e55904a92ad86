"""What the texts of a recipe may look like.

Names that become paths, make variables or Kconfig symbols are held to narrow patterns, because a
recipe is hostile input.
"""

import re
from typing import Annotated

from msgspec import Meta, Struct


def whole(pattern: str, max_length: int | None = None) -> Meta:
    r"""All of a text has to match: a mere ``$`` would let a newline through at its end.

    Not ``\Z``, which the regular expressions of JSON Schema do not have.
    """
    return Meta(pattern=rf"^(?:{pattern})$(?!\n)", max_length=max_length)


NAME = r"[A-Za-z0-9][A-Za-z0-9._+-]*"
# Relative, with no empty, hidden or parent component: it cannot leave its folder.
PATH = r"[A-Za-z0-9_+-][A-Za-z0-9._+-]*(?:/[A-Za-z0-9_+-][A-Za-z0-9._+-]*)*"
REVISION = r"[A-Za-z0-9][A-Za-z0-9._/+-]*"
# Nine digits are enough for a date, and every language's integers hold them.
VERSION = r"(?![0-9A-Za-z._+-]*[0-9]{10})[0-9][0-9A-Za-z._+-]{0,63}"
CLAUSE = rf"(?:(>=|<=|<|>|==) *)?({VERSION})"
# Nothing that make or a shell, which fetch from it, would take for more than a letter.
_URL = r"(?:https|http|ssh|git|file)://"
_URL_CHARACTER = r"[A-Za-z0-9._~:/@%+=,-]"
_TEMPLATE_START = r"(?:[A-Za-z0-9][A-Za-z0-9._-]*/)*(?:[A-Za-z0-9][A-Za-z0-9._-]*)?"

NAME_LENGTH = 64
Name = Annotated[str, whole(NAME, NAME_LENGTH)]
Symbol = Annotated[str, whole(r"[A-Z][A-Z0-9_]*", 64)]
Identifier = Annotated[str, whole(r"[A-Za-z_][A-Za-z0-9_]*", 128)]
RelativePath = Annotated[str, whole(PATH)]
# The top of a tree is a folder of its headers as well.
Folder = Annotated[str, whole(rf"\.|{PATH}")]
Url = Annotated[str, whole(rf"{_URL}{_URL_CHARACTER}+", 512)]
Revision = Annotated[str, whole(REVISION, 128)]
VersionText = Annotated[str, whole(VERSION)]
Range = Annotated[str, whole(rf" *{CLAUSE} *(?:, *{CLAUSE} *)*", 200)]
TagTemplate = Annotated[str, whole(rf"{_TEMPLATE_START}\{{version\}}[A-Za-z0-9._-]*", 128)]
UrlTemplate = Annotated[str, whole(rf"{_URL}(?:{_URL_CHARACTER}|\{{version\}}|\{{tag\}})+", 512)]
Separator = Annotated[str, whole(r"[._-]")]
# A word of a compiler's command line; nothing that make or a shell would expand.
Flag = Annotated[str, whole(r"[A-Za-z0-9_=.,/+-]+", 200)]
Define = Annotated[str, whole(r"[A-Za-z_][A-Za-z0-9_]*(?:=[A-Za-z0-9_]+)?", 128)]
Line = Annotated[str, whole(r"[^\x00-\x1f\"\\$`]*", 400)]
# A word of a guest's command line.
Word = Annotated[str, whole(r"[A-Za-z0-9_.,:/=+-]+", 64)]
# A property of QEMU's processors.
CpuFeature = Annotated[str, whole(r"[a-z0-9][a-z0-9_.-]*", 64)]
# Code is looked for and never written anywhere, so it may hold any character but controls.
Text = Annotated[str, whole(r"[^\x00-\x09\x0b-\x1f]+", 1000)]


class Strict(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the model: immutable, and a misspelt field is an error."""


def file_name(url: str) -> str:
    """The last part of an archive's address; ValueError where it cannot name a file."""
    name = url.rstrip("/").rpartition("/")[2]
    if len(name) > NAME_LENGTH or not re.fullmatch(NAME, name):
        raise ValueError(
            f"expected an address that ends in a file's name (matching {NAME!r}, at most"
            f" {NAME_LENGTH} characters), not {name!r}"
        )
    return name
