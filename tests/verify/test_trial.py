"""Images that are none, and an emulator that somebody kills."""

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from ukport.verify.boot import Accelerator, probe_image, run
from ukport.verify.known import Port
from ukport.verify.machine import X86_64
from ukport.verify.trial import Subject, try_out
from ukport.verify.verdict import Expected, Kind, judge

pytestmark = [
    pytest.mark.boot,
    pytest.mark.skipif(
        shutil.which("qemu-system-x86_64") is None, reason="qemu-system-x86_64 is not installed"
    ),
]


def tried(tmp_path, content, timeout=10.0, enough=16):
    image = tmp_path / "image"
    image.write_bytes(content)
    subject = Subject(
        image=image,
        root=tmp_path,
        config=tmp_path / "config",
        machine=X86_64,
        memory=16,
        timeout=timeout,
        expected=Expected("toy", 1),
        port=Port("libtoy", "lib-toy", "toy-1", enough),
    )
    return try_out(subject, "tcg", tmp_path)


@pytest.mark.parametrize("content", [b"", b"no image", b"\0" * 4096])
def test_what_is_no_image_is_not_booted(tmp_path, content):
    trial = tried(tmp_path, content)
    assert trial.verdict.kind is Kind.BUILD
    assert "is no image for x86_64" in trial.verdict.reason
    assert trial.booted is None


def test_what_qemu_refuses_says_nothing_of_the_port(tmp_path):
    trial = tried(tmp_path, b"\x7fELF" + b"\xff" * 4096, enough=512)
    assert trial.verdict.kind is Kind.NOT_RUN
    assert "QEMU did not run the image" in trial.verdict.reason
    assert "512" not in trial.verdict.reason  # nor of the guest's memory


def _emulators(of: str) -> list[int]:
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                line = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if b"qemu-system" in line.partition(b"\0")[0] and of.encode() in line:
                found.append(int(process.name))
    return found


def test_a_killed_emulator_says_nothing_of_the_port(tmp_path):
    # A guest that stands still: the probe's code, from which the end is cut.
    still = probe_image().replace(b"\xee\xf4", b"\xf4\xf4")

    def kill():
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for pid in _emulators(str(tmp_path)):
                os.kill(pid, signal.SIGKILL)
                return
            time.sleep(0.05)

    killer = threading.Thread(target=kill)
    killer.start()
    image = tmp_path / "image"
    image.write_bytes(still)
    booted = run(image, Accelerator("tcg"), memory=16, timeout=15)
    killer.join()
    verdict = judge(booted.console, booted.ended, Expected("toy", 1))
    assert verdict.kind is Kind.NOT_RUN
    assert "SIGKILL ended QEMU" in verdict.reason
    assert _emulators(str(tmp_path)) == []
