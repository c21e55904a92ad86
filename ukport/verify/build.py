"""Building a unikernel with Unikraft's own make, in a workspace."""

import hashlib
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ukport import process
from ukport.errors import ExitCode, UkportError
from ukport.verify import confdate
from ukport.verify.machine import HOST, Machine
from ukport.verify.platform import UNIKRAFT, Platform
from ukport.verify.timings import spans, written
from ukport.verify.untouched import note, untouched
from ukport.verify.workspace import (
    Library,
    Surroundings,
    Workspace,
    building,
    compiled_before,
    note_compiled,
    trees_in,
)

_FIRST_ERROR = re.compile(
    r"^(?:.*?: (?:fatal )?error: .*|.*undefined reference to .*"
    r"|.*[Nn]o rule to make .*|.*\*\*\* .*|.*FAILED.*)$",
    re.MULTILINE,
)
_COMPILER = ("gcc", "ld", "objcopy")
# What an image calls the folder that it was built in: so its bytes are the same in any.
SOURCES = "/ukport"
# Of version 5, addr2line 2.40 says that a file which another one includes is that other one.
_DWARF = "-gdwarf-4"
_FLAGS = ("UK_CFLAGS", "UK_CXXFLAGS", "UK_ASFLAGS")
# Where distributions put links to ccache by the compilers' names.
_CCACHE = ("/usr/lib/ccache", "/usr/lib64/ccache")
BUILD_TIMEOUT = 1800.0  # seconds
_NOTHING = b"nothing changed since the last build; make was not started\n"


class BuildError(UkportError):
    """The build failed; ``log`` is its whole output."""

    exit_code = ExitCode.FINDINGS

    def __init__(self, message: str, log: bytes) -> None:
        super().__init__(message, "the whole output is in build.log beside the report")
        self.log = log


@dataclass(frozen=True)
class Built:
    """An image, its symbols beside it, the build's output, and ``seconds`` of wall time.

    ``size`` of the image in bytes; ``parts`` are where the seconds went.
    """

    image: Path
    log: bytes
    seconds: float
    size: int = 0
    parts: Mapping[str, float] = field(default_factory=dict)


def require_tools(machine: Machine, platform: Platform = UNIKRAFT) -> None:
    """Raises MissingError for the first program of the build that is not installed."""
    compiler = (f"{machine.prefix}{name}" for name in _COMPILER)
    for program in ("make", *compiler, *platform.tools):
        process.require(program)


def toolchain(machine: Machine = HOST) -> str:
    """What tells objects of one compiler and linker from another's."""
    compiler, linker = (process.require(f"{machine.prefix}{name}") for name in ("gcc", "ld"))
    # Apart: of two questions at once gcc answers only one.
    questions = [[compiler, "-dumpfullversion"], [compiler, "-dumpmachine"], [linker, "--version"]]
    answers = [process.run(q, timeout=20).text.partition("\n")[0] for q in questions]
    return " ".join([compiler, linker, *answers])


def defconfig(surroundings: Surroundings, library: Library | None) -> str:
    """The configuration's starting point; ``make olddefconfig`` completes it."""
    platform = (*surroundings.platform.options, surroundings.machine.option)
    enable = (*platform, *_wanted(surroundings, library))
    return "".join(
        [
            *(f"CONFIG_{option}=y\n" for option in enable),
            *(f"# CONFIG_{option} is not set\n" for option in surroundings.disable),
            *(f"CONFIG_{option}={value}\n" for option, value in surroundings.values.items()),
        ]
    )


def _wanted(surroundings: Surroundings, library: Library | None) -> tuple[str, ...]:
    libraries = (*surroundings.ported, *((library,) if library else ()))
    return (*(one.library.upper() for one in libraries), *surroundings.enable)


def build(
    workspace: Workspace,
    surroundings: Surroundings,
    library: Library | None,
    *,
    progress: Callable[[int], None],
    jobs: int = 0,
) -> Built:
    """Configure where something changed, and make; raises BuildError with the first error.

    ``progress`` hears now and then how many steps make has told of.
    """
    require_tools(surroundings.machine, surroundings.platform)
    make = make_command(workspace, surroundings, library)
    all_of_it = [*make, _asked(surroundings, library)]
    start = time.monotonic()
    if untouched(workspace, all_of_it):
        image = _image(workspace, surroundings, _NOTHING)
        return Built(image, _NOTHING, time.monotonic() - start, image.stat().st_size)
    with building(workspace):
        configured = configure(make, workspace, surroundings, library, progress)
        began = time.time()
        made = run_make([*make, f"-j{_tasks(jobs)}"], workspace, progress)
    log, seconds = configured.log + made.stdout, configured.seconds + made.seconds
    image = _image(workspace, surroundings, log)
    note(workspace, all_of_it)
    note_compiled(workspace)
    parts = spans(written(workspace.build, began), began, began + made.seconds)
    parts = {"configure": configured.seconds, **parts} if configured.log else parts
    return Built(image, log, seconds, image.stat().st_size, parts)


def _tasks(cores: int) -> int:
    """One more than there are cores: make itself starts two programs between any two objects."""
    return (cores or os.cpu_count() or 1) + 1


def _image(workspace: Workspace, surroundings: Surroundings, log: bytes) -> Path:
    """What make left; raises BuildError where that is not one image."""
    pattern = surroundings.platform.images(surroundings.machine)
    images = [path for path in workspace.build.glob(pattern) if path.is_file()]
    if len(images) != 1:
        raise BuildError(f"the build left {len(images)} images in {workspace.build}", log)
    return images[0]


