"""Several CPUs: what is booted, what the guest must say, and what is refused."""

import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests import program
from tests.toy import Toy, environment
from tests.toy.recipes import parsed
from ukport.errors import MissingError, UsageError
from ukport.recipe import RecipeError
from ukport.report.scaling import of, on, scaling
from ukport.source import Version
from ukport.verify import emulator
from ukport.verify.boot import Accelerator, qemu_command
from ukport.verify.machine import ARM64, X86_64
from ukport.verify.matrix import Axes, Filters, cells
from ukport.verify.monitor import cpus_of
from ukport.verify.verdict import Ended, Expected, Kind, judge
from ukport.workflow.application import smp_tests

CONSOLE = b"""ukport: begin toy 1.0.0 (100)
ukport: cpu 0 runs (id 0x0)
ukport: cpu 1 runs (id 0x100)
ok 1 - both
1..1
ukport: end 1/1
"""
SMP = """
[test.smp]
sources = ["main.c"]
cpus = 4
timeout = 7
enable = ["TOY_SMP"]
values = { UKPLAT_LCPU_MAXCOUNT = 4 }
"""


def test_pass_needs_a_word_of_every_cpu():
    assert judge(CONSOLE, Ended(83), Expected("toy", 100, 2)).kind is Kind.PASS
    verdict = judge(CONSOLE, Ended(83), Expected("toy", 100, 4))
    assert verdict.kind is Kind.FAIL
    assert verdict.reason == "CPU 2, 3 of 4 did not say a word"


def test_the_word_of_another_line_does_not_count():
    console = CONSOLE.replace(b"ukport: cpu 1", b"test: ukport: cpu 1")
    assert "CPU 1 of 2" in judge(console, Ended(83), Expected("toy", 100, 2)).reason


def test_each_cpu_is_emulated_by_a_thread():
    command = qemu_command(Path("image"), Accelerator("tcg"), 64, ("qemu",), (), 2)
    assert command[command.index("-smp") + 1] == "2"
    assert "tcg,thread=multi" in command
    assert "-smp" not in qemu_command(Path("image"), Accelerator("tcg"), 64, ("qemu",), ())


def test_cells_with_several_cpus_have_the_build_of_smp():
    axes = Axes.of(parsed(SMP))
    (cell,) = cells(axes, [Version.parse("1.0.0")], Filters(cpus=4), "tcg", whole=False)
    options = axes.options(cell)
    assert "TOY_SMP" in options.enable
    assert options.values == {"UKPLAT_LCPU_MAXCOUNT": 4}
    assert cell.name.endswith("/4cpus")
    assert axes.variant(cell) == "4cpus"
    (single,) = cells(axes, [Version.parse("1.0.0")], Filters(), "tcg", whole=False)
    assert "TOY_SMP" not in axes.options(single).enable
    assert axes.variant(single) == ""


def test_more_cpus_than_the_build_has_are_refused():
    with pytest.raises(UsageError, match="built for 4 CPUs at most"):
        smp_tests(parsed(SMP), Path("/nowhere"), 5)


def test_a_recipe_without_tests_for_several_cpus_is_told_so():
    with pytest.raises(UsageError, match="names no tests for several CPUs"):
        smp_tests(parsed(""), Path("/nowhere"), 2)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (SMP.replace("main.c", "absent.c"), "test.smp.sources"),
        (SMP.replace("cpus = 4", "cpus = 1"), "test.smp.cpus"),
        (SMP.replace("TOY_SMP", "toy smp"), "test.smp.enable"),
    ],
)
def test_an_error_in_smp_names_its_place(text: str, word: str):
    with pytest.raises(RecipeError, match=word):
        parsed(text)


def test_the_registers_of_every_cpu_are_read():
    first, second = cpus_of("\nCPU#0\nRAX=0000000000000001 RIP=0000000000100000\n"
                            "\nCPU#1\nRAX=0000000000000002 RIP=00000000fffffff0\n")  # fmt: skip
    assert (first["RAX"], second["RIP"]) == (1, 0xFFFFFFF0)
    assert cpus_of("PC=0000000040000000 X00=0000000000000003")[0]["PC"] == 0x40000000
    assert cpus_of("") == ()


