from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.check import cases
from tests.check.test_rules import ask, lay, look
from ukport.check.mend import mend
from ukport.check.patchfile import PatchFile
from ukport.check.settings import Settings
from ukport.errors import UkportError
from ukport.workflow import checkrules
from ukport.workflow.check import KINDS, Request
from ukport.workflow.mend import fix


def mended(patch: str) -> str:
    raw = patch.encode()
    return mend(PatchFile("p", "p", raw), lambda _: True, frozenset()).decode()


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (cases.told("@@ -1,3 +1,3 @@", "@@ -1,9 +1,2 @@"), cases.GOOD),
        (cases.GOOD.replace(cases.SIGNATURE, "\nsome junk\n" + cases.SIGNATURE), cases.GOOD),
        (cases.told("+++ b/src/os.c\n", "+++ b/src/os.c\r\n"), cases.GOOD),
    ],
)
def test_what_is_mechanical_is_mended(bad, good):
    assert mended(bad) == good
    assert look(mended(bad)) == []


def test_blanks_go_from_a_new_file_and_its_name_follows():
    made = mended(cases.new(text="int a; "))
    assert "+int a;\n" in made
    assert "index 0000000..4e610c0" in made  # git hash-object of "int a;\n"
    assert mended(cases.told("+zwei", "+zwei ")) == cases.told("+zwei", "+zwei ")
    nameless = cases.told("index 1111111..2222222 100644\n", "")
    assert mended(nameless.replace("+zwei", "+zwei ")) == nameless


def test_a_line_that_another_patch_expects_stays(tmp_path):
    first = cases.new(text="int a; ")
    second = cases.HEAD + "--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-int a; \n+int b;\n"
    lay(tmp_path, {"0001-a.patch": first, "0002-b.patch": second})
    fix(request(tmp_path))
    assert (tmp_path / "patches/0001-a.patch").read_text() == first


@given(st.sampled_from([*cases.FINE, *(case for rule in cases.BAD.values() for case, _ in rule)]),
       st.integers(0, 2000), st.binary(max_size=4))  # fmt: skip
def test_mending_is_done_once(patch, at, noise):
    raw = patch.encode()
    raw = raw[:at] + noise + raw[at + len(noise) :]
    once = mend(PatchFile("p", "p", raw), lambda _: True, frozenset())
    assert mend(PatchFile("p", "p", once), lambda _: True, frozenset()) == once


def request(folder: Path) -> Request:
    names = checkrules.names()
    return Request(folder, (), KINDS, Settings(), names, lambda: pytest.fail("no cache"))


def test_numbers_are_mended_by_new_names(tmp_path):
    files = {
        "0001-a.patch": cases.GOOD,
        "0003-b.patch": cases.new(),
        "0003-c.patch": cases.new("c"),
    }
    top = lay(tmp_path, files)
    assert sorted(fix(request(tmp_path)).renamed.values()) == ["0002-b.patch"]
    assert sorted(path.name for path in top.iterdir()) == [
        "0001-a.patch", "0002-b.patch", "0003-c.patch",
    ]  # fmt: skip
    assert ask(tmp_path) == []


def test_nothing_is_renamed_where_the_order_is_unclear(tmp_path):
    top = lay(tmp_path, {"2-a.patch": cases.GOOD, "10-b.patch": cases.GOOD, "c.patch": cases.GOOD})
    before = {path.name for path in top.iterdir()}
    fix(request(tmp_path))
    assert {path.name for path in top.iterdir()} == before


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    bad = cases.told("@@ -1,3 +1,3 @@", "@@ -1,9 +1,2 @@")
    top = lay(tmp_path, {"0001-a.patch": bad})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UkportError, match=r"No space left.*as it was"):
        fix(request(tmp_path))
    assert [path.name for path in top.iterdir()] == ["0001-a.patch"]
    assert (top / "0001-a.patch").read_text() == bad
