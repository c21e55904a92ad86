"""Every command of README and docs/: there, taken by the real command line, and run."""

import shlex
import shutil

import click
import pytest
import typer

from tests import program
from tests.docs.commands import ROOT, Shown, shown
from tests.docs.ways import ELSEWHERE, NEVER, REAL, TOY
from tests.toy import git
from ukport.cli.app import app

ALL = tuple(shown())
OURS = [one for one in ALL if one.ours]
# What a sentence calls a number.
NUMBERS = {"N": "2", "MIB": "64"}


def taken(one: Shown) -> None:
    """Parse it as the program would, without running it; raises click's UsageError."""
    root = typer.main.get_command(app)
    assert isinstance(root, click.Group)
    words = [NUMBERS.get(word, word) for word in one.words[1:]]
    context: click.Context = root.make_context("ukport", words, resilient_parsing=True)
    command: click.Command = root
    rest = [*context.protected_args, *context.args]
    while isinstance(command, click.Group) and rest:
        name, rest = rest[0], rest[1:]
        found = command.get_command(context, name)
        assert found is not None, f"there is no command {name}"
        command = found
        if isinstance(command, click.Group) or rest or not one.inline:
            context = command.make_context(name, list(rest), parent=context)


@pytest.mark.parametrize("one", OURS, ids=lambda one: f"{one.page}:{one.line}:{one.text[:50]}")
def test_the_command_line_takes_it(one):
    try:
        taken(one)
    except click.MissingParameter:
        # A sentence may name a command without what it works on.
        assert one.inline, f"{one.page}:{one.line}: {one.text} lacks something"
    except click.UsageError as error:
        pytest.fail(f"{one.page}:{one.line}: {one.text}: {error.format_message()}")


def test_what_is_not_there_is_found():
    for text in ("ukport bogus", "ukport list --bogus", "ukport verify x --memory much"):
        with pytest.raises((click.UsageError, AssertionError)):
            taken(Shown("x.md", 1, text))


def test_pages_are_read():
    assert Shown("README.md", 0, "ukport man", inline=True)[2:] in {one[2:] for one in OURS}
    assert len(OURS) > 60
    assert {one.page for one in OURS} >= {"README.md", "docs/verdict.md", "docs/symbols.md"}


def test_what_is_run_is_still_shown():
    texts = {one.text for one in OURS}
    assert {one.shown for one in TOY} | {*REAL, *ELSEWHERE} <= texts
    assert all((ROOT / place).is_file() for place in ELSEWHERE.values())


def test_every_command_that_is_shown_is_run_with_its_options():
    texts = (*(f"ukport {one.arguments}" for one in TOY), *REAL, *ELSEWHERE, *NEVER)
    ran = [Shown("", 0, text).form for text in texts]
    missing = [
        f"{one.page}:{one.line}: {one.text}"
        for one in OURS
        if not any(
            one.form.command == run.command and one.form.options <= run.options for run in ran
        )
    ]
    assert missing == []


def test_every_command_of_the_program_is_shown():
    from ukport.cli.app import COMMANDS

    assert set(COMMANDS) <= {one.words[1] for one in OURS if len(one.words) > 1}


@pytest.mark.boot
@pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="there is no QEMU")
def test_on_the_toy(toy, tmp_path, monkeypatch):
    library = tmp_path / "lib-toy"
    library.mkdir()
    git(library, "init", "-q", "-b", "main")
    git(library, "commit", "-q", "--allow-empty", "-m", "start")
    text = toy.recipe.read_text().replace("https://toy.example.org/lib-toy", library.as_uri())
    toy.recipe.write_text(text)
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n\tname = M. Maintainer\n\temail = m@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    git(toy.project, "init", "-q", "-b", "main")
    git(toy.project, "add", "recipes", "patches")
    git(toy.project, "commit", "-q", "-m", "toy: A recipe")
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "recipes").mkdir(parents=True)
    for one in TOY:
        parts = next(iter((toy.project / "reports").glob("*-of-1/matrix.json")), None)
        words = one.arguments.format(elsewhere=elsewhere, upstream=toy.upstream, matrix=parts)
        done = program.run(*shlex.split(words), cwd=toy.project)
        assert done.returncode in one.codes, f"{words}\n{done.stdout}\n{done.stderr}"
        if one.arguments.split()[0] in ("upgrade", "glue", "fetch"):
            git(toy.project, "add", "recipes", "patches")
            git(toy.project, "commit", "-q", "--allow-empty", "-m", words)


@pytest.mark.upstream
def test_on_this_repository(tmp_path, upstream):
    for url in ("https://github.com/microsoft/mimalloc", "https://github.com/unikraft/lib-redis"):
        upstream(url)
    for part in ("recipes", "patches"):
        shutil.copytree(ROOT / part, tmp_path / part)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "start")
    for text in REAL:
        done = program.run(*shlex.split(text)[1:], cwd=tmp_path, timeout=600)
        # Published libraries have faults.
        codes = (1,) if " lint " in text else (0,)
        assert done.returncode in codes, f"{text}\n{done.stdout}\n{done.stderr}"