def _asked(surroundings: Surroundings, library: Library | None) -> str:
    """Names the options that are asked for, and what the library makes of them."""
    own = library.files["Config.uk"] if library else b""
    return hashlib.sha256(defconfig(surroundings, library).encode() + own).hexdigest()


def make_command(
    workspace: Workspace, surroundings: Surroundings, library: Library | None
) -> list[str | Path]:
    """Unikraft's make with the folders of the workspace, to which targets can be added."""
    ported = (*surroundings.ported, *((library,) if library else ()))
    names = [one.name for one in (*surroundings.libraries, *ported)]
    folders = ":".join(str(workspace.library(name)) for name in names)
    return [
        *("make", "-C", workspace.core, f"A={workspace.application}", f"L={folders}"),
        *(f"O={workspace.build}", f"C={workspace.config}"),
        f"CROSS_COMPILE={surroundings.machine.prefix}",
        *(f"{flags}={_DWARF} -ffile-prefix-map={workspace.root}={SOURCES}" for flags in _FLAGS),
        # Every archive is in its place; one that is not must fail here, not come from the network.
        *("WGET=false", "GIT=false"),
    ]


def _compiler_cache(workspace: Workspace) -> dict[str, str]:
    """The environment that has ccache compile, where it is installed and likely to help.

    No object names its folder or, but for the macros that it uses, its configuration: so what is
    compiled for one configuration serves all others. What is not there takes 1.7 times as long with
    ccache, since all headers are read twice then; so the first build of some trees, which may be
    the only one, goes without. Trees share nothing: ccache looks at the headers that were read, and
    would not see a new one that is found before them. CCACHE_DISABLE is the user's word.
    """
    folder = next((path for path in _CCACHE if (Path(path) / "gcc").exists()), None)
    if folder is None or not compiled_before(workspace):
        return {}
    return {
        "PATH": f"{folder}:{os.environ.get('PATH', os.defpath)}",
        "CCACHE_BASEDIR": str(workspace.root),
        "CCACHE_NAMESPACE": f"ukport {trees_in(workspace)}",
        "CCACHE_NOHASHDIR": "1",
        "CCACHE_ABSSTDERR": "1",
    }


@dataclass(frozen=True)
class Configured:
    """What configuring said, and its seconds of wall time; both empty where it was done before."""

    log: bytes = b""
    seconds: float = 0.0


def configure(
    make: list[str | Path],
    workspace: Workspace,
    surroundings: Surroundings,
    library: Library | None,
    progress: Callable[[int], None],
) -> Configured:
    """Only where the options or the library's Config.uk changed.

    It dates config.h anew, which compiles everything, unless only the library's own options differ.
    """
    asked = _asked(surroundings, library)
    stamp = workspace.root / "config.stamp"
    if stamp.exists() and stamp.read_text("utf-8") == asked:
        return Configured()
    before = confdate.read(workspace)
    stamp.unlink(missing_ok=True)
    workspace.config.write_text(defconfig(surroundings, library), "utf-8")
    done = run_make([*make, "olddefconfig"], workspace, progress)
    _check_config(workspace.config, surroundings, library)
    log, seconds = done.stdout, done.seconds
    if before and library:
        done = run_make([*make, str(confdate.header(workspace))], workspace, progress)
        log, seconds = log + done.stdout, seconds + done.seconds
        confdate.keep(workspace, library, before)
    stamp.write_text(asked, "utf-8")
    return Configured(log, seconds)


def run_make(
    command: list[str | Path], workspace: Workspace, progress: Callable[[int], None]
) -> process.Completed:
    """Run make to its end; raises BuildError with the first error."""
    log = workspace.root / "make.log"
    # Output in a file, not a pipe: after a kill a pipe's writers would die on SIGPIPE half-way.
    done = process.run(
        command,
        env=_compiler_cache(workspace),
        log=log,
        tied=True,
        keep_fds=(workspace.handle,),
        timeout=BUILD_TIMEOUT,
        check=False,
        watch=lambda: progress(_steps(log)),
    )
    if done.timed_out:
        raise BuildError(f"the build did not end within {BUILD_TIMEOUT:.0f} s", done.stdout)
    if done.returncode != 0:
        output = done.text.replace(f"{workspace.root}/", "")
        raise BuildError(f"the build failed: {first_error(output)}", done.stdout)
    return done


def _steps(log: Path) -> int:
    return log.read_bytes().count(b"\n  ") if log.exists() else 0


def first_error(output: str) -> str:
    """The first line that a compiler, the linker or make calls an error."""
    found = _FIRST_ERROR.search(output)
    if found:
        return found[0].strip()
    return output.strip().rpartition("\n")[2] or "no output"


def _check_config(config: Path, surroundings: Surroundings, library: Library | None) -> None:
    """Kconfig drops an option that it does not know or whose dependencies fail, in silence."""
    text = config.read_text("utf-8")
    lines = [f"{name}=y" for name in _wanted(surroundings, library)]
    lines += [f"{name}={value}" for name, value in surroundings.values.items()]
    dropped = [line.removesuffix("=y") for line in lines if f"CONFIG_{line}\n" not in text]
    if dropped:
        raise BuildError(
            f"the configuration has no {', '.join(dropped)}: the option does not exist here,"
            " or what it depends on is not set",
            text.encode(),
        )
    forced = [name for name in surroundings.disable if f"CONFIG_{name}=y\n" in text]
    if forced:
        raise BuildError(
            f"the configuration has {', '.join(forced)} all the same: another option selects it",
            text.encode(),
        )
