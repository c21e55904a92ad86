"""A guest that is tested by a program on the host, over a port that QEMU forwards."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.workflow.test_faults import edit
from tests.workflow.test_upgrade import ukport
from ukport.verify import boot
from ukport.verify.boot import Accelerator
from ukport.verify.client import Client

pytestmark = [
    pytest.mark.boot,
    pytest.mark.skipif(
        shutil.which("qemu-system-x86_64") is None, reason="qemu-system-x86_64 is not installed"
    ),
]
CLIENT = """
[test.client]
program = "client.py"
port = 7
arguments = ["served", "from", "here"]
"""
# QEMU takes the connection itself, whether the guest answers or not.
TALK = """
import socket, sys, time
socket.create_connection((sys.argv[1], int(sys.argv[2])), 10).close()
print("ukport: begin toy 1 (100)")
"""
RESULTS = 'print("ok 1 - talk\\n1..1\\nukport: end 1/1")\n'
SERVE = "for (;;) ;"
END = b"\xb0\x10\x66\xba\x01\x05\xee"  # how the probe ends itself
HALT = b"\xf4\xeb\xfd".ljust(len(END), b"\x90")


def served(toy, program, code=SERVE, *, more=""):
    edit(toy, code)
    toy.recipe.write_text(f"{toy.recipe.read_text()}{CLIENT}{more}")
    if program is not None:
        (toy.recipe.parent / "test/client.py").write_text(program)
    done = ukport(toy, "verify", "toy", "--json")
    return done, json.loads(done.stdout)


def test_the_client_tells_the_results_and_the_server_is_sent_home(toy):
    done, result = served(toy, TALK + RESULTS)
    assert (done.returncode, result["verdict"]) == (0, "pass"), done.stdout
    assert [test["name"] for test in result["tests"]] == ["talk"]
    assert "hostfwd=tcp:127.0.0.1:0-:7" in result["boot_command"]
    console = (toy.project / "reports/toy-1.0.0/console.log").read_text()
    assert "what the client printed:\nukport: begin toy 1 (100)\nok 1 - talk" in console


def test_a_test_of_the_client_fails(toy):
    done, result = served(toy, TALK + RESULTS.replace("ok 1", "not ok 1"))
    assert (done.returncode, result["verdict"]) == (1, "fail")
    assert "talk" in result["reason"]


def test_what_the_guest_prints_is_no_result(toy):
    code = r'print("ok 1 - talk\n1..1\nukport: end 1/1\n"); for (;;) ;'
    _, result = served(toy, TALK, code)
    assert result["verdict"] == "fail"


def test_a_client_that_does_not_end_is_ended(toy):
    _, result = served(toy, f"{TALK}time.sleep(600)\n")
    assert result["verdict"] == "hang"


def test_a_client_that_prints_without_end_is_ended(toy):
    _, result = served(toy, TALK + 'while True: print("x" * 10000)\n')
    assert result["verdict"] == "hang"
    assert "without end" in result["reason"]


def test_a_guest_that_dies_takes_its_client_along(toy):
    _, result = served(
        toy, f"{TALK}time.sleep(600)\n", "*(volatile int *)0 = 7; __builtin_unreachable();"
    )
    assert result["verdict"] == "crash"


def test_a_guest_that_does_not_answer(toy):
    ask = """
import socket, sys
print("ukport: begin toy 1 (100)")
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 1) as server:
    server.sendall(bytes([255, 0, 254]) * 100)
    try:
        server.recv(1)
    except TimeoutError:
        print("# no answer in a second\\nnot ok 1 - talk\\n1..1\\nukport: end 0/1")
"""
    done, result = served(toy, ask)
    assert (done.returncode, result["verdict"]) == (1, "fail")
    assert "talk" in result["reason"]
    assert "# no answer in a second" in (toy.project / "reports/toy-1.0.0/console.log").read_text()


def test_two_guests_never_want_the_same_port(tmp_path):
    """Each is forwarded a port that the kernel chose: none can be taken."""
    image, program = tmp_path / "image", tmp_path / "client.py"
    image.write_bytes(boot.probe_image().replace(END, HALT))
    program.write_text("import sys, time\nprint(sys.argv[2])\ntime.sleep(1)\n")

    def run(port):
        client = Client(program, port)
        return boot.run(image, Accelerator("tcg"), memory=16, timeout=60, client=client)

    with ThreadPoolExecutor(2) as pool:
        told = [booted.told for booted in pool.map(run, (7, 7))]
    ports = {int(one) for one in told}
    assert len(ports) == 2, told


def test_a_client_that_is_not_there(toy):
    done, result = served(toy, None)
    assert done.returncode == 2
    assert "recipes/toy/test has no client.py" in result["error"]


def test_a_client_that_is_a_link(toy, tmp_path):
    outside = tmp_path / "outside.py"
    outside.write_text(TALK)
    (toy.recipe.parent / "test/client.py").symlink_to(outside)
    done, result = served(toy, None)
    assert done.returncode == 2
    assert "is a symbolic link" in result["error"]


@pytest.mark.parametrize("need", ["modules", "tools"])
def test_what_the_client_needs_is_missing(toy, need):
    done, result = served(toy, TALK + RESULTS, more=f'{need} = ["no_such_thing"]\n')
    assert done.returncode == 4
    assert "no_such_thing" in result["error"]
    assert "install" in result["hint"]
