"""An imported library's own files beside what is made of its recipe: a reason for each line."""

from ukport.glue import compare, hand, importing, original, originalfiles
from ukport.glue.compare import File
from ukport.glue.fate import Kind
from ukport.glue.library import ExternalLibrary
from ukport.glue.lint import moves
from ukport.glue.original import Pair

OLD = """\
# (c) Somebody
#
$(eval $(call addlib_s,libx,$(CONFIG_LIBX)))
$(eval $(call addlib_s,libx_y,$(CONFIG_LIBX_Y)))
ifeq ($(CONFIG_LIBX_NEXT),y)
LIBX_URL = https://github.com/o/x/archive/refs/heads/next.zip
else
LIBX_URL = https://github.com/o/x/archive/v1.0.zip
endif
$(eval $(call fetch,libx,$(LIBX_URL)))
X = $(LIBX_ORIGIN)/x-1.0
BITS = sub
UNUSED_NOW = $(X)/src
include $(LIBX_BASE)/Makefile.more
CINCLUDES-$(CONFIG_LIBX) += -I$(X)/include
LIBX_CFLAGS-y += -DA -DB='b b' $(WARN-y)
WARN-y += -Wno-a
LIBX_CXXFLAGS-y += $(WARN-y)
LIBX_SRCS-y += $(UNUSED_NOW)/one.c
LIBX_SRCS-y += $(X)/gone.c $(X)/two.c
LIBX_SRCS-y += $(LIBX_BASE)/own.c|unikraft
ifeq ($(CONFIG_LIBX_B),y)
ifneq ($(CONFIG_LIBX_C),y)
LIBX_SRCS-y += $(X)/c.c
endif
LIBX_SRCS-y += $(X)/b.c
endif
LIBX_SRCS-y += $(wildcard $(X)/more/*.c)
LIBX_Y_SRCS-y += $(X)/$(BITS)/y.c
$(LIBX_BUILD)/.configured: $(LIBX_BUILD)/.origin
\tcd $(X) && ./configure
UK_PREPARE += $(LIBX_BUILD)/.configured
"""
MORE = """\
define twice
LIBX_SRCS-y += $(1)
LIBX_EXTRA-y += $(1)
endef
PART_SRCS-y += $(X)/part.c
PART_SRCS-$(call have_gcc) += $(X)/gcc.c
$(eval $(call twice,$(PART_SRCS-y)))
"""
MADE = """\
# Made by ukport from the recipe of x.
$(eval $(call addlib_s,libx,$(CONFIG_LIBX)))
LIBX_VERSION = 1.0
LIBX_URL = https://github.com/o/x/archive/v$(LIBX_VERSION).tar.gz
LIBX_ORIGIN_SHA256 = 12
ifeq ($(CONFIG_LIBX),y)
$(eval $(call fetch,libx,$(LIBX_URL)))
endif
LIBX = $(LIBX_ORIGIN)/x-$(LIBX_VERSION)
CINCLUDES-$(CONFIG_LIBX) += -I$(LIBX)/include
LIBX_CFLAGS-y += -DA
LIBX_CFLAGS-y += -Wno-a
LIBX_SRCS-y += $(LIBX)/src/one.c
LIBX_SRCS-y += $(LIBX)/two.c
LIBX_SRCS-y += $(LIBX)/part.c
LIBX_SRCS-$(CONFIG_LIBX_B) += $(LIBX)/b.c
"""
TREE = ("src/one.c", "two.c", "part.c", "gcc.c", "c.c", "b.c", "sub/y.c", "more/a.c")


def library(text: str, **more: str) -> ExternalLibrary:
    files = {"Makefile.uk": text, "own.c": "", **more}
    return ExternalLibrary({name: data.encode() for name, data in files.items()})


def judged() -> tuple[ExternalLibrary, original.Fates]:
    old = library(OLD, **{"Makefile.more": MORE})
    archive = importing.choose(old.archives, iter([moves(one.url) for one in old.archives]))
    assert archive
    return old, original.judge(Pair(old, library(MADE), archive, TREE))


def test_every_statement_has_one_fate():
    _, fates = judged()
    lines = [(f.file, f.line + n) for f in fates.all for n in range(f.lines)]
    assert sorted(lines) == sorted(
        [("Makefile.uk", n) for n in range(1, OLD.count("\n") + 1)]
        + [("Makefile.more", n) for n in range(1, MORE.count("\n") + 1)]
    )
    told = {(f.file, f.line): (f.kind, f.why) for f in fates.all}
    assert told["Makefile.uk", 6][0] is Kind.THEIRS  # a branch
    assert told["Makefile.uk", 13] == (Kind.GONE, "only what is generated now used it")
    assert told["Makefile.uk", 15] == (Kind.SAME, "the generated part has it in line 10")
    assert told["Makefile.uk", 19] == (Kind.SAME, "the generated part has it in line 13")
    assert told["Makefile.uk", 20] == (Kind.THEIRS, "gone.c is not in the archive [source-gone]")
    assert told["Makefile.uk", 21] == (Kind.KEPT, "its object has a name of its own")
    assert told["Makefile.uk", 24][0] is Kind.KEPT
    assert told["Makefile.uk", 26][0] is Kind.SAME
    assert told["Makefile.uk", 30][1] == "a rule for $(LIBX_BUILD)/.configured"
    assert fates.partners[13] == "Makefile.uk:19"


