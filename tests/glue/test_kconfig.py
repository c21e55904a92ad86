"""Options of core and libraries, read by kconfiglib without running anything."""

from pathlib import Path

import pytest

from ukport.glue import kconfig
from ukport.glue.kconfig import KconfigError
from ukport.glue.options import misspelt

TOP = """\
mainmenu "Core"
config NO_APP
\tdef_bool $(shell,touch /tmp/never && echo y)
menu "Libraries"
\tsource "$(shell,$(UK_BASE)/support/build/config-submenu.sh -q -o '$(KCONFIG_DIR)/libs.uk' \
-r '$(KCONFIG_LIB_BASE)' -l '$(KCONFIG_LIB_BASE)' -c '$(KCONFIG_ELIB_DIRS)' -e '')"
endmenu
"""
LIBRARY = """\
menuconfig LIBX
\tbool "x"
\tselect LIBUKALLOC
\tselect LIBUKGONE if LIBUKALLOC
\tdepends on HAVE_SOMETHING
\thelp
\t  select LIBHELP is no select here.

\t  Nor is LIBELSE.
if LIBX
config LIBX_ONE
\tint "one"
\tdefault 3 if LIBUKALLOC
endif
"""


@pytest.fixture
def core(tmp_path: Path) -> Path:
    folder = tmp_path / "core"
    (folder / "lib" / "ukalloc").mkdir(parents=True)
    (folder / "Config.uk").write_text(TOP)
    (folder / "lib" / "ukalloc" / "Config.uk").write_text('config LIBUKALLOC\n\tbool "alloc"\n')
    (folder / "lib" / "Config.uk").write_text("config HAVE_LIBC\n\tbool\n")
    return folder


def library(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "lib-x"
    folder.mkdir()
    (folder / "Config.uk").write_text(text)
    return folder


def test_defined_and_asked_for(core, tmp_path):
    folder = library(tmp_path, LIBRARY)
    options = kconfig.read(core, [folder], tmp_path)
    assert {"LIBX", "LIBX_ONE", "LIBUKALLOC", "HAVE_LIBC"} <= set(options.defined)
    missing = [(m.file, m.line, m.name, m.how) for m in options.undefined(folder)]
    assert missing == [
        ("Config.uk", 4, "LIBUKGONE", "select"),
        ("Config.uk", 5, "HAVE_SOMETHING", "depends on"),
    ]


def test_a_file_that_does_not_parse_is_told_with_its_line(core, tmp_path):
    folder = library(tmp_path, 'config LIBX\n\tbool "x"\nendmenu\n')
    with pytest.raises(KconfigError) as caught:
        kconfig.read(core, [folder], tmp_path)
    assert (caught.value.file, caught.value.line) == ("Config.uk", 3)


def test_nothing_is_run(core, tmp_path):
    mark = tmp_path / "ran"
    folder = library(tmp_path, f'config LIBX\n\tstring "x"\n\tdefault "$(shell,touch {mark})"\n')
    kconfig.read(core, [folder], tmp_path)
    assert not mark.exists()


def test_no_file_outside_is_read(core, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    secret = tmp_path / "secret"
    secret.write_text("config SECRET\n\tbool\n")
    folder = library(tmp_path, f'source "{secret}"\n')
    with pytest.raises(KconfigError, match="outside"):
        kconfig.read(core, [folder], scratch)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("LIBKUALLOC", "LIBUKALLOC", True),
        ("LIBUKALOC", "LIBUKALLOC", True),
        ("LIBUKALLOX", "LIBUKALLOC", True),
        ("LIBUKALLOC", "LIBUKALLOC", False),
        ("LIBUKSWRAND", "LIBUKRANDOM", False),
        ("MBOX_SIZE_32", "MBOX_SIZE_33", False),
        ("LIBX", "LIBY", False),
    ],
)
def test_misspelt(one, other, same):
    assert misspelt(one, other) is same
