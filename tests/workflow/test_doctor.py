"""What doctor finds on machines that lack something; programs are real files on a PATH of ours."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import program


@pytest.fixture
def machine(tmp_path):
    """A machine with nothing but what is put into its folder of programs."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def doctor(*args, **env):
        surroundings = {**os.environ, "PATH": str(folder), "NO_COLOR": "1", **env}
        return program.run("doctor", *args, env=surroundings)

    doctor.folder = folder
    return doctor


def script(folder, name, text):
    path = folder / name
    path.write_text(f"#!{shutil.which('sh')}\n{text}\n")
    path.chmod(0o755)


def findings(done):
    return {one["name"]: one for one in json.loads(done.stdout)["findings"]}


def test_what_is_missing_and_the_line_that_installs_it(machine):
    script(machine.folder, "git", "echo git version 2.20.1")
    script(machine.folder, "make", "echo GNU Make 4.3")
    done = machine("--json")
    found = findings(done)
    assert done.returncode == 4
    assert found["git"]["found"] == "2.20.1, too old: 2.39 is the least"
    assert found["make"] == {**found["make"], "ok": True, "found": "4.3"}
    assert found["gcc"]["found"] == "not installed"
    told = machine().stdout
    assert "gcc" in told
    line = next(line for line in told.splitlines() if line.startswith("install what is missing"))
    assert " gcc " in line
    assert "qemu-system-x86" in line
    assert " make" not in line


def test_install_runs_that_line(machine):
    log = machine.folder / "log"
    script(machine.folder, "apt-get", f'echo "$@" >> {log}')
    script(machine.folder, "sudo", 'exec "$@"')
    done = machine("--install")
    assert done.returncode == 4  # this apt-get installs nothing, and doctor looks again
    updated, installed = log.read_text().splitlines()
    assert updated == "update -qq"
    assert installed.startswith("install -y --no-install-recommends binutils bison")
    assert "ccache" not in installed


def test_install_that_cannot_be(machine):
    done = machine("--install")
    assert done.returncode == 4
    assert "there is no apt-get on this machine" in done.stderr
    script(machine.folder, "apt-get", "echo E: no way >&2; exit 100")
    script(machine.folder, "sudo", 'exec "$@"')
    done = machine("--install")
    assert done.returncode == 4
    assert "E: no way" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cache_that_cannot_be_written(machine, tmp_path):
    (tmp_path / "file").touch()
    found = findings(machine("--json", UKPORT_CACHE=str(tmp_path / "file")))
    assert not found["cache"]["ok"]
    assert "File exists" in found["cache"]["found"]


def test_no_home_directory(machine):
    done = machine(UKPORT_CACHE="", HOME="relative", XDG_CACHE_HOME="")
    # Where the user's database names one, that is taken.
    assert "Traceback" not in done.stderr
    assert done.returncode == 4


@pytest.mark.parametrize("version", ["3.9.18", "2.7.18"])
def test_the_set_up_refuses_an_old_python(tmp_path, version):
    """Before anything is installed; this python3 knows no more than the question for its age."""
    number = tuple(int(part) for part in version.split("."))
    told = f"ukport needs Python 3.11 or later, and python3 here is {version}"
    program = (
        f"#!{sys.executable}\nimport sys\nsys.version_info = {number}\nexec(sys.stdin.read())\n"
    )
    (tmp_path / "python3").write_text(program)
    (tmp_path / "python3").chmod(0o755)
    root = Path(__file__).parents[2]
    done = subprocess.run(
        ["sh", str(root / ".ci/setup")],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 4
    assert told in done.stderr