def test_what_is_kept_stands_with_what_it_rests_on():
    _, fates = judged()
    assert fates.hand == (
        "# (c) Somebody\n#\n"
        "$(eval $(call addlib_s,libx_y,$(CONFIG_LIBX_Y)))\n"
        "X = $(LIBX_ORIGIN)/x-1.0\n"
        "BITS = sub\n"
        "define twice\nLIBX_SRCS-y += $(1)\nLIBX_EXTRA-y += $(1)\nendef\n"
        "PART_SRCS-$(call have_gcc) += $(X)/gcc.c\n"
        "$(eval $(call twice,$(PART_SRCS-y)))\n"
        "LIBX_CFLAGS-y += -DB='b b'\n"
        "WARN-y += -Wno-a\n"
        "LIBX_CXXFLAGS-y += $(WARN-y)\n"
        "LIBX_SRCS-y += $(LIBX_BASE)/own.c|unikraft\n"
        "ifeq ($(CONFIG_LIBX_B),y)\nifneq ($(CONFIG_LIBX_C),y)\n"
        "LIBX_SRCS-y += $(X)/c.c\nendif\nendif\n"
        "LIBX_SRCS-y += $(wildcard $(X)/more/*.c)\n"
        "LIBX_Y_SRCS-y += $(X)/$(BITS)/y.c\n"
        "$(LIBX_BUILD)/.configured: $(LIBX_BUILD)/.origin\n\tcd $(X) && ./configure\n"
        "UK_PREPARE += $(LIBX_BUILD)/.configured\n"
    )


def test_both_parts_compile_what_the_original_does_and_nothing_twice():
    old, fates = judged()
    new = library(MADE + fates.hand)
    compiled = [(s.library, s.path, s.variants) for s in new.sources]
    assert len(compiled) == len(set(compiled))
    assert set(compiled) == {(s.library, s.path, s.variants) for s in old.sources} - {
        ("libx", "gone.c", ())
    }


CONFIG = """\
# seen
config LIBX
\tbool "x"
\tdefault y
\tselect LIBUKALLOC
\tselect LIBKUALLOC
\timply LIBUKMMAP
\thelp
\t  What it is.

if LIBX
config LIBX_B
\tbool "b"
endif
"""
MADE_CONFIG = 'menuconfig LIBX\n\tbool "X: y"\n\tdefault n\n\tselect LIBUKALLOC\n'


def test_config_uk():
    unknown = {"LIBKUALLOC": "write LIBUKALLOC"}
    fates, kept = originalfiles.config(originalfiles.Texts(CONFIG, MADE_CONFIG), "LIBX", unknown)
    assert [f.line for f in fates] == list(range(1, CONFIG.count("\n") + 1))
    kinds = {f.line: f.kind for f in fates}
    assert [kinds[n] for n in (4, 5, 6, 7)] == [Kind.SAME, Kind.SAME, Kind.THEIRS, Kind.KEPT]
    assert kept == (
        '# seen\nif LIBX\nconfig LIBX_B\n\tbool "b"\nendif\n\n'
        "config LIBX\n\timply LIBUKMMAP\n\thelp\n\t  What it is.\n\n"
    )


def test_library_uk():
    old, _ = judged()
    lines = (
        'name := "x"\nfavourite := "tea"\nwhat is this\n'
        "version := 0.9 sha256:3 https://github.com/o/x/archive/v0.9.tar.gz\n"
        "version += 1.0 sha256:4 https://github.com/o/x/archive/v1.0.tar.gz\n"
        "version += 1.0 sha256:4 https://example.org/x-1.0.tar.gz\n"
    )
    made = "name := x\nversion := 1.0 sha256:12 https://github.com/o/x/archive/v1.0.tar.gz\n"
    pair = originalfiles.Texts(lines, made)
    fates, kept = originalfiles.library(pair, old.archives[0])
    assert [f.kind for f in fates] == [
        *(Kind.SAME, Kind.KEPT, Kind.THEIRS, Kind.KEPT),
        *(Kind.WRONG, Kind.THEIRS),
    ]
    assert kept.splitlines() == [
        'favourite := "tea"',
        "version += 0.9 sha256:3 https://github.com/o/x/archive/v0.9.tar.gz",
    ]


def file(**more) -> File:
    _, fates = judged()
    made = hand.seal(MADE) + hand.MARK + fates.hand
    return File("Makefile.uk", OLD, made, fates.all, fates.partners, **more)


def test_every_line_that_differs_has_a_reason():
    reasons = list(compare.reasons(file()))
    assert not [one for one in reasons if one.rule is compare.UNEXPLAINED]
    new = {one.line: one for one in reasons if not one.old}
    assert new[5].rule is compare.ADDED
    (unchecked,) = [
        o for o in compare.reasons(file(checked=False)) if o.rule is compare.THEIRS and not o.old
    ]
    assert "unchecked-archive" in unchecked.why
    (wrong,) = [o for o in compare.reasons(file(known=False)) if o.rule is compare.WRONG]
    assert wrong.line == 5


def test_a_line_without_a_reason_is_an_error():
    one = file()
    odd = File(one.name, one.old, f"LIBX_ODD-y += 1\n{one.new}", one.fates, {})
    assert any(found.rule == "unexplained" for found in compare.findings([odd]))


def test_what_is_kept_is_told_with_its_lines():
    told = {(f.file, f.line): f for f in compare.findings([file()])}
    assert told["Makefile.uk", 30].rule == "kept-by-hand"
    assert told["Makefile.uk", 30].message.startswith("lines 30\N{EN DASH}31: ")
    assert told["Makefile.more", 6].cure == "only where $(call have_gcc)"
