"""The cells of a recipe's matrix: which there are, what each is built with; pure.

A cell is one point on every axis. On the axis of allocators the port itself comes first; a cell
with another allocator builds no port, so it has no version either.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from ukport.errors import UsageError
from ukport.recipe.model import Allocator, Recipe, Variant
from ukport.source.versions import Version, within
from ukport.verify import machine
from ukport.verify.machine import Machine

T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    """Kconfig symbols, without ``CONFIG_``: set to y, left unset, and numbers."""

    enable: tuple[str, ...]
    disable: tuple[str, ...] = ()
    values: Mapping[str, int] = field(default_factory=dict)

    def with_(self, point: Variant) -> "Options":
        """What ``point`` makes of these: its own word counts where both speak of a symbol."""
        kept = [name for name in self.enable if name not in (*point.disable, *point.enable)]
        unset = [name for name in self.disable if name not in (*point.enable, *point.disable)]
        return Options(
            (*kept, *point.enable), (*unset, *point.disable), {**self.values, **point.values}
        )


@dataclass(frozen=True)
class Cell:
    """``version`` is "" where the allocator is not the port; ``memory`` in MiB.

    With more ``cpus`` than one it has the recipe's application for several. ``qemu`` is where to
    find another than PATH's. ``compared`` where the same is run with another accelerator, too.
    """

    version: str
    allocator: str
    configuration: str
    architecture: str
    memory: int
    accelerator: str = "auto"
    cpus: int = 1
    qemu: str = ""
    compared: bool = False

    @property
    def name(self) -> str:
        """``mimalloc-2.1.9/paging/x86_64/512M``; as Axes.name where the port runs on another."""
        what = f"{self.allocator}-{self.version}" if self.version else self.allocator
        return f"{what}/{self.place}"

    @property
    def place(self) -> str:
        """Where it runs: ``paging/x86_64/512M``."""
        cpus = f"/{self.cpus}cpus" if self.cpus > 1 else ""
        accelerator = f"/{self.accelerator}" if self.compared else ""
        return f"{self.configuration}/{self.architecture}/{self.memory}M{cpus}{accelerator}"


@dataclass(frozen=True)
class Filters:
    """What a user wants of each axis; an empty tuple is all of it, or its first point.

    All cells have so many ``cpus``, and are booted with ``qemu``.
    """

    versions: tuple[str, ...] = ()
    allocators: tuple[str, ...] = ()
    configurations: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    memory: tuple[int, ...] = ()
    cpus: int = 1
    qemu: str = ""

    @property
    def several(self) -> bool:
        """Whether more than one point of an axis is wanted."""
        axes = (self.allocators, self.configurations, self.architectures, self.memory)
        return any(len(axis) > 1 for axis in axes)


@dataclass(frozen=True)
class Axes:
    """A recipe's axes, complete: each has at least one point."""

    recipe: Recipe
    configurations: tuple[Variant, ...]
    architectures: tuple[Variant, ...]
    allocators: tuple[Variant, ...]
    memory: tuple[int, ...]
    accelerators: tuple[str, ...] = ("auto",)

    @classmethod
    def of(cls, recipe: Recipe) -> "Axes":
        """Raises UsageError for an architecture that ukport does not know."""
        matrix = recipe.matrix
        architectures = matrix.architectures or (Variant(name=machine.X86_64.name),)
        for point in architectures:
            machine.named(point.name)
        return cls(
            recipe,
            matrix.configurations or (Variant(name="default"),),
            architectures,
            (Variant(name=recipe.name), *_at_versions(matrix.allocators)),
            matrix.memory or (recipe.test.memory,),
            matrix.accelerators or ("auto",),
        )

    @property
    def own(self) -> str:
        """What the first of the allocators is called where others are compared with it."""
        return self.recipe.matrix.own or self.recipe.name

    def has(self, allocator: str) -> bool:
        """Whether it is one of those beside the port, at any version."""
        return any(_is(point, allocator) for point in self.allocators[1:])

    def on(self, cell: Cell) -> str:
        """What the port allocates with, where it is no allocator itself; else nothing."""
        if cell.allocator == self.recipe.name:
            return self.recipe.matrix.own or ""
        return cell.allocator if self.beside(cell.allocator)[0] else ""

    def name(self, cell: Cell) -> str:
        """``redis-7.0.11/bbuddy/default/x86_64/512M``, for people."""
        on = self.on(cell)
        return f"{self.recipe.name}-{cell.version}/{on}/{cell.place}" if on else cell.name

    @property
    def ported(self) -> tuple[str, ...]:
        """The allocators that are ports of their own."""
        points = (p for p in self.allocators if isinstance(p, Allocator) and p.recipe)
        return tuple(point.name for point in points)

    def options(self, cell: Cell) -> Options:
        """The Kconfig symbols of a cell."""
        base = self.recipe.configuration
        options = Options(base.enable, base.disable)
        for points, name in (
            (self.architectures, cell.architecture),
            (self.configurations, cell.configuration),
            (self.allocators, cell.allocator),
        ):
            options = options.with_(_named(points, name))
        smp = self.recipe.test.smp
        if cell.cpus > 1 and smp:
            difference = Variant(
                name="smp", enable=smp.enable, disable=smp.disable, values=smp.values
            )
            options = options.with_(difference)
        return options

    def variant(self, cell: Cell) -> str:
        """What sets ``cell`` apart from the first points, as ``ukvmem-arm64``, or nothing."""
        pairs = (
            (cell.allocator, self.allocators[0].name),
            (cell.configuration, self.configurations[0].name),
            (cell.architecture, self.architectures[0].name),
            (f"{cell.memory}M", f"{self.memory[0]}M"),
            (f"{cell.cpus}cpus", "1cpus"),
            (cell.accelerator if cell.compared else "", ""),
        )
        return "-".join(name for name, first in pairs if name != first)

    def machine(self, cell: Cell) -> Machine:
        return machine.named(cell.architecture)

    def number(self, cell: Cell) -> int | None:
        """What a guest on another allocator reports; None where the port is in it."""
        point = _named(self.allocators, cell.allocator)
        return point.number if isinstance(point, Allocator) and point.recipe is None else None

    def beside(self, allocator: str) -> tuple[str, str]:
        """The recipe of an allocator that is a port itself, and the version; else two ``""``."""
        point = _named(self.allocators, allocator)
        recipe = point.recipe if isinstance(point, Allocator) else None
        return (recipe, allocator.partition("@")[2]) if recipe else ("", "")


