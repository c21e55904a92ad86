"""Redis in a unikernel, tested from outside; its cell needs a QEMU whose processor has RDSEED."""

import json
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.toy import git
from tests.workflow.test_mimalloc import ROOT, ukport
from ukport.recipe import load
from ukport.verify import emulator
from ukport.verify.machine import X86_64


def without_random() -> str:
    """Why no guest here has random numbers of its processor, or nothing."""
    wanted = os.environ.get(emulator.VARIABLE, "")
    if not wanted and shutil.which(X86_64.qemu) is None:
        return f"{X86_64.qemu} is not installed"
    lack = emulator.lack(emulator.chosen(X86_64, wanted), "tcg", 1, ("rdseed",))
    return f"{lack.reason}; set {emulator.VARIABLE}" if lack else ""


def lacking() -> str:
    """What this machine does not have, or nothing."""
    missing = [t for t in ("redis-cli", "redis-benchmark") if shutil.which(t) is None]
    if missing:
        return f"{missing[0]} is not installed (Debian: redis-tools)"
    if find_spec("redis") is None:
        return "there is no Python module redis"
    return without_random()


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


answers = pytest.mark.skipif(bool(lacking()), reason=lacking() or "all is there")


ON = ["bbuddy", "mimalloc@1.6.3", "mimalloc@2.1.9", "mimalloc@3.4.3"]


@answers
def test_redis_answers_its_clients_on_every_allocator():
    cells = json.loads(ukport(ROOT, "verify", "redis", "--matrix", "--fresh", "--json").stdout)
    assert [one["on"] for one in cells["cells"]] == ON
    for result in cells["cells"]:
        assert (result["verdict"], result["guest_version"]) == ("pass", "7.0.11"), result["reason"]
        assert result["tests_planned"] == len(result["tests"]) == 19


@answers
def test_the_least_memory_and_why_not_less():
    one = ("--matrix", "--allocator", "mimalloc@2.1.9", "--min-memory", "--fresh")
    (result,) = json.loads(ukport(ROOT, "verify", "redis", *one, "--json").stdout)["cells"]
    # Three stacks of 4.5 MiB and six segments of 4, before the first request; the tests want more.
    assert 40 < result["least_memory"] < 128, result["memory_tried"]
    assert f" with {result['least_memory'] - 1} MiB: " in result["memory_below"]


@answers
def test_the_allocators_held_against_each_other():
    one = ("--allocator", "mimalloc@2.1.9", "--baseline", "bbuddy")
    baseline = json.loads(ukport(ROOT, "verify", "redis", *one, "--json").stdout)["baseline"]
    assert (baseline["name"], baseline["verdict"]) == ("bbuddy", "pass")
    assert len(baseline["tests"]) == 19
    assert not baseline["regressions"] + baseline["standing"] + baseline["fixed"]


@answers
def test_an_image_differs_little_from_itself(tmp_path):
    """What the guest executes for the same requests, on a machine that does whatever it does."""
    for name in ("recipes", "patches"):
        shutil.copytree(ROOT / name, tmp_path / name)
    only = ("--allocator", "mimalloc@2.1.9", "--only", "get", "--only", "lpush-pipelined")
    done = ukport(tmp_path, "bench", "redis", "--against", "bbuddy", *only, "--runs", "3", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["clock"]) == (0, "instructions"), done.stdout
    for case in found["cases"]:
        assert all(0.9 < ratio < 1.1 for ratio in case["noise"]["ratios"]), case["noise"]
        (mimalloc,) = case["subjects"]
        assert (mimalloc["name"], len(mimalloc["times"])) == ("mimalloc@2.1.9", 3)
        assert mimalloc["peak"] > 0


# What a person makes of the patch that does not fit 7.2; around the other, one line has changed.
BY_HAND = {
    "src/redis-cli.c": ("\nvoid bytesToHuman(", "\nstatic void bytesToHuman("),
    "src/server.c": ("\nvoid bytesToHuman(", "\nstatic void bytesToHuman("),
}


@answers
def test_redis_is_carried_to_7_2_and_answers(tmp_path):
    for name in ("recipes", "patches"):
        shutil.copytree(ROOT / name, tmp_path / name)
    done = ukport(tmp_path, "upgrade", "redis", "--to", "7.2.6", "--json")
    stopped = 0
    while done.returncode == 3:
        stopped += 1
        _resolve(tmp_path / ".ukport/upgrade/work")
        done = ukport(tmp_path, "upgrade", "--continue", "--json")
    result = json.loads(done.stdout)
    assert (result["verdict"], result["guest_version"]) == ("pass", "7.2.6"), result["reason"]
    carried = {p["name"]: p["outcome"] for p in result["patches"] if p["tree"] == "redis"}
    assert (len(carried), stopped) == (6, 1)


def _resolve(work: Path) -> None:
    """Upstream's side of each place, with the patch's intent."""
    for name in git(work, "diff", "--name-only", "--diff-filter=U").split():
        git(work, "checkout", "--ours", "--", name)
        path, (there, wanted) = work / name, BY_HAND[name]
        assert there in path.read_text()
        path.write_text(path.read_text().replace(there, wanted))


@pytest.mark.skipif(bool(without_random()), reason=without_random() or "all is there")
def test_lwip_echoes_what_its_clients_send():
    result = json.loads(ukport(ROOT, "verify", "lwip", "--json").stdout)
    assert (result["verdict"], result["tests_planned"]) == ("pass", 7), result["reason"]


@pytest.mark.skipif(bool(without_random()), reason=without_random() or "all is there")
def test_musl_does_what_its_callers_expect():
    result = json.loads(ukport(ROOT, "verify", "musl", "--json").stdout)
    assert (result["verdict"], result["tests_planned"]) == ("pass", 13), result["reason"]


@pytest.mark.skipif(
    shutil.which(X86_64.qemu) is None or emulator.has(X86_64, "tcg", "rdseed"),
    reason=f"{X86_64.qemu} on PATH is not there, or has RDSEED",
)
def test_a_qemu_without_random_numbers(monkeypatch):
    monkeypatch.setenv(emulator.VARIABLE, "")
    result = json.loads(ukport(ROOT, "verify", "redis", "--json").stdout)
    assert result["verdict"] == "not run"
    assert "emulates no rdseed, which the guest needs" in result["reason"]


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
