"""A library, a kernel and a ports repository of our own, small enough to build in a second.

They are real: git repositories with tags, a kernel that boots under QEMU. Only their size differs
from mimalloc and Unikraft, so every path of ukport is walked on any machine.
"""

import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from tests import program

HERE = Path(__file__).parent
IDENTITY = {
    "GIT_AUTHOR_NAME": "A. Author",
    "GIT_AUTHOR_EMAIL": "author@example.org",
    "GIT_COMMITTER_NAME": "A. Author",
    "GIT_COMMITTER_EMAIL": "author@example.org",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00+0000",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00+0000",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(folder: Path, *args: str, input: str | None = None) -> str:
    done = subprocess.run(
        ["git", *args],
        cwd=folder,
        env={**os.environ, **IDENTITY},
        input=input,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def commit(repo: Path, files: dict[str, str], message: str, tag: str = "") -> str:
    for name, text in files.items():
        path = repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", message)
    if tag:
        git(repo, "tag", tag)
    return git(repo, "rev-parse", "HEAD").strip()


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "UKPORT_ACCEL": "tcg", "NO_COLOR": "1", **more}


def ukport(
    toy: "Toy",
    *args: str,
    env: dict[str, str] | None = None,
    input: str = "",
    timeout: float = 90,
) -> subprocess.CompletedProcess[str]:
    """Run ukport in the toy's project."""
    surroundings = environment(**(env or {}))
    done = program.run(*args, cwd=toy.project, env=surroundings, input=input, timeout=timeout)
    assert "Traceback" not in done.stderr + done.stdout
    return done


HEADER = """\
#pragma once
#include <stddef.h>
#define TOY_VERSION {number}
int toy_answer(int question{more});
int toy_version(void);
"""

ANSWER = """\
#include "toy.h"
{head}
static int scale(int value)
{{
\treturn {scale};
}}

int toy_answer(int question{more})
{{
\treturn scale(question);
}}
"""

VERSION = '#include "toy.h"\n\nint toy_version(void)\n{{\n\t{body}return TOY_VERSION;\n}}\n'


def library(
    number: int, *, head: str = "", more: str = "", scale: str = "value * 2", body: str = ""
) -> dict[str, str]:
    """The sources of one release."""
    return {
        "include/toy.h": HEADER.format(number=number, more=more),
        "src/answer.c": ANSWER.format(head=head, more=more, scale=scale),
        "src/version.c": VERSION.format(body=body),
        "src/static.c": '#include "answer.c"\n#include "version.c"\n',
    }


def make_upstream(folder: Path) -> Path:
    """Releases: fine, moved, conflicting, not compiling, hanging, crashing, lying, and a beta."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, library(100), "Release 1.0.0", "v1.0.0")
    moved = library(110, head="\nstatic int unused_before;\n", more=", int hint")
    moved["src/static.c"] += '#include "extra.c"\n'
    moved["src/extra.c"] = "int toy_extra(void) { return 1; }\n"
    commit(folder, moved, "Release 1.1.0", "v1.1.0")
    for tag, changed in {
        "v1.2.0": library(120, scale="value << 1"),
        "v1.3.0": library(130, body="this does not compile; "),
        "v1.4.0": library(140, body="for (;;); "),
        "v1.5.0": library(150, body="*(volatile int *)0xf0000000 = 1; __builtin_trap(); "),
        "v1.6.0": library(160, body="return 7; "),
        "v1.9.0": library(190),
        "v1.10.0": library(1100),
        "v2.0.0-beta": library(200),
    }.items():
        commit(folder, changed, f"Release {tag}", tag)
    return folder


def make_core(folder: Path) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    files = {path.name: path.read_text() for path in (HERE / "core").iterdir() if path.is_file()}
    commit(folder, files, "A kernel", "v1")
    return folder


PATCH = """\
From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001
From: A. Author <author@example.org>
Date: Thu, 1 Jan 2026 00:00:00 +0000
Subject: [PATCH] answer: Triple instead of doubling

The port needs the threefold answer.

Upstream-Status: Pending
Signed-off-by: A. Author <author@example.org>
---
 src/answer.c | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

"""


@dataclass(frozen=True)
class Toy:
    project: Path
    upstream: Path
    core: Path

    @property
    def recipe(self) -> Path:
        return self.project / "recipes/toy/recipe.toml"

    @property
    def patch(self) -> Path:
        return self.project / "patches/toy/1.0/0001-answer-Triple-instead-of-doubling.patch"

    def files(self) -> dict[str, bytes]:
        """Everything that an upgrade may change."""
        return {
            str(path.relative_to(self.project)): path.read_bytes()
            for top in ("recipes", "patches")
            for path in sorted((self.project / top).rglob("*"))
            if path.is_file()
        }


def make_project(folder: Path, upstream: Path, core: Path) -> Toy:
    """A ports repository with one recipe, for the toy at 1.0.0."""
    recipe = folder / "recipes/toy"
    (recipe / "test").mkdir(parents=True)
    (recipe / "glue").mkdir()
    text = (HERE / "recipe.toml").read_text()
    text = text.replace("@UPSTREAM@", upstream.as_uri()).replace("@CORE@", core.as_uri())
    (recipe / "recipe.toml").write_text(text)
    (recipe / "test/main.c").write_text((HERE / "main.c").read_text())
    (recipe / "glue/glue.c").write_text("int toy_glue(void) { return TOY_HINT_OR_NOT; }\n")
    toy = Toy(folder, upstream, core)
    toy.patch.parent.mkdir(parents=True)
    toy.patch.write_text(patch_of(upstream))
    return toy


def patch_of(upstream: Path) -> str:
    old = git(upstream, "show", "v1.0.0:src/answer.c")
    new = old.replace("value * 2", "value * 3")
    ids = [git(upstream, "hash-object", "-w", "--stdin", input=text).strip() for text in (old, new)]
    diff = git(upstream, "diff", "--no-color", *ids)
    body = diff.partition("@@")[2]
    return (
        f"{PATCH}diff --git a/src/answer.c b/src/answer.c\n"
        f"index {ids[0][:7]}..{ids[1][:7]} 100644\n"
        f"--- a/src/answer.c\n+++ b/src/answer.c\n@@{body}-- \n2.39.5\n\n"
    )


def with_own(toy: Toy, part: str) -> Toy:
    """The toy with an upstream, or a core, of its own: the session's is shared by all tests."""
    shared: Path = getattr(toy, part)
    own = toy.project.parent / f"own-{part}"
    git(toy.project.parent, "clone", "-q", str(shared), str(own))
    toy.recipe.write_text(toy.recipe.read_text().replace(shared.as_uri(), own.as_uri()))
    return replace(toy, **{part: own})
