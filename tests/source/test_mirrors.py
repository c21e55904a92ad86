"""Sources from elsewhere: folders, other hosts, bundles, and what is wrong with them."""

import json
import os
import re
import shutil
import tarfile

import pytest
from msgspec.structs import replace

from tests.toy import commit, git, library
from ukport.errors import FetchError, UkportError, UsageError
from ukport.recipe import RecipeError, load, lock
from ukport.source import Cache, ChecksumError, bundle, default_root, fetch, find_exact
from ukport.source.cache import taken
from ukport.source.locked import check
from ukport.source.mirrors import Mirrors, Place, configured, read_settings

URL = "https://github.example/owner/toy"


def mirrored(folder, **changes):
    return Mirrors(anywhere=(str(folder),), **changes)


@pytest.mark.parametrize(
    "name", ["owner/toy.git", "owner/toy", "owner+toy/repo", "owner+toy.git", "toy.git", "toy"]
)
def test_a_repository_in_a_folder(toy, tmp_path, name):
    folder = tmp_path / "mirror"
    shutil.copytree(toy.upstream / ".git", folder / name)
    cache = Cache(tmp_path / "c", offline=True, mirrors=mirrored(folder))
    found = cache.repository("toy", URL, need="v1.0.0")
    assert found.resolve("v1.0.0") == git(toy.upstream, "rev-parse", "v1.0.0").strip()


def test_places_in_their_order():
    own = Mirrors(
        anywhere=("https://git.corp",),
        prefixes={
            "https://github.example": "https://near",
            "https://github.example/owner": "https://nearer/x/",
            URL: "/srv/toy.git",
            "https://github.ex": "https://never",
        },
    )
    assert [place.address for place in own.places(URL)] == [
        "https://git.corp/owner/toy",
        "/srv/toy.git",
        "https://nearer/x/toy",
        "https://near/owner/toy",
        URL,
    ]
    assert [place.address for place in own.places(URL, offline=True)] == ["/srv/toy.git"]


def test_a_recipe_does_not_leave_the_mirror(tmp_path):
    (tmp_path / "mirror").mkdir()
    (tmp_path / "toy.git").mkdir()
    urls = ("https://x/../toy", "https://x/a/..", "https://x/..+../toy")
    for url in urls:
        assert mirrored(tmp_path / "mirror").places(url) == (Place(url),)


def test_the_address_is_asked_where_the_mirror_has_nothing_or_too_little(toy, tmp_path):
    old = tmp_path / "mirror/toy.git"
    git(tmp_path, "clone", "-q", "--bare", "-b", "v1.0.0", "--single-branch", "--no-tags",
        toy.upstream.as_uri(), str(old))  # fmt: skip
    for folder in (tmp_path / "mirror", tmp_path):
        cache = Cache(tmp_path / f"c-{folder.name}", mirrors=mirrored(folder))
        assert cache.repository("toy", toy.upstream.as_uri(), need="v1.1.0")


def test_a_broken_repository_is_passed_by_and_told_of(toy, tmp_path):
    broken = tmp_path / "mirror/toy.git"
    shutil.copytree(toy.upstream / ".git", broken)
    for path in (broken / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"rubbish")
    cache = Cache(tmp_path / "c", mirrors=mirrored(tmp_path / "mirror"))
    assert cache.repository("toy", toy.upstream.as_uri(), need="v1.1.0")
    with pytest.raises(FetchError) as caught:
        cache.repository("toy", (tmp_path / "gone/toy").as_uri())
    assert str(broken) in caught.value.message
    assert "gone/toy" in caught.value.message


def test_another_repository_under_the_name_is_refused_by_the_lock(toy, tmp_path):
    recipe = load(toy.project, "toy")
    found, tag = find_exact(recipe, "1.0.0", Cache(tmp_path / "first"))
    locked = fetch(recipe, found, tag, Cache(tmp_path / "first"), None).lock
    assert not locked.trees[0].taken
    wrong = tmp_path / "mirror" / toy.upstream.name
    wrong.mkdir(parents=True)
    git(wrong, "init", "-q")
    commit(wrong, library(666), "Release 1.0.0", "v1.0.0")
    offline = Cache(tmp_path / "second", offline=True, mirrors=mirrored(tmp_path / "mirror"))
    with pytest.raises(ChecksumError, match=r"is not the commit in the lock"):
        fetch(recipe, found, tag, offline, locked)
    commit(wrong, library(667), "Release 1.1.0", "v1.1.0")
    offline = Cache(tmp_path / "third", offline=True, mirrors=mirrored(tmp_path / "mirror"))
    newer, newer_tag = find_exact(recipe, "1.1.0", offline)
    with pytest.raises(ChecksumError, match=f"has no {locked.trees[0].tree}, which the"):
        fetch(recipe, newer, newer_tag, offline, locked)
    # Where upstream can be asked, it is, and the wrong one does no harm.
    asked = Cache(tmp_path / "second", mirrors=mirrored(tmp_path / "mirror"))
    assert fetch(recipe, found, tag, asked, locked).lock == locked


