import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import program
from ukport.cli.app import COMMANDS


def ukport(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return program.run(*args, cwd=cwd)


def started(*args: str) -> subprocess.CompletedProcess[str]:
    """With all that a start does, as a user's shell has it."""
    command = [sys.executable, "-m", "ukport", *args]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_lists_every_command():
    done = started("--help")
    assert done.returncode == 0
    for name in COMMANDS:
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name):
    done = started(name, "--help")
    assert done.returncode == 0
    assert "Usage: ukport" in done.stdout.replace("python -m ", "")
    assert "\\[" not in done.stdout  # an escape for rich


@pytest.mark.parametrize("args", [("bogus",), ("verify",), ("upgrade", "--bogus"), ("list", "-C")])
def test_a_wrong_command_line_is_usage(args):
    done = started(*args)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_wrong_colour_is_usage(toy):
    done = ukport("list", "--color", "pink", cwd=toy.project)
    assert done.returncode == 2
    assert "auto, always or never" in done.stderr


def test_list_as_table_and_json(toy):
    assert "toy" in ukport("list", cwd=toy.project).stdout
    document = json.loads(ukport("list", "--json", cwd=toy.project).stdout)
    assert document["schema"] == "ukport.list/1"
    assert document["recipes"][0]["version"] == "1.0.0"
    elsewhere = ukport("list", "--json", "-C", str(toy.project), cwd=Path("/"))
    assert json.loads(elsewhere.stdout) == document


def test_fetch_writes_the_lock_once(toy):
    first = json.loads(ukport("fetch", "--json", cwd=toy.project).stdout)
    assert first["recipes"][0]["locked"] is True
    assert {tree["name"] for tree in first["recipes"][0]["lock"]["trees"]} == {"toy", "toycore"}
    lock = toy.recipe.with_name("recipe.lock").read_bytes()
    again = json.loads(ukport("fetch", "--json", cwd=toy.project).stdout)
    assert again["recipes"][0]["locked"] is False
    assert toy.recipe.with_name("recipe.lock").read_bytes() == lock


def test_doctor_knows_what_is_there():
    document = json.loads(ukport("doctor", "--json").stdout)
    found = {finding["name"]: finding for finding in document["findings"]}
    for tool in ("git", "make", "gcc"):
        assert found[tool]["ok"] == (shutil.which(tool) is not None)
    assert found["cache"]["ok"]


def test_colour_only_where_wanted(toy):
    assert "\x1b[" not in ukport("list", cwd=toy.project).stdout
    assert "\x1b[" in ukport("list", "--color", "always", cwd=toy.project).stdout


def test_schema_is_json():
    assert json.loads(ukport("schema").stdout)["$ref"] == "#/$defs/Recipe"


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from ukport.cli.app import app; "
        "app(['--help'], standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"rich.console", "pycparser", "jinja2", "msgspec", "tomlkit", "hypothesis"}
    modules = set(done.stdout.split())
    assert "ukport.cli.upgrade" in modules
    assert not heavy & modules


def test_a_command_imports_no_other():
    code = (
        "import sys; from ukport.cli.app import app; "
        "app(['schema'], standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert "ukport.cli.schema" in modules
    assert "ukport.cli.upgrade" not in modules


def test_json_tells_an_error_as_well(toy):
    done = ukport("verify", "nothing", "--json", cwd=toy.project)
    assert done.returncode == 2
    document = json.loads(done.stdout)
    assert document["schema"] == "ukport.error/1"
    assert document["exit_code"] == 2
    assert "nothing" in document["error"]


@pytest.mark.parametrize(
    ("command", "code"),
    [("{} list --json >&-", 0), ("{} bogus 2>&-", 2), ("{} verify nothing 2>&-", 2)],
)
def test_a_closed_stream_is_no_traceback(toy, command, code):
    start = f"{sys.executable} -m ukport"
    done = subprocess.run(
        ["sh", "-c", command.format(start)],
        cwd=toy.project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr + done.stdout


def test_a_stream_that_only_knows_ascii(toy):
    done = subprocess.run(
        [sys.executable, "-m", "ukport", "verify", "nothing"],
        cwd=toy.project,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no recipe named" in done.stderr
