"""The series for Unikraft's core on a core that has some of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERIES = ROOT / "patches/unikraft/0.17"
UNIKRAFT = "https://github.com/unikraft/unikraft"
# Made the same two changes to ukvmem and its unit tests.
REQUEST = "refs/pull/1447/head"

pytestmark = pytest.mark.upstream


def git(*args: str) -> None:
    subprocess.run(["git", *args], check=True, capture_output=True)


def test_what_upstream_took_in_is_told_from_the_rest(tmp_path, upstream):
    upstream(UNIKRAFT)
    core = tmp_path / "core.git"
    git("init", "-q", "--bare", str(core))
    wanted = ["refs/tags/RELEASE-0.17.0:refs/tags/RELEASE-0.17.0", f"{REQUEST}:refs/heads/new"]
    git("-C", str(core), "fetch", "-q", UNIKRAFT, *wanted)
    ends = ["--old", f"{core}@RELEASE-0.17.0", "--new", f"{core}@new", "--history", str(core)]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ukport", "rebase", "--series", str(SERIES)),
            *(*ends, "--out", str(tmp_path / "out"), "--json"),
        ],
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = {one["name"]: one["outcome"] for one in json.loads(done.stdout)["patches"]}
    assert sorted(found) == sorted(path.name for path in SERIES.glob("*.patch"))
    ours = {name for name, outcome in found.items() if outcome == "upstreamed"}
    assert ours == {
        "0010-lib-ukvmem-Depend-on-uknofault.patch",
        "0011-lib-ukvmem-Use-the-new-name-of-the-stack-guards-size.patch",
    }
    assert set(found.values()) <= {"unchanged", "adjusted", "upstreamed"}