def test_a_qemu_that_is_not_there(tmp_path):
    with pytest.raises(MissingError, match="there is no qemu-system-aarch64"):
        emulator.chosen(ARM64, str(tmp_path))


def test_a_qemu_that_does_not_start(tmp_path):
    program = tmp_path / "usr/bin" / X86_64.qemu
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/false\n")
    program.chmod(0o755)
    with pytest.raises(MissingError, match="does not start on this machine"):
        emulator.chosen(X86_64, str(tmp_path))


def test_the_neighbour_for_another_machine_is_taken(tmp_path):
    for name in (X86_64.qemu, ARM64.qemu):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho QEMU emulator version 99.1\n")
        program.chmod(0o755)
    chosen = emulator.chosen(ARM64, str(tmp_path / X86_64.qemu))
    assert chosen.emulator == (str(tmp_path / ARM64.qemu),)
    assert emulator.version(chosen) == "QEMU emulator version 99.1"
    assert emulator.chosen(X86_64).qemu == X86_64.qemu


@pytest.mark.parametrize(("answer", "able"), [("exit 0", True), ("exit 1", False)])
def test_x2apic_is_asked_of_qemu_itself(tmp_path, monkeypatch, answer, able):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    program = tmp_path / X86_64.qemu
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo QEMU 7.2.0 && exit\n{answer}\n')
    program.chmod(0o755)
    machine = emulator.chosen(X86_64, str(program))
    assert emulator.has(machine, "tcg", "x2apic") is able
    lack = emulator.lack(machine, "tcg", 2)
    assert (lack is None) is able
    if lack:
        assert "QEMU 7.2.0 emulates no x2APIC" in lack.reason
    assert emulator.lack(machine, "kvm", 2) is None
    assert emulator.lack(machine, "tcg", 1) is None


def test_one_core_is_too_few(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    lack = emulator.lack(ARM64, "tcg", 2)
    assert lack
    assert "there is one core here" in lack.reason


def test_an_allocator_for_several_cpus_is_not_there_on_one():
    point = '\n[[matrix.allocators]]\nname = "other"\ncpus = 2\nenable = ["OTHER"]\n'
    axes = Axes.of(parsed(SMP + point))
    version = [Version.parse("1.0.0")]
    with pytest.raises(UsageError, match="no allocator 'other'"):
        cells(axes, version, Filters(allocators=("other",)), "tcg", whole=True)
    found = cells(axes, version, Filters(allocators=("other",), cpus=2), "tcg", whole=True)
    assert {cell.allocator for cell in found} == {"other"}


def test_scaling_is_the_time_on_one_over_the_time_on_all():
    assert on("bbuddy", 1) == "bbuddy, 1 CPU"
    assert on("bbuddy", 2) == "bbuddy, 2 CPUs"
    assert (of("bbuddy, 1 CPU"), of("bbuddy, 2 CPUs")) == ("bbuddy", "")
    found = scaling((200, 220, 180), (100, 110, 100))
    assert found
    assert found.median == 2.0
    assert scaling((200,), ()) is None


def not_run(toy: Toy, before: Callable[[], None] | None = None) -> str:
    """Why a toy for several CPUs was not tried; nothing may have been built for it."""
    toy.recipe.write_text(f"{toy.recipe.read_text()}{SMP}")
    words = ("verify", "toy", "--smp", "2", "--json")
    done = program.run(*words, cwd=toy.project, env=environment(UKPORT_QEMU=""), before=before)
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert result["verdict"] == "not run"
    assert "build" not in result["stages"]
    return result["reason"]


@pytest.mark.skipif(
    shutil.which(X86_64.qemu) is None or emulator.has(X86_64, "tcg", "x2apic"),
    reason="needs a qemu-system-x86_64 without x2APIC, before 9.0",
)
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core here")
def test_a_qemu_without_x2apic_runs_nothing(toy):
    assert "emulates no x2APIC" in not_run(toy)


@pytest.mark.skipif(shutil.which(X86_64.qemu) is None, reason="needs qemu-system-x86_64")
def test_one_core_runs_nothing(toy):
    alone = partial(os.sched_setaffinity, 0, {min(os.sched_getaffinity(0))})
    assert not_run(toy, alone) == "there is one core here: 2 CPUs would only take turns"
