"""What a build would run: the compiler's command lines, and the headers that the build generates.

Unikraft's build writes each command line to a file beside the object, as soon as make has worked
it out; ``make -n`` works out all of them and runs none.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from ukport.symbols.command import Command, parse
from ukport.verify.build import BuildError, configure, make_command, require_tools, run_make
from ukport.verify.workspace import Library, Surroundings, Workspace, building

_MADE = (".h.cmd", ".c.cmd")


def compile_commands(
    workspace: Workspace,
    surroundings: Surroundings,
    library: Library | None,
    *,
    progress: Callable[[int], None],
) -> Mapping[str, tuple[Command, ...]]:
    """The commands of each library, by its name in the build; its headers are all there then.

    Raises BuildError.
    """
    require_tools(surroundings.machine, surroundings.platform)
    make = make_command(workspace, surroundings, library)
    with building(workspace):
        configure(make, workspace, surroundings, library, progress)
        run_make([*make, "prepare"], workspace, progress)
        run_make([*make, "-n"], workspace, progress)
        made = sorted(
            path.with_suffix("")
            for path in workspace.build.rglob("*.cmd")
            if path.name.endswith(_MADE) and path.parent.name != "kconfig"
        )
        if made:
            run_make([*make, *made], workspace, progress)
    compiler = f"{surroundings.machine.prefix}gcc"
    found: dict[str, list[Command]] = {}
    for path in sorted(workspace.build.rglob("*.o.cmd")):
        command = parse(path.read_text("utf-8", "replace"), (compiler,))
        if command is not None:
            found.setdefault(_library(path, workspace.build), []).append(command)
    if not found:
        raise BuildError("the build tells no commands of a compiler", b"")
    return {name: tuple(commands) for name, commands in found.items()}


def _library(path: Path, build: Path) -> str:
    return path.relative_to(build).parts[0]
