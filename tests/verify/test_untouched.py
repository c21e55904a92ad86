import os
import shutil

import pytest

from ukport import process
from ukport.verify.build import _compiler_cache
from ukport.verify.untouched import note, untouched
from ukport.verify.workspace import compiled_before, hold, note_compiled

MAKE = ["make", "-C", "core"]


@pytest.fixture
def workspace(tmp_path):
    with hold(tmp_path / "build/space", lambda _: None) as held:
        for folder in (held.core, held.application, held.library("toy"), held.build / "libtoy"):
            folder.mkdir(parents=True)
            (folder / "file").write_text("as it was")
        held.config.write_text("CONFIG_A=y\n")
        note(held, MAKE)
        yield held


def set_back(path):
    """What an archive's files are: older than they are here."""
    os.utime(path, (1, 1))


def test_what_make_left_is_untouched(workspace):
    assert untouched(workspace, MAKE)


def test_another_command_is_something_else(workspace):
    assert not untouched(workspace, [*MAKE, "CROSS_COMPILE=other-"])


@pytest.mark.parametrize("place", ["core", "app", "libs/toy", "build/libtoy"])
def test_a_change_is_seen_whatever_its_date(workspace, place):
    file = workspace.root / place / "file"
    file.write_text("another")
    set_back(file)
    set_back(file.parent)
    assert not untouched(workspace, MAKE)


@pytest.mark.parametrize("place", ["core", "app", "libs/toy", "build/libtoy"])
def test_what_is_gone_is_seen(workspace, place):
    (workspace.root / place / "file").unlink()
    assert not untouched(workspace, MAKE)


def test_another_configuration_is_seen(workspace):
    workspace.config.write_text("CONFIG_A=y\n")
    assert not untouched(workspace, MAKE)


def test_before_the_first_make_nothing_is_known(tmp_path):
    with hold(tmp_path / "space", lambda _: None) as held:
        assert not untouched(held, MAKE)


def test_trees_are_compiled_for_the_first_time_only_once(tmp_path):
    with (
        hold(tmp_path / "build/one", lambda _: None) as one,
        hold(tmp_path / "build/two", lambda _: None) as two,
        hold(tmp_path / "build/other", lambda _: None) as other,
    ):
        for held, trees in ((one, "a"), (two, "a"), (other, "b")):
            (held.root / "surroundings.stamp").write_text(trees)
        assert not compiled_before(two)
        note_compiled(one)
        assert compiled_before(one)
        assert compiled_before(two)
        assert not compiled_before(other)


@pytest.mark.skipif(shutil.which("ccache") is None, reason="ccache is not installed")
def test_a_header_that_is_found_before_another_is_seen(tmp_path, monkeypatch):
    """A patch that adds one makes other trees; ccache alone would serve what was there before."""
    monkeypatch.setenv("CCACHE_DIR", str(tmp_path / "ccache"))

    def compiled(name: str, trees: str, headers: dict[str, str]) -> bytes:
        with hold(tmp_path / "build" / name, lambda _: None) as held:
            for path, text in {"a.c": '#include "n.h"\nint n = N;\n', **headers}.items():
                (held.root / path).parent.mkdir(exist_ok=True)
                (held.root / path).write_text(text)
                os.utime(held.root / path, (1, 1))
            (held.root / "surroundings.stamp").write_text(trees)
            note_compiled(held)
            command = ["env", "gcc", "-c", "-Ifirst", "-Isecond", "a.c", "-o", "a.o"]
            process.run(command, cwd=held.root, env=_compiler_cache(held))
            return (held.root / "a.o").read_bytes()

    second = {"second/n.h": "#define N 2\n"}
    old = compiled("one", "a", second)
    assert compiled("two", "a", second) == old
    assert compiled("three", "b", {**second, "first/n.h": "#define N 1\n"}) != old
