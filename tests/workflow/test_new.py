"""``ukport new`` on a library of our own; the boot itself needs the public upstreams."""

import json
from pathlib import Path

import pytest

from tests import program
from tests.toy import commit, git
from ukport.errors import UsageError
from ukport.glue import sources
from ukport.glue.sources import SourceListError
from ukport.process import run
from ukport.recipe import load
from ukport.source import Cache
from ukport.source.named import Named
from ukport.workflow.needs import by_objects
from ukport.workflow.new import Wish, new
from ukport.workflow.survey import SurveyError
from ukport.workflow.verify import verify

FILES = {
    "CMakeLists.txt": 'project(calc C)\noption(CALC_LOG "Log, too" OFF)\n'
    'option(CALC_DOC "Doc" ON)\n'
    "set(CALC_PUBLIC include/calc.h)\n"
    "add_library(calc src/calc.c src/help.c src/spare.c legacy/old.c)\n",
    "LICENSE": "Permission is hereby granted, free of charge, to any person\n",
    "include/calc.h": "#pragma once\n#include <stddef.h>\n#define CALC_VERSION_MAJOR 1\n"
    '#define CALC_VERSION_NUMBER (CALC_VERSION_MAJOR * 100 + 2)\n#define CALC_VERSION "1.2.0"\n'
    "int calc_add(int a, int b);\nconst char *calc_version(void);\n"
    "unsigned int calc_version_number(void);\nint calc_reset(void);\nint calc_gone(void);\n",
    "src/calc.c": '#include "calc.h"\n#include "own.h"\nint nobody_has(int);\n'
    "int calc_add(int a, int b) { return help(a) + nobody_has(b); }\n"
    "const char *calc_version(void) { return CALC_VERSION; }\n"
    "unsigned int calc_version_number(void) { return CALC_VERSION_NUMBER; }\n"
    "int calc_reset(void) { return 0; }\n#ifdef CALC_TUNE\n#endif\n",
    "src/private/own.h": "int help(int);\n",
    "src/help.c": '#include "own.h"\n#include <stdlib.h>\n'
    "#ifdef CALC_LOG\nvoid calc_log(void);\n#endif\n"
    "int help(int a) {\n#ifdef CALC_LOG\n\tcalc_log();\n#endif\n\treturn abs(a) + !malloc(1); }\n",
    "src/spare.c": "int calc_spare;\n",
    "log/log.c": "void calc_log(void) {}\n",
    "legacy/old.c": "int calc_old(void) { return 1; }\n",
    "tests/test.c": "int main(void) { return 0; }\n",
}


@pytest.fixture
def calc(tmp_path: Path) -> Path:
    repo = tmp_path / "calc"
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    commit(repo, FILES, "one", "v1.2.0")
    return repo


@pytest.fixture
def ports(tmp_path: Path) -> Path:
    (tmp_path / "ports").mkdir()
    return tmp_path / "ports"


def make(repo: Path, ports: Path, version: str = "latest", name: str = ""):
    wish = Wish(Named.parse(repo.as_uri()), version, name, boot=False)
    return new(ports, wish, Cache(ports.parent / "cache"), lambda _event: None)


def test_the_proposal(calc, ports):
    found = make(calc, ports)
    seen = found.survey
    assert seen.sources == ("src/calc.c", "src/help.c", "src/spare.c")
    assert (seen.listed_in, seen.left_out) == ("CMakeLists.txt", ("legacy/old.c",))
    assert seen.includes == ("src/private",)
    functions = ["calc_add", "calc_reset", "calc_version", "calc_version_number"]
    assert list(seen.functions) == functions
    assert set(seen.outside) == {"abs", "malloc", "nobody_has"}
    recipe = load(ports, "calc")
    assert (recipe.version, recipe.upstream.tag) == ("1.2.0", "v{version}")
    assert recipe.glue.license == "MIT"
    assert recipe.glue.optional_sources == {"LIBCALC_LOG": ("log/log.c",)}
    assert recipe.glue.sources == seen.sources  # a list has no optional ones
    assert [(o.name, o.define) for o in recipe.glue.options] == [("LIBCALC_LOG", "CALC_LOG=1")]
    assert recipe.test.version.macro == "CALC_VERSION_NUMBER"


def test_upstream_s_own_list_is_followed_to_later_versions(calc, ports):
    text = FILES["CMakeLists.txt"].replace('option(CALC_LOG "Log, too" OFF)\n', "")
    commit(calc, {"CMakeLists.txt": text}, "two", "v1.3.0")
    seen = make(calc, ports).survey
    glue = load(ports, "calc").glue
    assert (glue.source_list, glue.without) == ("CMakeLists.txt", ("legacy/old.c",))
    assert sources.named("CMakeLists.txt", text, FILES, glue.without) == list(seen.sources)
    later = text.replace("src/spare.c", "src/late.c")
    found = sources.named("CMakeLists.txt", later, [*FILES, "src/late.c"], glue.without)
    assert found == ["src/calc.c", "src/help.c", "src/late.c"]
    with pytest.raises(SourceListError, match=r"CMakeLists\.txt names no source"):
        sources.named("CMakeLists.txt", "project(calc C)\n", FILES)


