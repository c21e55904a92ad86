"""Which trees are fetched, and whether the lock holds them, with real repositories."""

import dataclasses

import pytest
from msgspec.structs import replace

from tests.toy import commit, git, library
from ukport.errors import ExitCode
from ukport.recipe import RecipeError, load, lock
from ukport.source import Cache, ChecksumError, NoSuchVersionError, fetch, find_exact, find_version


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def own(toy, tmp_path):
    """The toy with an upstream and a core that this test may change."""
    folders = {}
    for name, there in (("upstream", toy.upstream), ("core", toy.core)):
        folders[name] = tmp_path / name
        git(tmp_path, "clone", "-q", str(there), str(folders[name]))
        text = toy.recipe.read_text().replace(there.as_uri(), folders[name].as_uri())
        toy.recipe.write_text(text)
    return dataclasses.replace(toy, **folders)


def fetched(recipe, cache, locked=None, version="", **options):
    found, tag = find_exact(recipe, version or recipe.version, cache)
    return fetch(recipe, found, tag, cache, locked, **options)


def test_stored_versions_mean_themselves(own, cache):
    commit(own.upstream, library(161), "Release 1.6", "v1.6")
    commit(own.upstream, library(162), "Release 1.6.1", "v1.6.1")
    recipe = replace(load(own.project, "toy"), version="1.6")
    assert find_version(recipe, "1.6", cache)[1] == "v1.6.1"
    assert find_version(recipe, "1.6", cache, stored=True)[1] == "v1.6"
    assert find_exact(recipe, "1.6", cache)[1] == "v1.6"


def test_a_stored_version_that_is_gone(own, cache):
    with pytest.raises(NoSuchVersionError, match=r"toy: there is no release 1\.6 "):
        find_exact(load(own.project, "toy"), "1.6", cache)


def test_a_stored_version_newer_than_the_cache_is_asked_for(own, cache):
    recipe = load(own.project, "toy")
    find_version(recipe, "latest", cache)
    commit(own.upstream, library(191), "Release 1.9.1", "v1.9.1")
    assert find_exact(recipe, "1.9.1", cache)[1] == "v1.9.1"


def test_a_port_that_is_as_it_was_locked(own, cache):
    recipe = load(own.project, "toy")
    locked = fetched(recipe, cache).lock
    assert fetched(recipe, cache, locked).lock == locked


def moved(recipe, **changes):
    return replace(recipe, core=replace(recipe.core, **changes))


def test_a_moved_pin_needs_an_upgrade(own, cache):
    recipe = load(own.project, "toy")
    locked = fetched(recipe, cache).lock
    commit(own.core, {"new": ""}, "Next", "v2")
    other = moved(recipe, pin="v2")
    with pytest.raises(ChecksumError) as caught:
        fetched(other, cache, locked)
    assert caught.value.exit_code == ExitCode.FETCH
    assert "the recipe's pin of toycore is v2, the lock has v1" in caught.value.message
    assert "ukport upgrade toy --to 1.0.0" in caught.value.hint
    assert fetched(other, cache, locked, strict=False).pinned["toycore"].tag == "v2"
    assert fetched(other, cache, locked, version="1.1.0").pinned["toycore"].tag == "v2"


def test_another_address_is_told_before_it_is_asked(own, cache):
    recipe = load(own.project, "toy")
    locked = fetched(recipe, cache).lock
    with pytest.raises(ChecksumError, match="address of toycore is file:///nowhere"):
        fetched(moved(recipe, url="file:///nowhere"), cache, locked)


def test_a_tree_that_the_lock_lacks(own, cache):
    recipe = load(own.project, "toy")
    locked = fetched(recipe, cache).lock
    with pytest.raises(ChecksumError, match="the lock has no such tree"):
        fetched(recipe, cache, replace(locked, trees=locked.trees[:1]))


@pytest.mark.parametrize("field", ["commit", "sha256"])
@pytest.mark.parametrize(
    ("at", "version", "strict"),
    [(0, "", True), (1, "", True), (1, "1.1.0", True), (1, "", False), (0, "", False)],
)
def test_what_a_tag_stands_for_is_held_always(own, cache, field, at, version, strict):
    recipe = load(own.project, "toy")
    locked = fetched(recipe, cache).lock
    trees = list(locked.trees)
    trees[at] = replace(trees[at], **{field: "0" * 40})
    with pytest.raises(ChecksumError) as caught:
        fetched(recipe, cache, replace(locked, trees=tuple(trees)), version, strict=strict)
    assert "0" * 40 in caught.value.message
    assert getattr(locked.trees[at], field) in caught.value.message
    assert "ukport fetch toy" in caught.value.hint


def test_another_schema_of_lock_is_refused(own, cache):
    recipe = load(own.project, "toy")
    path = own.recipe.with_name("recipe.lock")
    path.write_text(lock.dump(fetched(recipe, cache).lock).replace("schema = 1", "schema = 2"))
    with pytest.raises(RecipeError, match="not a lock file"):
        lock.read(path.parent)


def test_an_archive_is_named_by_upstreams_scheme(own, cache):
    git(own.upstream, "tag", "Toy_1_0_0a")
    recipe = load(own.project, "toy")
    upstream = replace(recipe.upstream, tag="Toy_{version}", separator="_")
    recipe = replace(recipe, upstream=upstream)
    assert [str(find_version(recipe, text, cache)[0]) for text in ("1_0_0a", "1.0")] == [
        "1.0.0a"
    ] * 2
    source = fetched(recipe, cache, version="1.0.0a").upstream
    assert (source.archive.name, source.folder) == ("Toy_1_0_0a.tar.gz", "toy-Toy_1_0_0a")


def test_an_archive_without_a_usable_name(own, cache):
    recipe = load(own.project, "toy")
    upstream = replace(recipe.upstream, archive=f"https://example.org/{'x' * 80}{{tag}}")
    with pytest.raises(RecipeError, match=r"toy: upstream\.archive for 1\.0\.0: expected"):
        fetched(replace(recipe, upstream=upstream), cache)
