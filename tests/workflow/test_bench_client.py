"""A guest that serves is measured by a program on the host, which marks its begin and end."""

import json
import shutil

import pytest

from tests.workflow.test_bench import ukport
from tests.workflow.test_faults import edit

pytestmark = [
    pytest.mark.boot,
    pytest.mark.skipif(
        shutil.which("qemu-system-x86_64") is None, reason="qemu-system-x86_64 is not installed"
    ),
]
BENCH = """
[bench]
sources = ["main.c"]
memory = 16
timeout = 20

[bench.client]
program = "client.py"
port = 7
arguments = ["served", "from", "here"]

[[bench.cases]]
name = "doze"
arguments = ["0.05"]
"""
CLIENT = """
import sys, time

def mark(word):
    print("ukport: measure", word)
    sys.stdin.readline()

print("ukport: begin toy 1 (100)")
"""
MEASURE = 'mark("from")\ntime.sleep(float(sys.argv[3]))\nmark("to")\n'
RESULTS = 'print("ok 1 - doze\\n1..1\\nukport: end 1/1")\n'


def measured(toy, program, *args):
    edit(toy, "for (;;) ;")
    toy.recipe.write_text(f"{toy.recipe.read_text()}{BENCH}")
    folder = toy.recipe.parent / "bench"
    folder.mkdir()
    if program is not None:
        (folder / "client.py").write_text(program)
    done = ukport(toy, "--version", "1.0.0", *args, "--json")
    return done, json.loads(done.stdout)


def test_its_instructions_are_counted_between_the_marks_in_every_round(toy):
    done, found = measured(toy, CLIENT + MEASURE + RESULTS, "--runs", "2")
    assert done.returncode == 0, done.stdout
    assert (found["clock"], found["boots"]) == ("instructions", 6)
    (case,) = found["cases"]
    for one in (case["baseline"], case["noise"], *case["subjects"]):
        assert len(one["times"]) == len(one["spent"]) == 2, one
        # It turns in a circle all the time: an instruction is a good deal less than 100 ns.
        assert all(n > ns / 100 > 0 for n, ns in zip(one["times"], one["spent"], strict=True)), one
    report = (toy.project / "reports/toy-bench/bench.md").read_text()
    assert "## Instructions ÷ toy 1.0.0" in report
    assert "## Processor time ÷ toy 1.0.0" in report


@pytest.mark.parametrize("program", [CLIENT + RESULTS, CLIENT + 'mark("from")\n' + RESULTS])
def test_a_client_that_does_not_mark(toy, program):
    done, found = measured(toy, program, "--runs", "2")
    assert done.returncode == 1
    lost = found["cases"][0]["baseline"]
    assert (lost["verdict"], lost["times"]) == ("fail", [])
    assert "did not mark where it begins and ends" in lost["reason"]


ONCE = """
from pathlib import Path
stalled = Path(__file__).with_name("stalled")
if not stalled.exists():
    stalled.touch()
    sys.exit("no answer")
"""


def test_a_server_that_stopped_answering_is_booted_again(toy):
    done, found = measured(toy, CLIENT + ONCE + MEASURE + RESULTS, "--runs", "2")
    assert (done.returncode, found["repeated"], found["boots"]) == (0, 1, 7), done.stdout
    report = (toy.project / "reports/toy-bench/bench.md").read_text()
    assert "1 of them again, since a boot did not come to its end" in report


def test_a_client_whose_work_fails(toy):
    program = CLIENT + MEASURE + RESULTS.replace("ok 1", "not ok 1")
    done, found = measured(toy, program, "--runs", "2")
    assert (done.returncode, found["cases"][0]["baseline"]["verdict"]) == (1, "fail")
    log = toy.project / "reports/toy-bench/doze-toy-1.0.0.log"
    assert "not ok 1 - doze" in log.read_text()


def test_a_client_that_is_not_there(toy):
    done, found = measured(toy, None)
    assert done.returncode == 2
    assert "recipes/toy/bench has no client.py" in found["error"]
