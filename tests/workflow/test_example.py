"""The embedded example: the whole path, with no network and no upstream, to a real boot."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests import program
from tests.toy import git
from ukport import example
from ukport.errors import UsageError
from ukport.verify.platform import BARE


def ukport(folder, *args, **env):
    surroundings = {**os.environ, "UKPORT_ACCEL": "tcg", "NO_COLOR": "1", **env}
    done = program.run(*args, cwd=folder, env=surroundings)
    assert "Traceback" not in done.stderr + done.stdout
    return done


@pytest.fixture
def there(tmp_path):
    return example.unpack(tmp_path / "example")


def test_the_same_on_every_machine(there, tmp_path):
    """What the lock names is what is unpacked; a kernel that changed needs a new lock."""
    other = example.unpack(tmp_path / "other")
    lock = (there.project / "recipes/example/recipe.lock").read_text()
    for name, tag in (("example", "v1.0.0"), ("bare", example.KERNEL_TAG)):
        commits = {
            git(one.sources / f"{name}.git", "rev-parse", f"{tag}^{{commit}}").strip()
            for one in (there, other)
        }
        assert len(commits) == 1
        assert commits.pop() in lock
    assert git(there.sources / "example.git", "tag").split() == ["v1.0.0", "v1.1.0", "v2.0.0"]
    git(there.sources / "example.git", "fsck", "--strict")


def test_a_folder_that_is_not_empty(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path, tmp_path / "file"):
        with pytest.raises(UsageError, match="exists already"):
            example.unpack(folder)


@pytest.mark.boot
@pytest.mark.skipif(not shutil.which("qemu-system-x86_64"), reason="QEMU is not installed")
class TestBooted:
    def test_an_upgrade_over_everything(self, there):
        mirror = ("--mirror", "sources")
        done = ukport(there.project, "upgrade", "example", "--to", "2.0", "--json", *mirror)
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        assert result["verdict"] == "pass"
        assert result["platform"] == "bare (not Unikraft)"
        outcomes = {p["name"][:4]: (p["outcome"], p["reason"]) for p in result["patches"]}
        assert outcomes == {
            "0001": ("adjusted", "src/platform.c: upstream changed lines around it"),
            "0002": ("upstreamed", "upstream has it"),
            "0003": ("adjusted", "resolved from memory"),
            "0004": ("unchanged", ""),
        }
        assert "is the same change" in result["patches"][1]["evidence"]
        assert result["sources_added"] == ["src/platform.c", "src/stats.c"]
        assert result["sources_removed"] == ["src/os.c"]
        assert result["features"] == ["EX_HAVE_STATS", "EX_INIT_FLAGS"]
        assert result["tests_planned"] == len(result["tests"]) == 7
        assert all(tree["taken"].startswith(str(there.sources)) for tree in result["trees"])
        report = (there.project / "reports/example-2.0.0/report.md").read_text()
        assert "platform: bare (not Unikraft)" in report
        series = sorted(p.name[:4] for p in (there.project / "patches/example/1.0").iterdir())
        assert series == ["0001", "0003", "0004"]
        again = ukport(there.project, "verify", "example", *mirror)
        assert "platform: bare (not Unikraft)" in again.stdout
        assert "bare (not Unikraft)" in again.stdout.split("build")[1]

    def test_each_patch_is_needed(self, there):
        """Without those that mend something, the very tests fail that are about it."""
        for path in (there.project / "patches/example/1.0").iterdir():
            if not path.name.startswith("0001"):
                path.unlink()
        done = ukport(there.project, "verify", "example", "--json", "--mirror", "sources")
        assert done.returncode == 1
        failed = [t["name"] for t in json.loads(done.stdout)["tests"] if not t["passed"]]
        assert [name.partition(":")[0] for name in failed] == [
            "blocks are aligned for vector registers",
            "calloc clears memory used before",
            "sizes that cannot be are refused",
        ]

    def test_the_demo(self, tmp_path):
        done = ukport(tmp_path, "demo", "here")
        assert done.returncode == 0, done.stderr
        for said in (
            "example 1.0.0 → 2.0.0: PASS",
            "  platform: bare (not Unikraft)",
            "is the same change",
            "resolved from memory",
            "+ -DEX_INIT_FLAGS",
            "CRASH: page fault at 0x0, a NULL pointer, in ex_free at example-2.0.0/src/heap.c:",
            "test_apart at app/main.c:",
            "no longer exist: EX_ALIGN",
            "ukport upgrade mimalloc --to 2.1",
        ):
            assert said in done.stdout, said
        status = ukport(tmp_path / "here", "status")
        assert status.returncode == 3
        assert ukport(tmp_path / "here", "upgrade", "--abort").returncode == 0
        assert ukport(tmp_path, "demo", "here").returncode == 2

    def test_instead_of_what_cannot_be_had(self, toy):
        text = toy.recipe.read_text().replace(toy.upstream.as_uri(), "file:///nowhere/toy")
        toy.recipe.write_text(text)
        before = toy.files()
        done = ukport(toy.project, "upgrade", "toy", "--to", "1.1", "--or-example")
        assert done.returncode == 5
        assert "cannot fetch file:///nowhere/toy" in done.stderr
        assert "toy was not upgraded" in done.stdout
        assert "example 1.0.0 → 2.0.0: PASS" in done.stdout
        assert toy.files() == before
        plain = ukport(toy.project, "upgrade", "toy", "--to", "1.1", "--or-example", "--json")
        assert plain.returncode == 5
        assert json.loads(plain.stdout)["schema"] == "ukport.error/1"


def test_no_compiler_no_qemu(there, tmp_path):
    for missing, package in {"gcc": "gcc", "qemu-system-x86_64": "qemu-system-x86"}.items():
        folder = tmp_path / missing
        folder.mkdir()
        for tool in {"git", "ld", "make", "objcopy", "gcc", "qemu-system-x86_64", *BARE.tools}:
            found = shutil.which(tool)
            if found and tool != missing:
                (folder / tool).symlink_to(found)
        path = {"PATH": str(folder), "UKPORT_QEMU": ""}
        done = ukport(there.project, "verify", "example", "--mirror", "sources", **path)
        assert done.returncode == 4
        assert f"{missing} is not installed" in done.stderr
        assert f"apt-get install {package}" in done.stderr


def test_nowhere_to_write(there, tmp_path):
    cache = tmp_path / "file"
    cache.touch()
    done = ukport(
        there.project, "verify", "example", "--mirror", "sources", UKPORT_CACHE=str(cache / "x")
    )
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert Path(there.project / "reports").exists() is False
