from pathlib import Path
from typing import Any

import pytest

from tests.check import cases
from ukport.check.patchfile import LARGEST, PatchFile
from ukport.check.rule import FOLDER, PATCH
from ukport.check.run import OWN, Looking
from ukport.check.settings import Settings
from ukport.finding import Finding
from ukport.workflow import checkrules
from ukport.workflow.check import KINDS, Request, check


def look(patch: str | bytes, **settings: tuple[str, ...]) -> list[Finding]:
    raw = patch if isinstance(patch, bytes) else patch.encode()
    looking = Looking(Settings(**settings), checkrules.names())
    looking.patch(PatchFile("p.patch", "p.patch", raw))
    return list(looking.finish())


def ask(folder: Path, *files: str, **more: Any) -> list[Finding]:
    request = Request(
        here=folder,
        files=[Path(file) for file in files],
        only=KINDS,
        settings=Settings(),
        known=checkrules.names(),
        cache=lambda: pytest.fail("no tree is needed here"),
    )
    return list(check(request._replace(**more)))


def lay(folder: Path, files: dict[str, str]) -> Path:
    top = folder / "patches"
    top.mkdir()
    for name, text in files.items():
        (top / name).write_text(text, newline="")
    return top


BAD = [(rule, *case) for rule, cases_ in cases.BAD.items() for case in cases_]
FOLDERS = [(rule, *case) for rule, cases_ in cases.FOLDERS.items() for case in cases_]


@pytest.mark.parametrize(("rule", "patch", "line"), BAD)
def test_a_rule_finds_what_it_is_for(rule, patch, line):
    found = [(one.rule, one.line) for one in look(patch)]
    assert rule in [name for name, _ in found]
    if line:
        assert (rule, line) in found


@pytest.mark.parametrize("patch", cases.FINE)
def test_a_good_patch_has_no_findings(patch):
    assert look(patch) == []


@pytest.mark.parametrize(("rule", "files", "file"), FOLDERS)
def test_a_rule_of_folders_finds_what_it_is_for(tmp_path, rule, files, file):
    lay(tmp_path, files)
    assert (rule, f"patches/{file}") in [(one.rule, one.file) for one in ask(tmp_path)]


@pytest.mark.parametrize("files", cases.FINE_FOLDERS)
def test_a_good_folder_has_no_findings(tmp_path, files):
    lay(tmp_path, files)
    assert ask(tmp_path) == []


def test_every_rule_has_a_case_a_cure_and_an_example():
    tried = {*cases.BAD, *cases.FOLDERS}
    elsewhere = {
        "series-applies",
        "series-export",
        "series-untried",
    }  # tests/workflow/test_check.py
    assert {rule.id for rule in (*PATCH, *FOLDER, *OWN)} == tried | elsewhere
    for rule in checkrules.all_checks():
        assert rule.cure
        assert rule.example
        assert rule.rule.summary


def test_the_names_are_those_of_the_rules():
    assert checkrules.names() == tuple(one.id for one in checkrules.all_checks())


def test_a_finding_has_file_line_rule_and_cure():
    (found,) = look(cases.told("+zwei", "+zwei "))
    assert (found.file, found.line, found.rule) == ("p.patch", 18, "patch-whitespace")
    assert found.cure


def test_rules_are_chosen():
    bad = cases.told("+zwei", "+zwei ").replace(cases.SIGNED, "")
    assert {one.rule for one in look(bad)} == {"patch-whitespace", "patch-sign-off"}
    assert {one.rule for one in look(bad, select=("patch-sign",))} == {"patch-sign-off"}
    assert {one.rule for one in look(bad, ignore=("patch-sign-off",))} == {"patch-whitespace"}
    assert look(bad, ignore=("patch",)) == []


def test_switched_off_in_the_patch_with_a_reason():
    bad = cases.told("+zwei", "+zwei ")
    off = "ukport-check: off patch-whitespace [upstream's own]\nSigned-off-by"
    assert look(bad.replace("Signed-off-by", off)) == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 4096,
        b"--- a\n+++ b\n@@ -1 +1 @@\n",
        b"diff --git a/x b/x\n" * 1000,
        b"Subject: " + b"x" * (LARGEST + 1),
        b"ukport-check: off " + b"a," * 5_000,
        b"Subject: " + b" =?utf-8?q?" * 50_000,
    ],
    ids=["empty", "nul", "no-lines", "headers", "header-10MB", "long-off", "encoded"],
)
def test_hostile_bytes_are_findings(raw):
    assert look(raw)


def test_a_million_hunks_are_refused_at_once():
    raw = b"--- a/x\n+++ b/x\n" + b"@@ -1 +1 @@\n-a\n+b\n" * 1_000_000
    assert [one.rule for one in look(raw, select=("patch-syntax",))] == ["patch-syntax"]


def test_a_link_is_not_followed(tmp_path):
    top = lay(tmp_path, {"0001-a.patch": cases.GOOD})
    secret = tmp_path / "secret"
    secret.write_text("token\n")
    (top / "0002-b.patch").symlink_to(secret)
    found = ask(tmp_path)
    assert ("patch-stray", "patches/0002-b.patch") in [(one.rule, one.file) for one in found]
    assert "token" not in str(found)


def test_the_reference_is_that_of_the_rules():
    assert (Path(__file__).parents[2] / "docs/rules.md").read_text() == checkrules.markdown()
