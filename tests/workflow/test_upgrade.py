"""The whole path, on a library and a kernel of our own: real git, real make, a real boot."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.toy import commit, environment, git, library, ukport

pytestmark = [
    pytest.mark.boot,
    pytest.mark.skipif(
        shutil.which("qemu-system-x86_64") is None, reason="qemu-system-x86_64 is not installed"
    ),
]


def test_upgrade_ends_with_pass_and_everything_ready_to_commit(toy):
    done = ukport(toy, "upgrade", "toy", "--to", "1.1")
    assert done.returncode == 0, done.stderr
    assert "toy 1.0.0 → 1.1.0: PASS" in done.stdout
    assert "1 adjusted, no fuzz" in done.stdout
    text = toy.recipe.read_text()
    assert 'version = "1.1.0"  # moved by upgrade' in text
    assert 'base = "1.1.0"' in text
    makefile = (toy.recipe.parent / "lib/Makefile.uk").read_text()
    assert "src/extra.c" in makefile
    assert "-DTOY_HINT\n" in makefile
    patch = toy.patch.read_text()
    assert "Subject: [PATCH] answer: Triple instead of doubling" in patch
    git(toy.project, "init", "-q")
    fresh = toy.project / "fresh"
    git(toy.project, "clone", "-q", "-b", "v1.1.0", str(toy.upstream), str(fresh))
    git(fresh, "apply", "--check", str(toy.patch))
    report = (toy.project / "reports/toy-1.1.0/report.md").read_text()
    assert report.startswith("# toy 1.0.0 → 1.1.0: PASS\n")
    assert "`src/extra.c`" in report


def test_json_is_one_document_on_stdout(toy):
    done = ukport(toy, "upgrade", "toy", "--to", "1.1", "--json")
    result = json.loads(done.stdout)
    assert result["schema"] == "ukport.result/1"
    assert result["verdict"] == "pass"
    assert [test["passed"] for test in result["tests"]] == [True, True]
    assert result["sources_added"] == ["src/answer.c", "src/extra.c", "src/version.c"]


def test_a_second_upgrade_writes_nothing(toy):
    ukport(toy, "upgrade", "toy", "--to", "1.1")
    before = toy.files()
    done = ukport(toy, "upgrade", "toy", "--to", "1.1")
    assert done.returncode == 0
    assert "written" not in done.stdout
    assert toy.files() == before


def test_dry_run_writes_nothing(toy):
    before = toy.files()
    done = ukport(toy, "upgrade", "toy", "--to", "1.1", "--dry-run")
    assert done.returncode == 0
    assert toy.files() == before
    assert not (toy.project / "reports").exists()
    assert not (toy.project / ".ukport").exists()


def test_versions_one_after_the_other_in_one_folder_are_never_mixed(toy):
    for version in ("1.0.0", "1.10.0", "1.0.0", "1.9.0", "1.10.0"):
        done = ukport(toy, "verify", "toy", "--version", version, "--json")
        assert json.loads(done.stdout)["verdict"] == "pass", done.stdout
    assert len(list((Path(os.environ["UKPORT_CACHE"]) / "build").iterdir())) == 1


@pytest.mark.parametrize(
    ("version", "code", "said"),
    [
        ("1.2.0", 3, "0001-answer-Triple-instead-of-doubling.patch"),
        ("1.3.0", 1, "BUILD: the build failed: build/libtoy/origin/toy-1.3.0/src/version.c:5:"),
        ("1.4.0", 1, "HANG: no end within the time limit"),
        (
            "1.5.0",
            1,
            "CRASH: page fault at 0xf0000000, above the guest's 16 MiB, in toy_version at toy",
        ),
        ("1.6.0", 1, "FAIL: the guest runs toy 1 (7), but toy (160) was built"),
        ("1.7", 2, "the nearest are: 1.5.0, 1.6.0, 1.9.0, 1.10.0"),
        ("2", 2, "the nearest are: 1.10.0, 2.0.0-beta"),
        ("nonsense", 2, "write it like"),
    ],
)
def test_what_goes_wrong_is_told_and_changes_nothing(toy, version, code, said):
    before = toy.files()
    done = ukport(toy, "upgrade", "toy", "--to", version)
    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr
    assert toy.files() == before


def test_a_conflict_names_file_hunk_and_upstreams_lines(toy):
    done = ukport(toy, "upgrade", "toy", "--to", "1.2.0")
    assert "src/answer.c" in done.stderr
    assert "@@ -2,7 +2,7 @@" in done.stderr
    assert "return value << 1;" in done.stderr


def test_logs_are_kept(toy):
    ukport(toy, "upgrade", "toy", "--to", "1.3.0")
    assert "error:" in (toy.project / "reports/toy-1.3.0/build.log").read_text()
    ukport(toy, "upgrade", "toy", "--to", "1.5.0")
    assert "CRIT: [toycore] RIP" in (toy.project / "reports/toy-1.5.0/console.log").read_text()


def test_no_such_recipe(toy):
    done = ukport(toy, "upgrade", "tоy")  # noqa: RUF001 - a Cyrillic letter
    assert done.returncode == 2
    assert "there is: toy" in done.stderr


def test_a_wrong_field(toy):
    text = toy.recipe.read_text().replace("memory = 16", "memory = 0")
    toy.recipe.write_text(text)
    line = text.count("\n", 0, text.index("memory = 0")) + 1
    done = ukport(toy, "verify", "toy")
    assert done.returncode == 2
    assert f"recipes/toy/recipe.toml:{line}: test.memory: expected `int` >= 2" in done.stderr


def test_upstream_unreachable(toy):
    gone = toy.upstream.as_uri() + "-gone"
    toy.recipe.write_text(toy.recipe.read_text().replace(toy.upstream.as_uri(), gone))
    done = ukport(toy, "upgrade", "toy")
    assert done.returncode == 5
    assert gone in done.stderr
    assert "insteadOf" in done.stderr


def test_offline_uses_the_cache_alone(toy):
    done = ukport(toy, "verify", "toy", "--offline")
    assert done.returncode == 5
    assert "run once without --offline" in done.stderr
    assert ukport(toy, "fetch").returncode == 0
    toy.upstream.rename(toy.upstream.with_name("away"))
    try:
        assert ukport(toy, "upgrade", "toy", "--to", "1.1", "--offline").returncode == 0
    finally:
        toy.upstream.with_name("away").rename(toy.upstream)


def test_a_pin_that_is_not_there(toy):
    toy.recipe.write_text(toy.recipe.read_text().replace('pin = "v1"', 'pin = "v9"'))
    done = ukport(toy, "verify", "toy")
    assert done.returncode == 5
    assert "has no revision v9" in done.stderr


def test_a_checksum_that_differs_shows_both(toy):
    assert ukport(toy, "fetch", "toy").returncode == 0
    lock = toy.recipe.with_name("recipe.lock")
    right = re.findall(r'^sha256 = "(\w{64})"$', lock.read_text(), re.MULTILINE)[-1]
    lock.write_text(lock.read_text().replace(right, "0" * 64))
    done = ukport(toy, "verify", "toy")
    assert done.returncode == 5
    assert right in done.stderr
    assert "0" * 64 in done.stderr


def test_a_damaged_archive_in_the_cache_is_not_used(toy):
    assert ukport(toy, "fetch", "toy").returncode == 0
    for archive in Path(os.environ["UKPORT_CACHE"]).glob("archives/*/*.tar.gz"):
        archive.write_bytes(b"damaged")
    assert ukport(toy, "verify", "toy").returncode == 0


def test_a_moved_tag_is_told(toy, tmp_path):
    copy = tmp_path / "copy"
    git(tmp_path, "clone", "-q", "--bare", str(toy.upstream), str(copy))
    toy.recipe.write_text(toy.recipe.read_text().replace(toy.upstream.as_uri(), copy.as_uri()))
    assert ukport(toy, "fetch", "toy").returncode == 0
    git(copy, "tag", "-f", "v1.0.0", "v1.9.0")
    shutil.rmtree(Path(os.environ["UKPORT_CACHE"]) / "git")
    done = ukport(toy, "verify", "toy")
    assert done.returncode == 5
    assert "is not the commit in the lock" in done.stderr


@pytest.mark.parametrize("program", ["qemu-system-x86_64", "gcc", "flex", "git"])
def test_a_missing_program_names_the_line_that_installs_it(toy, tmp_path, program):
    folder = tmp_path / "bin"
    folder.mkdir()
    for place in ("/usr/bin", "/bin"):
        for path in Path(place).iterdir():
            if path.name != program and not (folder / path.name).exists():
                (folder / path.name).symlink_to(path)
    done = ukport(toy, "verify", "toy", env={"PATH": str(folder)})
    assert done.returncode == 4, done.stderr
    assert f"{program} is not installed" in done.stderr
    assert "apt-get install" in done.stderr


def test_a_cache_that_cannot_be_written(toy, tmp_path):
    (tmp_path / "file").write_text("")
    done = ukport(toy, "verify", "toy", env={"UKPORT_CACHE": str(tmp_path / "file/cache")})
    assert done.returncode == 1
    assert "UKPORT_CACHE" in done.stderr


def test_outside_a_project(toy, tmp_path):
    done = ukport(toy, "list", "-C", str(tmp_path))
    assert done.returncode == 2
    assert "no recipes/ folder" in done.stderr


def _children(of: str) -> list[str]:
    """Command lines that hold ``of``; ukport's own does not."""
    found = []
    # Not through glob, which looks at each of them: a process may end at any time.
    for process in Path("/proc").iterdir():
        try:
            line = (
                (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            )
        except OSError:
            continue
        if of in line:
            found.append(line)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_while_the_guest_runs(toy, number):
    """Nothing changes, nothing stays behind, and the same command goes on."""
    before = toy.files()
    command = [sys.executable, "-m", "ukport", "upgrade", "toy", "--to", "1.4.0"]
    child = subprocess.Popen(
        command, cwd=toy.project, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    cache = os.environ["UKPORT_CACHE"]
    deadline = time.monotonic() + 20
    while not any("qemu" in line for line in _children(cache)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child.send_signal(number)
    out, err = child.communicate(timeout=20)
    assert b"Traceback" not in out + err
    if number == signal.SIGINT:
        assert child.returncode == 130
    while _children(cache):
        assert time.monotonic() < deadline, _children(cache)
        time.sleep(0.02)
    assert toy.files() == before
    assert ukport(toy, "upgrade", "toy", "--to", "1.1").returncode == 0


def test_killed_at_any_moment_then_run_again(toy):
    """Kill after ever longer times until the upgrade gets through; then all is as it should be."""
    before = toy.files()
    for step in range(1, 200):
        try:
            assert ukport(toy, "upgrade", "toy", "--to", "1.1", timeout=step / 20).returncode == 0
            break
        except subprocess.TimeoutExpired:
            assert toy.files() == before or 'version = "1.1.0"' in toy.recipe.read_text()
    assert 'version = "1.1.0"' in toy.recipe.read_text()
    assert ukport(toy, "verify", "toy").returncode == 0


def test_two_at_once_wait_for_each_other(toy):
    command = [sys.executable, "-m", "ukport", "verify", "toy", "--json"]
    children = [
        subprocess.Popen(command, cwd=toy.project, env=environment(), stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    for child in children:
        out, _ = child.communicate(timeout=60)
        assert json.loads(out)["verdict"] == "pass"


def test_a_new_release_is_seen_without_being_told(toy, tmp_path):
    copy = tmp_path / "copy"
    git(tmp_path, "clone", "-q", str(toy.upstream), str(copy))
    toy.recipe.write_text(toy.recipe.read_text().replace(toy.upstream.as_uri(), copy.as_uri()))
    assert ukport(toy, "upgrade", "toy", "--to", "1.9").returncode == 0
    commit(copy, library(191), "Release 1.9.1", "v1.9.1")
    done = ukport(toy, "upgrade", "toy", "--to", "1.9")
    assert "toy 1.9.0 → 1.9.1: PASS" in done.stdout


def test_hostile_patch_leaves_nothing_outside(toy, tmp_path):
    text = toy.patch.read_text().replace("src/answer.c", "../../../../escaped.c")
    toy.patch.write_text(text)
    done = ukport(toy, "upgrade", "toy", "--to", "1.1")
    assert done.returncode in (2, 3), done.stderr
    assert not list(tmp_path.rglob("escaped.c"))


RESET = """\
	static struct { unsigned short size; unsigned int at; } __attribute__((packed)) none;
	__asm__ volatile("lidt %0; int3" : : "m"(none));
	return 0;
}
"""


def test_a_reset_behind_the_end_marker_is_no_pass(toy):
    """A triple fault resets the machine, which ends QEMU with status 0 like a power-off."""
    main = toy.recipe.parent / "test/main.c"
    main.write_text(main.read_text().replace("\treturn 0;\n}\n", RESET))
    done = ukport(toy, "verify", "toy", "--json")
    assert json.loads(done.stdout)["verdict"] == "crash"
    assert done.returncode == 1


def test_verify_keeps_the_logs_of_a_failure(toy):
    done = ukport(toy, "verify", "toy", "--version", "1.5.0")
    assert "reports/toy-1.5.0/report.md" in done.stdout
    assert "RIP" in (toy.project / "reports/toy-1.5.0/console.log").read_text()
    result = json.loads((toy.project / "reports/toy-1.5.0/result.json").read_text())
    assert result["report"].endswith("report.md")


def test_a_report_that_cannot_be_written_changes_nothing(toy):
    (toy.project / "reports").write_text("in the way")
    before = toy.files()
    done = ukport(toy, "upgrade", "toy", "--to", "1.1")
    assert done.returncode == 1
    assert toy.files() == before


def test_a_file_in_the_way_of_the_glue_changes_nothing(toy):
    (toy.recipe.parent / "lib").write_text("in the way")
    before = toy.files()
    done = ukport(toy, "upgrade", "toy", "--to", "1.1")
    assert done.returncode == 1
    assert "stands in the way" in done.stderr
    assert toy.files() == before


def test_after_a_build_that_failed_the_next_goes_on_at_once(toy):
    assert ukport(toy, "verify", "toy").returncode == 0
    assert ukport(toy, "verify", "toy", "--version", "1.3.0").returncode == 1
    assert ukport(toy, "verify", "toy").returncode == 0


def test_another_compiler_gets_another_folder(toy, tmp_path):
    assert ukport(toy, "verify", "toy").returncode == 0
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "gcc").write_text('#!/bin/sh\nexec /usr/bin/gcc "$@"\n')
    (folder / "gcc").chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    assert ukport(toy, "verify", "toy", env={"PATH": path}).returncode == 0
    assert len(list((Path(os.environ["UKPORT_CACHE"]) / "build").iterdir())) == 2
