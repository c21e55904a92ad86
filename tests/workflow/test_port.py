"""A port in memory, with real repositories; nothing is built."""

import os
from dataclasses import replace

import pytest

from tests.toy import commit, git, library
from ukport.recipe import RecipeError, load
from ukport.source import Cache
from ukport.workflow import port
from ukport.workflow.carry import summary
from ukport.workflow.parts import upstream_parts
from ukport.workflow.stage import Stages


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def request_(toy):
    return port.Request(toy.project, load(toy.project, "toy"), "1.1.0", None)


@pytest.fixture
def make(cache, tmp_path):
    def made(request):
        folder = tmp_path / f"scratch-{len(list(tmp_path.iterdir()))}"
        return port.make(request, cache, Stages(lambda _: None), folder)

    return made


def test_what_is_stored_means_itself(toy, make, tmp_path):
    own = tmp_path / "own"
    git(tmp_path, "clone", "-q", str(toy.upstream), str(own))
    commit(own, library(101), "Release 1.0", "v1.0")
    commit(own, library(102), "Release 1.0.1", "v1.0.1")
    text = toy.recipe.read_text().replace(toy.upstream.as_uri(), own.as_uri())
    toy.recipe.write_text(text.replace('"1.0.0"', '"1.0"'))
    request = port.Request(toy.project, load(toy.project, "toy"), "1.0", None, stored=True)
    made = make(request)
    assert made.version.text == "1.0"
    assert make(replace(request, version="1", stored=False)).version.text == "1.10.0"
    # The base is stored, too: the patch was made for 1.0.
    repository = made.sources.upstream.repository
    where = (toy.project / "patches", made.recipe, made.backend, made.sources)
    (part,) = upstream_parts(*where, Cache(tmp_path / "cache"))
    assert part.base == repository.resolve("v1.0") != repository.resolve("v1.0.1")


def test_upstream_without_the_list_of_sources(toy, make, tmp_path):
    toy.recipe.write_text(toy.recipe.read_text().replace("src/static.c", "src/all.c"))
    with pytest.raises(RecipeError) as caught:
        make(port.Request(toy.project, load(toy.project, "toy"), "1.1.0", None))
    assert "glue.source_list: toy has no src/all.c at v1.1.0" in caught.value.message
    assert str(tmp_path) not in str(caught.value)


LISTED = 'sources = ["src/answer.c", "src/version.c"]\noptional_sources = {LIBTOY_MORE = ["%s"]}'


def test_sources_by_name_and_no_series(toy, make):
    text = toy.recipe.read_text().replace('series = "toy/1.0"\n', "")
    text = text.replace('source_root = "src"\n', "")
    text = text.replace('source_list = "src/static.c"', LISTED % "src/static.c")
    toy.recipe.write_text(text)
    made = make(port.Request(toy.project, load(toy.project, "toy"), "1.0.0", None))
    assert made.compiled == ("src/answer.c", "src/version.c")
    assert "SRCS-$(CONFIG_LIBTOY_MORE) += $(LIBTOY)/src/static.c" in made.glue["Makefile.uk"]
    assert not any(path.startswith("patches/") for path in made.library.files)


@pytest.mark.parametrize("field", ["sources", "optional_sources.LIBTOY_MORE"])
def test_a_named_source_that_is_gone(toy, make, field):
    listed = LISTED % ("src/gone.c" if "optional" in field else "src/static.c")
    if field == "sources":
        listed = listed.replace("src/answer.c", "src/gone.c")
    text = toy.recipe.read_text().replace('source_list = "src/static.c"', listed)
    toy.recipe.write_text(text)
    with pytest.raises(RecipeError, match=f"{field}: toy has no src/gone.c at v1.1.0"):
        make(port.Request(toy.project, load(toy.project, "toy"), "1.1.0", None))


def test_declarations_are_kept_for_each_compiler(request_, make, cache, monkeypatch):
    make(request_)
    make(request_)
    kept = cache.root / "declarations"
    assert len(list(kept.iterdir())) == 1
    monkeypatch.setattr(port, "toolchain", lambda: "another gcc")
    make(request_)
    assert len(list(kept.iterdir())) == 2


def test_each_ukport_writes_a_file_of_its_own(request_, make, cache, monkeypatch):
    written = set()
    rename = port.Path.replace

    def noted(path, to):
        if path.parent.name == "declarations":
            written.add(path.name)
        return rename(path, to)

    monkeypatch.setattr(port.Path, "replace", noted)
    for number in (1, 2):
        monkeypatch.setattr(os, "getpid", lambda number=number: number)
        make(request_)
        for kept in (cache.root / "declarations").iterdir():
            kept.unlink()
    assert len(written) == 2


@pytest.mark.parametrize("part", ["glue", "test"])
def test_a_link_made_after_loading_is_refused(toy, request_, make, tmp_path, part):
    folder = toy.project / "recipes/toy" / part
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RecipeError, match=f"recipes/toy/{part} is a symbolic link"):
        make(request_)


def test_a_port_without_a_series_has_no_patches():
    assert summary(()) == "no patches"
