"""``ukport lint`` on a library and a core of our own, with every rule that it has."""

import json
import subprocess
from pathlib import Path

import pytest

from tests import program
from tests.toy import commit, git
from ukport.glue import lint, rules
from ukport.glue.library import ExternalLibrary, NotALibraryError
from ukport.recipe.model import Tree
from ukport.source import Cache
from ukport.source.named import Named
from ukport.source.origin import place_of
from ukport.workflow.library import read_folder
from ukport.workflow.lint import check
from ukport.workflow.surroundings import Around, around

MAKEFILE = """\
$(eval $(call addlib_s,libx,$(CONFIG_LIBX)))
LIBX_VERSION = 1.0
LIBX_URL = http://example.org/x-$(LIBX_VERSION).tar.gz
$(eval $(call fetch,libx,$(LIBX_URL),x.tar.gz))
$(eval $(call patch,libx,$(LIBX_BASE)/patches,x-$(LIBX_VERSION)))
LIBX_ORIGIN_SHA256 = 0000
LIBX = $(LIBX_ORIGIN)/x-$(LIBX_VERSION)
LIBX_SRCS-y += $(LIBX)/src/one.c
LIBX_SRCS-y += $(LIBX)/src/gone.c
LIBX_SRCS-y += $(LIBX_BASE)/glue.c
LIBX_SRCS-y += $(LIBX_BASE)/missing.c
LIBX_SRCS-y += $(LIBX)/other/one.c
LIBX_SRCS-y += $(LIBX)/src/one.c
$(foreach i,a b,$(eval LIBX_SRCS-y += $(i)))
LIBX_SRCS-y += $(wildcard $(LIBX)/extra/*.c)
LIBX_SRCS-$(CONFIG_LIBX_NEVER) += $(LIBX_BASE)/glue.c|never
"""
CONFIG = """\
config LIBX
\tbool "x"
\tselect LIBKUALLOC
\tselect LIBUKOLD
\tselect LIBUKNEVER
\tselect LIBELSEWHERE
"""
LIBRARY = """\
name := "x"
what is this
version := 0.9 sha256:12 http://example.org/x-0.9.tar.gz
"""
ONE = "\n".join(f"int line_{n};" for n in range(1, 13)) + "\n"


def patch(line: str, new: str, around_it: tuple[str, str], at: int = 5, subject: str = "") -> str:
    head = f"From: A. Author <a@example.org>\nSubject: {subject}\n\n---\n" if subject else ""
    return (
        f"{head}--- a/src/one.c\n+++ b/src/one.c\n@@ -{at},3 +{at},3 @@\n"
        f" {around_it[0]}\n-{line}\n+{new}\n {around_it[1]}\n"
    )


PATCHES = {
    "patches/0001-fits.patch": patch(
        "int line_6;", "int six;", ("int line_5;", "int line_7;"), subject="one: Fit"
    ),
    "patches/0002-fuzzy.patch": patch(
        "int line_9;", "int nine;", ("int other;", "int line_10;"), at=8, subject="one: Be fuzzy"
    ),
    "patches/0002-no-subject.patch": patch(
        "int line_2;", "int two;", ("int line_1;", "int line_3;"), at=1
    ),
    "patches/README": "nothing\n",
    "patches/unnumbered.patch": patch(
        "int line_11;", "int e;", ("int line_10;", "int line_12;"), at=10, subject="one: Come last"
    ),
}


