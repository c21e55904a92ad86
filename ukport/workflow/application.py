"""The unikernel's application: the recipe's own test, upstream's, or the benchmarks."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from ukport.errors import UsageError
from ukport.recipe import Recipe
from ukport.recipe import files as own
from ukport.recipe import guest as model
from ukport.recipe.guest import Bench, UpstreamTests
from ukport.verify.client import Client
from ukport.verify.workspace import Application, PatchedTree


def own_tests(recipe: Recipe, project: Path) -> Application:
    """The application in the recipe's folder."""
    return _own(recipe, project, recipe.test.flags, recipe.test.sources)


def smp_tests(recipe: Recipe, project: Path, cpus: int) -> Application:
    """The application for several CPUs; raises UsageError where there is none for so many."""
    wanted = recipe.test.smp
    if wanted is None:
        raise UsageError(
            f"recipes/{recipe.name}/recipe.toml names no tests for several CPUs",
            "name them in [test.smp]",
        )
    if cpus > wanted.cpus:
        raise UsageError(
            f"--smp {cpus}: {recipe.name} is built for {wanted.cpus} CPUs at most",
            f"[test.smp] in recipes/{recipe.name}/recipe.toml says so",
        )
    return _own(recipe, project, wanted.flags, wanted.sources)


def benchmarks(recipe: Recipe, bench: Bench, project: Path) -> Application:
    """What is measured: the recipe's ``bench/``, laid over its ``test/``."""
    return _own(recipe, project, bench.flags, bench.sources, "test", "bench")


def _own(
    recipe: Recipe, project: Path, flags: Sequence[str], sources: Sequence[str], *folders: str
) -> Application:
    """Of the files in ``folders``, ``test`` where there is none; a later one's count."""
    variable = _variable(recipe)
    lines = [f"{variable}_CFLAGS-y += {flag}" for flag in flags]
    lines += [f"{variable}_SRCS-y += $({variable}_BASE)/{s}" for s in sources]
    files: dict[str, bytes] = {}
    for folder in folders or ("test",):
        files |= own.read(project, recipe.name, folder)
    return _application(recipe, files, lines)


def own_client(recipe: Recipe, project: Path) -> Client | None:
    """The program that tests the guest from the host, where the recipe has one."""
    return _client(recipe, project, "test", recipe.test.client)


def measuring(recipe: Recipe, bench: Bench, project: Path) -> Client | None:
    """The program that measures the guest from the host, where the recipe has one."""
    return _client(recipe, project, "bench", bench.client)


def _client(
    recipe: Recipe, project: Path, folder: str, wanted: model.Client | None
) -> Client | None:
    """Raises UsageError where the recipe's ``folder`` does not have it."""
    if wanted is None:
        return None
    program = project / "recipes" / recipe.name / folder / wanted.program
    own.refuse_links(project, program)
    if not program.is_file():
        raise UsageError(
            f"recipes/{recipe.name}/{folder} has no {wanted.program}",
            f"correct {folder}.client.program in the recipe",
        )
    return Client(program.absolute(), wanted.port)


def upstream_tests(recipe: Recipe, project: Path, upstream: PatchedTree) -> Application:
    """Upstream's test programs, as far as this version has them, compiled with its own flags.

    Raises UsageError where the recipe names none, or this version has none of them.
    """
    wanted = recipe.test.upstream
    if wanted is None:
        raise UsageError(
            f"recipes/{recipe.name}/recipe.toml names no tests of upstream's",
            "name them in [test.upstream]",
        )
    there = frozenset(upstream.repository.list(upstream.tree))
    sources = [source for source in wanted.sources if source in there]
    if not sources:
        raise UsageError(
            f"{recipe.name}: this version has none of {', '.join(wanted.sources)}",
            "leave --upstream-tests away",
        )
    taken = [*sources, *(header for header in wanted.headers if header in there)]
    files = {
        PurePosixPath(path).name: upstream.repository.read(upstream.tree, path) for path in taken
    }
    return _application(
        recipe,
        {**own.read(project, recipe.name, "test"), **files},
        _upstream_lines(recipe, wanted, sources),
    )


def _upstream_lines(recipe: Recipe, wanted: UpstreamTests, sources: Sequence[str]) -> list[str]:
    variable, library = _variable(recipe), recipe.glue.library.upper()
    lines = [
        f"{variable}_CINCLUDES-y += $({library}_CINCLUDES-y)",
        f"{variable}_CFLAGS-y += $({library}_CFLAGS-y)",
    ]
    for source in sources:
        path = PurePosixPath(source)
        name = re.sub(r"\W", "_", f"upstream_{path.stem}".lower())
        flags = f"-Dmain={name} -include $({variable}_BASE)/{wanted.before}"
        lines += [
            f"{variable}_CFLAGS-y += -D{name.upper()}",
            f"{variable}_{path.stem.upper()}_FLAGS-y += {flags}",
            f"{variable}_SRCS-y += $({variable}_BASE)/{path.name}",
        ]
    return lines + [f"{variable}_SRCS-y += $({variable}_BASE)/{s}" for s in wanted.driver]


def _variable(recipe: Recipe) -> str:
    return f"APPUKPORT{recipe.name.upper()}"


def _application(recipe: Recipe, files: Mapping[str, bytes], lines: Sequence[str]) -> Application:
    name = f"ukport{recipe.name}"
    text = "\n".join([f"$(eval $(call addlib,app{name}))", "", *lines, ""])
    return Application(name, {**files, "Makefile.uk": text.encode()})
