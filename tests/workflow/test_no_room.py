"""A disk without room: a message, no traceback, and every file as it was."""

import errno
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.toy import git
from ukport.cli import edge
from ukport.source import Cache, default_root
from ukport.workflow.fetch import fetch

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.is_char_device(), reason="there is no /dev/full")
@pytest.mark.parametrize("line", ["schema", "--help", "check -h", "check .", "verify x --json"])
def test_nowhere_to_write_to_is_told_without_a_traceback(tmp_path, line):
    (tmp_path / "recipes").mkdir()
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ukport", *line.split()],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.stderr.startswith("ukport: ")


def test_no_room():
    told = edge._explained(OSError(errno.ENOSPC, "No space left on device", "/x/y"))
    assert told.message == "/x/y: No space left on device"
    assert "UKPORT_CACHE" in told.hint


def without_room() -> None:
    """No file may grow beyond 64 bytes: what a full disk does, without filling one."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))


@pytest.mark.parametrize(
    "line",
    [
        "check patches --fix",
        "glue toy --write",
        "dev toy",
        "release toy",
        "upgrade toy --to 1.1",
        "bundle toy -o toy.bundle",
        "rebase --series patches/toy/1.0 --old {upstream}@v1.0.0 --new {upstream}@v1.1.0 --out out",
    ],
)
def test_no_file_can_grow(toy, line):
    toy.patch.write_text(toy.patch.read_text() + "junk\n")
    fetch(toy.project, ["toy"], None, Cache(default_root()), lambda _: None)
    git(toy.project, "init", "-q", "-b", "main")
    git(toy.project, "add", "-A")
    git(toy.project, "commit", "-q", "-m", "start")
    before = toy.files()
    done = subprocess.run(
        [sys.executable, "-m", "ukport", *line.format(upstream=toy.upstream).split()],
        cwd=toy.project,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=without_room,
    )
    assert done.returncode not in (0, 130), done.stdout
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert done.stderr.strip(), "it says nothing"
    assert toy.files() == before
    assert not list(toy.project.glob("out/*.patch"))