@pytest.fixture
def surroundings(tmp_path: Path) -> Around:
    core = tmp_path / "core"
    core.mkdir()
    git(core, "init", "-q", "-b", "main")
    old = 'mainmenu "c"\nconfig LIBUKALLOC\n\tbool "alloc"\n'
    commit(core, {"Config.uk": f'{old}menuconfig LIBUKOLD\n\tbool "old"\n'}, "one", "RELEASE-0.9.0")
    top = old + "source \"$(shell,$(UK_BASE)/support/build/config-submenu.sh -o '$(KCONFIG_DIR)/l'"
    top += " -c '$(KCONFIG_ELIB_DIRS)')\"\n"
    makefile = {"Makefile": "CFLAGS += -DCONFIG_UK_BY_MAKE=1\n"}
    commit(core, {"Config.uk": top, **makefile}, "two", "RELEASE-0.10.0")
    return Around(Tree(name="core", url=core.as_uri(), pin="RELEASE-0.10.0"), ())


@pytest.fixture
def origin(tmp_path: Path) -> Named:
    repo = tmp_path / "x"
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    commit(repo, {"src/one.c": ONE, "other/one.c": ONE, "new/gone.c": ""}, "one", "v1.0")
    return Named("x", repo.as_uri(), "v1.0")


def library(**more: str) -> ExternalLibrary:
    files = {"Makefile.uk": MAKEFILE, "Config.uk": CONFIG, "Library.uk": LIBRARY, **PATCHES}
    files["glue.c"] = (
        "#if CONFIG_LIBX_TYPO /* CONFIG_LIBX_COMMENT */\n#endif\nint x = CONFIG_UK_BY_MAKE;\n"
    )
    return ExternalLibrary({n: t.encode() for n, t in {**files, **more}.items() if t})


def found(library: ExternalLibrary, around: Around, tmp_path: Path, origin: Named | None = None):
    cache = Cache(tmp_path / "cache")
    return [(f.file, f.line, f.rule) for f in check(library, around, cache, upstream=origin)]


def test_every_rule_with_file_and_line(surroundings, origin, tmp_path):
    files = library(**{"patches/README": ""})
    assert found(files, surroundings, tmp_path, origin) == [
        ("Config.uk", 3, "unknown-option"),
        ("Config.uk", 4, "unknown-option"),
        ("Config.uk", 5, "unknown-option"),
        ("Config.uk", 6, "foreign-option"),
        ("Library.uk", 2, "library-syntax"),
        ("Library.uk", 3, "library-syntax"),
        ("Library.uk", 3, "library-version"),
        ("Makefile.uk", 4, "fetch-argument"),
        ("Makefile.uk", 4, "insecure-url"),
        ("Makefile.uk", 4, "unchecked-archive"),
        ("Makefile.uk", 9, "source-gone"),
        ("Makefile.uk", 11, "glue-gone"),
        ("Makefile.uk", 12, "object-collision"),
        ("Makefile.uk", 13, "object-collision"),
        ("Makefile.uk", 13, "source-twice"),
        ("Makefile.uk", 14, "unevaluated"),
        ("Makefile.uk", 15, "unevaluated"),
        ("Makefile.uk", 16, "unset-config"),
        ("glue.c", 1, "unset-config"),
        ("patches/0002-fuzzy.patch", 7, "patch-fuzz"),
        ("patches/0002-no-subject.patch", 0, "patch-number"),
        ("patches/0002-no-subject.patch", 1, "patch-subject"),
        ("patches/unnumbered.patch", 0, "patch-unnumbered"),
    ]


def test_messages_say_why_and_what_to_do(surroundings, origin, tmp_path):
    cache = Cache(tmp_path / "cache")
    told = {(f.file, f.line): f for f in check(library(), surroundings, cache, upstream=origin)}
    assert told["Config.uk", 3].cure == "write LIBUKALLOC"
    assert told["Config.uk", 4].message.endswith("the last release with it is RELEASE-0.9.0")
    assert "no release of it ever had" in told["Config.uk", 5].message
    assert told["Makefile.uk", 9].cure == "the only one of that name is new/gone.c"
    assert told["patches/README", 0].rule == "patch-stray"


