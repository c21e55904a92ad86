"""The main job on the real upstreams: mimalloc, Unikraft, lib-musl and musl."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UPSTREAMS = [
    "https://github.com/microsoft/mimalloc",
    "https://github.com/unikraft/unikraft",
    "https://github.com/unikraft/lib-musl",
    "https://git.musl-libc.org/git/musl",
]
# What GitHub serves for the tag, as other projects have it in their pins:
# search for "mimalloc/archive/refs/tags/v2.1.7.tar.gz".
PUBLISHED = "0eed39319f139afde8515010ff59baf24de9e47ea316a315398e8027d198202d"

pytestmark = [
    pytest.mark.upstream,
    pytest.mark.boot,
    # One build folder for all: in parallel they would only wait for each other.
    pytest.mark.xdist_group("mimalloc"),
    pytest.mark.usefixtures("ordinary_cell"),
    pytest.mark.skipif(
        shutil.which("qemu-system-x86_64") is None, reason="qemu-system-x86_64 is not installed"
    ),
]


@pytest.fixture
def project(tmp_path: Path, upstream) -> Path:
    """A copy of this repository's recipes and patches, so that nothing here is changed."""
    for url in UPSTREAMS:
        upstream(url)
    for name in ("recipes", "patches"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def ukport(project: Path, *args: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "ukport", *args],
        cwd=project,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


def verified(project: Path, version: str, *args: str) -> dict:
    done = ukport(project, "verify", "mimalloc", "--version", version, "--json", *args)
    result = json.loads(done.stdout)
    assert result["verdict"] == "pass", result["reason"]
    assert done.returncode == 0
    assert result["guest_version"] == version
    assert len(result["tests"]) == result["tests_planned"] > 20
    return result


def test_both_generations_one_after_the_other_in_both_orders(project):
    features = {}
    for version in ("1.6.3", "2.1.9", "1.6.3"):
        result = verified(project, version)
        assert {patch["outcome"] for patch in result["patches"]} <= {"unchanged", "adjusted"}
        assert result["backend"] == ("os" if version == "1.6.3" else "prim")
        features[version] = set(result["features"])
    # They follow the declarations.
    assert features["1.6.3"] == {"MI_OPTION_PAGE_RESET"}
    new = {"MI_HAVE_PRIM", "MI_PRIM_ALLOC_HINT_ADDR", "MI_PRIM_ALLOC_IS_ZERO"}
    assert new <= features["2.1.9"]
    assert "MI_PRIM_GETENV_INT" not in features["2.1.9"]


@pytest.mark.parametrize(("version", "number"), [("1.6.3", 24), ("2.1.9", 60)])
def test_upstreams_own_tests(project, version, number):
    result = verified(project, version, "--upstream-tests")
    assert len(result["tests"]) == number


def test_upgrade_to_the_newest_of_a_line(project):
    # Whatever this checkout is at: from 1.6.3 on, as the first maintainer has it.
    assert ukport(project, "upgrade", "mimalloc", "--to", "1.6.3").returncode == 0
    done = ukport(project, "upgrade", "mimalloc", "--to", "2.1", "--json")
    result = json.loads(done.stdout)
    assert (done.returncode, result["verdict"]) == (0, "pass"), result["reason"]
    assert (result["previous"], result["version"]) == ("1.6.3", "2.1.9")
    assert "src/prim/prim.c" in result["sources_added"]
    assert "src/region.c" in result["sources_removed"]
    assert 'version = "2.1.9"' in (project / "recipes/mimalloc/recipe.toml").read_text()
    again = json.loads(ukport(project, "upgrade", "mimalloc", "--to", "2.1", "--json").stdout)
    assert again["verdict"] == "pass"
    assert again["written"] == []


def test_what_is_committed_is_what_ukport_makes(project):
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    listed = json.loads(ukport(project, "list", "--json").stdout)["recipes"]
    (version,) = (one["version"] for one in listed if one["name"] == "mimalloc")
    done = ukport(project, "upgrade", "mimalloc", "--to", version, "--json")
    assert json.loads(done.stdout)["written"] == []
    assert all(path.read_bytes() == content for path, content in before.items())


@pytest.mark.parametrize(
    ("version", "backend"),
    [("2.0.9", "os"), ("1.9.11", "prim"), ("2.4.1", "prim"), ("3.4.3", "prim")],
)
def test_other_generations_from_the_same_recipe(project, version, backend):
    assert verified(project, version)["backend"] == backend


@pytest.mark.parametrize(
    "version", ["1.6.3", "1.9.11", "2.0.7", "2.0.9", "2.1.9", "2.4.1", "3.4.3"]
)
def test_no_version_needs_more_than_64_mib(project, version):
    result = verified(project, version, "--memory", "64")
    assert result["memory"] == 64


@pytest.mark.parametrize(
    ("configuration", "tests"),
    [
        ("debug", ["thread-local arrays are aligned", "all memory taken and given back"]),
        ("thorough", ["uk_alloc statistics", "a thousand threads leave no memory behind"]),
        ("secure", ["malloc from four threads", "huge request fails with ENOMEM"]),
        ("areas", ["core's ukvmem: test_vma_stack", "core's ukvmem: test_vma_file"]),
    ],
)
@pytest.mark.parametrize("version", ["1.6.3", "2.1.9", "3.4.3"])
def test_a_good_citizen(project, version, configuration, tests):
    result = verified(project, version, "--config", configuration)
    assert set(tests) <= {one["name"] for one in result["tests"] if one["passed"]}


@pytest.mark.skipif(
    not (shutil.which("aarch64-linux-gnu-gcc") and shutil.which("qemu-system-aarch64")),
    reason="needs gcc-aarch64-linux-gnu and qemu-system-arm",
)
def test_arm64_from_the_same_series(project):
    for version in ("1.6.3", "2.1.9"):
        result = verified(project, version, "--arch", "arm64")
        assert result["platform"] == "Unikraft kvm/arm64"
        assert "qemu-system-aarch64" in result["boot_command"]


def test_the_archive_is_githubs_byte_for_byte(project):
    done = ukport(project, "fetch", "mimalloc", "--version", "2.1.7", "--json")
    trees = json.loads(done.stdout)["recipes"][0]["lock"]["trees"]
    assert trees[0]["sha256"] == PUBLISHED


def test_a_version_that_nobody_released(project):
    done = ukport(project, "upgrade", "mimalloc", "--to", "2.1.3")
    assert done.returncode == 2
    assert "2.1.2, 2.1.4" in done.stderr


def test_a_version_that_no_backend_serves(project):
    done = ukport(project, "upgrade", "mimalloc", "--to", "1.4.0")
    assert done.returncode == 2
    assert "no backend of the recipe serves 1.4.0" in done.stderr
