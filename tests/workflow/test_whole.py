"""A port that is a published library itself: its own glue and patches, our series on top."""

import json
import shutil

import pytest

from tests.toy import commit, git, patch_of, ukport

pytestmark = [
    pytest.mark.boot,
    pytest.mark.skipif(
        shutil.which("qemu-system-x86_64") is None, reason="qemu-system-x86_64 is not installed"
    ),
]
MAKEFILE = "LIBTOY_SRCS-y += $(LIBTOY)/src/answer.c\n"
FORGOTTEN = "LIBTOY_SRCS-y += $(LIBTOY)/src/version.c\n"
HEAD = """\
From: A. Author <author@example.org>
Date: Thu, 1 Jan 2026 00:00:00 +0000
Subject: [PATCH] Makefile.uk: Compile version.c

It was forgotten.

Upstream-Status: Pending
Signed-off-by: A. Author <author@example.org>
---
"""
PUBLISHED = """
[published]
name = "lib-toy"
url = "{published}"
pin = "v1"
series = "lib-toy/1"
whole = true

[published.origin]
name = "toy-archive"
url = "{upstream}"
pin = "v1.0.0"
archive = "https://toy.example.org/archive/v1.0.0.tar.gz"
folder = "toy-1.0.0"
"""


@pytest.fixture
def whole(toy, tmp_path):
    """The toy as somebody publishes it; what is forgotten in it is a patch of ours."""
    published = tmp_path / "lib-toy"
    published.mkdir()
    git(published, "init", "-q", "-b", "main")
    files = {
        "Makefile.uk": MAKEFILE,
        "Config.uk": "config LIBTOY\n\tbool 'toy'\n",
        "glue.c": "int toy_glue(void) { return TOY_HINT_OR_NOT; }\n",
        "patches/0001-answer.patch": patch_of(toy.upstream),
    }
    commit(published, files, "A library", "v1")
    (published / "Makefile.uk").write_text(MAKEFILE + FORGOTTEN)
    series = toy.project / "patches/lib-toy/1"
    series.mkdir(parents=True)
    diff = git(published, "diff")
    (series / "0001-Makefile.uk-Compile-version.c.patch").write_text(f"{HEAD}{diff}-- \n2.39.5\n\n")
    git(published, "checkout", "-q", ".")
    shutil.rmtree(toy.project / "patches/toy")
    shutil.rmtree(toy.recipe.parent / "glue")
    text = toy.recipe.read_text()
    for line in ('source_list = "src/static.c"\n', 'series = "toy/1.0"\n', 'glue = ["glue.c"]\n'):
        assert line in text
        text = text.replace(line, "")
    text = text.replace('versions = [">=1.0, <3"]', 'versions = ["==1.0.0"]')
    more = PUBLISHED.format(published=published.as_uri(), upstream=toy.upstream.as_uri())
    toy.recipe.write_text(text + more)
    return toy


def test_it_is_built_and_booted(whole):
    done = ukport(whole, "verify", "toy", "--json")
    result = json.loads(done.stdout)
    assert (done.returncode, result["verdict"]) == (0, "pass"), done.stdout + done.stderr
    assert result["guest_version"] == "1"
    assert [(p["tree"], p["outcome"]) for p in result["patches"]] == [("lib-toy", "unchanged")]


def test_without_our_series_it_does_not_link(whole):
    (patch,) = (whole.project / "patches/lib-toy/1").iterdir()
    patch.unlink()
    result = json.loads(ukport(whole, "verify", "toy", "--json").stdout)
    assert result["verdict"] == "build"
    assert "toy_version" in result["reason"]


def test_a_patch_that_does_not_fit_it_is_told(whole):
    (patch,) = (whole.project / "patches/lib-toy/1").iterdir()
    patch.write_text(patch.read_text().replace(" LIBTOY_SRCS-y", " OTHERLIB_SRCS-y"))
    done = ukport(whole, "verify", "toy", "--json")
    assert done.returncode == 3
    assert "0001-Makefile.uk-Compile-version.c.patch: Makefile.uk: hunk" in done.stdout


def test_nothing_is_generated(whole):
    before = whole.files()
    assert ukport(whole, "upgrade", "toy", "--to", "1.0.0").returncode == 0
    after = whole.files()
    assert set(after) - set(before) == {"recipes/toy/recipe.lock"}
    assert {name: after[name] for name in before} == before


def test_another_version_is_refused_before_anything_is_built(whole):
    done = ukport(whole, "upgrade", "toy", "--to", "1.1.0", "--json")
    assert done.returncode == 2
    assert "no backend of the recipe serves 1.1.0" in json.loads(done.stdout)["error"]
