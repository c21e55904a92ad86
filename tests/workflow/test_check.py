"""``ukport check`` on a project of our own: trees, recipes, glue, and the command itself."""

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.check import cases
from tests.cli.test_cli import ukport
from tests.toy import git
from ukport.cli import hook
from ukport.recipe import load, lock
from ukport.source import Cache, default_root
from ukport.workflow import checkrules
from ukport.workflow.check import KINDS, Request, check
from ukport.workflow.fetch import fetch
from ukport.workflow.port import Request as PortRequest
from ukport.workflow.port import make
from ukport.workflow.stage import Stages

ROOT = Path(__file__).parents[2]


def found(
    *files: str,
    cwd: Path,
    only: tuple[str, ...] = KINDS,
    against: str | None = None,
) -> list[tuple[str, str, int]]:
    settings = checkrules.settings(cwd, (), ())
    names = checkrules.names()
    cache = partial(Cache, default_root(), offline=True)
    paths = [Path(file) for file in files]
    request = Request(cwd, paths, only, settings, names, cache, against)
    return [(one.rule, one.file, one.line) for one in check(request)]


@pytest.fixture
def ready(toy):
    """The toy's project, fetched, with its glue and a licence in every source."""
    spdx = "/* SPDX-License-Identifier: BSD-3-Clause */\n"
    for name in ("glue/glue.c", "test/main.c"):
        path = toy.recipe.parent / name
        path.write_text(spdx + path.read_text())
    fetch(toy.project, ["toy"], None, Cache(default_root()), lambda _: None)
    _write_glue(toy)
    return toy


def _write_glue(toy):
    recipe = load(toy.project, "toy")
    request = PortRequest(toy.project, recipe, "1.0.0", lock.read(toy.recipe.parent), stored=True)
    cache = Cache(default_root())
    with cache.scratch() as scratch:
        made = make(request, cache, Stages(lambda _: None), scratch)
    folder = toy.recipe.parent / "lib"
    folder.mkdir()
    for name, text in made.glue.items():
        (folder / name).write_text(text)


def test_a_good_project_has_no_findings(ready):
    assert found(cwd=ready.project) == []
    assert ukport("check", cwd=ready.project).stdout == "nothing found\n"


def test_a_patch_that_does_not_apply_at_zero_fuzz(ready):
    ready.patch.write_text(ready.patch.read_text().replace("\treturn value", "\treturn  value"))
    line = ready.patch.read_text().split("\n").index(next(
        line for line in ready.patch.read_text().split("\n") if line.startswith("@@")
    )) + 1  # fmt: skip
    name = f"patches/toy/1.0/{ready.patch.name}"
    assert ("series-applies", name, line) in found(cwd=ready.project)
    # Kept by content: the second look is the same.
    assert ("series-applies", name, line) in found(cwd=ready.project)


def test_a_series_that_does_not_survive_its_export(ready):
    # In the field of DEP-3 these lines are indented, in the mail of a commit they are a change.
    diff = ready.patch.read_text().partition("---\n")[2].partition("\n\n")[2]
    prose = "Description: Triple\n diff --git a/no b/no\n .\n The port needs it.\n"
    signed = "Forwarded: no\nSigned-off-by: A. Author <author@example.org>\n\n"
    ready.patch.write_text(f"{prose}{signed}{diff}")
    assert found("patches", cwd=ready.project) == [
        ("series-export", f"patches/toy/1.0/{ready.patch.name}", 0)
    ]


def test_a_tree_that_is_not_cached_is_said(ready):
    shutil.rmtree(Path(os.environ["UKPORT_CACHE"]))
    rules = {rule for rule, _, _ in found(cwd=ready.project)}
    assert rules == {"series-untried", "recipe-untried", "glue-untried"}
    assert ukport("check", cwd=ready.project).returncode == 0


def test_against_a_tree_of_ones_own(ready, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(ready.patch, alone / "0001-a.patch")
    tree = f"{ready.upstream}@v1.0.0"
    assert found(against=tree, cwd=alone) == []
    other = f"{ready.upstream}@v1.2.0"
    assert [rule for rule, _, _ in found(against=other, cwd=alone)] == ["series-applies"]


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        ('version = "1.0.0"  #', 'version = "1.1.0"  #', "recipe-lock", 4),
        ('base = "1.0.0"', 'base = "1.0.7"', "recipe-version", 21),
        ('pin = "v1"', 'pin = "v2"', "recipe-lock", 15),
        ('license = "BSD-3-Clause"', 'license = "BSD-like"', "recipe-licence", 30),
        ("memory = 16", 'memory = "16"', "recipe-schema", 0),
        ("memory = 16", "memory = ", "recipe-schema", 0),
        ('versions = [">=1.0, <3"]', 'versions = [">=1.1"]', "recipe-backend", 4),
    ],
)
def test_recipes(ready, old, new, rule, line):
    text = ready.recipe.read_text()
    assert old in text
    ready.recipe.write_text(text.replace(old, new))
    hits = found(only=("recipes",), cwd=ready.project)
    assert rule in [name for name, _, _ in hits]
    if line:
        assert (rule, "recipes/toy/recipe.toml", line) in hits


