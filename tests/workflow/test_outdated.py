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


@pytest.fixture
def checkout(toy, monkeypatch, tmp_path):
    """The toy's project, committed, with nobody's configuration."""
    git(toy.project, "init", "-q", "-b", "main")
    git(toy.project, "add", "recipes", "patches")
    git(toy.project, "commit", "-q", "-m", "start")
    for name in ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"):
        monkeypatch.delenv(f"GIT_{name}", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return toy


@pytest.mark.parametrize("known", [True, False], ids=["identity", "no-identity"])
def test_a_dirty_and_detached_checkout_is_watched_all_the_same(checkout, tmp_path, known):
    """The branch is made of what is committed; what is not stays where it is.

    A machine of a CI knows nobody: there the commit is ukport's own.
    """
    if known:
        (tmp_path / "gitconfig").write_text("[user]\n\tname = M\n\temail = m@example.org\n")
    recipe = checkout.recipe.read_text()
    checkout.recipe.write_text(recipe.replace(">=1.0, <3", ">=1.0, <1.9"))
    git(checkout.project, "commit", "-qam", "toy: Only 1.x before 1.9")
    git(checkout.project, "checkout", "-q", "--detach")
    checkout.recipe.write_text(recipe + "# mine\n")
    (one,) = watch(checkout).run(())
    assert one.outcome == "stopped"  # the committed recipe does not serve 1.10.0
    assert git(checkout.project, "log", "-1", "--format=%an <%ae>", one.branch) == (
        "M <m@example.org>\n" if known else "ukport <ukport@localhost>\n"
    )
    assert checkout.recipe.read_text() == recipe + "# mine\n"
    assert git(checkout.project, "rev-parse", "--abbrev-ref", "HEAD") == "HEAD\n"
