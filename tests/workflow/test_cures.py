"""Cures: series for the releases whose code has a fault, on the toy, to a real boot."""

import json
import shutil

import pytest

from tests.toy import Toy, git
from tests.workflow.test_upgrade import ukport

pytestmark = [
    pytest.mark.boot,
    pytest.mark.skipif(
        shutil.which("qemu-system-x86_64") is None, reason="qemu-system-x86_64 is not installed"
    ),
]

CURE = """\

[[cures]] # only 1.1.0 has this file in its list
series = "toy/extra"
base = "1.1.0"
where.file = "src/static.c"
where.text = '''
#include "version.c"
#include "extra.c"
'''

[glue]
"""
MESSAGE = """\
From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001
From: A. Author <author@example.org>
Date: Thu, 1 Jan 2026 00:00:00 +0000
Subject: [PATCH] extra: Be two

One is a fault.

Upstream-Status: Pending
---
 src/extra.c | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

"""


@pytest.fixture
def cured(toy: Toy) -> Toy:
    """The toy with a cure for the one release that compiles src/extra.c."""
    text = toy.recipe.read_text()
    toy.recipe.write_text(text.replace("\n[glue]\n", CURE, 1))
    old = git(toy.upstream, "show", "v1.1.0:src/extra.c")
    new = old.replace("return 1", "return 2")
    ids = [
        git(toy.upstream, "hash-object", "-w", "--stdin", input=text).strip() for text in (old, new)
    ]
    body = git(toy.upstream, "diff", "--no-color", *ids).partition("@@")[2]
    patch = toy.project / "patches/toy/extra/0001-extra-Be-two.patch"
    patch.parent.mkdir()
    patch.write_text(
        f"{MESSAGE}diff --git a/src/extra.c b/src/extra.c\n"
        f"index {ids[0][:7]}..{ids[1][:7]} 100644\n"
        f"--- a/src/extra.c\n+++ b/src/extra.c\n@@{body}-- \n2.39.5\n\n"
    )
    return toy


def patches(result: dict) -> dict[str, str]:
    return {one["name"]: one["outcome"] for one in result["patches"]}


def test_a_release_without_the_fault_needs_no_cure(cured):
    done = json.loads(ukport(cured, "verify", "toy", "--json").stdout)
    assert done["verdict"] == "pass", done["reason"]
    assert list(patches(done)) == ["0001-answer-Triple-instead-of-doubling.patch"]


def test_a_release_with_the_fault_gets_it_and_the_recipe_moves_with_it(cured):
    done = json.loads(ukport(cured, "upgrade", "toy", "--to", "1.1", "--json").stdout)
    assert done["verdict"] == "pass", done["reason"]
    assert patches(done)["0001-extra-Be-two.patch"] == "unchanged"
    text = cured.recipe.read_text()
    assert text.count('base = "1.1.0"') == 2
    assert "only 1.1.0 has this file" in text
    kept = cured.project / "patches/toy/extra/0001-extra-Be-two.patch"
    assert "+int toy_extra(void) { return 2; }" in kept.read_text()
    assert cured.patch.exists()

    # What is built has both, numbered through.
    built = next((cured.project.parent / "cache/build").glob("toy-*"))
    assert sorted(path.name for path in (built / "libs/lib-toy/patches").iterdir()) == [
        "0001-answer-Triple-instead-of-doubling.patch",
        "0002-extra-Be-two.patch",
    ]
    origin = next((built / "build/libtoy/origin").glob("toy-*"))
    assert "return 2" in (origin / "src/extra.c").read_text()


def test_a_cure_that_does_not_fit_names_itself(cured):
    patch = cured.project / "patches/toy/extra/0001-extra-Be-two.patch"
    patch.write_text(patch.read_text().replace("return 1", "return 9"))
    before = cured.files()
    done = ukport(cured, "upgrade", "toy", "--to", "1.1", "--dry-run")
    assert done.returncode != 0
    assert "0001-extra-Be-two.patch: src/extra.c: hunk" in done.stderr
    assert cured.files() == before


def test_series_are_listed_with_the_cures(cured):
    done = json.loads(ukport(cured, "series", "toy", "--json").stdout)
    assert "toy/extra" in json.dumps(done)


def test_the_code_of_a_cure_is_checked(cured):
    text = cured.recipe.read_text()
    cured.recipe.write_text(text.replace('where.file = "src/static.c"', 'where.file = "../x"'))
    done = ukport(cured, "verify", "toy")
    assert done.returncode == 2
    assert "cures[0].where.file" in done.stderr
