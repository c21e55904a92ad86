"""The options that a core and libraries define, and those that a library's Config.uk asks for.

kconfiglib reads them. Nothing is run: ``$(shell,…)`` in a Config.uk, which is hostile input, gives
``n``, but for core's own ``config-submenu.sh``, whose menus of folders are made here.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ukport.errors import UkportError

if TYPE_CHECKING:
    import kconfiglib

CONFIG = "Config.uk"


class KconfigError(UkportError):
    """A Kconfig file that does not parse; ``file`` and ``line`` say where, as far as is known."""

    def __init__(self, what: str, file: str, line: int) -> None:
        super().__init__(f"{file}:{line}: {what}" if file else what, "mend the syntax there")
        self.what = what
        self.file = file
        self.line = line


@dataclass(frozen=True)
class Mention:
    """An option that is asked for: in which file (relative to its library) and line, and how."""

    file: str
    line: int
    name: str
    how: str


@dataclass(frozen=True)
class Options:
    """What is defined, by name with the file that does; what each library mentions, by folder."""

    defined: Mapping[str, str]
    mentions: Mapping[Path, tuple[Mention, ...]]

    def undefined(self, library: Path) -> tuple[Mention, ...]:
        """What a library asks for and nobody here defines."""
        return tuple(m for m in self.mentions[library] if m.name not in self.defined)


def read(core: Path, libraries: Sequence[Path], scratch: Path) -> Options:
    """Parse a core's Config.uk with those of some libraries; raises KconfigError.

    ``scratch`` takes the generated menus.
    """
    core, scratch = core.resolve(), scratch.resolve()
    folders = [library.resolve() for library in libraries]
    parsed = _parse(core, folders, scratch)
    defined = {
        name: node.filename
        for name, symbol in parsed.syms.items()
        for node in symbol.nodes[:1]
        if node.filename
    }
    mentions = {
        given: tuple(_mentions(folder, parsed))
        for given, folder in zip(libraries, folders, strict=True)
    }
    return Options(defined, mentions)


def settle(
    core: Path, libraries: Sequence[Path], wanted: Sequence[str], scratch: Path
) -> frozenset[str]:
    """The options that are set where ``wanted`` ones are and nothing else is asked for.

    Raises KconfigError. ``scratch`` takes the generated menus.
    """
    core, scratch = core.resolve(), scratch.resolve()
    parsed = _parse(core, [library.resolve() for library in libraries], scratch)
    for _ in range(2):  # one may depend on another that comes later
        for name in wanted:
            if name in parsed.syms:
                parsed.syms[name].set_value("y")
    return frozenset(name for name, symbol in parsed.syms.items() if symbol.str_value == "y")


def _parse(core: Path, libraries: Sequence[Path], scratch: Path) -> "kconfiglib.Kconfig":
    import kconfiglib

    top = scratch / "Kconfig"
    top.write_text(
        "".join(f"{name} = {value}\n" for name, value in _variables(core, libraries, scratch))
        + f'source "{core}/{CONFIG}"\n',
        "utf-8",
    )
    try:
        return _kconfig(core, (core, scratch, *libraries), top)
    except kconfiglib.KconfigError as error:
        raise _located(str(error), libraries) from None
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise KconfigError(f"cannot be read: {error}", "", 0) from None


def _variables(core: Path, libraries: Sequence[Path], scratch: Path) -> Iterator[tuple[str, str]]:
    """What core's Makefile gives to Kconfig."""
    yield from (("UK_BASE", str(core)), ("UK_APP", ""), ("UK_NAME", "lint"))
    yield from (("UK_ARCH", "x86_64"), ("HOST_ARCH", "x86_64"))
    yield from (("UK_FULLVERSION", ""), ("UK_CODENAME", ""))
    yield from (("KCONFIG_DIR", str(scratch)), ("KCONFIG_EXCLUDEDIRS", ""))
    yield "KCONFIG_PLAT_BASE", f"{core}/plat"
    yield "KCONFIG_DRIV_BASE", f"{core}/drivers"
    yield "KCONFIG_LIB_BASE", f"{core}/lib"
    yield "KCONFIG_ELIB_DIRS", ":".join(map(str, libraries))
    yield from (("KCONFIG_EPLAT_DIRS", ""), ("KCONFIG_EAPP_DIR", ""))