def test_what_is_left_to_a_person_is_counted_and_listed(calc, ports):
    found = make(calc, ports)
    todo = (ports / "recipes/calc/TODO.md").read_text()
    assert f"{len(found.todo)} things" in todo
    for words in ("legacy/old.c", "CALC_DOC", "CALC_TUNE", "confirm the licence", "4 public"):
        assert sum(words in item for item in found.todo) == 1
    assert "CALC_LOG" not in "".join(found.todo)


def test_the_smoke_test_compiles_and_runs(calc, ports, tmp_path):
    make(calc, ports)
    main = ports / "recipes/calc/test/main.c"
    stub = tmp_path / "stub.c"
    stub.write_text("int nobody_has(int b) { return b; }\n")
    sources = [str(calc / path) for path in ("src/calc.c", "src/help.c", "src/spare.c")]
    folders = [f"-I{calc / folder}" for folder in ("include", "src/private")]
    program = tmp_path / "program"
    warn = ["-Wall", "-Wextra", "-Werror"]
    run(["gcc", *warn, *folders, main, stub, *sources, "-o", program])
    assert run([program]).text.splitlines() == [
        "ukport: begin calc 1.2.0 (102)",
        "ok 1 - 4 public functions are linked",
        "ok 2 - calc_version() gives a text",
        "ok 3 - calc_version() is that of the headers",
        "ok 4 - calc_version_number() is that of the headers",
        "1..4",
        "ukport: end 4/4",
    ]


def test_a_recipe_is_never_overwritten(calc, ports):
    make(calc, ports)
    recipe = ports / "recipes/calc/recipe.toml"
    make(calc, ports)  # the same proposal, left by a kill, is taken up
    recipe.write_text(recipe.read_text() + "# mine\n")
    before = recipe.read_text()
    with pytest.raises(UsageError, match="exists already"):
        make(calc, ports)
    assert recipe.read_text() == before
    assert make(calc, ports, name="other").folder == "recipes/other"


def test_an_upstream_without_the_version_as_a_number(calc, ports):
    files = {"include/calc.h": "int calc_add(int a, int b);\n"}
    files["src/calc.c"] = "int calc_add(int a, int b) { return a + b; }\n"
    commit(calc, files, "two", "v1.3.0")
    with pytest.raises(Exception, match="no public header of calc defines its version"):
        make(calc, ports)
    assert not (ports / "recipes").exists()


def test_a_version_that_no_public_header_tells(calc, ports):
    header = FILES["include/calc.h"].replace("#define", "#undef")
    own = "#define CALC_VERSION_MAJOR 1\n"
    text = FILES["src/calc.c"].replace("CALC_VERSION;", '"1.3.0";')
    files = {"include/calc.h": header, "src/private/version.h": own}
    text = text.replace("CALC_VERSION_NUMBER", "103")
    commit(calc, {**files, "src/calc.c": text}, "two", "v1.3.0")
    found = make(calc, ports)
    assert found.proposal.version_header == "version.h"
    assert found.proposal.version_macro == "CALC_VERSION_MAJOR"
    # The whole version, which is not at hand, is not held against its first number.
    main = (ports / "recipes/calc/test/main.c").read_text()
    assert 'check(calc_version_number() != 0, "calc_version_number() gives a number");' in main
    assert "calc_version_number() ==" not in main
    assert found.proposal.exported_includes == ("include", "src/private")
    assert any("src/private/version.h, no public header" in item for item in found.todo)


def test_the_newest_release_tells_how_tags_are_written(calc, ports):
    for tag in ("0.1", "0.2", "0.3"):
        git(calc, "tag", tag)
    assert make(calc, ports).proposal.tag == "v{version}"
    old = make(calc, ports, "0.2", name="old").proposal
    assert (old.tag, old.version) == ("{version}", "0.2")


def test_an_upstream_without_sources_or_headers(calc, ports):
    git(calc, "rm", "-rq", "include", "src", "legacy", "log")
    commit(calc, {"README": ""}, "three", "v1.4.0")
    with pytest.raises(SurveyError, match="no C sources"):
        make(calc, ports)
    commit(calc, {"a.c": "int a;\n"}, "four", "v1.5.0")
    with pytest.raises(SurveyError, match="no header"):
        make(calc, ports)


