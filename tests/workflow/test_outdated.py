"""How far behind, and a branch for each new release, once."""

import shutil

import pytest

from tests.toy import git
from ukport.errors import UsageError
from ukport.source import Cache, default_root
from ukport.workflow.outdated import outdated
from ukport.workflow.watch import Watch


def test_how_far_behind_with_dates(toy):
    (one,) = outdated(toy.project, (), Cache(default_root()))
    assert (one.version, one.line, one.latest) == ("1.0.0", "1.0.0", "1.10.0")
    assert one.behind == 8  # 2.0.0-beta is none
    assert {one.date, one.line_date, one.latest_date} == {"2026-01-01"}


def watch(toy):
    return Watch(toy.project, Cache(default_root()), lambda _: None, "tcg")


def test_watch_needs_a_git_checkout(toy):
    with pytest.raises(UsageError, match="git"):
        watch(toy).run(())


@pytest.mark.boot
@pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="there is no QEMU")
def test_a_branch_with_the_report_once(toy):
    git(toy.project, "init", "-q", "-b", "main")
    git(toy.project, "add", "recipes", "patches")
    git(toy.project, "commit", "-q", "-m", "start")
    before = toy.files()
    (first,) = watch(toy).run(())
    assert (first.to, first.outcome) == ("1.10.0", "pass")
    assert toy.files() == before
    shown = git(toy.project, "log", "-1", "--format=%B", first.branch)
    assert shown.startswith("toy: Carry to 1.10.0\n")
    assert "PASS" in shown
    assert 'version = "1.10.0"' in git(
        toy.project, "show", f"{first.branch}:recipes/toy/recipe.toml"
    )
    (second,) = watch(toy).run(())
    assert second.outcome == "known"


@pytest.mark.boot
@pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="there is no QEMU")
def test_what_does_not_pass_is_told_once_too(toy):
    text = toy.recipe.read_text()
    toy.recipe.write_text(text.replace('">=1.0, <3"', '">=1.0, <1.5"'))
    git(toy.project, "init", "-q", "-b", "main")
    git(toy.project, "add", "recipes", "patches")
    git(toy.project, "commit", "-q", "-m", "start")
    (first,) = watch(toy).run(())
    assert first.outcome == "stopped"
    assert "no backend of the recipe serves 1.10.0" in git(
        toy.project, "log", "-1", "--format=%B", first.branch
    )
    assert git(toy.project, "diff", "--stat", "main", first.branch) == ""
    assert watch(toy).run(())[0].outcome == "known"
