"""Redis in a unikernel, tested from outside; its cell needs a QEMU whose processor has RDSEED."""

import json
import os
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.workflow.test_mimalloc import ROOT, ukport
from ukport.recipe import load
from ukport.verify import emulator
from ukport.verify.machine import X86_64

RDSEED = 10  # Debian 12's QEMU 7.2 has none in -cpu max, 10 has


def lacking() -> str:
    """What this machine does not have, or nothing."""
    missing = [t for t in ("redis-cli", "redis-benchmark") if shutil.which(t) is None]
    if missing:
        return f"{missing[0]} is not installed (Debian: redis-tools)"
    if find_spec("redis") is None:
        return "there is no Python module redis"
    wanted = os.environ.get(emulator.VARIABLE, "")
    if not wanted and shutil.which(X86_64.qemu) is None:
        return f"{X86_64.qemu} is not installed"
    told = emulator.version(emulator.chosen(X86_64, wanted))
    number = re.search(r"version (\d+)", told)
    if number is None or int(number[1]) < RDSEED:
        return f"{told.partition(' (')[0]} has no RDSEED; set {emulator.VARIABLE} to QEMU {RDSEED}"
    return ""


pytestmark = [
    pytest.mark.upstream,
    pytest.mark.boot,
    pytest.mark.xdist_group("redis"),
]


@pytest.fixture(autouse=True)
def _reached(upstream):
    recipe = load(ROOT, "redis")
    for tree in (recipe.upstream, *recipe.pinned):
        upstream(tree.url)
        if getattr(tree, "origin", None):
            upstream(tree.origin.url)


@pytest.mark.skipif(bool(lacking()), reason=lacking() or "all is there")
@pytest.mark.parametrize(
    "allocator", [(), ("--allocator", "mimalloc@2.1.9")], ids=["own", "mimalloc"]
)
def test_redis_answers_its_clients(allocator):
    qemu = os.environ.get(emulator.VARIABLE)
    options = (*allocator, *(("--qemu", qemu) if qemu else ()))
    done = ukport(ROOT, "verify", "redis", *options, "--json")
    result = json.loads(done.stdout)
    assert (result["verdict"], result["guest_version"]) == ("pass", "7.0.11"), result["reason"]
    assert result["tests_planned"] == len(result["tests"]) == 19


def test_the_published_series_meets_a_later_redis(tmp_path: Path):
    """Two of its six patches do not fit 7.2: it is said which, why, and what is proposed."""
    for name in ("recipes", "patches"):
        shutil.copytree(ROOT / name, tmp_path / name)
    done = ukport(tmp_path, "upgrade", "redis", "--to", "7.2.4", "--dry-run", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 3
    assert "0002-Make-bytesToHuman-definitions-static.patch does not fit" in told["error"]
    assert "broken by eacca729a555" in told["error"]
    assert "static void bytesToHuman(char *s, size_t size, long long n)" in told["error"]
    assert not list((tmp_path / "patches/redis").glob("*"))