@pytest.mark.parametrize(
    ("listed", "there", "cure"),
    [
        ("src/i386/exp.s", "src/i386/exp.c src/x32/exp.s", "it is src/i386/exp.c there"),
        ("src/arm/jump.s", "src/arm/jump.S", "it is spelled src/arm/jump.S there"),
        ("src/i386/exp.s", "src/x32/exp.s", "the only one of that name is src/x32/exp.s"),
        ("src/exp.s", "src/exp.c src/exp.S", "it is spelled src/exp.S there"),
        ("src/exp.c", "src/exp.s src/exp.S", "drop the line"),
        ("src/exp.c", "src/a/exp.c src/b/exp.c", "drop the line"),
    ],
)
def test_where_a_source_has_gone(listed, there, cure):
    makefile = f"""\
$(eval $(call addlib,libx))
$(eval $(call fetch,libx,https://example.org/x-1.0.tar.gz))
LIBX_SRCS-y += $(LIBX_ORIGIN)/x-1.0/{listed}
"""
    files = ExternalLibrary({"Makefile.uk": makefile.encode()})
    (told,) = lint.fetched_tree(files, files.archives[0], there.split(), "x v1.0")
    assert (told.rule, told.line, told.cure) == ("source-gone", 3, cure)


def test_a_patch_that_does_not_fit_stops_the_others(surroundings, origin, tmp_path):
    bad = patch("int nowhere;", "int s;", ("int no;", "int not;"), subject="one: Miss")
    files = library(**{"patches/README": "", "patches/0001-fits.patch": bad})
    rows = [f for f in found(files, surroundings, tmp_path, origin) if "patch-" in f[2]]
    assert ("patches/0001-fits.patch", 7, "patch-conflict") in rows
    assert not any(rule == "patch-fuzz" for _, _, rule in rows)


def test_a_patch_that_reaches_outside_is_not_given_to_patch(surroundings, origin, tmp_path):
    evil = "--- a/../../evil\n+++ b/../../evil\n@@ -0,0 +1 @@\n+x\n"
    files = library(**{"patches/README": "", "patches/0000-evil.patch": evil})
    rows = found(files, surroundings, tmp_path, origin)
    assert ("patches/0000-evil.patch", 0, "patch-syntax") in rows
    assert not list(tmp_path.rglob("evil"))


def test_no_tree_is_told(surroundings, tmp_path):
    rows = found(library(), surroundings, tmp_path)
    assert ("Makefile.uk", 4, "origin-unknown") in rows
    assert not any(rule == "source-gone" for _, _, rule in rows)


def test_a_sum_that_is_checked_in_one_branch_alone(surroundings, tmp_path):
    text = """\
$(eval $(call addlib,libx))
ifeq ($(CONFIG_LIBX),y)
U = https://github.com/o/x/archive/refs/heads/main.tar.gz
else
U = https://github.com/o/x/archive/v1.tar.gz
LIBX_ORIGIN_SHA256 = 1234
endif
$(eval $(call fetch,libx,$(U)))
"""
    files = {"Makefile.uk": text.encode(), "Config.uk": b"config LIBX\n\tbool\n"}
    cache = Cache(tmp_path / "cache", offline=True)
    Cache(tmp_path / "cache").repository("core", surroundings.core.url)
    told = check(ExternalLibrary(files), surroundings, cache)
    assert [(f.line, f.rule) for f in told if f.file == "Makefile.uk"] == [
        (8, "branch-archive"),
        (8, "origin-unknown"),
        (8, "origin-unknown"),
        (8, "unchecked-archive"),
    ]
    assert "refs/heads/main" in next(f for f in told if f.rule == "unchecked-archive").message


def described(made: str, told: str) -> list[tuple[str, str]]:
    """What the rules about Library.uk find, of a Makefile.uk that fetches ``made``."""
    makefile = f"$(eval $(call addlib,libx))\n{made}"
    files = {"Makefile.uk": makefile} | ({"Library.uk": told} if told else {})
    library = ExternalLibrary({name: text.encode() for name, text in files.items()})
    return [(f.file, f.rule) for f in lint.own_files(library)]


