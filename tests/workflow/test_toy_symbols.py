"""Symbols and glue from the command line, on a library and a kernel of our own."""

import json

from tests.toy import Toy, commit, library, ukport, with_own

GLUE = """\
#include "toy.h"
#define USED OWN
void print(const char *text);
int toy_glue(void) { print("x"); return toy_version() + (TOY_LIMIT > 1); }
"""

PROVIDER = {"source": "library", "name": "toykernel", "file": "toycore/kernel.c"}


def asked(toy: Toy, *args: str, code: int = 0):
    done = ukport(toy, *args, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_units_and_providers(toy):
    (toy.project / "recipes/toy/glue/glue.c").write_text(GLUE.replace("TOY_LIMIT", "2"))
    found = asked(toy, "symbols", "toy")
    assert found["schema"] == "ukport.symbols/1"
    assert {unit["source"] for unit in found["units"]} == {
        *("lib-toy/glue.c", "src/answer.c", "src/version.c")
    }
    assert all(unit["parsed"] for unit in found["units"])
    (needed,) = found["outside"]
    assert needed["name"] == "print"
    assert needed["provider"] == PROVIDER
    assert needed["places"] == [{"file": "lib-toy/glue.c", "line": 4, "inside": "toy_glue"}]
    again = ukport(toy, "symbols", "toy")
    assert "toykernel  print" in again.stdout
    assert "commands" not in again.stdout  # the answer was kept


def test_what_a_version_changes_and_what_of_ours(toy):
    told = asked(toy, "symbols", "toy", "--diff", "1.1.0", code=1)
    assert told["schema"] == "ukport.symbols-diff/1"
    functions = told["functions"]
    assert [one["name"] for one in functions["added"]] == ["toy_extra"]
    assert [(one["before"], one["after"]) for one in functions["changed"]] == [
        ("int (int question)", "int (int question, int hint)")
    ]
    touches = [(one["kind"], one["name"], one["what"]) for one in told["touches"]]
    assert touches == [
        ("glue", "src/extra.c", "is a source from then on"),
        ("glue", "TOY_HINT", "is defined for the glue from then on"),
    ]
    shown = ukport(toy, "symbols", "toy", "--diff", "1.1.0")
    assert shown.returncode == 1
    assert "toy 1.0.0 → 1.1.0, libtoy: 1 function added, 0 removed" in shown.stdout
    assert "resolve" not in shown.stdout  # the comparison was kept
    none = asked(toy, "symbols", "toy", "--version", "1.9.0", "--diff", "1.10.0")
    assert none["touches"] == []


def test_a_patch_that_does_not_fit_is_told(toy):
    told = asked(toy, "symbols", "toy", "--diff", "1.2.0", code=1)
    patch = f"patches/toy/1.0/{toy.patch.name}"
    touches = [(one["place"], one["name"], one["what"]) for one in told["touches"]]
    assert touches[0][:2] == (patch, "src/answer.c")
    assert touches[0][2].startswith("does not fit 1.2.0: ")
    assert touches[1] == (patch, "scale", "its code changed")
    # What is without the patch is no answer about the port.
    assert ukport(toy, "symbols", "toy", "--version", "1.2.0").returncode == 3


def test_of_and_only_do_not_go_with_a_difference(toy):
    done = ukport(toy, "symbols", "toy", "--diff", "1.1.0", "--of", "libtoy")
    assert done.returncode == 2
    assert "drop --of and --only" in done.stderr


def test_glue_is_checked_compared_and_written(toy):
    lib = toy.project / "recipes/toy/lib"
    found = asked(toy, "glue", "toy", "--check", code=1)["findings"]
    assert {(one["file"], one["rule"]) for one in found if one["severity"] == "error"} == {
        (name, "glue-differs") for name in ("Makefile.uk", "Config.uk", "Library.uk")
    }
    shown = ukport(toy, "glue", "toy", "--diff")
    assert shown.returncode == 1
    assert "+LIBTOY_SRCS-y += $(LIBTOY)/src/answer.c" in shown.stdout
    assert len(asked(toy, "glue", "toy", "--write")["written"]) == 3
    assert ukport(toy, "glue", "toy", "--diff").stdout == ""
    (lib / "Config.uk").write_text(
        (lib / "Config.uk").read_text()
        + "# Below this line ukport keeps what is written by hand.\nconfig LIBTOY_HAND\n\tbool\n"
    )
    assert ukport(toy, "glue", "toy", "--check", "--offline").returncode == 0
    assert ukport(toy, "glue", "toy", "--diff").stdout == ""
    makefile = lib / "Makefile.uk"
    makefile.write_text(makefile.read_text().replace("src/version.c", "src/other.c"))
    edited = asked(toy, "glue", "toy", "--check", "--offline", code=1)["findings"]
    assert [one["rule"] for one in edited if one["severity"] == "error"] == ["glue-edited"]
    refused = ukport(toy, "glue", "toy", "--write")
    assert refused.returncode == 2
    assert "src/other.c" in makefile.read_text()


def test_a_symbol_that_nobody_provides(toy):
    (toy.project / "recipes/toy/glue/glue.c").write_text(
        "int lost(void);\nint f(void) { return lost(); }\n"
    )
    ukport(toy, "glue", "toy", "--write")
    (found,) = (
        one
        for one in asked(toy, "glue", "toy", "--check", "--offline", code=1)["findings"]
        if one["severity"] == "error"
    )
    assert found["message"] == "lost: nobody provides it; used at lib-toy/glue.c:2"


def test_a_source_that_is_not_listed_and_a_header_that_is_not_found(toy):
    toy = with_own(toy, "upstream")
    glue = toy.project / "recipes/toy/glue/glue.c"
    glue.write_text("int toy_extra(void);\nint f(void) { return toy_extra(); }\n")
    recipe = toy.recipe.read_text()
    toy.recipe.write_text(
        recipe.replace(
            'source_list = "src/static.c"', 'sources = ["src/answer.c", "src/version.c"]'
        )
    )
    found = asked(toy, "symbols", "toy", "--version", "1.1.0", code=1)
    assert [(one["name"], one["provider"]["file"]) for one in found["outside"]] == [
        ("toy_extra", "src/extra.c")
    ]
    told = asked(toy, "glue", "toy", "--version", "1.1.0", "--check", "--offline", code=1)
    (lost,) = (one for one in told["findings"] if one["rule"] == "missing-symbol")
    assert lost["message"].startswith("toy_extra: src/extra.c defines it, and is not compiled")
    toy.recipe.write_text(recipe.replace('includes = ["include"]', 'includes = ["src"]', 1))
    glue.write_text('#include "deep/kit.h"\n')
    more = library(100) | {"private/deep/kit.h": "\n"}
    commit(toy.upstream, more, "With a private header", "v1.0.1")
    shown = ukport(toy, "symbols", "toy", "--version", "1.0.1")
    assert shown.returncode == 1
    assert "deep/kit.h is in toy (toy/toy-1.0.1/private/deep/kit.h)" in shown.stdout


def test_config_uk_selects_what_the_symbols_need(toy):
    glue = toy.project / "recipes/toy/glue/glue.c"
    glue.write_text("void print(const char *);\nvoid toy_glue(void) { print(0); }\n")
    config = toy.project / "recipes/toy/lib/Config.uk"
    asked(toy, "glue", "toy", "--write")
    assert "\tselect TOYKERNEL\n" in config.read_text()
    assert 'selects = ["TOYKERNEL"]' in toy.recipe.read_text()
    assert 'version = "1.0.0"  # moved by upgrade' in toy.recipe.read_text()
    assert ukport(toy, "glue", "toy", "--check", "--offline").returncode == 0
    toy.recipe.write_text(toy.recipe.read_text().replace('selects = ["TOYKERNEL"]', ""))
    found = asked(toy, "glue", "toy", "--check", "--offline", code=1)["findings"]
    assert "unselected-provider" in {one["rule"] for one in found}


def test_what_cannot_be_selected_is_depended_on(toy):
    toy = with_own(toy, "core")
    base = "\tselect TOYBASE\n\nconfig TOYBASE\n\tbool\n\nconfig TOYOTHER\n\tbool\n"
    kernel = (toy.core / "Config.uk").read_text() + base
    commit(toy.core, {"Config.uk": kernel}, "A base", "v2")
    glue = toy.project / "recipes/toy/glue/glue.c"
    glue.write_text("void print(const char *);\nvoid toy_glue(void) { print(0); }\n")
    recipe = toy.recipe.read_text().replace('pin = "v1"', 'pin = "v2"')
    # To select the kernel would be a circle: its base depends on it then, and the toy on its base.
    recipe = recipe.replace('flags = ["-O2"]', 'flags = ["-O2"]\ndepends = ["TOYBASE"]')
    toy.recipe.write_text(recipe)
    asked(toy, "glue", "toy", "--write")
    assert 'depends = ["TOYBASE", "TOYKERNEL"]' in toy.recipe.read_text()
    assert "selects" not in toy.recipe.read_text()
    config = (toy.project / "recipes/toy/lib/Config.uk").read_text()
    assert "\tdepends on TOYKERNEL\n" in config
    assert "select" not in config
    assert ukport(toy, "glue", "toy", "--check", "--offline").returncode == 0


def test_a_build_that_is_laid_out_is_asked_without_the_port(toy):
    (toy.project / "recipes/toy/glue/glue.c").write_text(GLUE.replace("TOY_LIMIT", "2"))

    def sources(*args: str) -> tuple[bool, set[str]]:
        told = ukport(toy, "symbols", "toy", *args)
        units = {unit["source"] for unit in asked(toy, "symbols", "toy", *args)["units"]}
        return "resolve" in told.stdout, units

    assert sources() == (True, {"lib-toy/glue.c", "src/answer.c", "src/version.c"})
    assert sources("--only=*answer.c") == (False, {"src/answer.c"})
    assert sources("--version=1.1.0", "--only=*extra.c") == (True, {"src/extra.c"})
    # Another version lies in the folder now.
    assert sources("--only=*version.c") == (True, {"src/version.c"})
    (toy.project / "recipes/toy/glue/glue.c").write_text("int other(void) { return 1; }\n")
    assert sources("--only=*glue.c") == (True, {"lib-toy/glue.c"})
    (glue,) = asked(toy, "symbols", "toy", "--only=*glue.c")["units"]
    assert [one["name"] for one in glue["defines"]] == ["other"]
