"""What a recipe says: the upstream, the trees around it, the glue, the options and the test.

The model is also the schema: msgspec validates a recipe against it and prints it as JSON Schema.
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from ukport.recipe.guest import Bench, Test
from ukport.recipe.pattern import (
    Define,
    Flag,
    Folder,
    Identifier,
    Line,
    Name,
    Range,
    RelativePath,
    Revision,
    Separator,
    Strict,
    Symbol,
    TagTemplate,
    Text,
    Url,
    UrlTemplate,
    VersionText,
    whole,
)


class Upstream(Strict, frozen=True, kw_only=True):
    """The tree that is ported.

    ``tag`` and ``archive`` are templates over ``{version}`` (and ``{tag}`` for the archive).
    ``separator`` stands between a tag's numbers: with ``_``, 1.1.1w is tagged 1_1_1w.
    """

    name: Name
    url: Url
    tag: TagTemplate
    archive: UrlTemplate
    separator: Separator = "."

    def tag_of(self, version: str) -> str:
        """The tag of a version, as ``releases`` reads it back."""
        return self.tag.replace("{version}", version.replace(".", self.separator))

    def archive_at(self, version: str, tag: str) -> str:
        """The archive's address; replaced and never formatted, since format evaluates."""
        return self.archive.replace("{tag}", tag).replace("{version}", version)

    def folder_at(self, version: str, tag: str) -> str:
        """The folder in the archive: GitHub, asked by tag, takes the tag less a leading v."""
        if "{tag}" not in self.archive:
            return f"{self.name}-{version}"
        bare = tag[1:] if self.tag.startswith("v{version}") else tag
        return f"{self.name}-{bare.replace('/', '-')}"


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


class Published(Tree, frozen=True, kw_only=True):
    """The library as it is published; ``patches`` is the folder of its series for upstream.

    It is read where the project has no series of that name yet. ``whole`` is a port that is the
    published library itself: its own glue and patches, with our ``series`` on top of them all, and
    the archive that it fetches (``origin``). Nothing is generated then.
    """

    patches: RelativePath = "patches"
    whole: bool = False


class Backend(Strict, frozen=True, kw_only=True):
    """Which series and which glue serve which versions; ``base`` is what the series applies to.

    Without ``series`` the upstream is taken as it is.
    """

    name: Name
    versions: Annotated[tuple[Range, ...], Meta(min_length=1)]
    series: RelativePath | None = None
    base: VersionText
    glue: tuple[RelativePath, ...] = ()


class Code(Strict, frozen=True, kw_only=True):
    """A place in upstream's own code: ``text``, of one line or more, stands in ``file``."""

    file: RelativePath
    text: Text


class Cure(Strict, frozen=True, kw_only=True):
    """A series for the releases whose code has a certain fault, which ``where`` shows.

    It comes after the backend's own series. ``base`` is what it applies to.
    """

    series: RelativePath
    base: VersionText
    where: Code


class Feature(Strict, frozen=True, kw_only=True):
    """A question to upstream's declarations; where it holds, the name is defined for the glue.

    Exactly one of ``function``, ``struct``, ``enumerator``, ``macro``, ``open_macro`` and ``file``
    is given. ``parameter`` and ``returns`` narrow a function, ``field`` narrows a struct.
    ``open_macro`` is one that the headers define only where nobody has: ``-D`` chooses its value.
    """

    function: Identifier | None = None
    parameter: Identifier | None = None
    returns: Line | None = None
    struct: Identifier | None = None
    field: Identifier | None = None
    enumerator: Identifier | None = None
    macro: Identifier | None = None
    open_macro: Identifier | None = None
    file: RelativePath | None = None

    def __post_init__(self) -> None:
        names = ("function", "struct", "enumerator", "macro", "open_macro", "file")
        if sum(getattr(self, name) is not None for name in names) != 1:
            raise ValueError(f"expected exactly one of {', '.join(names)}")
        if (self.parameter or self.returns) and self.function is None:
            raise ValueError("parameter and returns go with function")
        if self.field and self.struct is None:
            raise ValueError("field goes with struct")


class Choice(Strict, frozen=True, kw_only=True):
    """A user option of Config.uk; without a prompt it is invisible.

    ``define`` is the macro that it sets for the library: ``NAME=value`` for a bool, ``NAME`` for
    an int, which gives its own value unless that is its ``unset``. ``needs`` names the feature
    without which there is no such option.
    """

    name: Symbol
    type: Annotated[str, whole(r"bool|int")] = "bool"
    prompt: Line | None = None
    default: Line | None = None
    range: Line | None = None
    depends: Line | None = None
    help: Line | None = None
    define: Define | None = None
    needs: Symbol | None = None
    unset: int | None = None


