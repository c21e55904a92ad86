from dataclasses import replace

import pytest

from tests.recipe.test_recipe import PATH, TEXT
from ukport.glue import features, generate, sources
from ukport.glue.sources import SourceListError
from ukport.recipe import Feature, parse
from ukport.symbols.declarations import Declarations, Function

PORT = generate.Port(
    version="1.1.0",
    tag="v1.1.0",
    sha256="0" * 64,
    sources=("src/answer.c", "src/prim/prim.c", "src/other/prim.c"),
    features=("TOY_HINT",),
    backend=parse(TEXT.encode(), PATH).backends[0],
)


@pytest.fixture
def made():
    return generate.generate(parse(TEXT.encode(), PATH), PORT)


def test_the_same_port_gives_the_same_bytes(made):
    assert made == generate.generate(parse(TEXT.encode(), PATH), PORT)
    assert set(made) == {"Makefile.uk", "Config.uk", "Library.uk"}


def test_makefile_in_unikrafts_conventions(made):
    text = made["Makefile.uk"]
    order = [
        "# Library registration",
        "LIBTOY_VERSION = 1.1.0",
        f"LIBTOY_ORIGIN_SHA256 = {'0' * 64}",
        "$(eval $(call fetch,libtoy,$(LIBTOY_URL)))",
        "$(eval $(call patch,libtoy,$(LIBTOY_PATCHDIR),toy-$(LIBTOY_VERSION)))",
        "CINCLUDES-$(CONFIG_LIBTOY) += -I$(LIBTOY)/include",
        "LIBTOY_CFLAGS-y += -O2",
        "LIBTOY_CFLAGS-$(CONFIG_LIBTOY_DEBUG) += -DTOY_DEBUG=1",
        "LIBTOY_CFLAGS-y += -DTOY_HINT\n",
        "LIBTOY_SRCS-y += $(LIBTOY_BASE)/glue.c",
        "LIBTOY_SRCS-y += $(LIBTOY)/src/answer.c",
    ]
    places = [text.index(line) for line in order]
    assert places == sorted(places)


def test_equal_base_names_get_a_variant(made):
    assert "$(LIBTOY)/src/prim/prim.c|prim\n" in made["Makefile.uk"]
    assert "$(LIBTOY)/src/other/prim.c|other\n" in made["Makefile.uk"]
    assert "$(LIBTOY)/src/answer.c\n" in made["Makefile.uk"]


def test_sources_that_an_option_asks_for():
    optional = {"LIBTOY_MORE": ("src/more/prim.c", "src/more.c")}
    makefile = generate.generate(parse(TEXT.encode(), PATH), replace(PORT, optional=optional))
    text = makefile["Makefile.uk"]
    assert "LIBTOY_SRCS-$(CONFIG_LIBTOY_MORE) += $(LIBTOY)/src/more/prim.c|more\n" in text
    assert "LIBTOY_SRCS-$(CONFIG_LIBTOY_MORE) += $(LIBTOY)/src/more.c\n" in text
    with pytest.raises(SourceListError):
        replace(PORT, optional={"LIBTOY_MORE": ("a$(b).c",)})


def test_library_uk_hashes_what_makefile_uk_checks(made):
    assert (
        f"version := 1.1.0 sha256:{'0' * 64} https://toy.example.org/archive/v1.1.0.tar.gz"
        in (made["Library.uk"])
    )


def test_config_uk_offers_the_options(made):
    assert "menuconfig LIBTOY\n\tbool" in made["Config.uk"]
    assert 'config LIBTOY_DEBUG\n\tbool "Debug the toy"\n' in made["Config.uk"]


FILES = {"src/a.c", "src/deep/b.c", "src/static.c"}


def test_sources_are_those_that_the_list_includes():
    text = '#include "toy.h"\n#include "a.c"  // includes c.c\n # include "deep/b.c"\n'
    assert sources.listed(text, "src", (), FILES) == ["src/a.c", "src/deep/b.c"]
    assert sources.listed(text, "src", ("a.c",), FILES) == ["src/deep/b.c"]


@pytest.mark.parametrize("text", ['#include "gone.c"\n', '#include "../../etc/x.c"\n', "int x;\n"])
def test_a_list_that_does_not_fit_the_tree(text):
    with pytest.raises(SourceListError):
        sources.listed(text, "src", (), FILES)


@pytest.mark.parametrize("name", ["x$(shell touch pwned)y.c", "a b.c", "a#.c", "a|b.c", ".a.c"])
def test_a_hostile_name_never_reaches_make(name):
    with pytest.raises(SourceListError, match=r"cannot be written to a Makefile\.uk"):
        sources.listed(f'#include "{name}"\n', "src", (), {f"src/{name}"})
    with pytest.raises(SourceListError):
        replace(PORT, sources=(f"src/{name}",))


@pytest.mark.parametrize("text", ["1.0\n", "1;id", "$(id)", "1/0", "1 0"])
def test_a_hostile_version_never_reaches_make(text):
    with pytest.raises(SourceListError, match="version"):
        replace(PORT, version=text)
    if text != "1/0":
        with pytest.raises(SourceListError, match="tag"):
            replace(PORT, tag=text)


def test_another_separator_is_left_to_make():
    text = TEXT.replace('tag = "v{version}"', 'tag = "TOY_{version}"\nseparator = "_"')
    port = replace(PORT, version="1.1.0", tag="TOY_1_1_0")
    made = generate.generate(parse(text.encode(), PATH), port)
    spelled = "TOY_$(subst .,_,$(LIBTOY_VERSION))"
    assert f"LIBTOY_URL = https://toy.example.org/archive/{spelled}.tar.gz" in made["Makefile.uk"]
    assert f"$(LIBTOY_ORIGIN)/toy-{spelled}\n" in made["Makefile.uk"]
    assert "https://toy.example.org/archive/TOY_1_1_0.tar.gz" in made["Library.uk"]


DECLARED = Declarations(
    {"f": Function("f", "int", ("size", "hint"))}, {"s": ("field",)}, frozenset({"e"}), {"M": "1"}
)


@pytest.mark.parametrize(
    ("feature", "holds"),
    [
        (Feature(function="f"), True),
        (Feature(function="g"), False),
        (Feature(function="f", parameter="hint"), True),
        (Feature(function="f", parameter="other"), False),
        (Feature(function="f", returns="int"), True),
        (Feature(function="f", returns="_Bool"), False),
        (Feature(struct="s"), True),
        (Feature(struct="s", field="field"), True),
        (Feature(struct="s", field="other"), False),
        (Feature(struct="t", field="field"), False),
        (Feature(enumerator="e"), True),
        (Feature(enumerator="f"), False),
        (Feature(macro="M"), True),
        (Feature(macro="N"), False),
        (Feature(open_macro="OPEN"), True),
        (Feature(open_macro="SHUT"), False),
        (Feature(file="src/a.c"), True),
        (Feature(file="src/z.c"), False),
    ],
)
def test_features(feature, holds):
    headers = ["#ifdef SHUT\n#define SHUT 1\n#endif\n  # ifndef OPEN // a comment\n"]
    found = features.holding({"X": feature}, DECLARED, FILES, headers)
    assert found == (("X",) if holds else ())
