"""A patch that does not fit: stop, resolve, go on, leave out, forget, take back, remember."""

import json
import os
import shutil
import signal
import sys
from functools import partial
from pathlib import Path

import pytest

from tests import program
from tests.toy import Toy, environment, git, ukport

pytestmark = [
    pytest.mark.boot,
    pytest.mark.skipif(
        shutil.which("qemu-system-x86_64") is None, reason="qemu-system-x86_64 is not installed"
    ),
]

RESOLVED = "\treturn (value << 1) + value;\n"


def work(toy: Toy) -> Path:
    return toy.project / ".ukport/upgrade/work"


def stop(toy: Toy) -> None:
    assert ukport(toy, "upgrade", "toy", "--to", "1.2").returncode == 3


def resolve(toy: Toy) -> None:
    """Edit the markers away, as a person would."""
    path = work(toy) / "src/answer.c"
    before, _, rest = path.read_text().partition("<<<<<<<")
    path.write_text(before + RESOLVED + rest.partition(">>>>>>>")[2].partition("\n")[2])


def test_the_conflict_is_laid_out_and_explained(toy):
    before = toy.files()
    done = ukport(toy, "upgrade", "toy", "--to", "1.2")
    assert done.returncode == 3
    for said in ("src/answer.c @@ -2,7 +2,7 @@", "Release v1.2.0", "return value << 1;"):
        assert said in done.stderr
    assert toy.files() == before
    text = (work(toy) / "src/answer.c").read_text()
    assert "<<<<<<< " in text
    assert "||||||| " in text
    assert "src/answer.c" in git(work(toy), "diff", "--name-only", "--diff-filter=U")
    git(toy.project, "init", "-q")
    assert ".ukport" not in git(toy.project, "status", "--short", "--ignored=no")


def test_status_says_what_waits(toy):
    assert ukport(toy, "status").stdout == "nothing is waiting\n"
    stop(toy)
    done = ukport(toy, "status", "--json")
    assert done.returncode == 3
    waiting = json.loads(done.stdout)["waiting"]
    assert (waiting["recipe"], waiting["version"], waiting["tree"]) == ("toy", "1.2", "toy")
    assert ukport(toy, "upgrade", "toy", "--to", "1.1").returncode == 3


def test_continue_takes_the_resolution_and_keeps_the_message(toy):
    before = toy.patch.read_text()
    stop(toy)
    resolve(toy)
    done = ukport(toy, "upgrade", "--continue")
    assert done.returncode == 0, done.stderr
    after = toy.patch.read_text()
    assert after.partition("\n---\n")[0] == before.partition("\n---\n")[0]
    assert f"-\treturn value << 1;\n+{RESOLVED}" in after
    assert after.count("diff --git") == 1
    assert after.endswith("-- \n2.39.5\n\n")
    assert ukport(toy, "verify", "toy").returncode == 0
    assert ukport(toy, "status").returncode == 0
    assert not work(toy).exists()


def test_a_resolution_that_was_committed_counts_as_well(toy):
    stop(toy)
    resolve(toy)
    git(work(toy), "add", "-A")
    git(work(toy), "commit", "-qm", "done by hand")
    assert ukport(toy, "upgrade", "--continue").returncode == 0
    assert RESOLVED in toy.patch.read_text()


def test_continue_with_markers_left_stops_again(toy):
    stop(toy)
    done = ukport(toy, "upgrade", "--continue")
    assert done.returncode == 3
    assert "still in conflict: src/answer.c" in done.stderr


def test_a_resolution_that_does_not_build_waits_on(toy):
    stop(toy)
    resolve(toy)
    path = work(toy) / "src/answer.c"
    right = path.read_text()
    path.write_text(right + "\nwrong\n")
    before = toy.files()
    assert ukport(toy, "upgrade", "--continue").returncode == 1
    assert toy.files() == before
    path.write_text(right)
    assert ukport(toy, "upgrade", "--continue").returncode == 0


def test_nothing_left_of_a_patch_is_said(toy):
    stop(toy)
    git(work(toy), "checkout", "-q", "--ours", "src/answer.c")
    done = ukport(toy, "upgrade", "--continue")
    assert done.returncode == 2
    assert "--skip" in done.stderr


def test_skip_leaves_it_out_and_says_so(toy):
    main = toy.recipe.parent / "test/main.c"
    main.write_text(main.read_text().replace("== 21", "== 14"))
    stop(toy)
    done = ukport(toy, "upgrade", "--skip", "--json")
    result = json.loads(done.stdout)
    assert result["verdict"] == "pass", result["reason"]
    assert result["patches"][0]["outcome"] == "skipped"
    assert not toy.patch.exists()


def test_abort_forgets(toy):
    before = toy.files()
    stop(toy)
    assert ukport(toy, "upgrade", "--abort").returncode == 0
    assert toy.files() == before
    assert ukport(toy, "upgrade", "--abort").returncode == 2
    assert ukport(toy, "upgrade", "--continue").returncode == 2


def test_undo_takes_the_last_upgrade_back(toy):
    before = toy.files()
    assert ukport(toy, "upgrade", "toy", "--to", "1.1").returncode == 0
    assert ukport(toy, "upgrade", "--undo").returncode == 0
    assert toy.files() == before
    assert ukport(toy, "upgrade", "--undo").returncode == 2


