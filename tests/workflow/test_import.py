"""``ukport import``: an existing library becomes a recipe, and nothing of it is lost."""

import re
from pathlib import Path

import pytest

from tests.workflow.test_lint import (  # noqa: F401 - fixtures
    CONFIG,
    LIBRARY,
    library,
    origin,
    surroundings,
)
from ukport.errors import UsageError
from ukport.glue.hand import MARK
from ukport.glue.importing import choose, when
from ukport.glue.library import ExternalLibrary, meets
from ukport.glue.lint import moves
from ukport.recipe import load
from ukport.series import read_series
from ukport.source import Cache, default_root
from ukport.workflow.glue import glue, write
from ukport.workflow.importing import import_library
from ukport.workflow.library import read
from ukport.workflow.surroundings import around
from ukport.workflow.verify import verify

GONE = re.compile(r"(\S+) is not in the archive")


def kept(project: Path, name: str, files: ExternalLibrary) -> bool:
    """Whether every file of a library is in the recipe's folders with its bytes."""
    folders = (project / "recipes" / name, project / "patches" / name)
    there = {
        (path.name, path.read_bytes())
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }
    return all((path.rpartition("/")[2], data) in there for path, data in files.files.items())


@pytest.fixture
def take(tmp_path, surroundings, origin):  # noqa: F811 - pytest's fixtures
    def run(files: ExternalLibrary, **more):
        cache = Cache(tmp_path / "cache")
        return import_library(files, tmp_path, surroundings, cache, upstream=origin, **more)

    return run


def test_nothing_is_lost(take, tmp_path):
    files = library()
    done = take(files)
    assert (done.recipe, done.version) == ("x", "1.0")
    assert kept(tmp_path, "x", files)
    names = [patch.name for patch in read_series(tmp_path / "patches/x/1.0")]
    assert names == sorted(n.removeprefix("patches/") for n in files.files if n.endswith(".patch"))
    assert (tmp_path / "recipes/x/lib/patches/README").read_bytes() == b"nothing\n"


def test_the_recipe_says_what_makefile_uk_says(take, tmp_path):
    take(library(**{"missing.c": "int m;\n"}))
    recipe = load(tmp_path, "x")
    assert recipe.upstream.tag == "v{version}"
    assert recipe.upstream.archive == "http://example.org/x-{version}.tar.gz"
    assert recipe.backends[0].series == "x/1.0"
    glue = recipe.glue
    assert glue.sources == ("src/one.c", "other/one.c")
    assert glue.files == ("glue.c", "missing.c")
    assert glue.selects == ("LIBELSEWHERE",)


def test_what_is_wrong_is_left_out_and_told(take):
    told = {(f.file, f.line): f for f in take(library(**{"missing.c": ""})).findings}
    assert told["Makefile.uk", 9].message == "src/gone.c is not in the archive"
    assert told["Config.uk", 3].message == "select LIBKUALLOC: no core has it"
    assert told["Config.uk", 3].cure == "write LIBUKALLOC"
    assert {told[place].rule for place in told if place[0] == "Config.uk"} == {"left-out"}


def test_another_library_in_the_same_files_stays_there(take, tmp_path):
    makefile = """\
$(eval $(call addlib_s,libx,$(CONFIG_LIBX)))
$(eval $(call addlib_s,libx_y,$(CONFIG_LIBX_Y)))
$(eval $(call fetch,libx,https://example.org/x-1.0.tar.gz))
LIBX_SRCS-y += $(LIBX_ORIGIN)/x-1.0/src/one.c
LIBX_SRCS-y += $(LIBX_BASE)/own.c|unikraft
LIBX_Y_SRCS-y += $(LIBX_ORIGIN)/x-1.0/other/one.c
"""
    done = take(ExternalLibrary({"Makefile.uk": makefile.encode(), "own.c": b""}))
    glue = load(tmp_path, "x").glue
    assert (glue.sources, glue.files) == (("src/one.c",), ())
    told = {f.line: f.message for f in done.findings if f.rule == "not-in-recipe"}
    assert told[5] == "own.c has an object of its own name, own.unikraft.o"
    assert told[6] == "other/one.c is of libx_y, another library in the same files"


