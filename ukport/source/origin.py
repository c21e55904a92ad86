"""Which repository and revision an archive's address stands for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ukport.recipe.model import Origin
from ukport.recipe.pattern import NAME

_GITHUB = re.compile(
    r"(?P<repo>https://(?:github\.com|gitlab\.com)/[\w.-]+/(?P<name>[\w.-]+?))(?:\.git)?"
    r"/(?:-/)?archive/(?:refs/(?P<kind>tags|heads)/)?(?P<ref>.+?)"
    r"(?P<suffix>\.zip|\.tar\.gz|\.tgz)"
)
_VERSION = re.compile(r"[-_/]v?(\d[\w.]*?)(?:\.zip|\.tgz|\.tar\.\w+)$")


@dataclass(frozen=True)
class Place:
    """A repository, the revisions to try in it, and its archive's folder where that is known.

    ``exact`` says that the archive is made from that very tree.
    """

    name: str
    url: str
    revisions: tuple[str, ...]
    exact: bool
    folder: str = ""


def place_of(url: str, gitrepo: str, origins: Iterable[Origin]) -> Place | None:
    """Where the tree behind an archive is: a forge's own address, a recipe's word, ``gitrepo``."""
    if shape := _GITHUB.fullmatch(url):
        ref = shape["ref"]
        prefix = {"heads": "refs/heads/", "tags": "refs/tags/"}.get(shape["kind"] or "", "")
        bare = ref[1:] if re.match(r"v\d", ref) else ref
        folder = f"{shape['name']}-{bare.replace('/', '-')}"
        return Place(shape["name"], shape["repo"], (f"{prefix}{ref}",), exact=True, folder=folder)
    for origin in origins:
        if origin.archive == url:
            return Place(origin.name, origin.url, (origin.pin,), exact=False, folder=origin.folder)
    version = _VERSION.search(url)
    repository = gitrepo.removesuffix("/").removesuffix(".git")
    if version and re.fullmatch(r"(?:https|http|ssh|git|file)://[\w.~:/@%+=,-]+", repository):
        name = repository.rpartition("/")[2]
        if re.fullmatch(NAME, name):
            number = version[1]
            tags = (f"v{number}", number, f"{name}-{number}", f"release-{number}")
            return Place(name, repository, tags, exact=False)
    return None
