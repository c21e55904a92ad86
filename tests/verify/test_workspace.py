import os
import time

import pytest

from ukport.errors import UsageError
from ukport.verify import accelerator, boot
from ukport.verify.build import first_error
from ukport.verify.workspace import _recover, building, hold, prepare


@pytest.fixture
def workspace(tmp_path):
    with hold(tmp_path / "space", lambda _: None) as held:
        held.build.mkdir()
        yield held


def test_after_a_kill_only_what_may_be_cut_short_goes(workspace):
    old, new = workspace.build / "libold.o", workspace.build / "libnew.o"
    deep = workspace.build / "libnew/part.o"
    deep.parent.mkdir()
    for path in (old, new, deep):
        path.write_bytes(b"object")
    long_ago = time.time() - 3600
    os.utime(old, (long_ago, long_ago))
    (workspace.root / "libnew.stamp").write_text("stamp")
    with pytest.raises(KeyboardInterrupt), building(workspace):
        raise KeyboardInterrupt
    _recover(workspace)
    assert old.exists()
    assert not new.exists()
    assert not deep.exists()
    assert not (workspace.root / "libnew.stamp").exists()
    assert not (workspace.root / "building").exists()


def test_a_build_that_ended_leaves_nothing_to_recover(workspace):
    made = workspace.build / "lib.o"
    made.write_bytes(b"object")
    with building(workspace):
        pass
    _recover(workspace)
    assert made.exists()


def test_a_place_that_make_cannot_work_in_is_refused(tmp_path):
    with (
        hold(tmp_path / "with space", lambda _: None) as held,
        pytest.raises(UsageError, match="make cannot work"),
    ):
        prepare(held, None, None, None)


@pytest.mark.parametrize(
    ("output", "error"),
    [
        ("x\na.c:1:2: error: no\nb.c:1: error: too\n", "a.c:1:2: error: no"),
        ("cc1: fatal error: gone.c: No such file\nmake: *** Error 1", "cc1: fatal error: gone.c"),
        ("ld: a.o: undefined reference to `f'\n", "undefined reference to `f'"),
        ("make: *** No rule to make target 'x'.\n", "No rule to make target"),
        ("nothing known\nlast words\n", "last words"),
        ("", "no output"),
    ],
)
def test_the_first_error_of_an_output(output, error):
    assert error in first_error(output)


@pytest.mark.parametrize("kept", ["", "bogus", "\0"])
def test_a_damaged_memory_of_the_accelerator_is_not_believed(tmp_path, monkeypatch, kept):
    monkeypatch.setattr(accelerator, "require", lambda _: __file__)
    monkeypatch.setattr(boot, "choose", lambda: boot.Accelerator("tcg", "asked anew"))
    assert accelerator.choose(tmp_path).why == "asked anew"
    for path in (tmp_path / "kvm").iterdir():
        path.write_text(kept)
    assert accelerator.choose(tmp_path).why == "asked anew"
    assert accelerator.choose(tmp_path).name == "tcg"


def test_an_unknown_accelerator_is_usage():
    with pytest.raises(UsageError, match="bogus"):
        accelerator.check("bogus")