def test_what_a_recipe_cannot_say_is_told_by_line(take):
    findings = take(library(**{"missing.c": ""})).findings
    told = {(f.file, f.line): f.message for f in findings}
    assert "cannot be evaluated" in told["Makefile.uk", 14]
    assert "compiled only with LIBX_NEVER" in told["Makefile.uk", 16]
    assert "listed again" in told["Makefile.uk", 13]
    assert any("no license" in finding.message for finding in findings)


def test_conditions_become_options(take, tmp_path):
    makefile = """\
$(eval $(call addlib_s,libx,$(CONFIG_LIBX)))
$(eval $(call fetch,libx,https://example.org/x-1.0.tar.gz))
D = $(LIBX_ORIGIN)/x-1.0
CINCLUDES-$(CONFIG_LIBX) += -I$(D)/src -I$(LIBX_BASE)/include
LIBX_CFLAGS-y += -DA=1 -DB="x y"
LIBX_SRCS-$(CONFIG_LIBX_B) += $(D)/other/one.c
ifeq ($(CONFIG_LIBX_C),y)
LIBX_SRCS-y += $(D)/src/one.c
endif
ifeq (x86_64,$(CONFIG_UK_ARCH))
LIBX_SRCS-y += $(D)/new/gone.c
else
LIBX_SRCS-y += $(D)/new/gone.c
endif
"""
    done = take(ExternalLibrary({"Makefile.uk": makefile.encode()}))
    glue = load(tmp_path, "x").glue
    assert glue.optional_sources == {
        "LIBX_B": ("other/one.c",),
        "LIBX_C": ("src/one.c",),
        "ARCH_X86_64": ("new/gone.c",),
    }
    assert (glue.exported_includes, glue.own_exported_includes) == (("src",), ("include",))
    assert glue.flags == ("-DA=1",)
    assert any(f.line == 13 and "else of" in f.message for f in done.findings)


def test_what_is_there_is_never_overwritten(take, tmp_path):
    files = library(**{"missing.c": ""})
    take(files)
    before = (tmp_path / "recipes/x/recipe.toml").read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        take(files)
    assert (tmp_path / "recipes/x/recipe.toml").read_bytes() == before
    assert take(files, name="y").recipe == "y"


@pytest.mark.parametrize("name", ["../evil", "a b", "-x"])
def test_hostile_names(take, name, tmp_path):
    with pytest.raises(UsageError):
        take(library(), name=name)
    assert not (tmp_path / "recipes").exists()


def test_a_library_that_fetches_nothing(take):
    text = b"$(eval $(call addlib,libx))\n"
    with pytest.raises(UsageError, match="fetches nothing"):
        take(ExternalLibrary({"Makefile.uk": text}))


def compiled(library: ExternalLibrary, held: frozenset) -> set:
    """Every source with the library, the variant and the options it hangs on."""
    return {
        (
            source.library,
            source.path,
            source.own,
            source.variants,
            *when(source.item, archive, library.name),
        )
        for archive in library.archives
        if archive.held == held
        for source in library.sources
        if meets(source.item.held, held)
    }


def chosen(library: ExternalLibrary):
    return choose(library.archives, iter([moves(one.url) for one in library.archives]))


