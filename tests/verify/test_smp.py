"""Several CPUs: what is booted, what the guest must say, and what is refused."""

from pathlib import Path

import pytest

from tests.toy.recipes import parsed
from ukport.errors import UsageError
from ukport.recipe import RecipeError
from ukport.source import Version
from ukport.verify.boot import Accelerator, qemu_command
from ukport.verify.matrix import Axes, Filters, cells
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
    command = qemu_command(Path("image"), Accelerator("tcg"), 64, "qemu", (), 2)
    assert command[command.index("-smp") + 1] == "2"
    assert "tcg,thread=multi" in command
    assert "-smp" not in qemu_command(Path("image"), Accelerator("tcg"), 64, "qemu", ())


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