def _kconfig(core: Path, allowed: Sequence[Path], top: Path) -> "kconfiglib.Kconfig":
    import kconfiglib

    def shell(_kconf: object, _name: str, command: str) -> str:
        words = _split(command)
        if words and words[0] == f"{core}/support/build/config-submenu.sh":
            return _menu(words[1:])
        return "n"  # a blank string is an error where a value has to stand

    opened: list[IO[str]] = []

    class Quiet(kconfiglib.Kconfig):  # type: ignore[misc] # kconfiglib has no types
        """Runs nothing, and reads nothing outside of the folders that it was given."""

        @property
        def _functions(self) -> dict[str, Any]:
            return self.__dict__["functions"]  # type: ignore[no-any-return] # nor has what it holds

        @_functions.setter
        def _functions(self, value: dict[str, Any]) -> None:
            self.__dict__["functions"] = {**value, "shell": (shell, 1, 1)}

        def _enter_file(self, filename: str) -> None:
            place = Path(filename).resolve()
            if not any(place.is_relative_to(folder) for folder in allowed):
                raise kconfiglib.KconfigError(
                    f"{self.filename}:{self.linenr}: it sources {filename}, outside of its folder"
                )
            super()._enter_file(filename)

        def _open(self, filename: str, mode: str) -> IO[str]:
            opened.append(super()._open(filename, mode))
            return opened[-1]

    try:
        return Quiet(str(top), warn=False, suppress_traceback=False)
    finally:
        for file in opened:  # at an error kconfiglib leaves them open
            file.close()


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return []


def _menu(options: Sequence[str]) -> str:
    """What core's ``config-submenu.sh`` does: a file that sources the Config.uk of each folder."""
    out, folders = "", list[Path]()
    words = iter(options)
    for word in words:
        value = "" if word == "-q" else next(words, "")
        if word == "-o":
            out = value
        elif word == "-r" and value:
            folders += [place for place in sorted(Path(value).iterdir()) if place.is_dir()]
        elif word in ("-l", "-c"):
            folders += [Path(part) for part in value.split(":") if part]
    found = [folder / CONFIG for folder in folders if (folder / CONFIG).is_file()]
    Path(out).write_text("".join(f'source "{path}"\n' for path in found), "utf-8")
    return out


_AT = re.compile(r"(?P<file>[^\n:]+):(?P<line>\d+): (?P<what>.*)", re.DOTALL)


def _located(message: str, libraries: Sequence[Path]) -> KconfigError:
    shape = _AT.match(message.strip())
    if shape is None:
        return KconfigError(message.strip(), "", 0)
    file = Path(shape["file"])
    inside = next((folder for folder in libraries if file.is_relative_to(folder)), None)
    name = file.relative_to(inside).as_posix() if inside else str(file)
    return KconfigError(shape["what"].partition("\n")[0], name, int(shape["line"]))


# The properties that hold names of other options.
_PROPERTY = re.compile(
    r"\s*(?P<how>select|imply|depends on|visible if|if|default|def_bool|range|bool|int|hex|string"
    r"|prompt)\b(?P<rest>.*)"
)
_NAME = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\b")
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")


def _mentions(library: Path, parsed: "kconfiglib.Kconfig") -> Iterator[Mention]:
    """Names in the library's own files, where kconfiglib took them for options."""
    files = {
        place for name in parsed.kconfig_filenames if (place := Path(name)).is_relative_to(library)
    }
    for file in sorted(files):
        name = file.relative_to(library).as_posix()
        for number, line in _code(file.read_text("utf-8", "replace")):
            for option, how in _asked(line):
                if option in parsed.syms:
                    yield Mention(name, number, option, how)


def _asked(line: str) -> Iterator[tuple[str, str]]:
    shape = _PROPERTY.match(line)
    if shape:
        plain = _QUOTED.sub("", shape["rest"].partition("#")[0])
        said, _, condition = plain.partition(" if ")
        for name in _NAME.findall(said):
            yield name, shape["how"]
        for name in _NAME.findall(condition):
            yield name, "if"


def _code(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their number, without those of help texts: they are indented below ``help``."""
    deeper: int | None = None
    waiting = False
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.expandtabs()
        indent = len(plain) - len(plain.lstrip())
        if not plain.strip():
            continue
        if waiting:
            deeper, waiting = (indent or None), False
        if deeper is not None and indent >= deeper:
            continue
        deeper = None
        if plain.strip() in ("help", "---help---"):
            waiting = True
            continue
        yield number, line