def cells(
    axes: Axes, versions: Sequence[Version], filters: Filters, accelerator: str, *, whole: bool
) -> tuple[Cell, ...]:
    """All cells that ``filters`` leave; unless ``whole``, an axis without a filter has one point.

    ``versions`` of the port are given resolved. ``accelerator`` is one, or several with a comma
    between; ``auto`` is what the recipe has. Raises UsageError for a name that no axis has.
    """
    first = None if whole else 1
    several = tuple(p for p in axes.configurations if p.cpus <= filters.cpus)
    configurations = _chosen("configuration", several, filters.configurations, first)
    architectures = _chosen("architecture", axes.architectures, filters.architectures, first)
    served = [one for one in axes.allocators if one.cpus <= filters.cpus]
    wanted = [axes.recipe.name if n == axes.own else n for n in filters.allocators]
    allocators = _chosen("allocator", served, wanted, first)
    memory = filters.memory or axes.memory[:first]
    is_asked = accelerator != "auto"
    accelerators = accelerator.split(",") if is_asked else axes.accelerators[:first]
    found = [
        Cell(
            *(version, allocator.name, configuration.name, architecture.name, size),
            accelerator=name,
            cpus=filters.cpus,
            qemu=filters.qemu,
            compared=len(accelerators) > 1,
        )
        for architecture in architectures
        for configuration in configurations
        for allocator in allocators
        for version in _served(allocator, versions, (architecture, configuration))
        for size in memory
        for name in accelerators
    ]
    return tuple(found)


def _at_versions(allocators: Sequence[Allocator]) -> Iterator[Allocator]:
    """A point for each version of those that have some."""
    for one in allocators:
        names = [f"{one.name}@{version}" for version in one.at] or [one.name]
        yield from (msgspec.structs.replace(one, name=name) for name in names)


def _served(
    allocator: Variant, versions: Sequence[Version], points: Sequence[Variant]
) -> list[str]:
    if isinstance(allocator, Allocator) and allocator.recipe is None:
        return [""]
    ranges = [point.versions for point in points if point.versions]
    return [str(v) for v in versions if all(within(v, one) for one in ranges)]


def _chosen(
    axis: str, points: Sequence[Variant], wanted: Sequence[str], first: int | None
) -> list[Variant]:
    if not wanted:
        return list(points[:first])
    return [msgspec.structs.replace(_named(points, name, axis), name=name) for name in wanted]


def _named(points: Sequence[Variant], name: str, axis: str = "point") -> Variant:
    for point in points:
        if _is(point, name):
            return point
    raise UsageError(
        f"the recipe has no {axis} {name!r}", f"there is: {', '.join(p.name for p in points)}"
    )


def _is(point: Variant, name: str) -> bool:
    """By its name; a port also by any version of it."""
    ported = isinstance(point, Allocator) and point.recipe is not None
    return point.name == name or (ported and point.name.partition("@")[0] == name.partition("@")[0])


def shard(items: Sequence[T], part: str, key: Callable[[T], str]) -> tuple[T, ...]:
    """The part ``i/n`` (from 1): whole groups of one ``key``, the same on every machine.

    Cells that share a build folder share its cold build, so they stay together; the largest group
    goes first to the part that has the least. Raises UsageError for what is no part.
    """
    index, count = _part(part)
    groups: dict[str, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    loads = [0] * count
    chosen: set[str] = set()
    for name, group in sorted(groups.items(), key=lambda one: (-len(one[1]), one[0])):
        at = loads.index(min(loads))
        loads[at] += len(group) + COLD
        if at == index:
            chosen.add(name)
    return tuple(item for item in items if key(item) in chosen)


# A cold build takes as long as about so many cells in a warm folder.
COLD = 5
MOST_PARTS = 256  # jobs in a matrix of GitHub's


def _part(text: str) -> tuple[int, int]:
    left, slash, right = text.partition("/")
    if not (slash and left.isascii() and left.isdecimal() and right.isascii()):
        raise UsageError(f"--shard {text}: expected i/n", "as in --shard 1/3")
    if not right.isdecimal() or not 1 <= int(left) <= int(right) <= MOST_PARTS:
        raise UsageError(
            f"--shard {text}: expected i/n with 1 ≤ i ≤ n ≤ {MOST_PARTS}", "as in --shard 1/3"
        )
    return int(left) - 1, int(right)


def folder_key(axes: Axes, cell: Cell) -> str:
    """Tells cells apart that cannot share a build folder."""
    options = axes.options(cell)
    parts = [cell.architecture, *sorted(options.enable), "-", *sorted(options.disable)]
    parts += [f"{name}={value}" for name, value in sorted(options.values.items())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def grouped(items: Sequence[T], key: Callable[[T], str]) -> Iterator[tuple[str, list[T]]]:
    """The items by ``key``, in the order of each key's first."""
    groups: dict[str, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    yield from groups.items()
