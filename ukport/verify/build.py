"""Building a unikernel with Unikraft's own make, in a workspace."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ukport import process
from ukport.errors import ExitCode, UkportError
from ukport.verify.workspace import Application, Surroundings, Workspace, building

_FIRST_ERROR = re.compile(
    r"^(?:.*?:\d+(?::\d+)?: (?:fatal )?error: .*|.*undefined reference to .*"
    r"|.*[Nn]o rule to make .*|.*\*\*\* .*|.*FAILED.*)$",
    re.MULTILINE,
)
# Programs that the build starts beside make itself.
NEEDED = ("make", "gcc", "ld", "flex", "bison", "awk", "patch", "tar", "python3")
BUILD_TIMEOUT = 1800.0  # seconds


class BuildError(UkportError):
    """The build failed; ``log`` is its whole output."""

    exit_code = ExitCode.FINDINGS

    def __init__(self, message: str, log: bytes) -> None:
        super().__init__(message, "the whole output is in build.log beside the report")
        self.log = log


@dataclass(frozen=True)
class Built:
    """An image, its symbols beside it, the build's output, and ``seconds`` of wall time."""

    image: Path
    log: bytes
    seconds: float

    @property
    def debug_image(self) -> Path:
        return self.image.with_name(self.image.name + ".dbg")


def defconfig(surroundings: Surroundings, name: str, library: str) -> str:
    """The configuration's starting point; ``make olddefconfig`` completes it."""
    enable = ("PLAT_KVM", f"ARCH_{surroundings.architecture.upper()}", library.upper())
    return "".join(
        [
            f'CONFIG_UK_NAME="{name}"\n',
            *(f"CONFIG_{option}=y\n" for option in (*enable, *surroundings.enable)),
            *(f"# CONFIG_{option} is not set\n" for option in surroundings.disable),
        ]
    )


def build(
    workspace: Workspace,
    surroundings: Surroundings,
    application: Application,
    library_folders: Iterable[str],
    *,
    library: str,
    configure: bool,
) -> Built:
    """Configure where asked, and make; raises BuildError with the first error of the output."""
    for program in NEEDED:
        process.require(program)
    folders = ":".join(str(workspace.library(name)) for name in library_folders)
    make: list[str | Path] = [
        *("make", "-C", workspace.core, f"A={workspace.application}", f"L={folders}"),
        f"O={workspace.build}",
    ]
    logs, seconds = [], 0.0
    with building(workspace):
        if configure:
            config = workspace.application / ".config"
            config.write_text(defconfig(surroundings, application.name, library), "utf-8")
            done = _make([*make, "olddefconfig"], workspace)
            logs.append(done.stdout)
            seconds += done.seconds
            _check_config(config, surroundings)
        done = _make([*make, f"-j{os.cpu_count() or 1}"], workspace)
        logs.append(done.stdout)
        seconds += done.seconds
    images = [p for p in workspace.build.glob(f"*_qemu-{surroundings.architecture}") if p.is_file()]
    if len(images) != 1:
        raise BuildError(
            f"the build left {len(images)} images in {workspace.build}", b"".join(logs)
        )
    return Built(images[0], b"".join(logs), seconds)


def _make(command: list[str | Path], workspace: Workspace) -> process.Completed:
    # Output in a file, not a pipe: after a kill a pipe's writers would die on SIGPIPE half-way.
    done = process.run(
        command,
        log=workspace.root / "make.log",
        tied=True,
        keep_fds=(workspace.handle,),
        timeout=BUILD_TIMEOUT,
        check=False,
    )
    if done.timed_out:
        raise BuildError(f"the build did not end within {BUILD_TIMEOUT:.0f} s", done.stdout)
    if done.returncode != 0:
        output = done.text.replace(f"{workspace.root}/", "")
        raise BuildError(f"the build failed: {first_error(output)}", done.stdout)
    return done


def first_error(output: str) -> str:
    """The first line that a compiler, the linker or make calls an error."""
    found = _FIRST_ERROR.search(output)
    if found:
        return found[0].strip()
    return output.strip().rpartition("\n")[2] or "no output"


def _check_config(config: Path, surroundings: Surroundings) -> None:
    """Kconfig drops an option that it does not know or whose dependencies fail, in silence."""
    text = config.read_text("utf-8")
    dropped = [name for name in surroundings.enable if f"CONFIG_{name}=y\n" not in text]
    if dropped:
        raise BuildError(
            f"the configuration has no {', '.join(dropped)}: the option does not exist here,"
            " or what it depends on is not set",
            text.encode(),
        )
