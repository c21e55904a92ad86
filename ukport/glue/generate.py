"""Makefile.uk, Config.uk and Library.uk from the recipe and what was read from upstream.

Pure: a Port goes in, text by path comes out, the same bytes every time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ukport.glue.sources import with_variants
from ukport.recipe.model import Backend, Recipe
from ukport.source.fetch import file_name

if TYPE_CHECKING:
    from jinja2 import Environment

FILES = ("Makefile.uk", "Config.uk", "Library.uk")


@dataclass(frozen=True)
class Port:
    """What the glue of one version is made from, beside the recipe."""

    version: str
    tag: str
    sha256: str
    sources: tuple[str, ...]
    features: tuple[str, ...]
    backend: Backend


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
    name = recipe.glue.library.upper()
    archive = recipe.upstream.archive.format(version=port.version, tag=port.tag)
    values = {
        "recipe": recipe,
        "glue": recipe.glue,
        "port": port,
        "lib": recipe.glue.library,
        "LIB": name,
        "url": recipe.upstream.archive.replace("{tag}", recipe.upstream.tag).replace(
            "{version}", f"$({name}_VERSION)"
        ),
        "archive": archive,
        "archive_name": file_name(archive),
        "folder": f"{recipe.upstream.name}-$({name}_VERSION)",
        "sources": with_variants(port.sources),
        "files": (*recipe.glue.files, *port.backend.glue),
    }
    environment = _environment()
    return {file: environment.get_template(f"{file}.jinja").render(values) for file in FILES}
