"""The files of an imported library that its recipe's generated glue takes the place of."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ukport.glue import hand, importing, original, originalfiles
from ukport.glue.compare import File
from ukport.glue.fate import Fate
from ukport.glue.library import CONFIG, LIBRARY, MAKEFILE, ExternalLibrary
from ukport.glue.lint import moves
from ukport.glue.original import Pair
from ukport.recipe import Recipe
from ukport.recipe import files as own
from ukport.source import Cache
from ukport.source.origin import place_of
from ukport.workflow import lint
from ukport.workflow.changes import lib_folder
from ukport.workflow.library import read_folder
from ukport.workflow.surroundings import Around


@dataclass(frozen=True)
class Judged:
    """What becomes of the original files, by name, and what of each is kept by hand."""

    texts: Mapping[str, str]
    fates: Mapping[str, tuple[Fate, ...]]
    hand: Mapping[str, str]
    partners: Mapping[int, str]
    checked: bool
    known: bool

    def compared(self, made: Mapping[str, str]) -> tuple[File, ...]:
        """With the files that are made, what is by hand included."""
        return tuple(
            File(
                name,
                text,
                made[name],
                self.fates[name],
                self.partners if name == MAKEFILE else {},
                self.checked,
                self.known,
            )
            for name, text in self.texts.items()
        )


def judged(
    project: Path, recipe: Recipe, generated: Mapping[str, str], tree: Collection[str], cache: Cache
) -> Judged | None:
    """None where the project's glue is ukport's own, or is not there; raises FetchError."""
    folder = lib_folder(project, recipe)
    if not (folder / MAKEFILE).is_file():
        return None
    files = read_folder(folder).files
    library = ExternalLibrary({**own.read(project, recipe.name, "glue"), **files})
    if hand.ours(library.text(MAKEFILE)):
        return None
    archives = library.archives
    archive = importing.choose(archives, iter([moves(one.url) for one in archives]))
    if archive is None or not library.scope.libraries:
        return None
    with cache.scratch() as scratch:
        around = Around(recipe.core, recipe.libraries)
        unknown = lint.unknown_options(library, around, cache, scratch / "kconfig")
    made = ExternalLibrary({name: text.encode() for name, text in generated.items()})
    make = original.judge(Pair(library, made, archive, tree))
    texts = {n: library.text(n) for n in (MAKEFILE, CONFIG, LIBRARY) if n in library.files}
    fates, kept = {MAKEFILE: make.all}, {MAKEFILE: make.hand}
    if CONFIG in texts:
        pair = originalfiles.Texts(texts[CONFIG], generated[CONFIG])
        name = library.name.upper()
        fates[CONFIG], kept[CONFIG] = originalfiles.config(pair, name, unknown)
    if LIBRARY in texts:
        pair = originalfiles.Texts(texts[LIBRARY], generated[LIBRARY])
        fates[LIBRARY], kept[LIBRARY] = originalfiles.library(pair, archive)
    by_hand = {name: hand.MARK + text if text else "" for name, text in kept.items()}
    return Judged(texts, fates, by_hand, make.partners, bool(archive.sums), known=_known(made))


def _known(made: ExternalLibrary) -> bool:
    """Whether the archive at the address is made by a forge of the tag, as ukport makes it."""
    place = place_of(made.archives[0].url, "", ())
    return place is not None and place.exact
