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
    """Kill at every third line that runs; the next command finds all old, or makes all new."""
    seen = set()
    for line in range(1, 400, 3):
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
