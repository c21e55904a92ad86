"""Two CPUs on the real upstreams: both run, and the allocator serves both at a time."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.workflow.test_mimalloc import ROOT, UPSTREAMS, ukport

pytestmark = [pytest.mark.upstream, pytest.mark.boot, pytest.mark.xdist_group("mimalloc-smp")]
ARM64 = pytest.param(
    "arm64",
    marks=pytest.mark.skipif(
        not (shutil.which("qemu-system-aarch64") and shutil.which("aarch64-linux-gnu-gcc")),
        reason="needs qemu-system-arm and gcc-aarch64-linux-gnu",
    ),
)
X86_64 = pytest.param(
    "x86_64",
    marks=pytest.mark.skipif(
        not os.environ.get("UKPORT_QEMU"),
        reason="UKPORT_QEMU names no QEMU with x2APIC (9.0 or newer)",
    ),
)
TEN_MILLION = "ten million operations, any size, each other's blocks"


@pytest.fixture
def ports(tmp_path: Path, upstream) -> Path:
    for url in UPSTREAMS:
        upstream(url)
    for name in ("recipes", "patches"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def on_two(ports: Path, architecture: str, *args: str) -> dict:
    command = ("verify", "mimalloc", "--smp", "2", "--arch", architecture, "--json", *args)
    return json.loads(ukport(ports, *command).stdout)


@pytest.mark.parametrize(
    ("version", "architecture"),
    [
        pytest.param(version, *cpu.values, marks=cpu.marks)
        for cpu, versions in ((ARM64, ("1.6.3", "2.1.9", "3.4.3")), (X86_64, ("2.1.9",)))
        for version in versions
    ],
)
def test_two_cpus_pass(ports, version, architecture):
    result = on_two(ports, architecture, "--version", version)
    assert result["verdict"] == "pass", result["reason"]
    assert TEN_MILLION in [test["name"] for test in result["tests"]]
    console = (Path(result["report"]).parent / "console.log").read_text()
    assert "ukport: cpu 0 runs" in console
    assert "ukport: cpu 1 runs" in console


def test_more_cpus_than_the_build_has(ports):
    done = ukport(ports, "verify", "mimalloc", "--smp", "3")
    assert done.returncode == 2
    assert "built for 2 CPUs at most" in done.stderr


@pytest.mark.parametrize("architecture", [ARM64])
def test_a_lock_left_out_is_caught(ports, architecture):
    pages = ports / "recipes/mimalloc/glue/pages.c"
    text = pages.read_text()
    for call in ("ukarch_spin_lock(&lock);", "ukarch_spin_unlock(&lock);"):
        assert call in text
        text = text.replace(call, "")
    pages.write_text(text)
    result = on_two(ports, architecture, "--version", "2.1.9")
    assert result["verdict"] in ("fail", "crash", "hang", "oom"), result["reason"]


@pytest.mark.parametrize("architecture", [ARM64])
def test_a_cpu_that_does_not_come_up(ports, architecture):
    """Without core's patch for FP on arm64's second CPU, that stops at its first use of it."""
    (patch,) = (ports / "patches/unikraft/0.17").glob(
        "*-Enable-FP-and-SIMD-on-secondary-CPUs.patch"
    )
    patch.unlink()
    result = on_two(ports, architecture, "--version", "2.1.9")
    assert result["verdict"] == "crash"
    assert "the second CPU does not come up" in result["reason"]
    report = Path(result["report"]).read_text()
    for cpu in (0, 1):
        assert f"CPU {cpu}: " in report

    # The same without a limit of the guest's own
    smp = ports / "recipes/mimalloc/test/smp.c"
    limit = "CHECK(ukplat_monotonic_clock() < limit);"
    assert limit in smp.read_text()
    smp.write_text(smp.read_text().replace(limit, "(void)limit;"))
    recipe = ports / "recipes/mimalloc/recipe.toml"
    recipe.write_text(recipe.read_text().replace("timeout = 600", "timeout = 15"))
    result = on_two(ports, architecture, "--version", "2.1.9")
    assert result["verdict"] == "hang"
    assert "no end within the time limit" in result["reason"]
    first, second = result["explanation"]["cpus"]
    assert "second_cpu_start" in first["place"]
    assert {"PC", "SP"} <= {register["name"] for register in second["registers"]}
