"""Code, headers, makefiles and options that cannot be read: said by the command line, each with
its file and line, and the rest is read all the same."""

import json
from pathlib import Path

import pytest

from tests.toy import Toy, commit, library, ukport, with_own

GLUE = "recipes/toy/glue/glue.c"


def findings(toy: Toy, *args: str) -> dict[str, dict]:
    """The findings of a command that ends with 1, by rule."""
    done = ukport(toy, *args, "--json")
    assert done.returncode == 1, done.stdout + done.stderr
    return {one["rule"]: one for one in json.loads(done.stdout)["findings"]}


@pytest.mark.parametrize("text", ["#error not for this machine\n", "#if (\n#endif\n"])
def test_code_that_the_preprocessor_rejects(toy, text):
    (toy.project / GLUE).write_text(f"int f(void);\n{text}")
    done = ukport(toy, "symbols", "toy", "--json")
    assert done.returncode == 1
    units = {unit["source"]: unit for unit in json.loads(done.stdout)["units"]}
    glue = units["lib-toy/glue.c"]
    assert (glue["broken"], glue["parsed"]) == (True, False)
    assert "glue.c:2:" in glue["reason"]
    assert units["src/answer.c"]["parsed"]
    broken = findings(toy, "glue", "toy", "--check")["broken-source"]
    assert broken["message"].startswith("lib-toy/glue.c: ")


def test_a_header_that_is_missing_is_named_with_who_could_provide_it(toy):
    toy = with_own(toy, "upstream")
    more = library(100) | {"private/deep/kit.h": "\n"}
    commit(toy.upstream, more, "With a private header", "v1.0.2")
    (toy.project / GLUE).write_text('#include "deep/kit.h"\n')
    told = findings(toy, "glue", "toy", "--version", "1.0.2", "--check")["broken-source"]
    assert "deep/kit.h" in told["message"]
    assert told["cure"].startswith("deep/kit.h is in toy (toy/toy-1.0.2/private/deep/kit.h)")
    (toy.project / GLUE).write_text('#include "nobodys.h"\n')
    told = findings(toy, "glue", "toy", "--version", "1.0.2", "--check")["broken-source"]
    assert told["cure"].startswith("no tree at hand has nobodys.h")


MAKEFILE = """\
$(eval $(call addlib_s,libx,$(CONFIG_LIBX)))
LIBX_ORIGIN_SHA256 = {sum}
$(eval $(call fetch,libx,https://example.org/x-1.0.0.tar.gz))
X = $(LIBX_ORIGIN)/x-1.0.0
CINCLUDES-y += -I$(X)/include
LIBX_SRCS-y += $(X)/src/version.c
LIBX_SRCS-y += $(shell ls $(X)/src/a*.c)
"""


def imported(toy: Toy, config: str = 'config LIBX\n\tbool "x"\n') -> Path:
    folder = toy.project.parent / "lib-x"
    folder.mkdir()
    (folder / "Makefile.uk").write_text(MAKEFILE.format(sum="1" * 64))
    (folder / "Config.uk").write_text(config)
    return folder


def test_make_logic_that_cannot_be_evaluated(toy):
    folder = imported(toy)
    told = findings(toy, "lint", str(folder))["unevaluated"]
    assert (told["file"], told["line"]) == ("Makefile.uk", 7)
    taken = ukport(toy, "import", str(folder), "--upstream", f"{toy.upstream.as_uri()}@v1.0.0")
    assert taken.returncode == 0, taken.stderr
    shown = ukport(toy, "glue", "x", "--diff")
    assert "cannot be" in taken.stdout
    made = ukport(toy, "glue", "x")
    # Kept as it is, below what is generated.
    assert "LIBX_SRCS-y += $(shell ls $(X)/src/a*.c)" in made.stdout
    assert "unexplained" not in shown.stdout


def test_a_kconfig_that_does_not_parse(toy):
    folder = imported(toy, "config LIBX\n\tbool\nendif\n")
    told = findings(toy, "lint", str(folder))["kconfig-syntax"]
    assert (told["file"], told["line"]) == ("Config.uk", 3)
    (toy.project / GLUE).write_text("int f(void) { return 1; }\n")
    assert ukport(toy, "glue", "toy", "--write").returncode == 0
    config = toy.project / "recipes/toy/lib/Config.uk"
    hand = (
        "# Below this line ukport keeps what is written by hand.\nconfig LIBTOY_MORE\nbool bool\n"
    )
    config.write_text(config.read_text() + hand)
    done = ukport(toy, "glue", "toy", "--check")
    assert done.returncode == 1
    assert "Config.uk:17: error: couldn't parse 'bool bool'" in done.stderr


def test_a_recipe_for_a_version_whose_files_are_gone(toy):
    text = toy.recipe.read_text()
    listed = text.replace(
        'source_list = "src/static.c"', 'sources = ["src/answer.c", "src/extra.c"]'
    )
    toy.recipe.write_text(listed)
    done = ukport(toy, "glue", "toy")
    assert done.returncode == 2
    assert "recipe.toml: glue.sources: toy has no src/extra.c at v1.0.0" in done.stderr
    assert "drop it, or name what took its place" in done.stderr
    assert ukport(toy, "glue", "toy", "--version", "1.1.0").returncode == 0
    toy.recipe.write_text(text.replace("src/static.c", "src/all.c"))
    done = ukport(toy, "symbols", "toy")
    assert done.returncode == 2
    assert "toy has no src/all.c at v1.0.0" in done.stderr
