"""The symbols of every unit of a library: preprocessed as the build does, each declaration once."""

import gc
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from ukport.process import Completed, run
from ukport.symbols import objects, preprocessed
from ukport.symbols.book import Book
from ukport.symbols.command import Command
from ukport.symbols.model import FORMAT, Defined, Needed, Unit
from ukport.symbols.record import Record
from ukport.symbols.store import store
from ukport.symbols.unit import UnreadableError, combine

_TIMEOUT = 300.0  # seconds, for one unit
# More declarations than these are not kept from one run to the next.
_KEPT = 40_000
_MISSING = re.compile(r"fatal error: (\S+): No such file or directory")
_ERROR = re.compile(r"^.*?:\d+(?::\d+)?: (?:fatal )?error: .*$", re.MULTILINE)

Name = Callable[[str], str]


@dataclass(frozen=True)
class Place:
    """Where results are kept, and how the paths of a build are told to people.

    ``compilers`` are the folders of the compiler's own headers.
    """

    folder: Path
    name: Name
    compilers: tuple[str, ...]


def analyse(commands: Sequence[Command], place: Place, label: str) -> tuple[Unit, ...]:
    """The units' symbols in the order of ``commands``; declarations are kept under ``label``.

    A unit that cannot be parsed is read from its object, one that does not compile is broken;
    both say so themselves.
    """
    book = Book(_load(place.folder, label))
    with _no_collection(), ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        texts = [pool.submit(_preprocess, command) if command.c else None for command in commands]
        units = []
        for command, text in zip(commands, texts, strict=True):
            done = text.result() if text else None
            units.append(_unit(command, done, book, place))
    _save(place.folder, label, book)
    return tuple(units)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Syntax trees hold no cycles that matter, and there are many of them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _preprocess(command: Command) -> Completed:
    return run(command.preprocess, check=False, timeout=_TIMEOUT)


def _unit(command: Command, done: Completed | None, book: Book, place: Place) -> Unit:
    source = place.name(command.source)
    if done is None:
        return _from_object(command, source, "assembler")
    if done.returncode != 0:
        return _broken(source, done)
    text = done.stdout.decode("utf-8", "surrogateescape")
    try:
        read = preprocessed.read(text, done.stderr.decode("utf-8", "replace"), book.split)
        unit = combine(source, read, book, place.compilers, place.name)
    except UnreadableError as error:
        return _from_object(command, source, str(error))
    return _with_helpers(unit, command, book)


def _broken(source: str, done: Completed) -> Unit:
    """A unit that the compiler does not take."""
    output = done.stderr.decode("utf-8", "replace")
    missing, error = _MISSING.search(output), _ERROR.search(output)
    reason = "timed out" if done.timed_out else error[0] if error else output.strip()[-300:]
    return Unit(
        source,
        (),
        (),
        parsed=False,
        broken=True,
        reason=reason,
        missing=missing[1] if missing else "",
    )


def _from_object(command: Command, source: str, reason: str) -> Unit:
    with TemporaryDirectory(prefix="ukport-") as folder:
        output = Path(folder) / "unit.o"
        done = run(command.compile(output), check=False, timeout=_TIMEOUT)
        if done.returncode != 0:
            return _broken(source, done)
        defines, needs = objects.read(output)
    return Unit(
        source,
        tuple(Defined(name, source, 0, defines[name]) for name in sorted(defines)),
        tuple(Needed(name) for name in sorted(needs)),
        parsed=False,
        reason=reason,
    )


# Builtins for which a compiler calls its own library where the machine has no instruction.
_HELPED = re.compile(
    r"__builtin_(?:popcount|parity|clrsb|ctz|clz|ffs|bswap)(?:l|ll|g)?|__sync_.*"
    r"|__atomic_.*"
)
_PROBE = "unsigned long probe(unsigned long x) {{ return {name}(x); }}\n"


def _with_helpers(unit: Unit, command: Command, book: Book) -> Unit:
    """With the functions of the compiler's library that builtins stand for, as it says itself."""
    needs = {one.name: one for one in unit.needs}
    for one in unit.builtins:
        if not _HELPED.fullmatch(one.name) or "_" in one.name.removeprefix("__builtin_"):
            continue
        machine = tuple(option for option in command.options if option.startswith("-m"))
        for helper in book.remember((command.program, *machine, one.name), _helpers):
            known = needs.get(helper)
            places = (*known.places, *one.places) if known else one.places
            needs[helper] = Needed(helper, places)
    if len(needs) == len(unit.needs):
        return unit
    return msgspec.structs.replace(unit, needs=tuple(needs[name] for name in sorted(needs)))


def _helpers(question: Sequence[str]) -> tuple[str, ...]:
    program, *machine, name = question
    with TemporaryDirectory(prefix="ukport-") as folder:
        source, output = Path(folder) / "probe.c", Path(folder) / "probe.o"
        source.write_text(_PROBE.format(name=name), "ascii")
        command = [program, *machine, "-O0", "-w", "-c", str(source), "-o", str(output)]
        if run(command, check=False, timeout=_TIMEOUT).returncode != 0:
            return ()
        return tuple(sorted(objects.read(output)[1]))


def _load(folder: Path, label: str) -> Mapping[bytes, Record]:
    """The declarations of earlier runs; a damaged file is one that is not there."""
    try:
        raw = (folder / f"{label}-{FORMAT}.declarations").read_bytes()
        return msgspec.msgpack.decode(raw, type=dict[bytes, Record])
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return {}


def _save(folder: Path, label: str, book: Book) -> None:
    if not book.fresh:
        return
    kept = book.all if len(book.all) <= _KEPT else book.used
    store(folder / f"{label}-{FORMAT}.declarations", msgspec.msgpack.encode(kept))