def test_a_source_without_a_licence(ready):
    (ready.recipe.parent / "glue/glue.c").write_text("int toy_glue(void) { return 1; }\n")
    assert found(only=("recipes",), cwd=ready.project) == [
        ("recipe-licence", "recipes/toy/glue/glue.c", 1)
    ]


def test_glue_that_is_not_what_the_recipe_makes(ready):
    makefile = ready.recipe.parent / "lib/Makefile.uk"
    text = makefile.read_text()
    makefile.write_text(text.replace("LIBTOY_VERSION = 1.0.0", "LIBTOY_VERSION = 1.0.1"))
    (ready.recipe.parent / "lib/Library.uk").unlink()
    line = text.split("\n").index("LIBTOY_VERSION = 1.0.0") + 1
    assert found(only=("glue",), cwd=ready.project) == [
        ("glue-stale", "recipes/toy/lib/Library.uk", 0),
        ("glue-stale", "recipes/toy/lib/Makefile.uk", line),
    ]
    told = ukport("check", "--only", "glue", cwd=ready.project).stdout
    assert "changed by hand" in told  # as ukport glue --check says it


def test_switched_off_in_a_recipe(ready):
    text = ready.recipe.read_text()
    off = '"BSD-like" # ukport-check: off recipe-licence'
    ready.recipe.write_text(text.replace('"BSD-3-Clause"', f"{off} [as upstream has it]"))
    assert found(only=("recipes",), cwd=ready.project) == []
    ready.recipe.write_text(text.replace('"BSD-3-Clause"', off))
    assert [rule for rule, _, _ in found(only=("recipes",), cwd=ready.project)] == [
        "check-reason",
        "recipe-licence",
    ]


def test_rules_from_pyproject(tmp_path):
    (tmp_path / "a.patch").write_text(cases.told("+zwei", "+zwei ").replace(cases.SIGNED, ""))
    project = tmp_path / "pyproject.toml"
    project.write_text('[tool.ukport.check]\nignore = ["patch-whitespace"]\n')
    assert [rule for rule, _, _ in found(cwd=tmp_path)] == ["patch-sign-off"]
    project.write_text('[tool.ukport.check]\nselect = ["patch-whitespace"]\n')
    assert [rule for rule, _, _ in found(cwd=tmp_path)] == ["patch-whitespace"]
    project.write_text('[tool.ukport.check.folders]\n"a*" = ["patch"]\n')
    assert found(cwd=tmp_path) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('ignore = ["patch-whitespaces"]', "patch-whitespace"),
        ('ignore = "patch-mode"', "list"),
        ("ignored = []", "ignored"),
        ("ignore = [", "TOML"),
    ],
)
def test_a_wrong_choice_of_rules_is_usage(tmp_path, text, word):
    (tmp_path / "a.patch").write_text(cases.GOOD)
    (tmp_path / "pyproject.toml").write_text(f"[tool.ukport.check]\n{text}\n")
    done = ukport("check", cwd=tmp_path)
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (("nowhere.patch",), "no such file"),
        (("notes.txt",), "neither a patch"),
        (("--only", "everything"), "patches, recipes, glue"),
        (("--format", "xml"), "sarif"),
        (("--select", "nothing"), "no rule"),
        (("--against", "nowhere"), "no such folder"),
    ],
)
def test_bad_input_is_usage(tmp_path, args, word):
    (tmp_path / "a.patch").write_text(cases.GOOD)
    (tmp_path / "notes.txt").write_text("notes\n")
    done = ukport("check", *args, cwd=tmp_path)
    assert done.returncode == 2
    assert word in done.stderr


