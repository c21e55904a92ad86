"""What the model's types cannot say: whether the parts of a recipe fit together."""

from collections import Counter
from collections.abc import Container, Iterator, Sequence

from ukport.recipe.model import Recipe, Tree
from ukport.recipe.pattern import file_name

Keys = tuple[str | int, ...]
# Where in a recipe something is wrong, and what.
Finding = tuple[Keys, str]


def inconsistencies(recipe: Recipe) -> Iterator[Finding]:
    """What is wrong in the recipe's own text."""
    yield from _archives(recipe)
    yield from _tree_names(recipe)
    yield from _points(recipe)
    yield from _sources(recipe)
    yield from _allocators(recipe)
    yield from _cases(recipe)


def missing_files(
    recipe: Recipe, glue: Container[str], test: Container[str], bench: Container[str]
) -> Iterator[Finding]:
    """The listed files that the recipe's folders ``glue/``, ``test/`` and ``bench/`` do not hold.

    A benchmark may use the files of the test: ``bench`` holds those, too.
    """
    measured = recipe.bench.sources if recipe.bench else ()
    smp = recipe.test.smp
    listed: list[tuple[Keys, Sequence[str], str, Container[str]]] = [
        (("glue", "files"), recipe.glue.files, "glue", glue),
        *(
            (("backends", at, "glue"), backend.glue, "glue", glue)
            for at, backend in enumerate(recipe.backends)
        ),
        (("test", "sources"), recipe.test.sources, "test", test),
        (("test", "smp", "sources"), smp.sources if smp else (), "test", test),
        (("bench", "sources"), measured, "bench", bench),
    ]
    for keys, names, folder, there in listed:
        for at, name in enumerate(names):
            if name not in there:
                yield (
                    (*keys, at),
                    f"expected a source in recipes/{recipe.name}/{folder}, which has no {name}",
                )


def _cases(recipe: Recipe) -> Iterator[Finding]:
    """Benchmarks are told apart by their names, and compared with an allocator of the matrix."""
    if recipe.bench is None:
        return
    taken: set[str] = set()
    for at, case in enumerate(recipe.bench.cases):
        if case.name in taken:
            yield ("bench", "cases", at, "name"), f"expected another name, {case.name!r} is taken"
        taken.add(case.name)
    matrix = recipe.matrix
    others = [*([matrix.own] if matrix.own else []), *(point.name for point in matrix.allocators)]
    if recipe.bench.against not in (None, *others):
        yield ("bench", "against"), f"expected an allocator of the matrix: {', '.join(others)}"


def _sources(recipe: Recipe) -> Iterator[Finding]:
    """Either the recipe names what is compiled, or the published library's own glue does."""
    glue, published = recipe.glue, recipe.published
    is_whole = published is not None and published.whole
    if is_whole and (glue.named or glue.source_list):
        yield ("glue",), "expected no sources, since the published library names them"
    if not is_whole and not (glue.named or glue.source_list):
        yield ("glue",), "expected either source_list or sources or source_objects"
    if is_whole and published and published.origin is None:
        yield ("published",), "expected origin, the archive that its Makefile.uk fetches"


def _allocators(recipe: Recipe) -> Iterator[Finding]:
    """Only one that is a port of its own has versions."""
    for at, point in enumerate(recipe.matrix.allocators):
        if point.at and point.recipe is None:
            yield ("matrix", "allocators", at, "at"), "expected none, since there is no recipe"


def _archives(recipe: Recipe) -> Iterator[Finding]:
    upstream, version = recipe.upstream, recipe.version
    archives: list[tuple[Keys, str]] = [
        (("upstream", "archive"), upstream.archive_at(version, upstream.tag_of(version)))
    ]
    for keys, tree in _pinned(recipe):
        if tree.origin:
            archives.append(((*keys, "origin", "archive"), tree.origin.archive))
    for keys, address in archives:
        try:
            file_name(address)
        except ValueError as error:
            yield keys, str(error)


def _tree_names(recipe: Recipe) -> Iterator[Finding]:
    """Trees are kept and patched by name: a second one would silently take the first one's place.

    Beside them lies the port itself, in lib-NAME.
    """
    named: list[tuple[Keys, str]] = [(("upstream", "name"), recipe.upstream.name)]
    for keys, tree in _pinned(recipe):
        named.append(((*keys, "name"), tree.name))
        if tree.origin:
            named.append(((*keys, "origin", "name"), tree.origin.name))
    count = Counter([f"lib-{recipe.name}", *(name for _, name in named)])
    for keys, name in reversed(named):
        if count[name] > 1:
            yield keys, f"expected a name of its own: {name!r} is another tree's"


def _points(recipe: Recipe) -> Iterator[Finding]:
    """Cells are told apart by the names on their axes; the port itself stands among allocators."""
    matrix = recipe.matrix
    axes: dict[str, list[str]] = {
        "configurations": [point.name for point in matrix.configurations],
        "architectures": [point.name for point in matrix.architectures],
        "allocators": [point.name for point in matrix.allocators],
    }
    for axis, names in axes.items():
        taken = {recipe.name, matrix.own} if axis == "allocators" else set()
        for at, name in enumerate(names):
            if name in taken:
                yield ("matrix", axis, at, "name"), f"expected a name of its own, {name!r} is taken"
            taken.add(name)


def _pinned(recipe: Recipe) -> Iterator[tuple[Keys, Tree]]:
    yield ("core",), recipe.core
    for at, tree in enumerate(recipe.libraries):
        yield ("libraries", at), tree
