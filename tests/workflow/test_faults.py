"""Deliberate faults in a guest: each has its verdict and its explanation."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.toy import ukport

pytestmark = [
    pytest.mark.boot,
    pytest.mark.skipif(
        shutil.which("qemu-system-x86_64") is None, reason="qemu-system-x86_64 is not installed"
    ),
]


def edit(toy, code="", *, before=""):
    """Have the guest run ``code`` behind its begin marker."""
    main = toy.recipe.parent / "test/main.c"
    text = main.read_text().replace('print(")\\n");\n', f'print(")\\n");\n\t{code}\n')
    main.write_text(text.replace("int main(void)", f"{before}\nint main(void)"))


def verified(toy, code="", *, before="", memory=None):
    """The result of a verification of such a guest."""
    edit(toy, code, before=before)
    options = ("--memory", str(memory)) if memory else ()
    done = ukport(toy, "verify", "toy", *options, "--json")
    result = json.loads(done.stdout)
    assert done.returncode == 1
    return result


def frames(result):
    return [
        (frame["role"], place["function"], place["file"])
        for frame in result["explanation"]["frames"]
        for place in frame["places"]
    ]


def rules(result):
    return [one["rule"] for one in result["explanation"]["known"]]


def test_a_null_write(toy):
    store = "static __attribute__((noinline)) void store(int *p) { *(volatile int *)p = 7; }"
    result = verified(toy, "store((int *)0);", before=store)
    assert result["verdict"] == "crash"
    assert result["reason"].startswith("page fault at 0x0, a NULL pointer, in store at app/main.c:")
    explanation = result["explanation"]
    assert explanation["fault"] == 0
    assert explanation["instruction"].startswith("movl $0x7,")
    registers = {one["name"]: one for one in explanation["registers"]}
    assert registers["RIP"]["lies"].startswith("store")
    assert frames(result)[:3] == [
        ("instruction", "store", "app/main.c"),
        ("stack", "main", "app/main.c"),  # a leaf makes no frame
        ("caller", "kernel", "core/kernel.c"),
    ]
    assert explanation["tail"] == ["ukport: begin toy 1 (100)"]


def test_a_stack_overflow(toy):
    """Nothing handles it: there is no stack for a handler either."""
    deep = "static __attribute__((noinline)) int deep(int n) { return n ? deep(n + 1) + n : 0; }"
    result = verified(toy, "print_number(deep(1));", before=deep)
    assert result["verdict"] == "crash"
    assert "a fault that nothing handled reset the machine" in result["reason"]
    assert "in deep at app/main.c" in result["reason"]
    assert rules(result) == ["stack-overflow"]


def test_an_endless_loop(toy):
    spin = "static __attribute__((noinline)) void spin(volatile int *p) { while (*p) ; }"
    result = verified(toy, "int one = 1; spin(&one); print_number(one);", before=spin)
    assert result["verdict"] == "hang"
    assert "it stood in spin at app/main.c:" in result["reason"]
    assert "ukport: begin toy 1 (100)" in result["reason"]
    assert ("caller", "kernel", "core/kernel.c") in frames(result)


def test_too_little_memory(toy):
    result = verified(toy, memory=2)
    assert result["verdict"] == "oom"
    assert "Failed to allocate the heap" in result["reason"]
    assert rules(result) == ["too-little-memory"]
    assert "give the guest 16 MiB" in result["hint"]


def test_a_program_that_ends_itself_without_memory(toy):
    """Its last words speak of something else; its call chain does not."""
    handler = (
        "static __attribute__((noinline)) void outOfMemoryHandler(volatile int *p) { *p = 7; }"
    )
    code = "outOfMemoryHandler((int *)0xf0000000); print_number(version);"
    result = verified(toy, code, before=handler)
    assert (result["verdict"], rules(result)[0]) == ("oom", "memory-refused"), result["reason"]
    assert "the program ended itself in outOfMemoryHandler()" in result["reason"]


def test_no_memory_for_a_thread(toy):
    """clone() goes on with the NULL that it got: a crash by its looks, out of memory in truth.

    Its source is included by another, as some of mimalloc's are.
    """
    (toy.recipe.parent / "test/clone.c").write_text(
        "struct thread { int flags, id; };\n"
        "static __attribute__((noinline)) int uk_clone(struct thread *volatile got)\n"
        "{\n\treturn got->id;\n}\n"
    )
    toy.recipe.write_text(
        toy.recipe.read_text().replace('sources = ["main.c"]', 'sources = ["main.c", "clone.c"]')
    )
    result = verified(toy, "print_number(uk_clone(0));", before='#include "clone.c"')
    assert result["verdict"] == "oom", result["reason"]
    assert rules(result) == ["clone-out-of-memory"]
    assert "page fault at 0x4" in result["reason"]
    assert "in uk_clone at app/clone.c:4" in result["reason"]
    assert "no memory for a new thread" in result["reason"]
    assert result["hint"] == "give the guest more memory, or find out what holds it"


@pytest.mark.parametrize(
    ("words", "rule", "what"),
    [
        # core 0.17, plat/kvm/x86/setup.c and lib/ukrandom/random.c; -95 is -ENOTSUP
        ("CRIT: [libkvmplat] <setup.c @   85> Bootstrap processor init failed: -95", "no-x2apic",
         "Unikraft's SMP wants x2APIC"),
        ("ERR:  [libukrandom] <random.c @   65> Could not initialize the HWRNG (-95)",
         "no-hardware-random", "no RDRAND or RDSEED"),
    ],
)  # fmt: skip
def test_what_a_qemu_lacks(toy, words, rule, what):
    result = verified(toy, f'print("{words}\\n"); __builtin_trap();')
    assert result["verdict"] == "crash"
    assert rules(result) == [rule]
    assert what in result["reason"]


def test_a_wrong_marker(toy):
    main = toy.recipe.parent / "test/main.c"
    main.write_text(main.read_text().replace("ukport: end 2/2", "ukport: fin 2/2"))
    result = verified(toy)
    assert result["verdict"] == "fail"
    assert result["reason"] == "the end marker came 0 times, once was expected"


def test_a_fake_marker_before_a_crash(toy):
    fake = r'print("ok 1 - a\nok 2 - b\n1..2\nukport: end 2/2\n"); __builtin_trap();'
    result = verified(toy, fake)
    assert result["verdict"] == "crash"
    assert result["reason"].startswith("invalid opcode (trap 6) in main at app/main.c:")


def test_a_guest_that_prints_without_end_and_no_newline(toy):
    result = verified(toy, r'for (;;) print("\033[31m\377\001no newline ");')
    assert result["verdict"] == "hang"
    assert "the guest printed without end" in result["reason"] or "no end" in result["reason"]
    console = toy.project / "reports/toy-1.0.0/console.log"
    assert console.stat().st_size <= 3 * 4 * 1024 * 1024
    assert len(result["reason"]) < 1000
    assert "\x1b" not in json.dumps(result, ensure_ascii=False)


def test_mine_or_theirs(toy):
    """The old version passes what the new one does not."""
    done = ukport(toy, "verify", "toy", "--version", "1.6.0", "--baseline", "1.0.0", "--json")
    baseline = json.loads(done.stdout)["baseline"]
    assert (baseline["version"], baseline["verdict"], baseline["worse"]) == ("1.0.0", "pass", True)
    assert baseline["regressions"] == []


def test_objects_of_another_version_are_found_and_built_anew(toy):
    """As a kill or a foreign hand may leave them: everything says that the build is up to date."""
    assert ukport(toy, "verify", "toy", "--version", "1.9.0").returncode == 0
    build = next((Path(os.environ["UKPORT_CACHE"]) / "build").iterdir())
    stamps = {name: (build / name).read_bytes() for name in ("libtoy.stamp", "appukporttoy.stamp")}
    shutil.copytree(build / "build", build / "newer", symlinks=True)
    assert ukport(toy, "verify", "toy", "--version", "1.0.0").returncode == 0
    old = {name: (build / name).read_bytes() for name in stamps}
    shutil.rmtree(build / "build")
    (build / "newer").rename(build / "build")
    assert old != stamps
    done = ukport(toy, "verify", "toy", "--version", "1.0.0")
    assert "anew: objects of toy-1.9.0 were left" in done.stdout
    assert done.returncode == 0


needs_gdb = pytest.mark.skipif(shutil.which("gdb") is None, reason="gdb is not installed")


@needs_gdb
def test_gdb_stands_at_the_crash(toy):
    deep = "static __attribute__((noinline)) void store(int *p) { *(volatile int *)p = 7; }"
    edit(toy, "store((int *)0);", before=deep)
    done = ukport(toy, "verify", "toy", "--gdb", input="info registers rip cr2\nquit\n")
    assert done.returncode == 1
    assert "<store" in done.stdout.partition("=>")[2].partition("\n")[0]
    assert "<store" in done.stdout.rpartition("rip ")[2].partition("\n")[0]


@needs_gdb
def test_gdb_where_nothing_crashed(toy):
    done = ukport(toy, "verify", "toy", "--gdb")
    assert done.returncode == 2
    assert "no guest crashed, the verdict is PASS" in done.stderr


@pytest.mark.parametrize(("feature", "able"), [("sse2", True), ("avx1024", False)])
def test_a_processor_without_what_the_guest_needs(toy, feature, able):
    """QEMU is asked; nothing is built that could not run."""
    needs = f'[test]\ncpu_features = {{ x86_64 = ["{feature}"], arm64 = ["nothing"] }}\n'
    toy.recipe.write_text(toy.recipe.read_text().replace("[test]\n", needs))
    done = ukport(toy, "verify", "toy", "--json")
    result = json.loads(done.stdout)
    assert result["verdict"] == ("pass" if able else "not run")
    if not able:
        assert f"emulates no {feature}, which the guest needs" in result["reason"]
        assert "use KVM, or a newer QEMU: --qemu PATH or UKPORT_QEMU" in result["hint"]
        assert "build" not in result["stages"]
