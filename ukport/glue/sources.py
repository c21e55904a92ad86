"""The sources to compile, from upstream's own list."""

import posixpath
import re
from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping

from ukport.errors import UkportError
from ukport.glue import buildlists
from ukport.recipe.pattern import PATH


class SourceListError(UkportError):
    """Upstream's list of sources cannot be used."""


def hold(text: str, pattern: str, what: str) -> None:
    """What comes from upstream goes into make's text only where nothing there would expand it.

    Raises SourceListError.
    """
    if not re.fullmatch(pattern, text):
        raise SourceListError(
            f"upstream's {what} {text!r} cannot be written to a Makefile.uk: it does not match"
            f" {pattern!r}",
            "ask upstream to rename it, or carry a patch in the recipe's series that does",
        )


def listed(text: str, root: str, without: Container[str], files: Collection[str]) -> list[str]:
    """The ``.c`` files that a unity source such as ``static.c`` includes, below ``root``.

    A listed file that is included by another one stays out of the list by itself, because only
    the unity source is read. Raises SourceListError for a file that upstream does not have, or
    whose name make would not take as it is.
    """
    found = []
    for name in buildlists.included(text):
        path = posixpath.normpath(posixpath.join(root, name))
        if name in without or path in found:
            continue
        if path not in files:
            raise SourceListError(
                f"{path} is in upstream's list of sources, but not in its tree",
                "correct glue.source_root or glue.source_list in the recipe",
            )
        hold(path, PATH, "source")
        found.append(path)
    if not found:
        raise SourceListError(
            "upstream's list of sources names no .c file", "correct glue.source_list in the recipe"
        )
    return found


def named(
    path: str,
    text: str,
    files: Collection[str],
    without: Container[str] = (),
    known: Mapping[str, str] | None = None,
) -> list[str]:
    """The sources that upstream's build file ``path`` names, of those that there are.

    ``known`` are CMake's variables. Raises SourceListError where it names none, or one whose name
    make would not take as it is.
    """
    read = buildlists.read(path, text, buildlists.candidates(sorted(files)), (), known)
    found = [source for source in read.sources if source not in without]
    if not found:
        raise SourceListError(
            f"upstream's {path} names no source that is there",
            "correct glue.source_list in the recipe, or name the sources in glue.sources",
        )
    for source in found:
        hold(source, PATH, "source")
    return found


def of_objects(
    text: str, makefile: str, variables: Iterable[str], files: Collection[str]
) -> list[str]:
    """The C sources of the objects that ``variables`` of upstream's ``makefile`` hold.

    Raises SourceListError where there is no such variable, or no source of an object.
    """
    set_there = buildlists.assignments(text)
    found = []
    for variable in variables:
        values = [value for name, value in set_there if name == variable]
        words = [word for value in values for word in value.split() if word.endswith(".o")]
        if not words:
            raise SourceListError(
                f"upstream's {makefile} gives no objects to {variable}",
                "correct glue.source_objects in the recipe",
            )
        for word in words:
            source = posixpath.join(posixpath.dirname(makefile), f"{word.removesuffix('.o')}.c")
            path = posixpath.normpath(source)
            if path not in files:
                raise SourceListError(
                    f"upstream's {makefile} makes {word}, and there is no {path}",
                    "carry what makes that source, or name the sources in the recipe",
                )
            hold(path, PATH, "source")
            found.append(path)
    return found


def with_variants(sources: Iterable[str]) -> list[str]:
    """Unikraft names objects by base name alone: equal ones get their folder as a variant."""
    sources = list(sources)
    count = Counter(posixpath.basename(path) for path in sources)
    return [
        f"{path}|{posixpath.basename(posixpath.dirname(path))}"
        if count[posixpath.basename(path)] > 1
        else path
        for path in sources
    ]
