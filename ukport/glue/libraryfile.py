"""Library.uk: what a library says about itself, and the archives of its versions.

``name := "zlib"`` sets a field; ``version := V sha256:H URL`` starts the list of versions and
``+=`` adds to it. Nothing in core reads the file, tools around it do.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_FIELD = re.compile(r"\s*([a-z]+)\s*(:=|\+=|=)\s*(.*?)\s*")
_VERSION = re.compile(r"(\S+)\s+(?:(sha256|sha1|sha512|md5):(\S+)\s+)?(\S+)")
_SUMS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}  # hexadecimal digits


@dataclass(frozen=True)
class Listed:
    """One version: its archive, and the sum of it as it is written."""

    line: int
    version: str
    algorithm: str
    sum: str
    url: str

    @property
    def sound(self) -> bool:
        """Whether the sum could be one."""
        return bool(re.fullmatch(rf"[0-9a-f]{{{_SUMS.get(self.algorithm, 0)}}}", self.sum))


@dataclass(frozen=True)
class LibraryFile:
    """Fields by name with their line, versions in order, and lines that are neither."""

    fields: Mapping[str, tuple[int, str]]
    versions: tuple[Listed, ...]
    others: tuple[tuple[int, str], ...]

    def get(self, name: str) -> str:
        """A field's value, or an empty string."""
        return self.fields.get(name, (0, ""))[1]


def parse(text: str) -> LibraryFile:
    """Any text; what is not understood is among ``others``."""
    fields: dict[str, tuple[int, str]] = {}
    versions: list[Listed] = []
    others: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        shape = _FIELD.fullmatch(line)
        listed = _VERSION.fullmatch(shape[3]) if shape and shape[1] == "version" else None
        if shape is None or (shape[1] == "version" and listed is None):
            others.append((number, line))
        elif listed:
            versions.append(Listed(number, listed[1], listed[2] or "", listed[3] or "", listed[4]))
        else:
            fields[shape[1]] = (number, shape[3].removeprefix('"').removesuffix('"'))
    return LibraryFile(fields, tuple(versions), tuple(others))