class Glue(Strict, frozen=True, kw_only=True):
    """What the generated Makefile.uk, Config.uk and Library.uk are made from.

    The sources are those that ``source_list`` names, below ``source_root``, or those of the
    objects that variables of upstream's own makefiles hold (``source_objects``), and those that are
    named: in ``sources``, in ``newer_sources`` where a version has them, and in
    ``optional_sources`` by the option that asks for them.
    """

    library: Identifier
    title: Line
    description: Line
    homepage: Url
    repository: Url
    license: Line
    source_root: Folder = "."
    source_list: RelativePath | None = None
    without: tuple[RelativePath, ...] = ()
    source_objects: dict[RelativePath, tuple[Identifier, ...]] = field(default_factory=dict)
    sources: tuple[RelativePath, ...] = ()
    newer_sources: tuple[RelativePath, ...] = ()
    optional_sources: dict[Symbol, tuple[RelativePath, ...]] = field(default_factory=dict)
    files: tuple[RelativePath, ...] = ()
    # Folders with headers, private and exported: the glue's own, then upstream's.
    own_includes: tuple[Folder, ...] = ()
    own_exported_includes: tuple[Folder, ...] = ()
    includes: tuple[Folder, ...] = ()
    exported_includes: tuple[Folder, ...] = ()
    flags: tuple[Flag, ...] = ()
    # The compiler's own headers (immintrin.h), which -nostdinc hides.
    compiler_headers: bool = False
    # What the features are asked of; the optional ones only where this version has them.
    headers: tuple[RelativePath, ...] = ()
    optional_headers: tuple[RelativePath, ...] = ()
    # Optional headers that are public as well.
    public_headers: tuple[RelativePath, ...] = ()
    # Symbols for others beside those that ``headers`` and ``public_headers`` declare. Without the
    # field every symbol of the library can be seen, as Unikraft has it where nothing is said.
    exports: tuple[Identifier, ...] | None = None
    depends: tuple[Line, ...] = ()
    selects: tuple[Line, ...] = ()
    features: dict[Symbol, Feature] = field(default_factory=dict)
    options: tuple[Choice, ...] = ()

    def __post_init__(self) -> None:
        if self.source_list is not None and self.named:
            raise ValueError("expected either source_list or sources or source_objects")

    @property
    def named(self) -> bool:
        """Whether sources are named one by one, or by the objects of a makefile."""
        return bool(self.source_objects or self.sources or self.optional_sources)


class Configuration(Strict, frozen=True, kw_only=True):
    """Kconfig symbols of the unikernel, without ``CONFIG_``: set to y, and left unset."""

    enable: tuple[Symbol, ...]
    disable: tuple[Symbol, ...] = ()


class Variant(Strict, frozen=True, kw_only=True):
    """A point of an axis of the matrix, as its difference from ``[configuration]``.

    ``values`` are Kconfig numbers. ``versions`` limits the point to versions in those ranges. It is
    there where the guest has as many ``cpus`` at least.
    """

    name: Name
    enable: tuple[Symbol, ...] = ()
    disable: tuple[Symbol, ...] = ()
    values: dict[Symbol, int] = field(default_factory=dict)
    versions: tuple[Range, ...] = ()
    cpus: Annotated[int, Meta(ge=1, le=256)] = 1


class Allocator(Variant, frozen=True, kw_only=True):
    """Another allocator in the port's place, under the same test; ``versions`` means nothing here.

    The guest must report ``name`` and ``number`` as what it runs on. With ``recipe`` it is a port
    of its own beside this one, which is then under test: ``name@2.1`` asks for a version of it.
    ``at`` are the versions that a matrix and a comparison take.
    """

    recipe: Name | None = None
    at: tuple[VersionText, ...] = ()
    number: Annotated[int, Meta(ge=0, le=999_999_999)] = 0


class Matrix(Strict, frozen=True, kw_only=True):
    """The axes that a port is proven over; of an axis that is left out there is one point.

    The first point of an axis is what is built where no other is asked for. Of the allocators it is
    the recipe's own configuration; ``own`` is what that allocates with. ``memory`` in MiB.
    ``accelerators`` are QEMU's; ``auto`` is what this machine can do.
    """

    versions: tuple[VersionText, ...] = ()
    configurations: tuple[Variant, ...] = ()
    architectures: tuple[Variant, ...] = ()
    own: Name | None = None
    allocators: tuple[Allocator, ...] = ()
    memory: tuple[Annotated[int, Meta(ge=2, le=65536)], ...] = ()
    accelerators: tuple[Literal["auto", "kvm", "tcg"], ...] = ()


class Recipe(Strict, frozen=True, kw_only=True):
    """A port: one upstream, what surrounds it, and how it is proven.

    ``platform`` says what the core is: Unikraft, or the bare kernel for trying.
    """

    schema: Annotated[int, Meta(ge=1, le=1)]
    name: Name
    version: VersionText
    platform: Annotated[str, whole("unikraft|bare")] = "unikraft"
    upstream: Upstream
    core: Tree
    libraries: tuple[Tree, ...] = ()
    published: Published | None = None
    backends: Annotated[tuple[Backend, ...], Meta(min_length=1)]
    cures: tuple[Cure, ...] = ()
    glue: Glue
    configuration: Configuration
    matrix: Matrix = Matrix()
    test: Test
    bench: Bench | None = None

    @property
    def pinned(self) -> tuple[Tree, ...]:
        """The core, the libraries and the published one: all trees that stay at their pin."""
        published = () if self.published is None else (self.published,)
        return (self.core, *self.libraries, *published)
