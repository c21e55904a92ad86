"""Benchmarks of the toy: real builds and boots, and every way in which one can go wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import program
from tests.toy import HERE, Toy


@pytest.fixture
def toy(toy: Toy) -> Toy:
    toy.recipe.write_text(f"{toy.recipe.read_text()}\n{(HERE / 'bench.toml').read_text()}")
    folder = toy.recipe.parent / "bench"
    folder.mkdir()
    (folder / "main.c").write_text((HERE / "bench/main.c").read_text())
    return toy


def words(*args: str) -> list[str]:
    against = () if "--against" in args else ("--against", "1.0.0")
    return ["bench", "toy", *against, *args]


def ukport(toy: Toy, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    surroundings = {**os.environ, "NO_COLOR": "1", **env}
    done = program.run(*words(*args), cwd=toy.project, env=surroundings)
    assert "Traceback" not in done.stderr
    return done


NINE = ("--version", "1.9.0", "--only", "spin")


def test_figures_are_ratios_in_rounds_and_kept(toy):
    done = ukport(toy, *NINE, "--runs", "2", "--json")
    assert done.returncode == 0, done.stdout
    first = json.loads(done.stdout)
    (case,) = first["cases"]
    (nine,) = case["subjects"]
    assert [one["name"] for one in (case["baseline"], case["noise"], nine)] == [
        "toy 1.0.0",
        "itself",
        "toy 1.9.0",
    ]
    # half the turns of the loop, to the instruction
    assert 0.45 < nine["instructions"] / case["baseline"]["instructions"] < 0.55
    assert nine["ratios"] == [
        mine / theirs for mine, theirs in zip(nine["times"], case["baseline"]["times"], strict=True)
    ]
    assert nine["ratio"]["low"] <= nine["ratio"]["median"] <= nine["ratio"]["high"]
    assert nine["call"] in ("few", "short")
    assert (nine["peak"], first["boots"]) == (4.0, 8)

    # one round more, and in a file that a kill cut short
    (kept,) = Path(os.environ["UKPORT_CACHE"]).glob("bench/*.jsonl")
    kept.write_bytes(kept.read_bytes() + b'{"round": 1, "subj')
    more = json.loads(ukport(toy, *NINE, "--runs", "3", "--json").stdout)
    assert (more["boots"], more["kept"]) == (3, 8)
    assert more["cases"][0]["subjects"][0]["times"][:2] == nine["times"]
    fresh = json.loads(ukport(toy, *NINE, "--runs", "2", "--json", "--fresh").stdout)
    assert (fresh["boots"], fresh["kept"]) == (8, 0)


def test_what_goes_wrong_stops_no_other(toy):
    versions = ("--version", "1.3.0", "--version", "1.9.0")
    done = ukport(toy, *versions, "--runs", "2")
    assert (done.returncode, done.stderr) == (1, "")
    assert "build, toy 1.3.0: BUILD: the build failed: " in done.stdout
    for name, verdict in {"crash": "CRASH", "hang": "HANG", "mute": "FAIL"}.items():
        assert f"{name}, toy 1.9.0: {verdict}: " in done.stdout
    assert "2 rounds are too few" in done.stdout
    folder = toy.project / "reports/toy-bench"
    assert "Unhandled Trap 6" in (folder / "crash-toy-1.9.0.log").read_text()
    # the baseline came to its end everywhere, and spin everywhere
    cases = {
        case["name"]: case for case in json.loads((folder / "bench.json").read_text())["cases"]
    }
    assert all(case["baseline"]["verdict"] == "pass" for case in cases.values())
    assert len(cases["spin"]["subjects"][-1]["times"]) == 2
    page = (folder / "bench.html").read_text()
    assert "CRASH" in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


def test_a_baseline_that_dies(toy):
    done = ukport(toy, "--against", "1.5.0", "--version", "1.9.0", "--only", "spin", "--runs", "2")
    assert done.returncode == 1
    assert "spin, toy 1.5.0: CRASH: " in done.stdout
    assert "spin, toy 1.9.0: NOT RUN: there is nothing to compare with" in done.stdout


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("--only", "spinn"), 2, "toy has no benchmark 'spinn'\n  → there is: spin, crash, hang"),
        (("--runs", "1"), 2, "one round says nothing of the noise"),
        (("--against", "bbuddy"), 2, "bbuddy"),
        (("--version", "7.7"), 2, "7.7"),
    ],
)
def test_bad_input(toy, args, code, told):
    done = ukport(toy, *args)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr


def test_a_recipe_without_benchmarks(toy):
    toy.recipe.write_text(toy.recipe.read_text().partition("[bench]")[0])
    done = ukport(toy)
    assert (done.returncode, "names no benchmarks" in done.stderr) == (2, True)


def test_without_an_emulator(toy, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("git", "gcc", "ld", "make", "gzip", "tar", "patch", "objcopy", "sed", "sh"):
        found = subprocess.run(["which", tool], capture_output=True, text=True, check=False)
        (folder / tool).symlink_to(found.stdout.strip())
    done = ukport(toy, *NINE, PATH=str(folder), UKPORT_QEMU="")
    assert (done.returncode, "qemu-system-x86_64 is not installed" in done.stderr) == (4, True)


def test_interrupted_it_goes_on_where_it_was(toy):
    store = Path(os.environ["UKPORT_CACHE"]) / "bench"
    child = subprocess.Popen(
        [sys.executable, "-m", "ukport", *words(*NINE, "--runs", "50")],
        cwd=toy.project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not any(b'"round":1' in one.read_bytes() for one in store.glob("*")):
        assert time.monotonic() < deadline
        assert child.poll() is None, child.communicate()
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert (child.returncode, "interrupted" in err, "Traceback" in err) == (130, True, False)
    done = json.loads(ukport(toy, *NINE, "--runs", "2", "--json").stdout)
    assert done["kept"] >= 5
    assert done["kept"] + done["boots"] == 8
