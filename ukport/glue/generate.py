"""Makefile.uk, Config.uk and Library.uk from the recipe and what was read from upstream.

Pure: a Port goes in, text by path comes out, the same bytes every time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ukport.glue.sources import hold, with_variants
from ukport.recipe.model import Backend, Recipe
from ukport.recipe.pattern import PATH, REVISION, VERSION, file_name

if TYPE_CHECKING:
    from jinja2 import Environment

FILES = ("Makefile.uk", "Config.uk", "Library.uk")
EXPORTS = "exportsyms.uk"


@dataclass(frozen=True)
class Port:
    """What the glue of one version is made from, beside the recipe.

    Raises SourceListError for a name of upstream's that make would expand.
    """

    version: str
    tag: str
    sha256: str
    sources: tuple[str, ...]
    features: tuple[str, ...]
    backend: Backend
    optional: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exports: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        hold(self.version, VERSION, "version")
        hold(self.tag, REVISION, "tag")
        for source in (*self.sources, *(s for group in self.optional.values() for s in group)):
            hold(source, PATH, "source")


def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("ukport.glue"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - make and Kconfig, not HTML; the model narrows the text
    )


def generate(recipe: Recipe, port: Port) -> Mapping[str, str]:
    """The glue's files by name."""
    name, upstream = recipe.glue.library.upper(), recipe.upstream
    archive = upstream.archive_at(port.version, port.tag)
    version = f"$({name}_VERSION)"
    tag = upstream.tag.replace("{version}", _spelled(version, upstream.separator))
    values = {
        "recipe": recipe,
        "glue": recipe.glue,
        "options": [o for o in recipe.glue.options if not o.needs or o.needs in port.features],
        "port": port,
        "lib": recipe.glue.library,
        "LIB": name,
        "url": upstream.archive_at(version, tag),
        "archive": archive,
        "archive_name": file_name(archive),
        "folder": upstream.folder_at(version, tag),
        "exports": sorted({*port.exports, *(recipe.glue.exports or ())}),
        **_sources(port),
        "files": (*recipe.glue.files, *port.backend.glue),
    }
    environment = _environment()
    files = FILES if recipe.glue.exports is None else (*FILES, EXPORTS)
    return {file: environment.get_template(f"{file}.jinja").render(values) for file in files}


def _sources(port: Port) -> Mapping[str, object]:
    """Sources with their variants: all of them share one folder of objects."""
    groups = [("", port.sources), *port.optional.items()]
    spelled = iter(with_variants(source for _, group in groups for source in group))
    named = {option: [next(spelled) for _ in group] for option, group in groups}
    return {"sources": named.pop(""), "optional_sources": named}


def _spelled(version: str, separator: str) -> str:
    """A version's numbers as the tag writes them, for make to work out."""
    return version if separator == "." else f"$(subst .,{separator},{version})"
