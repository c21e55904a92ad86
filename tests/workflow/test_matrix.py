"""The matrix of the toy: real builds and boots, half a second a cell."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.toy import HERE, Toy, ukport
from ukport.verify.budget import OVERHEAD, Budget

MATRIX = (HERE / "matrix.toml").read_text()


@pytest.fixture
def toy(toy: Toy) -> Toy:
    toy.recipe.write_text(f"{toy.recipe.read_text()}\n{MATRIX}")
    return toy


def cells(document: dict) -> dict[tuple[str, str], str]:
    return {(c["version"], c["configuration"]): c["verdict"] for c in document["cells"]}


def test_a_cell_that_fails_does_not_stop_the_others_and_nothing_runs_twice(toy):
    versions = [word for v in ("1.0.0", "1.2.0", "1.3.0", "1.5.0") for word in ("--version", v)]
    done = ukport(toy, "verify", "toy", "--matrix", *versions, "--json")
    assert done.returncode == 1
    first = json.loads(done.stdout)
    assert cells(first) == {
        (version, configuration): verdict
        for version, verdict in {
            "1.0.0": "pass",
            "1.2.0": "build",  # its patch does not fit
            "1.3.0": "build",
            "1.5.0": "crash",
        }.items()
        for configuration in ("plain", "other")
    }
    reasons = {c["version"]: c["reason"] for c in first["cells"]}
    assert "0001-answer-Triple-instead-of-doubling.patch does not fit" in reasons["1.2.0"]
    assert "version.c" in reasons["1.3.0"]
    folder = toy.project / "reports/toy-1.0.0-other"
    assert "ukport: end 2/2" in (folder / "console.log").read_text()

    again = json.loads(ukport(toy, "verify", "toy", "--matrix", *versions, "--json").stdout)
    assert cells(again) == cells(first)
    # what did not build is tried again: it may have been this machine's fault
    assert (first["kept"], again["kept"]) == (0, 4)
    assert "ukport: end 2/2" in (folder / "console.log").read_text()
    main = toy.project / "recipes/toy/test/main.c"
    main.write_text(main.read_text() + "/* another test */\n")
    assert json.loads(ukport(toy, "verify", "toy", "--matrix", "--json").stdout)["kept"] == 0


def test_a_table_and_a_report(toy):
    done = ukport(toy, "verify", "toy", "--matrix")
    assert (done.returncode, done.stderr) == (0, "")
    assert "toy: 4 of 4 cells passed" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["plain", "other"] in rows
    assert ["toy", "1.9.0", "PASS", "2/2", "PASS", "2/2"] in rows
    report = (toy.project / "reports/toy-matrix/matrix.md").read_text()
    assert "| toy 1.0.0 | PASS 2/2 | PASS 2/2 |" in report


def test_memory_and_accelerators_are_axes(toy):
    asked = ["--version", "1.0.0", "--config", "plain", "--memory", "8", "--memory", "16"]
    done = ukport(toy, "verify", "toy", *asked, "--accel", "tcg,auto", "--json")
    assert done.returncode == 0
    found = {(c["memory"], c["compared"]): c for c in json.loads(done.stdout)["cells"]}
    assert set(found) == {(8, "tcg"), (8, "auto"), (16, "tcg"), (16, "auto")}
    assert found[8, "tcg"]["accelerator"] == "TCG (as asked)"
    reports = {path.name for path in (toy.project / "reports").iterdir()}
    assert reports == {
        *("toy-1.0.0-8M-tcg", "toy-1.0.0-8M-auto", "toy-1.0.0-tcg", "toy-1.0.0-auto"),
        "toy-matrix",
    }
    table = (toy.project / "reports/toy-matrix/matrix.md").read_text()
    assert "|  | 8 MiB tcg | 8 MiB auto | 16 MiB tcg | 16 MiB auto |" in table


def test_mine_or_theirs_in_every_cell(toy):
    asked = [word for v in ("1.0.0", "1.6.0") for word in ("--version", v)]
    done = ukport(toy, "verify", "toy", "--matrix", *asked, "--baseline", "1.0.0", "--json")
    assert done.returncode == 1
    found = {(c["version"], c["configuration"]): c for c in json.loads(done.stdout)["cells"]}
    for configuration in ("plain", "other"):
        assert found["1.0.0", configuration]["baseline"] is None
        baseline = found["1.6.0", configuration]["baseline"]
        assert (baseline["version"], baseline["verdict"]) == ("1.0.0", "pass")
        assert baseline["worse"]


def test_parts_on_several_machines_are_joined(toy):
    for part in ("1/2", "2/2"):
        done = ukport(toy, "verify", "toy", "--matrix", "--shard", part, "--json")
        assert len(json.loads(done.stdout)["cells"]) == 2
    files = [f"reports/toy-matrix-{at}-of-2/matrix.json" for at in (1, 2)]
    done = ukport(toy, "report", "join", *files, "--json")
    assert done.returncode == 0
    assert len(cells(json.loads(done.stdout))) == 4
    page = (toy.project / "reports/toy-matrix/matrix.html").read_text()
    assert page.count("<summary>Console</summary>") == 4
    # Another run's console is not this one's.
    (toy.project / "reports/toy-1.0.0/result.json").write_text("{}")
    assert ukport(toy, "report", "join", *files).returncode == 0
    page = (toy.project / "reports/toy-matrix/matrix.html").read_text()
    assert page.count("<summary>Console</summary>") == 3
    done = ukport(toy, "report", "join", files[0])
    assert (done.returncode, "missing parts: 2/2" in done.stdout) == (1, True)
    whole = json.loads(ukport(toy, "verify", "toy", "--matrix", "--json").stdout)
    assert whole["kept"] == 4


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"schema": "ukport.matrix/9", "recipe": 1}'])
def test_what_is_no_result_is_not_joined(toy, content):
    (toy.project / "m.json").write_text(content)
    done = ukport(toy, "report", "join", "m.json")
    assert done.returncode == 2
    assert "m.json: not the result of a matrix" in done.stderr


@pytest.mark.parametrize("when", [0.4, 1.2])
def test_interrupted_it_leaves_nothing_running_and_goes_on_where_it_was(toy, when):
    versions = ["--version", "1.0.0", "--version", "1.4.0"]  # 1.4.0 hangs
    command = [sys.executable, "-m", "ukport", "verify", "toy", "--matrix", *versions]
    child = subprocess.Popen(
        command, cwd=toy.project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(when)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=20)
    # Python ends itself with the signal where it came while a dataclass was being made: 130, too.
    assert child.returncode in (130, -signal.SIGINT), (out, err)
    assert "Traceback" not in err
    assert not _programs(toy.project.parent)
    # no verdict of a guest that we killed
    assert {line.split()[0] for line in out.splitlines()} <= {"PASS", "HANG"}
    assert cells(json.loads(ukport(toy, "verify", "toy", "--matrix", "--json").stdout)) == {
        (version, name): "pass" for version in ("1.0.0", "1.9.0") for name in ("plain", "other")
    }


def _programs(folder: Path) -> list[str]:
    """The command lines of all programs that work in ``folder``."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, UnicodeDecodeError):
            continue
        if str(folder) in line and entry.name != str(os.getpid()):
            found.append(line)
    return found


