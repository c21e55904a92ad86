import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ukport.errors import UkportError
from ukport.workflow import transaction

OLD = {"recipes/a": b"old a", "recipes/b": b"old b", "patches/gone": b"old"}
NEW = {"recipes/a": b"new a", "recipes/b": b"old b", "patches/gone": None, "patches/come": b"new"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, content in OLD.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def state(project: Path) -> dict[str, bytes]:
    tops = (project / "recipes", project / "patches")
    files = [path for top in tops for path in top.rglob("*") if path.is_file()]
    return {str(path.relative_to(project)): path.read_bytes() for path in files}


AFTER = {name: content for name, content in NEW.items() if content is not None}


def test_all_at_once(project):
    assert transaction.commit(project, NEW) == ("patches/come", "patches/gone", "recipes/a")
    assert state(project) == AFTER
    assert transaction.commit(project, NEW) == ()


def test_nothing_to_recover(project):
    assert not transaction.recover(project)


KILLED = """
import os, signal, sys
from pathlib import Path
from ukport.workflow import transaction
left = int(sys.argv[2])
def count(frame, event, arg):
    global left
    if frame.f_code.co_filename == transaction.__file__:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return count
new = {"recipes/a": b"new a", "patches/gone": None, "patches/come": b"new"}
sys.settrace(count)
transaction.commit(Path(sys.argv[1]), new)
"""


def test_killed_at_any_line_leaves_all_old_or_all_new(tmp_path_factory):
    """Kill at every eleventh line that runs; the next command finds all old, or makes all new."""
    seen = set()
    for line in range(1, 3000, 11):
        folder = tmp_path_factory.mktemp("killed")
        for name, content in OLD.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
        done = subprocess.run(
            [sys.executable, "-c", KILLED, folder, str(line)], check=False, env=os.environ
        )
        transaction.recover(folder)
        now = state(folder)
        assert now in (OLD, AFTER)
        seen.add(now == AFTER)
        if done.returncode == 0:
            assert now == AFTER
            break
        assert done.returncode == -signal.SIGKILL
    else:
        pytest.fail("the commit never ran to its end")
    assert seen == {True, False}


def test_no_permission_changes_nothing(project, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(project / ".ukport"))

    monkeypatch.setattr(transaction, "_write", refuse)
    with pytest.raises(UkportError, match="nothing was changed"):
        transaction.commit(project, NEW)
    assert state(project) == OLD


def test_a_broken_journal_is_told(project):
    (project / ".ukport").mkdir()
    (project / ".ukport/journal.json").write_bytes(b"{")
    with pytest.raises(UkportError, match=r"journal\.json"):
        transaction.recover(project)


def test_a_file_where_a_folder_must_be_changes_nothing(project):
    (project / "recipes/lib").write_text("in the way")
    before = state(project)
    changes = {**NEW, "recipes/lib/Makefile.uk": b"new"}
    with pytest.raises(UkportError, match="stands in the way"):
        transaction.commit(project, changes)
    assert state(project) == before
    assert not transaction.recover(project)


@pytest.mark.parametrize("name", ["recipes/b", "patches"])
def test_links_are_not_written_through(project, tmp_path_factory, name):
    outside = tmp_path_factory.mktemp("outside")
    path = project / name
    if path.is_dir():
        path.rename(outside / "moved")
        path.symlink_to(outside / "moved")
    else:
        path.unlink()
        path.symlink_to(outside / "file")
    with pytest.raises(UkportError, match="symbolic link"):
        transaction.commit(project, {**NEW, "recipes/b": b"new b"})
    assert not (outside / "file").exists()
    assert (project / "recipes/a").read_bytes() == b"old a"


def test_a_linked_state_folder_is_refused(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (project / ".ukport").symlink_to(outside)
    with pytest.raises(UkportError, match="symbolic link"):
        transaction.commit(project, NEW)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    "step",
    [
        '{"path": "recipes/stolen", "staged": "../../outside", "sha256": "x"}',
        '{"path": "../escaped", "staged": "next/0", "sha256": "x"}',
        '{"path": "recipes/../../escaped", "staged": "next/0", "sha256": "x"}',
        '{"path": "README.md", "staged": null, "sha256": null}',
        '{"path": "recipes/a", "staged": "next/7", "sha256": "x"}',
    ],
)
def test_a_forged_journal_moves_nothing(project, step):
    (project / ".ukport/next").mkdir(parents=True)
    (project / ".ukport/next/0").write_bytes(b"new")
    (project / "README.md").write_text("stays")
    (project.parent / "outside").write_text("stays")
    (project / ".ukport/journal.json").write_text(f"[{step}]")
    with pytest.raises(UkportError):
        transaction.recover(project)
    assert state(project) == OLD
    assert (project / "README.md").exists()
    assert (project.parent / "outside").exists()


RACE = """
import sys
from pathlib import Path
from ukport.workflow import transaction
who = sys.argv[2].encode()
for _ in range(10):
    transaction.commit(Path(sys.argv[1]), {f"recipes/{n}": who for n in range(6)})
"""


def test_two_at_once_never_mix(project):
    children = [
        subprocess.Popen([sys.executable, "-c", RACE, project, who]) for who in ("one", "two")
    ]
    assert [child.wait() for child in children] == [0, 0]
    found = {(project / f"recipes/{n}").read_bytes() for n in range(6)}
    assert len(found) == 1
