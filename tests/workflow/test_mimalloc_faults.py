"""Deliberate faults on the real upstreams: each has its verdict and its explanation.

All share the build folder of the ordinary cell: the application changes, and in two cases core,
which is put back afterwards.
"""

import json
import re
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.workflow.test_mimalloc import ROOT, UPSTREAMS, ukport

pytestmark = [
    pytest.mark.upstream,
    pytest.mark.boot,
    pytest.mark.xdist_group("mimalloc"),
    pytest.mark.usefixtures("ordinary_cell"),
    pytest.mark.skipif(
        shutil.which("qemu-system-x86_64") is None, reason="qemu-system-x86_64 is not installed"
    ),
]
FIXES = ROOT / "patches/unikraft/0.17"


class Lab:
    """A copy of this repository's recipes and patches."""

    def __init__(self, project: Path) -> None:
        self.project = project
        for name in ("recipes", "patches"):
            shutil.copytree(ROOT / name, project / name)

    def edit(self, old: str, new: str, name: str = "test/main.c") -> None:
        path = self.project / "recipes/mimalloc" / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def guest(self, code: str, before: str = "") -> None:
        """Have the guest run ``code`` behind its begin marker."""
        self.edit("int main(void)", f"{before}\nint main(void)")
        self.edit("\tprint_version();\n", f"\tprint_version();\n\t{code}\n")

    def verify(self, version: str = "2.1.9", *options: str) -> dict:
        done = ukport(self.project, "verify", "mimalloc", "--version", version, "--json", *options)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def without(self, fix: str):
        """Core without one of our patches, in the build folder itself."""
        root = self.root()
        (patch,) = FIXES.glob(f"*{fix}*")
        apply = ["patch", "-s", "-d", str(root / "core"), "-p1", "-i", str(patch)]
        subprocess.run([*apply, "-R"], check=True)
        try:
            yield
        finally:
            if subprocess.run(apply, check=False).returncode != 0:
                (root / "surroundings.stamp").unlink()

    def root(self) -> Path:
        """The build folder of the ordinary cell, with 2.1.9 in it."""
        command = self.verify()["boot_command"]
        return Path(re.search(r"-kernel (\S+)", command)[1]).parents[1]


@pytest.fixture
def lab(tmp_path: Path, upstream) -> Lab:
    for url in UPSTREAMS:
        upstream(url)
    return Lab(tmp_path)


def places(result: dict) -> list[tuple[str, str]]:
    frames = result["explanation"]["frames"]
    return [(place["function"], place["file"]) for f in frames for place in f["places"]]


def rules(result: dict) -> list[str]:
    return [known["rule"] for known in result["explanation"]["known"]]


def test_a_null_write_in_the_application(lab):
    store = "static __attribute__((noinline)) void store(int *p) { *(volatile int *)p = 7; }"
    lab.guest("store(NULL);", store)
    result = lab.verify()
    assert result["verdict"] == "crash"
    assert result["reason"].startswith("page fault at 0x0, a NULL pointer, in store at app/main.c:")
    assert places(result)[:2] == [("store", "app/main.c"), ("main", "app/main.c")]
    assert ("ukplat_entry", "core/lib/ukboot/boot.c") in places(result)
    assert result["explanation"]["tail"][-1] == "ukport: begin mimalloc 2.1.9 (219)"


def test_a_stack_overflow(lab):
    deep = (
        "static __attribute__((noinline)) int deep(volatile int n)"
        " { volatile char a[512]; a[n & 511] = 1; return n ? deep(n + 1) + a[5] : 0; }"
    )
    lab.guest('printf("%d", deep(1));', deep)
    result = lab.verify()
    assert result["verdict"] == "crash"
    assert "in deep at app/main.c" in result["reason"]
    assert rules(result) == ["stack-overflow"]


def test_the_tls_fix_left_out(lab):
    with lab.without("Lay-out-the-TLS"):
        result = lab.verify()
    assert result["verdict"] == "crash"
    assert rules(result)[0] == "tls-alignment"
    assert result["explanation"]["known"][0]["source"].endswith("/issues/1478")
    assert any(file.startswith("mimalloc-2.1.9/src/") for _, file in places(result))


def test_the_thread_exit_fix_left_out(lab):
    with lab.without("Leave-the-earliest-thread-callback"):
        result = lab.verify("2.1.7")
    assert result["verdict"] == "fail"
    assert "thread-exit-order" in rules(result)
    assert "posix_thread_fini frees after libmimalloc" in result["reason"]


def test_an_endless_loop(lab):
    lab.edit("timeout = 60", "timeout = 15", "recipe.toml")
    lab.guest('for (;;) __asm__ volatile("");')
    result = lab.verify()
    assert result["verdict"] == "hang"
    assert "it stood in main at app/main.c:" in result["reason"]


def test_ten_mebibytes_of_memory(lab):
    result = lab.verify("2.1.9", "--memory", "10")
    assert result["verdict"] == "oom"
    assert "with 512 MiB the same image passes" in result["reason"]
    assert rules(result) == ["too-little-memory"]
    assert "give the guest 512 MiB" in result["hint"]


def test_a_wrong_marker(lab):
    lab.edit("ukport: end %zu", "ukport: fin %zu")
    result = lab.verify()
    assert result["verdict"] == "fail"
    assert "the end marker came 0 times" in result["reason"]


def test_an_object_left_from_another_version(lab):
    objects = lab.root() / "build/libmimalloc"
    left = next(objects.glob("**/options*.o"))
    content = left.read_bytes()
    assert lab.verify("2.1.7")["verdict"] == "pass"
    left.write_bytes(content)
    done = ukport(lab.project, "verify", "mimalloc", "--version", "2.1.7")
    assert "anew: objects of mimalloc-2.1.9 were left" in done.stdout
    assert done.returncode == 0