def test_what_a_source_was_taken_from_is_in_the_lock(toy, tmp_path):
    copy = tmp_path / "mirror/toy.git"
    git(tmp_path, "clone", "-q", "--bare", str(toy.upstream), str(copy))
    recipe = load(toy.project, "toy")
    cache = Cache(tmp_path / "c", mirrors=mirrored(tmp_path / "mirror"))
    found, tag = find_exact(recipe, "1.0.0", cache)
    locked = fetch(recipe, found, tag, cache, None).lock
    assert [tree.taken for tree in locked.trees] == [str(copy), ""]
    (tmp_path / lock.LOCK).write_text(lock.dump(locked))
    assert lock.read(tmp_path) == locked


def packed(toy, folder, tag="v1.0.0", prefix="toy-1.0.0/"):
    """An archive of a release, with other times than git's own has."""
    folder.mkdir()
    tree = git(toy.upstream, "rev-parse", f"{tag}^{{tree}}").strip()
    path = folder / f"{tag}.tar.gz"
    git(toy.upstream, "archive", f"--prefix={prefix}", "-o", str(path), tree)
    return path


def test_an_archive_with_the_very_files(toy, tmp_path):
    """The core's archive: it needs no history."""
    recipe = load(toy.project, "toy")
    first = Cache(tmp_path / "first")
    found, tag = find_exact(recipe, "1.0.0", first)
    locked = fetch(recipe, found, tag, first, None).lock
    path = packed(toy, tmp_path / "archives")
    for place in (path, path.parent):
        own = Mirrors(anywhere=(str(place),), only=True)
        cache = Cache(tmp_path / f"c-{place.name}", offline=True, mirrors=own)
        repository = cache.repository("toy", URL, need="v1.0.0", archive=path.name)
        assert repository.tree("v1.0.0") == locked.trees[0].tree
        with pytest.raises(FetchError, match=r"has no revision v1\.1\.0"):
            cache.repository("toy", URL, need="v1.1.0", archive="v1.1.0.tar.gz")
    tree = replace(locked.trees[0], commit="0" * 40, sha256="0" * 64, taken=f"{path} (sha256 0)")
    check("toy", tree, "", locked)
    with pytest.raises(ChecksumError):
        check("toy", replace(tree, tree="0" * 40), "", locked)
    with pytest.raises(ChecksumError):
        check("toy", replace(tree, taken=""), "", locked)


def test_an_archive_that_cannot_be_read(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/v1.0.0.tar.gz").write_bytes(b"rubbish")
    cache = Cache(tmp_path / "c", mirrors=Mirrors(anywhere=(str(tmp_path / "a"),), only=True))
    with pytest.raises(FetchError, match="cannot be read as an archive"):
        cache.repository("toy", URL, need="v1.0.0", archive="v1.0.0.tar.gz")


@pytest.fixture
def debian(toy, tmp_path, monkeypatch):
    """An apt-get of ours, that has the toy's 1.0.0."""
    path = packed(toy, tmp_path / "debian")
    programs = tmp_path / "programs"
    programs.mkdir()
    apt = programs / "apt-get"
    apt.write_text(
        f"#!/bin/sh\ncase $* in *update*) exit 0;; *' toy') cp {path} toy_1.0.0.orig.tar.gz;"
        f" touch toy_1.0.0-1.dsc;; *' repacked') cp {path} repacked_1.0.0+ds.orig.tar.gz;;"
        " *) echo E: Unable to find it >&2; exit 100;; esac\n"
    )
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)


@pytest.mark.usefixtures("debian")
def test_debians_archive(toy, tmp_path):
    cache = Cache(tmp_path / "c", mirrors=Mirrors(anywhere=("apt",), only=True))
    repository = cache.repository("toy", URL, need="v1.0.0", archive="v1.0.0.tar.gz")
    assert repository.tree("v1.0.0") == git(toy.upstream, "rev-parse", "v1.0.0^{tree}").strip()
    assert re.fullmatch(
        r"Debian \w+: toy_1\.0\.0\.orig\.tar\.gz \(sha256 [0-9a-f]{64}\)", taken(repository)
    )
    for name, tag, why in (
        ("toy", "v1.1.0", r"another version of toy than v1\.1\.0: toy_1\.0\.0\.orig"),
        ("repacked", "v1.0.0", r"another version of repacked .* repacked_1\.0\.0\+ds"),
        ("other", "v1.0.0", "no source package other: E: Unable to find it"),
        ("toy", "main", "names no version"),
    ):
        with pytest.raises(FetchError, match=why):
            cache.repository(name, f"https://x/{name}/{tag}", need=tag, archive="a.tar.gz")


