"""The end of an arm64 guest: without isa-debug-exit, only QEMU's monitor tells it from a reset."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ukport.verify import boot
from ukport.verify.boot import Accelerator
from ukport.verify.known import Port
from ukport.verify.machine import ARM64
from ukport.verify.trial import Subject, try_out
from ukport.verify.verdict import Expected, Kind, judge

COMPILER = "aarch64-linux-gnu-gcc"
pytestmark = [
    pytest.mark.boot,
    pytest.mark.skipif(
        not (shutil.which(COMPILER) and shutil.which(ARM64.qemu)),
        reason=f"needs {COMPILER} and {ARM64.qemu}",
    ),
]

# PL011 of QEMU's board `virt`; PSCI by hypervisor call (Arm DEN 0022: SYSTEM_OFF, SYSTEM_RESET).
GUEST = r"""
static void say(const char *text)
{
	while (*text)
		*(volatile unsigned char *)0x09000000 = *text++;
}

static void psci(unsigned long function)
{
	register unsigned long x0 __asm__("x0") = function;

	__asm__ volatile("hvc #0" : "+r"(x0) : : "memory");
}

%s
void kernel(void)
{
	say("ukport: begin toy 1 (1)\nok 1 - one\n1..1\nukport: end 1/1\n");
	%s
	for (;;)
		__asm__ volatile("wfi");
}

__asm__(".globl _start\n_start:\n\tldr x0, =stack\n\tmov sp, x0\n\tbl kernel\n"
	".bss\n.balign 16\n.space 4096\nstack:\n.text\n");
"""
PAGED = (Path(__file__).parent / "arm64.c").read_text()
OFF, RESET = "psci(0x84000008);", "psci(0x84000009);"


@pytest.mark.parametrize(
    ("end", "kind", "reason"),
    [
        (OFF, Kind.PASS, "1 of 1"),
        (RESET, Kind.CRASH, "reset"),
        (f'say("CRIT: EL1 sync trap caught\\n"); {OFF}', Kind.CRASH, "EL1 sync trap"),
        (f'say("ok 2 - late\\n"); {OFF}', Kind.FAIL, "2 test results for a plan of 1"),
        ("", Kind.HANG, "time limit"),
        # without a table of vectors: the processor takes the same fault for ever
        ("*(volatile int *)0xffff000000000000 = 1; psci(0x84000008);", Kind.HANG, "time limit"),
    ],
)
def test_only_a_power_off_after_all_results_passes(tmp_path: Path, end, kind, reason):
    image = compiled(tmp_path, end)
    limit = 3 if kind is Kind.HANG else 20
    ran = boot.run(image, Accelerator("tcg"), memory=64, timeout=limit, machine=ARM64)
    verdict = judge(ran.console, ran.ended, Expected("toy", 1))
    assert verdict.kind is kind, (verdict, ran)
    assert reason in verdict.reason


def compiled(folder: Path, end: str, before: str = "") -> Path:
    """A guest that runs ``end`` behind its results."""
    source, image = folder / "guest.c", folder / "guest"
    source.write_text(GUEST % (before, end))
    flags = "-O1 -g1 -ffreestanding -nostdlib -static -mgeneral-regs-only -mstrict-align"
    layout = "-fno-stack-protector -fno-omit-frame-pointer -Wl,-Ttext=0x40080000,--build-id=none"
    subprocess.run([COMPILER, *flags.split(), *layout.split(), source, "-o", image], check=True)
    return image


def test_a_null_write_is_explained(tmp_path: Path):
    image = compiled(tmp_path, "map(); store(0); psci(0x84000008);", PAGED)
    subject = Subject(
        image=image,
        root=tmp_path,
        config=tmp_path / "config",
        machine=ARM64,
        memory=64,
        timeout=20,
        expected=Expected("toy", 1),
        port=Port("libtoy", "lib-toy", "toy-1", 64),
    )
    trial = try_out(subject, "tcg", tmp_path)
    lines = (tmp_path / "guest.c").read_text().splitlines()
    line = next(at for at, text in enumerate(lines, 1) if "/* here */" in text)
    assert trial.verdict.kind is Kind.CRASH
    assert trial.verdict.reason == (
        f"data abort at 0x0, a NULL pointer, in store at guest.c:{line}"
    )
    told = trial.explanation
    assert told.fault == 0
    assert told.instruction.startswith("str")
    assert [place.function for frame in told.frames for place in frame.places][:2] == [
        "store",
        "kernel",
    ]
    assert {one.name for one in told.registers} >= {"PC", "SP", "FAR_EL1", "X30"}