def test_undo_does_not_overwrite_an_edit(toy):
    assert ukport(toy, "upgrade", "toy", "--to", "1.1").returncode == 0
    toy.recipe.write_text(toy.recipe.read_text() + "# edited\n")
    after = toy.files()
    done = ukport(toy, "upgrade", "--undo")
    assert done.returncode == 1
    assert "recipes/toy/recipe.toml" in done.stderr
    assert toy.files() == after


def test_a_resolution_is_remembered_with_the_recipe(toy):
    original, recipe = toy.patch.read_bytes(), toy.recipe.read_bytes()
    stop(toy)
    resolve(toy)
    assert ukport(toy, "upgrade", "--continue").returncode == 0
    assert list(toy.project.glob("recipes/toy/resolutions/*/postimage"))
    # The same conflict again, on another branch say: no hand is needed.
    toy.patch.write_bytes(original)
    toy.recipe.write_bytes(recipe)
    done = ukport(toy, "upgrade", "toy", "--to", "1.2")
    assert done.returncode == 0, done.stdout
    told = done.stdout + done.stderr
    assert [line.split()[0] for line in told.splitlines()].count("rebase") == 1
    assert "stopped" not in told
    report = next(toy.project.glob("reports/toy-1.2*/report.md"))
    result = json.loads(report.with_name("result.json").read_text())
    assert result["patches"][0]["reason"] == "resolved from memory"
    # For the reviewer: what the patch changed and changes, and git's own comparison.
    (review,) = result["reviews"]
    assert [one["patch"] for one in review["stat"]] == [toy.patch.name]
    assert "1:  " in review["range_diff"]
    assert "| adjusted patch | file | was | is |" in report.read_text()
    assert "| old | | new | subject |" in report.read_text()
    assert "range-diff" in report.with_name("report.html").read_text()
    assert RESOLVED in toy.patch.read_text()


def test_verify_and_a_dry_run_use_what_is_remembered(toy):
    original, recipe = toy.patch.read_bytes(), toy.recipe.read_bytes()
    assert ukport(toy, "verify", "toy", "--version", "1.2").returncode == 3
    stop(toy)
    resolve(toy)
    assert ukport(toy, "upgrade", "--continue").returncode == 0
    toy.patch.write_bytes(original)
    toy.recipe.write_bytes(recipe)
    before = toy.files()
    for args in (
        ("verify", "toy", "--version", "1.2"),
        ("upgrade", "toy", "--to=1.2", "--dry-run"),
    ):
        done = ukport(toy, *args, "--json")
        result = json.loads(done.stdout)
        assert result["verdict"] == "pass", result["reason"]
        assert result["patches"][0]["reason"] == "resolved from memory"
        assert toy.files() == before
    assert ukport(toy, "status").returncode == 0


@pytest.mark.parametrize("args", [(), ("toy", "--skip"), ("--skip", "--abort")])
def test_one_thing_at_a_time(toy, args):
    assert ukport(toy, "upgrade", *args).returncode == 2


def die_after(lines: int) -> None:
    """Kill this process after so many lines of ours."""
    left = lines

    def count(frame, _event, _arg):
        nonlocal left
        name = frame.f_code.co_filename
        if "/ukport/workflow/" not in name and not name.endswith(("/worktree.py", "/decide.py")):
            return None
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return count

    sys.settrace(count)


def killed_after(toy: Toy, lines: int, *args: str) -> int:
    """The exit code of a command that is killed after so many lines."""
    dying = partial(die_after, lines)
    done = program.run(*args, cwd=toy.project, env=environment(), before=dying)
    assert done.returncode in (0, 3, -signal.SIGKILL), done.stderr
    return done.returncode


def test_killed_at_any_step_of_going_on_nothing_is_lost(toy):
    """After each kill everything is as before, or done; the resolution is there until it is."""
    stop(toy)
    resolve(toy)
    before = toy.files()
    lines, through = 40, False
    while not through:
        through = killed_after(toy, lines, "upgrade", "--continue") == 0
        status = ukport(toy, "status")
        if status.returncode == 0:
            break
        assert toy.files() == before
        assert RESOLVED in (work(toy) / "src/answer.c").read_text()
        lines += 211
    assert RESOLVED in toy.patch.read_text()
    assert 'version = "1.2.0"' in toy.recipe.read_text()
    assert ukport(toy, "verify", "toy").returncode == 0
    assert lines > 400


def test_killed_while_it_is_laid_out(toy):
    before = toy.files()
    for lines in range(50, 700, 121):
        code = killed_after(toy, lines, "upgrade", "toy", "--to", "1.2")
        assert toy.files() == before
        if code == 3:
            break
        if ukport(toy, "status").returncode == 3:
            ukport(toy, "upgrade", "--abort")
    if ukport(toy, "status").returncode == 0:
        stop(toy)
    resolve(toy)
    assert ukport(toy, "upgrade", "--continue").returncode == 0


def test_a_damaged_state_is_told_and_can_be_aborted(toy):
    stop(toy)
    (toy.project / ".ukport/upgrade/state.json").write_bytes(b"{")
    done = ukport(toy, "upgrade", "--continue")
    assert done.returncode == 2
    assert "--abort" in done.stderr
    assert ukport(toy, "upgrade", "--abort").returncode == 0
    assert ukport(toy, "status").returncode == 0