def test_a_header_that_is_nowhere_is_named(calc, ports):
    commit(
        calc, {"src/help.c": "#include <no/such.h>\nint help(int a) { return a; }\n"}, "b", "v2.0.0"
    )
    found = make(calc, ports)
    assert any("no/such.h" in item and "src/help.c" in item for item in found.todo)


def test_hostile_names_never_reach_a_recipe(calc, ports):
    odd = 'src/x";$(touch pwned).c'
    text = (
        FILES["src/help.c"]
        .replace("abs(a)", "abs(a) + odd()")
        .replace("int help", "int odd(void);\nint help")
    )
    commit(calc, {odd: "int odd(void) { return 1; }\n", "src/help.c": text}, "odd", "v3.0.0")
    with pytest.raises(SourceListError):
        make(calc, ports)
    assert not (ports / "recipes").exists()
    with pytest.raises(UsageError):
        make(calc, ports, name="../x")


def test_who_provides_and_what_nobody_does(calc, tmp_path):
    build = tmp_path / "build"
    (build / "libcalc").mkdir(parents=True)
    flags = ["-c", "-w", "-fno-builtin", f"-I{calc}/include", f"-I{calc}/src/private"]
    for name in ("calc", "help"):
        run(["gcc", *flags, calc / f"src/{name}.c", "-o", build / f"libcalc/{name}.o"])
    (tmp_path / "c.c").write_text("int abs(int a) { return a; }\n")
    run(["gcc", "-c", "-w", "-fno-builtin", tmp_path / "c.c", "-o", build / "libmusl.o"])
    weak = "extern int maybe(void) __attribute__((weak));\nint w(void) { return maybe ? 1 : 0; }\n"
    (tmp_path / "w.c").write_text(weak)
    run(["gcc", "-c", "-w", tmp_path / "w.c", "-o", build / "libcalc/w.o"])
    (tmp_path / "d.c").write_text("extern int datum;\nint d(void) { return datum; }\n")
    run(["gcc", "-c", "-w", tmp_path / "d.c", "-o", build / "libcalc/d.o"])
    needs = by_objects(build, "libcalc")
    assert needs.weak == ("maybe",)
    assert needs.providers == {"libmusl": ("abs",)}
    assert [(one.name, one.places, one.callable) for one in needs.missing] == [
        ("datum", ("d.o",), False),
        ("malloc", ("help.o",), True),
        ("nobody_has", ("calc.o",), True),
    ]


def test_the_command(calc, tmp_path):
    (tmp_path / "p").mkdir()
    done = program.run("new", calc.as_uri(), "--no-boot", "--json", cwd=tmp_path / "p")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "ukport.new/1"
    assert document["functions"] == 4
    bad = program.run("new", "nonsense", cwd=tmp_path)
    assert bad.returncode == 2


@pytest.mark.upstream
@pytest.mark.boot
def test_zlib_boots(tmp_path, upstream):
    for url in ("unikraft/unikraft", "unikraft/lib-musl", "madler/zlib"):
        upstream(f"https://github.com/{url}")
    from ukport.source import default_root

    wish = Wish(Named.parse("https://github.com/madler/zlib"), "1.3.1", accel="tcg")
    found = new(tmp_path, wish, Cache(default_root()), lambda _event: None)
    assert found.result
    assert found.result.verdict == "pass"
    assert len(found.survey.sources) == 15
    needs = found.needs
    assert "memcpy" in needs.providers["libmusl"]
    assert needs.providers["libmuslglue"] == ("free", "malloc")
    assert needs.missing == ()
    assert (needs.parsed, needs.units) == (15, 15)


@pytest.mark.upstream
@pytest.mark.boot
def test_a_stub_stops_the_guest_and_tells_its_name(calc, ports, upstream):
    for url in ("unikraft/unikraft", "unikraft/lib-musl"):
        upstream(f"https://github.com/{url}")
    from ukport.source import default_root

    cache = Cache(default_root())
    wish = Wish(Named.parse(calc.as_uri()), "1.2.0", accel="tcg")
    found = new(ports, wish, cache, lambda _event: None)
    assert found.result
    assert found.result.verdict == "pass"
    (missing,) = found.needs.missing
    assert (missing.name, missing.places) == ("nobody_has", ("src/calc.c:4 in calc_add",))
    assert any(item.startswith("nobody_has: nobody provides it") for item in found.todo)
    stub = (ports / "recipes/calc/glue/missing.c").read_text()
    assert "/* src/calc.c:4 in calc_add */" in stub
    main = ports / "recipes/calc/test/main.c"
    main.write_text(main.read_text().replace("linked = 0;", "linked = 0 * calc_add(1, 2);"))
    result = verify(ports, "calc", None, cache, lambda _event: None, accel="tcg")
    assert result.verdict == "crash"
    assert "nobody_has" in result.reason
