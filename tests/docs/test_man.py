import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from tests.cli.test_cli import ukport
from ukport.cli import man
from ukport.cli.app import COMMANDS, app


@pytest.fixture(scope="module")
def page():
    return man.page(typer.main.get_command(app))


def test_every_command_and_variable_is_there(page):
    told = page.replace("\\-", "-")
    for name in COMMANDS:
        assert f"\n.SS {name}" in told
    for name in ("UKPORT_CACHE", "UKPORT_OFFLINE", "UKPORT_BUNDLE", "UKPORT_ACCEL"):
        assert f"\n.B {name}\n" in told
    assert "\n.B --to VERSION\n" in told
    assert "130 interrupted" in told


def test_nothing_in_a_text_is_obeyed():
    for text in (".so /etc/passwd", "'ad 1", "a\\*b"):
        made = man._text(text)
        assert not made.startswith((".", "'"))
        assert "\\*" not in made


@pytest.mark.skipif(not shutil.which("mandoc"), reason="needs mandoc")
def test_mandoc_finds_nothing(page):
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "style"],
        input=page,
        capture_output=True,
        text=True,
        check=False,
    )
    # A page without a date has the same bytes every day.
    told = [line for line in done.stdout.splitlines() if "missing date" not in line]
    assert told == []


@pytest.mark.skipif(not shutil.which("groff"), reason="needs groff")
def test_groff_warns_of_nothing(page):
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-K", "utf8"],
        input=page,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert "upgrade" in done.stdout


def test_the_command_prints_it(page):
    assert ukport("man").stdout == page


@pytest.mark.parametrize(
    ("line", "word", "wanted"),
    [
        ("ukport up", 1, "upgrade"),
        ("ukport verify t", 2, "toy"),
        ("ukport verify --mat", 2, "--matrix"),
    ],
)
def test_completion(toy, line, word, wanted):
    asked = {"_UKPORT_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(word)}
    program = Path(sys.executable).with_name("ukport")
    done = subprocess.run(
        [program],
        cwd=toy.project,
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [wanted]