def test_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("UKPORT_MIRROR", raising=False)
    assert configured() == Mirrors()
    (tmp_path / "ukport").mkdir()
    file = tmp_path / "ukport/config.toml"
    file.write_text('[mirrors]\n"*" = "/srv/git"\n')
    assert configured().prefixes == {"*": "/srv/git"}
    monkeypatch.setenv("UKPORT_MIRROR", str(tmp_path))
    assert configured().anywhere == (str(tmp_path),)
    assert configured(("https://git.corp",)).anywhere == ("https://git.corp",)
    with pytest.raises(UsageError, match="is no folder"):
        configured((str(tmp_path / "gone"),))
    for text in ("mirrors = 3", "[mirror]\n", "[mirrors", "\xff"):
        file.write_bytes(text.encode("latin-1"))
        with pytest.raises(UsageError, match=r"config\.toml"):
            read_settings(file)


def test_no_home_directory(monkeypatch):
    for name in ("UKPORT_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(UkportError, match="no home directory"):
        default_root()


@pytest.fixture
def bundled(toy, tmp_path):
    cache = Cache(tmp_path / "online")
    recipe = load(toy.project, "toy")
    urls = (recipe.upstream.url, recipe.core.url)
    found = {url: cache.repository("toy", url) for url in urls}
    path = tmp_path / "toy.bundle"
    bundle.write(path, "toy", found)
    assert [one.name for one in tmp_path.glob(".toy*")] == []
    return path


def test_a_bundle_is_all_that_is_needed(toy, tmp_path, bundled):
    root = tmp_path / "c"
    cache = Cache(root, mirrors=bundle.mirrors(bundled, root))
    recipe = load(toy.project, "toy")
    found, tag = find_exact(recipe, "1.1.0", cache)
    trees = fetch(recipe, found, tag, cache, None).lock.trees
    assert all(tree.taken.startswith("bundle toy.bundle (sha256 ") for tree in trees)
    with pytest.raises(FetchError, match="is not in the bundle"):
        cache.repository("other", "https://other.example/other")


def refused(path, root):
    with pytest.raises(FetchError) as caught:
        bundle.mirrors(path, root)
    left = [p.name for p in (root / "bundles").iterdir()] if (root / "bundles").exists() else []
    assert left == []
    return caught.value.message


def test_a_bundle_cut_short(tmp_path, bundled):
    whole = bundled.read_bytes()
    end = len(whole.rstrip(b"\0"))
    for size in (0, 100, 511, 512, 1000, 2000, end // 2, end - 200):
        cut = tmp_path / "cut"
        cut.write_bytes(whole[:size])
        told = refused(cut, tmp_path / "c")
        assert str(cut) in told


def test_a_bundle_tampered_with(tmp_path, bundled):
    whole = bytearray(bundled.read_bytes())
    at = whole.index(b"PACK") + 100
    whole[at] ^= 1
    other = tmp_path / "other"
    other.write_bytes(whole)
    assert "was changed or damaged" in refused(other, tmp_path / "c")


@pytest.mark.parametrize("name", ["../../evil", "/evil", "a/b.bundle", ".git", "link.bundle"])
def test_a_hostile_bundle(tmp_path, name):
    path = tmp_path / "hostile"
    member = {"url": "https://x/y", "file": name, "sha256": "0" * 64, "size": 1}
    text = json.dumps({"schema": 1, "recipe": "toy", "members": [member]})
    (tmp_path / "manifest").write_text(text)
    with tarfile.open(path, "w") as archive:
        archive.add(tmp_path / "manifest", "manifest.json")
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    refused(path, tmp_path / "c")
    assert not (tmp_path / "evil").exists()


def test_a_bundle_that_is_none(tmp_path):
    (tmp_path / "c").mkdir()
    with pytest.raises(FetchError, match="cannot be read"):
        bundle.mirrors(tmp_path / "gone", tmp_path / "c")
    (tmp_path / "text").write_text("hello" * 500)
    assert "is no bundle" in refused(tmp_path / "text", tmp_path / "c")


def test_a_bundle_where_it_cannot_be_written(tmp_path):
    with pytest.raises(UkportError, match="cannot be written"):
        bundle.write(tmp_path / "gone/toy.bundle", "toy", {})


def test_a_lock_with_an_unknown_field(tmp_path):
    (tmp_path / lock.LOCK).write_text('schema = 1\nversion = "1"\ntrees = []\nmore = 1\n')
    with pytest.raises(RecipeError):
        lock.read(tmp_path)
