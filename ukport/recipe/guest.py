"""What a recipe says of the applications that prove and measure it."""

from typing import Annotated

from msgspec import Meta, field

from ukport.recipe.pattern import (
    CpuFeature,
    Flag,
    Identifier,
    Line,
    Name,
    RelativePath,
    Strict,
    Symbol,
    Word,
)


class VersionMacro(Strict, frozen=True, kw_only=True):
    """The number in upstream's header that the guest must report as its own."""

    header: RelativePath
    macro: Identifier


class UpstreamTests(Strict, frozen=True, kw_only=True):
    """Upstream's own test programs, of which a version may lack some, run by our ``driver``.

    ``test/test-api.c`` is compiled with the library's flags, ``before`` included first, and with
    its main as ``upstream_test_api``; the driver is told of it by ``UPSTREAM_TEST_API``.
    """

    driver: Annotated[tuple[RelativePath, ...], Meta(min_length=1)]
    before: RelativePath
    sources: Annotated[tuple[RelativePath, ...], Meta(min_length=1)]
    headers: tuple[RelativePath, ...] = ()


class SmpTests(Strict, frozen=True, kw_only=True):
    """The application for several CPUs, which ``--smp N`` builds in the place of the other one.

    ``enable``, ``disable`` and ``values`` are the build's difference from ``[configuration]``, and
    ``cpus`` is how many it serves at most; ``timeout`` in seconds.
    """

    sources: Annotated[tuple[RelativePath, ...], Meta(min_length=1)]
    cpus: Annotated[int, Meta(ge=2, le=256)] = 2
    timeout: Annotated[int, Meta(ge=1, le=3600)] = 60
    flags: tuple[Flag, ...] = ()
    enable: tuple[Symbol, ...] = ()
    disable: tuple[Symbol, ...] = ()
    values: dict[Symbol, int] = field(default_factory=dict)


class Client(Strict, frozen=True, kw_only=True):
    """A program on the host that tests or measures a guest which serves a TCP ``port``.

    ``program`` is Python in the recipe's folder of tests or benchmarks. It is run with the address
    and the port that lead to the guest, and prints what a guest's own tests print. ``arguments``
    are the guest's command line. ``modules`` and ``tools`` are what the program needs on this
    machine.
    """

    program: RelativePath
    port: Annotated[int, Meta(ge=1, le=65535)]
    arguments: tuple[Line, ...] = ()
    modules: tuple[Identifier, ...] = ()
    tools: tuple[Name, ...] = ()


class Test(Strict, frozen=True, kw_only=True):
    """The application that is booted; ``memory`` in MiB, ``timeout`` in seconds.

    Its own tests report, or those of a ``client``. ``cpu_features`` are what the guest needs of the
    processor, by architecture.
    """

    sources: Annotated[tuple[RelativePath, ...], Meta(min_length=1)]
    version: VersionMacro
    memory: Annotated[int, Meta(ge=2, le=65536)] = 512
    timeout: Annotated[int, Meta(ge=1, le=3600)] = 60
    flags: tuple[Flag, ...] = ()
    cpu_features: dict[Name, tuple[CpuFeature, ...]] = field(default_factory=dict)
    client: Client | None = None
    upstream: UpstreamTests | None = None
    smp: SmpTests | None = None


class Case(Strict, frozen=True, kw_only=True):
    """One benchmark: the command line of the guest, or its client; and a line about it."""

    name: Name
    arguments: Annotated[tuple[Word, ...], Meta(min_length=1)]
    about: Line = ""


class SmpBench(Strict, frozen=True, kw_only=True):
    """What ``--smp N`` measures with the files of ``[bench]``, on one CPU and on N of them."""

    sources: Annotated[tuple[RelativePath, ...], Meta(min_length=1)]
    cases: Annotated[tuple[Case, ...], Meta(min_length=1)]
    against: Name | None = None


class Bench(Strict, frozen=True, kw_only=True):
    """The application that is measured, one case a boot; its files are in ``bench/``.

    It may use those of ``test/``, which are laid out beside its own. ``against`` is the allocator
    of the matrix that others are compared with; ``memory`` in MiB, ``timeout`` in seconds a boot.
    A guest that serves is measured by a ``client``.
    """

    sources: Annotated[tuple[RelativePath, ...], Meta(min_length=1)]
    cases: Annotated[tuple[Case, ...], Meta(min_length=1)]
    against: Name | None = None
    memory: Annotated[int, Meta(ge=2, le=65536)] = 512
    timeout: Annotated[int, Meta(ge=1, le=3600)] = 60
    flags: tuple[Flag, ...] = ()
    client: Client | None = None
    smp: SmpBench | None = None