FETCH = "LIBX_ORIGIN_SHA256 = %s\n$(eval $(call fetch,libx,https://github.com/o/x/archive/v1.%s))\n"
NAMES = "version := 1 sha256:%s https://github.com/o/x/archive/v1.%s\n"


def test_rules_about_library_uk_fire_and_stay_silent():
    one, other = "1" * 64, "2" * 64
    made = FETCH % (one, "tar.gz")
    assert described(made, "") == [("Library.uk", "no-library-uk")]
    assert described(made, NAMES % (one, "zip")) == [("Library.uk", "library-archive")]
    assert described(made, NAMES % (other, "tar.gz")) == [("Library.uk", "library-sum")]
    assert described(made, NAMES % (one, "tar.gz")) == []


def test_a_sum_that_is_not_that_of_the_archive():
    one, other = "1" * 64, "2" * 64
    text = f"$(eval $(call addlib,libx))\n{FETCH % (one, 'tar.gz')}"
    told = NAMES % (one, "tar.gz")
    library = ExternalLibrary({"Makefile.uk": text.encode(), "Library.uk": told.encode()})
    (archive,) = library.archives
    (listed,) = library.described.versions
    assert [f.rule for f in lint.checked_sum(archive, other)] == ["archive-sum"]
    assert [f.rule for f in lint.listed_sum(listed, other)] == ["archive-sum"]
    assert not [*lint.checked_sum(archive, one), *lint.listed_sum(listed, one)]


def test_a_clean_library_is_one(surroundings, origin, tmp_path):
    one = "1" * 64
    makefile = f"""\
$(eval $(call addlib_s,libx,$(CONFIG_LIBX)))
LIBX_ORIGIN_SHA256 = {one}
$(eval $(call fetch,libx,https://example.org/x-1.0.tar.gz))
$(eval $(call patch,libx,$(LIBX_BASE)/patches,x-1.0))
LIBX_SRCS-$(CONFIG_LIBX_MORE) += $(LIBX_ORIGIN)/x-1.0/src/one.c
LIBX_SRCS-y += $(LIBX_ORIGIN)/x-1.0/other/one.c|other
"""
    config = 'config LIBX\n\tbool "x"\n\tselect LIBUKALLOC\nconfig LIBX_MORE\n\tbool "more"\n'
    told = f'name := "x"\nversion := 1.0 sha256:{one} https://example.org/x-1.0.tar.gz\n'
    files = {"Makefile.uk": makefile, "Config.uk": config, "Library.uk": told}
    files["patches/0001-fits.patch"] = PATCHES["patches/0001-fits.patch"]
    files["glue.c"] = "#if CONFIG_LIBX_MORE\n#endif\n"
    clean = ExternalLibrary({name: text.encode() for name, text in files.items()})
    assert found(clean, surroundings, tmp_path, origin) == []


def test_a_kconfig_that_does_not_parse(surroundings, origin, tmp_path):
    files = library(**{"Config.uk": "config LIBX\n\tbool\nendif\n"})
    assert ("Config.uk", 3, "kconfig-syntax") in found(files, surroundings, tmp_path, origin)


def test_no_kconfig_at_all(surroundings, origin, tmp_path):
    files = library(**{"Config.uk": ""})
    assert ("Config.uk", 0, "kconfig-syntax") in found(files, surroundings, tmp_path, origin)


def test_what_is_no_library(surroundings, tmp_path):
    with pytest.raises(NotALibraryError):
        found(ExternalLibrary({"a": b""}), surroundings, tmp_path)
    with pytest.raises(NotALibraryError):
        found(ExternalLibrary({"Makefile.uk": b"A = 1\n"}), surroundings, tmp_path)


