"""A recipe for an upstream that nobody has ported: what is known goes in, its files come out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ukport.glue.sources import hold
from ukport.recipe.model import Tree
from ukport.recipe.pattern import NAME, PATH

_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"


@dataclass(frozen=True)
class Missing:
    """A symbol that nobody provides, and where upstream's sources use it (``file:line``).

    One that is not ``callable`` is an object, for which no stub can stand.
    """

    name: str
    places: tuple[str, ...]
    callable: bool = True


@dataclass(frozen=True)
class Option:
    """A user option: the Kconfig symbol, its prompt, and the macro that it sets."""

    symbol: str
    prompt: str
    macro: str


@dataclass(frozen=True)
class Proposal:
    """Everything that the files of a new recipe are written from.

    Raises SourceListError for a name of upstream's that TOML, make or C could take for more.
    """

    name: str
    version: str
    upstream: str
    url: str
    tag: str
    archive: str
    separator: str
    core: Tree
    libraries: tuple[Tree, ...]
    license: str
    sources: tuple[str, ...]
    origin_of_sources: str
    exported_includes: tuple[str, ...]
    headers: tuple[str, ...]
    version_header: str
    version_macro: str
    version_text: str
    linked: tuple[str, ...]
    enable: tuple[str, ...]
    disable: tuple[str, ...]
    includes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    selects: tuple[str, ...] = ()
    optional_sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    # Where upstream's own list, less ``without``, gives the very sources.
    source_list: str = ""
    without: tuple[str, ...] = ()
    stubs: tuple[Missing, ...] = ()
    called_texts: tuple[tuple[str, str], ...] = ()
    called_numbers: tuple[str, ...] = ()

    @property
    def library(self) -> str:
        """What Unikraft calls it."""
        return f"lib{identifier(self.name).lower()}"

    @property
    def version_in_part(self) -> bool:
        """Whether the macro is not the whole version, which a function may give."""
        return self.version_macro.endswith("_MAJOR")

    @property
    def description(self) -> str:
        return f"{self.name}, as its upstream has it"

    def __post_init__(self) -> None:
        hold(self.name, NAME, "name")
        listed = (self.source_list, *self.without)
        for path in (
            *(*self.sources, *self.headers, *self.includes, *self.exported_includes),
            *filter(None, listed),
        ):
            if path != ".":
                hold(path, PATH, "path")
        for name in (*self.linked, self.version_macro, *(one.name for one in self.stubs)):
            hold(name, _IDENTIFIER, "symbol")


def identifier(name: str) -> str:
    """A name as part of a C, make or Kconfig name."""
    return re.sub(r"\W", "_", name)


def write(proposal: Proposal, todo: Sequence[str]) -> Mapping[str, str]:
    """The files of ``recipes/NAME`` by path; the same bytes every time."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ukport.glue", "templates/new"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - TOML and C, not HTML; the proposal narrows the text
    )
    environment.filters["toml"] = _toml
    names = {"recipe.toml": "recipe.toml", "test/main.c": "main.c", "TODO.md": "TODO.md"}
    if proposal.stubs:
        names["glue/missing.c"] = "missing.c"
    return {
        path: environment.get_template(f"{template}.jinja").render(p=proposal, todo=todo)
        for path, template in names.items()
    }


def _toml(words: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


# Words of a licence's text, the most telling first; each needs all of its words.
_LICENCES = (
    ("Apache-2.0", ("Apache License", "Version 2.0")),
    ("MPL-2.0", ("Mozilla Public License", "2.0")),
    ("Zlib", ("provided 'as-is'", "must not be misrepresented")),
    ("MIT", ("Permission is hereby granted, free of charge",)),
    ("BSD-3-Clause", ("Redistribution and use in source and binary forms", "Neither the name")),
    ("BSD-2-Clause", ("Redistribution and use in source and binary forms",)),
    ("ISC", ("Permission to use, copy, modify, and/or distribute this software",)),
    ("LGPL-2.1-only", ("GNU LESSER GENERAL PUBLIC LICENSE", "Version 2.1")),
    ("GPL-3.0-only", ("GNU GENERAL PUBLIC LICENSE", "Version 3")),
    ("GPL-2.0-only", ("GNU GENERAL PUBLIC LICENSE", "Version 2")),
    ("Unlicense", ("free and unencumbered software released into the public domain",)),
)


def licence_of(text: str) -> str:
    """The SPDX name that a licence's text looks like, or an empty string."""
    plain = " ".join(text.split())
    for name, words in _LICENCES:
        if all(word in plain for word in words):
            return name
    return ""
