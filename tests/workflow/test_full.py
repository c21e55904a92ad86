"""A disk that is full: small ones of their own, where this machine lets us have them."""

import errno
import json
import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.toy import ukport
from ukport.errors import FullError
from ukport.verify.room import room
from ukport.workflow.results import write_texts


@pytest.fixture
def disk():
    """``disk(folder, size)`` mounts an empty one there."""
    mounted = []

    def mount(folder: Path, size: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"no disk of our own here: {done.stderr.strip()}")
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


def fill(file: Path) -> None:
    """Take all the room that is left."""
    with file.open("wb", buffering=0) as ballast, suppress(OSError):
        while ballast.write(b"0" * 4096):
            pass


@pytest.fixture
def builds():
    return Path(os.environ["UKPORT_CACHE"]) / "build"


def test_too_little_room_is_told_before_the_build(toy, disk, builds):
    disk(builds, "600k")
    done = ukport(toy, "verify", "toy")
    assert done.returncode == 4
    assert f"no room left on the disk of {builds}/toy-" in done.stderr
    assert "MB are free, and this build folder takes about 150 MB" in done.stderr
    assert "set UKPORT_CACHE to a folder that has it" in done.stderr
    assert not list(builds.rglob("*.o"))


def test_a_disk_that_fills_up_during_the_build(toy, disk, builds):
    disk(builds, "160m")
    main = toy.recipe.parent / "test/main.c"
    small = main.read_text()
    main.write_text(f"char bulk[200 << 20] = {{ 1 }};\n{small}")
    done = ukport(toy, "verify", "toy", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["exit_code"]) == (4, 4)
    assert told["error"].startswith(f"no room left on the disk of {builds}/toy-")
    assert not (toy.project / "reports").exists()
    # Nothing that was cut short is taken for finished.
    main.write_text(small)
    assert ukport(toy, "verify", "toy").returncode == 0


def test_a_project_whose_disk_is_full_keeps_its_last_report(toy, disk):
    assert ukport(toy, "verify", "toy").returncode == 0
    reports = toy.project / "reports"
    last = {path.name: path.read_bytes() for path in (reports / "toy-1.0.0").iterdir()}
    disk(reports, "64k")
    (reports / "toy-1.0.0").mkdir()
    for name, content in last.items():
        (reports / "toy-1.0.0" / name).write_bytes(content)
    fill(reports / "ballast")
    done = ukport(toy, "verify", "toy")
    assert done.returncode == 4
    assert "no room left on the disk of" in done.stderr
    left = {path.name: path.read_bytes() for path in (reports / "toy-1.0.0").iterdir()}
    assert left == last


def test_what_the_system_says_of_a_full_disk_names_the_folder(tmp_path):
    with (
        pytest.raises(FullError, match=f"no room left on the disk of {tmp_path}"),
        room(tmp_path, 1),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_another_error_stays_what_it_is(tmp_path):
    with pytest.raises(PermissionError), room(tmp_path, 1):
        raise PermissionError(errno.EACCES, "no")


def test_reports_are_written_all_or_none(tmp_path):
    write_texts(tmp_path, {"a": "old", "b": "old"})
    with pytest.raises(UnicodeEncodeError):
        write_texts(tmp_path, {"a": "new", "b": "\ud800"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old", "b": "old"}