def test_a_folder_is_read_without_links_and_git(tmp_path):
    folder = tmp_path / "lib"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text("")
    (folder / "Makefile.uk").write_text("")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "odd\nname\x1b[31m.c").write_text("")
    assert sorted(read_folder(folder).files) == ["Makefile.uk", "odd\nname\x1b[31m.c"]


def test_rules_are_told_apart():
    ids = [rule.id for rule in rules.ALL]
    assert len(ids) == len(set(ids)) > 20
    assert all(rule.summary.endswith(".") for rule in rules.ALL)


def test_where_an_archive_comes_from():
    place = place_of("https://github.com/o/x/archive/refs/tags/v1.2.tar.gz", "", ())
    assert place
    assert (place.url, place.revisions) == ("https://github.com/o/x", ("refs/tags/v1.2",))
    assert place.folder == "x-1.2"
    place = place_of("https://x.org/fossils/x-1.2.tar.gz", "https://example.org/x.git", ())
    assert place
    assert place.url == "https://example.org/x"
    assert "v1.2" in place.revisions
    assert place_of("https://x.org/x-1.2.tar.gz", "", ()) is None
    assert place_of("https://x.org/x-1.2.tar.gz", "ext::sh -c x", ()) is None


def run(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return program.run("lint", *args, cwd=cwd)


def test_the_command(toy, surroundings, tmp_path):
    recipe = toy.project / "recipes" / "toy" / "recipe.toml"
    text = recipe.read_text()
    assert around(toy.project).core.name == "toycore"
    text = text.replace(toy.core.as_uri(), surroundings.core.url)
    recipe.write_text(text.replace('pin = "v1"', 'pin = "RELEASE-0.10.0"'))
    folder = tmp_path / "lib-x"
    for name, data in library().files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    done = run(str(folder), "--format", "text", cwd=toy.project)
    assert done.returncode == 1
    assert "Config.uk:3: error: select LIBKUALLOC" in done.stdout
    sarif = json.loads(run(str(folder), "--format", "sarif", cwd=toy.project).stdout)
    assert sarif["version"] == "2.1.0"
    assert len(sarif["runs"][0]["tool"]["driver"]["rules"]) == len(rules.ALL)
    document = json.loads(run(str(folder), "--json", cwd=toy.project).stdout)
    assert document["schema"] == "ukport.findings/1"


@pytest.mark.parametrize("args", [("nosuch",), (".", "--format", "pink"), ("ext::sh@x://",)])
def test_bad_input_is_usage(args, tmp_path):
    done = run(*args, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


KNOWN = {
    "lib-musl": {"unknown-option": "select LIBKUALLOC:", "source-gone": "src/math/i386/exp.s"},
    "lib-lwip": {"unknown-option": "select LIBUKSWRAND:", "branch-archive": "UNIKRAFT-2_1_x"},
    "lib-redis": {"unknown-option": "select LIBUKSWRAND_DEVFS:", "library-version": "5.0.6"},
    "lib-zlib": {"insecure-url": "zlib-1.2.13"},
    "lib-mimalloc": {"library-archive": "v1.6.1.zip"},
}


@pytest.mark.upstream
@pytest.mark.parametrize("name", KNOWN)
def test_the_published_libraries(name, tmp_path, upstream_cache, upstream):
    url = upstream(f"https://github.com/unikraft/{name}")
    upstream("https://github.com/unikraft/unikraft")
    from ukport.workflow.library import read

    told = check(read(url, tmp_path, upstream_cache), around(tmp_path), upstream_cache)
    for rule, said in (KNOWN[name] | {"unchecked-archive": "without a check of its sum"}).items():
        assert [f for f in told if f.rule == rule and said in f.message], rule
    cures = {f.message.partition(":")[0]: f.cure for f in told}
    assert cures.get("select LIBKUALLOC", "write LIBUKALLOC") == "write LIBUKALLOC"


@pytest.fixture
def upstream_cache():
    from ukport.source import default_root

    return Cache(default_root())
