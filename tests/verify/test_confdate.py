"""config.h keeps its date where nobody but the ported library reads what changed in it."""

import os
from pathlib import Path

import pytest

from ukport.source.cache import Archive
from ukport.verify import confdate
from ukport.verify.workspace import Library, Workspace, hold

LIBRARY = Library("lib-x", "libx", {}, Archive(Path("x.tar.gz"), "x.tar.gz", "0" * 64))
BEFORE = "#define CONFIG_LIBX 1\n#define CONFIG_LIBX_SHIFT 22\n#define CONFIG_PAGING 1\n"
LONG_AGO = 10**18


@pytest.fixture
def workspace(tmp_path):
    with hold(tmp_path / "space", lambda _: None) as held:
        confdate.header(held).parent.mkdir(parents=True)
        for path in (held.config, held.build / "config", confdate.header(held)):
            path.write_text(BEFORE)
            os.utime(path, ns=(LONG_AGO, LONG_AGO))
        held.library("lib-x").mkdir(parents=True)
        held.library("lib-other").mkdir()
        held.core.mkdir()
        yield held


def kept(workspace: Workspace, text: str) -> bool:
    """Whether a config.h of these contents gets the old date, and is not made again."""
    before = confdate.read(workspace)
    confdate.header(workspace).write_text(text)
    told = confdate.keep(workspace, LIBRARY, before)
    assert told == (confdate.header(workspace).stat().st_mtime_ns == LONG_AGO)
    if told:
        assert (workspace.build / "config").stat().st_mtime_ns <= LONG_AGO
    return told


@pytest.mark.parametrize(
    "text",
    [
        BEFORE,
        BEFORE.replace("22", "25"),
        BEFORE.replace("#define CONFIG_LIBX_SHIFT 22\n", ""),
        BEFORE + "#define CONFIG_LIBX_GUARDED 1\n",
    ],
)
def test_options_of_the_library_alone(workspace, text):
    assert kept(workspace, text)


@pytest.mark.parametrize(
    "text",
    [
        BEFORE.replace("PAGING", "NOPAGING"),
        BEFORE.replace("CONFIG_LIBX 1", "CONFIG_LIBX 2"),
        BEFORE + "#define CONFIG_LIBXY 1\n",
    ],
)
def test_an_option_of_anybody_else(workspace, text):
    assert not kept(workspace, text)


@pytest.mark.parametrize("place", ["core/boot.c", "libs/lib-other/glue.c"])
def test_an_option_that_another_reads(workspace, place):
    (workspace.root / place).write_text("#if CONFIG_LIBX_SHIFT > 22\n#endif\n")
    assert not kept(workspace, BEFORE.replace("22", "25"))


def test_an_option_that_the_library_itself_reads_and_longer_names(workspace):
    (workspace.library("lib-x") / "glue.c").write_text("CONFIG_LIBX_SHIFT\n")
    (workspace.core / "boot.c").write_text("CONFIG_LIBX_SHIFTED\n")
    assert kept(workspace, BEFORE.replace("22", "25"))


def test_before_the_first_build(tmp_path):
    with hold(tmp_path / "space", lambda _: None) as held:
        assert confdate.read(held) is None
