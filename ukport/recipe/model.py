"""What a recipe says: the upstream, the trees around it, the glue, the options and the test.

The model is also the schema: msgspec validates a recipe against it and prints it as JSON Schema.
Names that become paths, make variables or Kconfig symbols are held to narrow patterns, because a
recipe is hostile input.
"""

from typing import Annotated

from msgspec import Meta, Struct, field

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", max_length=64)]
Symbol = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=64)]
Identifier = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=128)]
# Relative, with no empty, hidden or parent component: it cannot leave its folder.
RelativePath = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_+-][A-Za-z0-9._+-]*(/[A-Za-z0-9_+-][A-Za-z0-9._+-]*)*$")
]
Url = Annotated[str, Meta(pattern=r"^(https|http|ssh|git|file)://[^\s'\"`$\\]+$", max_length=512)]
Revision = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/+-]*$", max_length=128)]
Range = Annotated[str, Meta(pattern=r"^[<>=! 0-9A-Za-z.,_-]+$")]
# A word of a compiler's command line; nothing that make or a shell would expand.
Flag = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_=.,/+-]+$", max_length=200)]
Define = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(=[A-Za-z0-9_]+)?$", max_length=128)]
Line = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\"\\$`]*$", max_length=400)]


class Strict(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the model: immutable, and a misspelt field is an error."""


class Upstream(Strict, frozen=True, kw_only=True):
    """The tree that is ported.

    ``tag`` and ``archive`` are templates over ``{version}`` (and ``{tag}`` for the archive).
    """

    name: Name
    url: Url
    tag: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._/-]*\{version\}[A-Za-z0-9._-]*$")]
    archive: Url


class Origin(Strict, frozen=True, kw_only=True):
    """The upstream archive that a neighbouring library's own Makefile.uk fetches."""

    name: Name
    url: Url
    pin: Revision
    archive: Url
    folder: Name


class Tree(Strict, frozen=True, kw_only=True):
    """A repository beside the upstream, at a pinned revision, with our series on top."""

    name: Name
    url: Url
    pin: Revision
    series: RelativePath | None = None
    library: Identifier | None = None
    origin: Origin | None = None


class Backend(Strict, frozen=True, kw_only=True):
    """Which series and which glue serve which versions; ``base`` is what the series applies to."""

    name: Name
    versions: Annotated[tuple[Range, ...], Meta(min_length=1)]
    series: RelativePath
    base: Name
    glue: tuple[RelativePath, ...] = ()


class Feature(Strict, frozen=True, kw_only=True):
    """A question to upstream's declarations; where it holds, the name is defined for the glue.

    Exactly one of ``function``, ``struct``, ``enumerator``, ``macro`` and ``file`` is given. ``parameter`` and
    ``returns`` narrow a function, ``field`` narrows a struct.
    """

    function: Identifier | None = None
    parameter: Identifier | None = None
    returns: Line | None = None
    struct: Identifier | None = None
    field: Identifier | None = None
    enumerator: Identifier | None = None
    macro: Identifier | None = None
    file: RelativePath | None = None

    def __post_init__(self) -> None:
        subjects = (self.function, self.struct, self.enumerator, self.macro, self.file)
        if sum(subject is not None for subject in subjects) != 1:
            raise ValueError("expected exactly one of function, struct, enumerator, macro, file")
        if (self.parameter or self.returns) and self.function is None:
            raise ValueError("parameter and returns go with function")
        if self.field and self.struct is None:
            raise ValueError("field goes with struct")


class Choice(Strict, frozen=True, kw_only=True):
    """A user option of Config.uk; without a prompt it is invisible.

    ``define`` is the macro that it sets for the library: ``NAME=value`` for a bool, ``NAME`` for
    an int, which gives its own value.
    """

    name: Symbol
    type: Annotated[str, Meta(pattern=r"^(bool|int)$")] = "bool"
    prompt: Line | None = None
    default: Line | None = None
    range: Line | None = None
    depends: Line | None = None
    help: Line | None = None
    define: Define | None = None


class Glue(Strict, frozen=True, kw_only=True):
    """What the generated Makefile.uk, Config.uk and Library.uk are made from."""

    library: Identifier
    title: Line
    description: Line
    homepage: Url
    repository: Url
    license: Line
    source_root: RelativePath
    source_list: RelativePath
    without: tuple[RelativePath, ...] = ()
    files: tuple[RelativePath, ...] = ()
    # Folders with headers, private and exported: the glue's own, then upstream's.
    own_includes: tuple[RelativePath, ...] = ()
    own_exported_includes: tuple[RelativePath, ...] = ()
    includes: tuple[RelativePath, ...] = ()
    exported_includes: tuple[RelativePath, ...] = ()
    flags: tuple[Flag, ...] = ()
    # The compiler's own headers (immintrin.h), which -nostdinc hides.
    compiler_headers: bool = False
    # What the features are asked of; the optional ones only where this version has them.
    headers: tuple[RelativePath, ...] = ()
    optional_headers: tuple[RelativePath, ...] = ()
    depends: tuple[Line, ...] = ()
    selects: tuple[Line, ...] = ()
    features: dict[Symbol, Feature] = field(default_factory=dict)
    options: tuple[Choice, ...] = ()


class Configuration(Strict, frozen=True, kw_only=True):
    """Kconfig symbols of the unikernel, without ``CONFIG_``: set to y, and left unset."""

    enable: tuple[Symbol, ...]
    disable: tuple[Symbol, ...] = ()


class VersionMacro(Strict, frozen=True, kw_only=True):
    """The number in upstream's header that the guest must report as its own."""

    header: RelativePath
    macro: Identifier


class Test(Strict, frozen=True, kw_only=True):
    """The application that is booted; ``memory`` in MiB, ``timeout`` in seconds."""

    sources: Annotated[tuple[RelativePath, ...], Meta(min_length=1)]
    version: VersionMacro
    memory: Annotated[int, Meta(ge=2, le=65536)] = 512
    timeout: Annotated[int, Meta(ge=1, le=3600)] = 60
    flags: tuple[Flag, ...] = ()


class Recipe(Strict, frozen=True, kw_only=True):
    """A port: one upstream, what surrounds it, and how it is proven."""

    schema: Annotated[int, Meta(ge=1, le=1)]
    name: Name
    version: Name
    upstream: Upstream
    core: Tree
    libraries: tuple[Tree, ...] = ()
    backends: Annotated[tuple[Backend, ...], Meta(min_length=1)]
    glue: Glue
    configuration: Configuration
    test: Test

    @property
    def pinned(self) -> tuple[Tree, ...]:
        """The core and the libraries: all trees that stay at their pin."""
        return (self.core, *self.libraries)
