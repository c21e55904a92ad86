"""What a library is looked at with: the core and the libraries that a project's recipes pin."""

from dataclasses import dataclass
from pathlib import Path

from ukport.errors import UsageError
from ukport.recipe import find_project, load, names
from ukport.recipe.model import Configuration, Origin, Tree

# For a folder that is in no ports repository: Unikraft 0.17 and the C library of its time.
CORE = Tree(name="unikraft", url="https://github.com/unikraft/unikraft", pin="RELEASE-0.17.0")
MUSL = Tree(
    name="lib-musl",
    library="libmusl",
    url="https://github.com/unikraft/lib-musl",
    pin="fd1abc9257b40a74c69b3a40467a453bf8892439",
    origin=Origin(
        name="musl",
        url="https://git.musl-libc.org/git/musl",
        pin="v1.2.3",
        archive="https://www.musl-libc.org/releases/musl-1.2.3.tar.gz",
        folder="musl-1.2.3",
    ),
)

# What a guest needs that prints, where no recipe of the project says it: feasible with Debian 12.
CONFIGURATION = Configuration(
    enable=(
        *("KVM_VMM_QEMU", "KVM_BOOT_PROTO_MULTIBOOT", "PAGING", "LIBMUSL"),
        *("DEBUG_SYMBOLS_LVL1", "OPTIMIZE_PERF"),
    ),
    disable=("LIBUKRANDOM",),
)


@dataclass(frozen=True)
class Around:
    """A core, the libraries beside it, and what archives are known to be made from."""

    core: Tree
    libraries: tuple[Tree, ...]

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The archives of the libraries, and the repositories that they are made from."""
        return tuple(tree.origin for tree in self.libraries if tree.origin)


def around(start: Path) -> Around:
    """What the first recipe of the project around ``start`` pins, else Unikraft 0.17 with musl."""
    try:
        project = find_project(start)
    except UsageError:
        return Around(CORE, (MUSL,))
    for name in names(project):
        recipe = load(project, name)
        return Around(recipe.core, recipe.libraries)
    return Around(CORE, (MUSL,))