def test_the_least_memory(toy):
    result = json.loads(ukport(toy, "verify", "toy", "--min-memory", "--json").stdout)
    least, tried = result["least_memory"], result["memory_tried"]
    assert 2 <= least < 16
    assert tried[str(least)] == "pass"
    assert re.match(rf"[A-Z ]+ with {least - 1} MiB: \S", result["memory_below"])
    report = (toy.project / "reports/toy-1.0.0/report.md").read_text()
    below = " ".join(result["memory_below"].split())
    assert f"It passes with {least} MiB. {below}." in report
    assert all((kind == "pass") == (int(size) >= least) for size, kind in tried.items())
    assert (
        json.loads(ukport(toy, "verify", "toy", "--memory", str(least), "--json").stdout)["verdict"]
        == "pass"
    )


def test_the_jobs_of_a_ci(toy):
    found = json.loads(ukport(toy, "matrix", "toy", "--github").stdout)["include"]
    assert [job["shard"] for job in found] == ["1/2", "2/2"]
    assert sum(job["cells"] for job in found) == 4
    assert found[0]["command"] == "ukport verify toy --matrix --shard 1/2"
    pipeline = json.loads(ukport(toy, "matrix", "toy", "--gitlab", "--config", "plain").stdout)
    assert pipeline["1/1 plain/x86_64/16M"]["script"] == [
        "sh .ci/setup",
        ".venv/bin/ukport verify toy --matrix --config plain --shard 1/1",
    ]
    assert "report join" in pipeline["join"]["script"][-1]


def test_a_point_that_is_not_there(toy):
    done = ukport(toy, "verify", "toy", "--config", "bogus")
    assert (done.returncode, "there is: plain, other" in done.stderr) == (2, True)


def test_timings(toy):
    done = ukport(toy, "verify", "toy", "--timings")
    assert done.returncode == 0
    assert {"build", "boot", "the"} <= {line.split()[0] for line in done.stdout.splitlines()}


def test_a_budget_lets_in_what_there_is_room_for():
    room = Budget(4, 2 * (100 + OVERHEAD))
    inside, most, cores = [], [], []

    def work(memory: int) -> None:
        with room.share(memory) as given:
            inside.append(memory)
            most.append(sum(inside) + OVERHEAD * len(inside))
            cores.append(given)
            time.sleep(0.02)
            inside.remove(memory)

    threads = [threading.Thread(target=work, args=(m,)) for m in (100, 90, 80, 5000, 100, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(most) == 6
    *shared, alone = sorted(most)  # more than there is runs alone
    assert alone == 5000 + OVERHEAD
    assert max(shared) <= room.memory
    assert set(cores) == {2, 4}