def test_glue_of_an_imported_library_explains_itself(take, tmp_path):
    makefile = """\
# (c) Somebody
$(eval $(call addlib_s,libx,$(CONFIG_LIBX)))
$(eval $(call fetch,libx,https://example.org/x-1.0.tar.gz))
D = $(LIBX_ORIGIN)/x-1.0
CINCLUDES-$(CONFIG_LIBX) += -I$(D)/src
LIBX_SRCS-y += $(D)/src/one.c
LIBX_SRCS-y += $(D)/src/gone.c
LIBX_SRCS-$(call have_gcc) += $(D)/other/one.c
"""
    files = {"Makefile.uk": makefile, "Config.uk": CONFIG, "Library.uk": LIBRARY}
    take(ExternalLibrary({n: t.encode() for n, t in files.items()}))
    cache = Cache(tmp_path / "cache")
    found = glue(tmp_path, "x", None, cache, lambda _: None)
    reasons = found.reasons()
    assert not [one for one in reasons if one.rule == "unexplained"]
    told = {(one.file, one.line): one for one in reasons}
    assert told["Makefile.uk", 7].cure == "src/gone.c is not in the archive [source-gone]"
    assert told["Makefile.uk", 8].cure == "only where $(call have_gcc)"
    assert told["Config.uk", 3].rule == "their-error"
    text = found.files["Makefile.uk"]
    assert text.count("/src/one.c") == 1
    assert "LIBX_SRCS-$(call have_gcc) += $(D)/other/one.c\n" in text.partition(MARK)[2]
    assert write(tmp_path, "x", None, cache, lambda _: None)
    again = glue(tmp_path, "x", None, cache, lambda _: None)
    assert not list(again.diff())
    assert not again.reasons()


@pytest.mark.upstream
@pytest.mark.parametrize("name", ["lwip", "redis", "musl", "mimalloc", "zlib"])
def test_the_published_libraries(name, tmp_path, upstream):
    url = upstream(f"https://github.com/unikraft/lib-{name}")
    if name == "zlib":
        upstream("https://github.com/madler/zlib")
    cache = Cache(default_root())
    files = read(url, tmp_path, cache)
    import_library(files, tmp_path, around(tmp_path), cache)
    assert kept(tmp_path, name, files)
    assert load(tmp_path, name).name == name
    found = glue(tmp_path, name, None, cache, lambda _: None)
    assert not [one for one in found.reasons() if one.rule == "unexplained"]
    # Evaluated as a whole, what is made compiles the same, but for what is not there.
    made = ExternalLibrary({n: t.encode() for n, t in found.files.items()})
    old, new = chosen(files), chosen(made)
    gone = {
        path for one in found.made.origin.fates["Makefile.uk"] for path in GONE.findall(one.why)
    }
    before = {one for one in compiled(files, old.held) if one[1] not in gone}
    assert compiled(made, new.held) == before
    assert len(gone) == (28 if name == "musl" else 0)
    sources = [(s.library, s.path, s.variants, s.item.held, s.item.guards) for s in made.sources]
    assert len(sources) == len(set(sources))


@pytest.mark.upstream
@pytest.mark.boot
def test_an_imported_library_boots_with_the_glue_that_is_made(tmp_path, upstream):
    for url in ("unikraft/unikraft", "unikraft/lib-musl", "madler/zlib"):
        upstream(f"https://github.com/{url}")
    cache = Cache(default_root())
    files = read(upstream("https://github.com/unikraft/lib-zlib"), tmp_path, cache)
    import_library(files, tmp_path, around(tmp_path), cache)
    main = tmp_path / "recipes/zlib/test/main.c"
    works = 'crc32(0, (const unsigned char *)"123456789", 9) == 0xcbf43926'
    told = 'printf("%s 2 - its checksum is right\\n1..2\\nukport: end 2/2\\n",'
    text = main.read_text().replace('1..1\\nukport: end 1/1\\n");', '");')
    assert text != main.read_text()
    main.write_text(
        text.replace("\treturn 0;", f'\t{told} {works} ? "ok" : "not ok");\n\treturn 0;')
    )
    assert "recipes/zlib/lib/Makefile.uk" in write(tmp_path, "zlib", None, cache, lambda _: None)
    result = verify(tmp_path, "zlib", None, cache, lambda _: None, accel="tcg")
    assert (result.verdict, result.reason) == ("pass", "2 of 2 tests passed")
