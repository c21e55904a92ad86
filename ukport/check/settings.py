"""Which rules are looked for: chosen in pyproject.toml, switched off in a file with a reason."""

import re
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from ukport.errors import UsageError

_ALL = "all"
_OFF = re.compile(
    rb"(?:^|#)[ \t]*ukport-check:[ \t]*off[ \t]+"
    rb"([\w-]+(?:[ \t]*,[ \t]*[\w-]+)*)[ \t]*(.*?)\r?$",
    re.MULTILINE | re.IGNORECASE,
)
_REASON = re.compile(r"\A[\[(](.*\w.*)[\])]\Z")


class Settings(NamedTuple):
    """The rules by name; ``folders`` are patterns of files with what is ignored there."""

    select: tuple[str, ...] = (_ALL,)
    ignore: tuple[str, ...] = ()
    folders: Mapping[str, tuple[str, ...]] | None = None

    def wanted(self, rule: str, file: str = "") -> bool:
        """Whether a rule is looked for, in ``file`` if that is given."""
        if not _among(rule, self.select) or _among(rule, self.ignore):
            return False
        off = (rules for pattern, rules in (self.folders or {}).items() if fnmatch(file, pattern))
        return not any(_among(rule, rules) for rules in off)


def _among(rule: str, names: Collection[str]) -> bool:
    """Whether a name, the beginning of one up to a hyphen, or ``all`` stands for the rule."""
    return any(name in (rule, _ALL) or rule.startswith(f"{name}-") for name in names)


class Off(NamedTuple):
    """A rule switched off in a file, in that line; ``reason`` may be missing."""

    rule: str
    line: int
    reason: str


def switched_off(text: bytes) -> tuple[Off, ...]:
    """Every ``ukport-check: off RULE, RULE [reason]`` in the prose of a patch, or in a recipe."""
    found: list[Off] = []
    for one in _OFF.finditer(text):
        line = text.count(b"\n", 0, one.start()) + 1
        reason = _REASON.match(one[2].decode("utf-8", "replace").strip())
        names = (name.strip().lower() for name in one[1].decode("ascii", "replace").split(","))
        found += [Off(name, line, reason[1] if reason else "") for name in names]
    return tuple(found)


def read_settings(project: Path, known: Collection[str]) -> Settings:
    """``[tool.ukport.check]`` of a pyproject.toml, if there is one; raises UsageError."""
    path = project / "pyproject.toml"
    raw = path.read_bytes() if path.is_file() else b""
    if b"tool.ukport" not in raw:
        return Settings()
    import tomllib

    try:
        table = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}", "mend the syntax there") from None
    asked = table.get("tool", {}).get("ukport", {}).get("check", {})
    for key in asked:
        if key not in ("select", "ignore", "folders"):
            raise UsageError(
                f"{path}: tool.ukport.check.{key}: not known", "use select, ignore, folders"
            )
    folders = asked.get("folders", {})
    if not isinstance(folders, dict):
        raise UsageError(f"{path}: tool.ukport.check.folders: expected a table")
    return Settings(
        _names(path, "select", asked.get("select", [_ALL]), known),
        _names(path, "ignore", asked.get("ignore", []), known),
        {key: _names(path, f"folders.{key}", value, known) for key, value in folders.items()},
    )


def _names(path: Path, key: str, value: object, known: Collection[str]) -> tuple[str, ...]:
    where = f"{path}: tool.ukport.check.{key}"
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise UsageError(f"{where}: expected a list of rules")
    return check_names(where, value, known)


def check_names(where: str, names: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """The names, each that of a rule or its beginning; raises UsageError."""
    for name in names:
        if not any(_among(rule, [name]) for rule in known):
            from difflib import get_close_matches

            near = ", ".join(get_close_matches(name, known, n=3, cutoff=0.4))
            hint = f"there is: {near}" if near else "ukport check --rules lists them"
            raise UsageError(f"{where}: there is no rule {name!r}", hint)
    return tuple(names)
