"""Options that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ukport.verify.matrix import Filters


def _recipes(incomplete: str) -> list[str]:
    """For the shell's completion: the recipes at hand, and nothing where there is no project."""
    from ukport.cli.places import project
    from ukport.errors import UkportError
    from ukport.recipe import names

    try:
        return [name for name in names(project(Path())) if name.startswith(incomplete)]
    except UkportError:
        return []


Name = Annotated[
    str,
    typer.Argument(metavar="RECIPE", help="A folder of recipes/.", autocompletion=_recipes),
]
Directory = Annotated[
    Path, typer.Option("-C", metavar="DIR", help="Work as if started in this folder.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Accel = Annotated[
    str,
    typer.Option(
        "--accel",
        envvar="UKPORT_ACCEL",
        metavar="WHICH",
        help="auto, kvm or tcg; kvm,tcg in a matrix.",
    ),
]
Versions = Annotated[
    list[str] | None,
    typer.Option("--version", metavar="VERSION", help="Another than the recipe's own; repeatable."),
]
Allocators = Annotated[
    list[str] | None,
    typer.Option(
        "--allocator", metavar="NAME@V", help="A port in the matrix to measure on; repeatable."
    ),
]
Arch = Annotated[
    list[str] | None,
    typer.Option("--arch", metavar="ARCH", help="x86_64 or arm64, as the recipe has them."),
]
Config = Annotated[
    list[str] | None,
    typer.Option("--config", metavar="NAME", help="A configuration of the recipe's matrix."),
]
OtherAllocator = Annotated[
    list[str] | None,
    typer.Option("--allocator", metavar="NAME", help="The recipe's own, or another of its matrix."),
]
Memory = Annotated[
    list[int] | None,
    typer.Option("--memory", metavar="MIB", min=2, help="Of the guest, in MiB."),
]
Place = Annotated[str, typer.Argument(metavar="PATH|URL", help="A library's folder, or URL[@REV].")]
Upstream = Annotated[
    str | None,
    typer.Option("--upstream", metavar="URL@REV", help="The tree that its archive is made of."),
]
Form = Annotated[
    str, typer.Option("--format", metavar="FORM", help="table, text, json, sarif or github.")
]
Offline = Annotated[
    bool, typer.Option("--offline", envvar="UKPORT_OFFLINE", help="Use only what is cached.")
]
Mirror = Annotated[
    list[str] | None,
    typer.Option(
        "--mirror",
        metavar="DIR",
        help="A folder of bare repositories, or another host, asked first (UKPORT_MIRROR).",
    ),
]
Bundle = Annotated[
    Path | None,
    typer.Option(
        "--bundle",
        envvar="UKPORT_BUNDLE",
        metavar="FILE",
        help="Take every source from this file, made by ukport bundle; no network.",
    ),
]
Color = Annotated[
    str,
    typer.Option("--color", metavar="WHEN", help="auto, always or never; NO_COLOR is respected."),
]


Smp = Annotated[
    int,
    typer.Option("--smp", metavar="N", min=1, max=256, help="CPUs of the guest; all must run."),
]


Qemu = Annotated[
    str,
    typer.Option(
        "--qemu",
        envvar="UKPORT_QEMU",
        metavar="PATH",
        help="Another QEMU: a program, its folder, or a root folder that it lives in.",
    ),
]


def filters(
    allocator: list[str] | None,
    config: list[str] | None,
    arch: list[str] | None,
    memory: list[int] | None,
    cpus: int = 1,
    qemu: str = "",
) -> "Filters":
    """What the options say of the axes of the matrix."""
    from ukport.verify.matrix import Filters

    return Filters(
        allocators=tuple(allocator or ()),
        configurations=tuple(config or ()),
        architectures=tuple(arch or ()),
        memory=tuple(memory or ()),
        cpus=cpus,
        qemu=qemu,
    )