def test_every_form(tmp_path):
    (tmp_path / "a.patch").write_text(cases.told("+zwei", "+zwei "))
    text = ukport("check", "a.patch", cwd=tmp_path)
    assert text.returncode == 1
    assert text.stdout.startswith("a.patch:18: warning: src/os.c: blanks at the end of the line")
    assert "18  warning" in ukport("check", "--format", "table", cwd=tmp_path).stdout
    assert ukport("check", "--format", "github", cwd=tmp_path).stdout.startswith(
        "::warning file=a.patch,line=18,title=patch-whitespace::"
    )
    sarif = json.loads(ukport("check", "--format", "sarif", cwd=tmp_path).stdout)
    driver = sarif["runs"][0]["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == list(checkrules.names())
    assert sarif["runs"][0]["results"][0]["ruleId"] == "patch-whitespace"


def test_the_list_of_rules(tmp_path):
    listed = ukport("check", "--rules", cwd=tmp_path).stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(checkrules.names())


def test_only_the_named_patch_is_looked_at(tmp_path):
    for name in ("0001-a.patch", "0002-b.patch"):
        (tmp_path / name).write_text(cases.told(cases.SIGNED, ""))
    assert found("0001-a.patch", cwd=tmp_path) == [("patch-sign-off", "0001-a.patch", 1)]


def test_fix_mends_and_looks_again(tmp_path):
    top = tmp_path / "patches"
    top.mkdir()
    (top / "0001-a.patch").write_text(cases.told("@@ -1,3 +1,3 @@", "@@ -1,9 +1,2 @@"))
    (top / "0003-b.patch").write_text(cases.new())
    done = ukport("check", "--fix", "patches/0001-a.patch", "patches/0003-b.patch", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "nothing found\n")
    assert "mended 0001-a.patch" in done.stderr
    assert "renamed 0003-b.patch to 0002-b.patch" in done.stderr


def test_the_hooks(tmp_path):
    """Each hook as pre-commit asks it: its entry, and the files that its pattern takes."""
    import re

    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {hook["id"] for hook in hooks} == {"ukport-patches", "ukport-recipes", "ukport-glue"}
    names = ["patches/x/1/0001-a.patch", "recipes/x/recipe.toml", "recipes/x/lib/Makefile.uk"]
    for one, name in zip(hooks, names, strict=True):
        assert re.search(one["files"], name)
        assert not re.search(one["files"], "README.md")
        entry = [sys.executable, "-m", *one["entry"].split()]
        done = subprocess.run([*entry, "--rules"], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0


def test_pre_commit_runs_the_patches_hook(tmp_path):
    """Real pre-commit, with the hook as a local one, so that nothing is installed."""
    hook = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())[0]
    hook |= {"language": "system", "entry": f"{sys.executable} -m {hook['entry']}"}
    config = {"repos": [{"repo": "local", "hooks": [hook]}]}
    git(tmp_path, "init", "-q")
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "0001-a.patch").write_text(cases.told("+zwei", "+zwei "))
    git(tmp_path, "add", "-A")
    command = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
    env = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "0001-a.patch:18: warning" in done.stdout


def test_the_short_way_past_typer_is_the_same(tmp_path):
    folder = tmp_path / "patches"
    folder.mkdir()
    (folder / "0001-a.patch").write_text(cases.GOOD.replace("+zwei", "+zwei "))
    for words in (
        ["check"],
        ["check", "patches/0001-a.patch"],
        ["check", "--only", "patches,recipes", "patches"],
        ["check", "--only", "everything"],
        ["check", "nowhere.patch", ""],
    ):
        assert hook.asked(words) is not None
        short, long = (ukport(*way, cwd=tmp_path) for way in (words, [*words, "--color", "auto"]))
        assert short.returncode in (1, 2)
        assert (short.returncode, short.stdout, short.stderr) == (
            long.returncode,
            long.stdout,
            long.stderr,
        )


@pytest.mark.parametrize(
    "words",
    [
        ("check", "--fix"),
        ("check", "a.patch", "--only", "patches"),
        ("check", "--", "-a.patch"),
        ("check", "--only", "--fix"),
        ("check", "--only"),
        ("list",),
        (),
    ],
)
def test_everything_else_is_typers(words):
    assert hook.asked(words) is None


def test_a_hook_loads_no_typer(tmp_path):
    (tmp_path / "0001-a.patch").write_text(cases.GOOD)
    code = (
        "import sys, atexit; sys.argv[1:] = ['check', '0001-a.patch'];"
        " atexit.register(lambda: print(*sys.modules));"
        " from ukport.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    modules = set(done.stdout.split())
    assert "ukport.check.run" in modules
    assert not {"typer", "click", "rich", "msgspec", "tomlkit"} & modules
