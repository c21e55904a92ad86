"""Makefile.uk is read without loss, and evaluated as far as it can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ukport.glue import evaluate
from ukport.glue.makefile import (
    Assignment,
    Branch,
    Call,
    Comment,
    Define,
    Include,
    Opaque,
    Rule,
    parse,
)

LINES = st.sampled_from(
    [
        "X = 1",
        "X-$(CONFIG_A) += a.c \\",
        "\tb.c",
        "ifeq ($(A),y)",
        "else ifeq ($(B),y)",
        "else",
        "endif",
        "define f",
        "endef",
        "include $(X)/y",
        "$(eval $(call addlib_s,libx,$(CONFIG_LIBX)))",
        "$(foreach i,a b,$(eval $(i) = 1))",
        "all: one two",
        "\tcp $< $@",
        "# why \\",
        "",
        "X = (((",
        "$(",
    ]
)


@given(st.lists(LINES), st.sampled_from(["", "\n", "\r\n"]))
def test_nothing_is_lost_of_lines(lines, end):
    text = "\n".join(lines) + end
    assert str(parse("Makefile.uk", text)) == text


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_nothing_is_lost_of_any_text(text):
    makefile = parse("Makefile.uk", text)
    assert str(makefile) == text
    lines = [statement.line for statement in makefile.statements]
    assert lines == sorted(set(lines))


@given(st.lists(LINES))
def test_any_lines_can_be_evaluated(lines):
    text = "\n".join(lines)
    scope = evaluate.read("Makefile.uk", {"Makefile.uk": text})
    assert scope.values("$(X)")
    assert all(item.origin.line <= text.count("\n") + 1 for item in scope.items("X-y"))


def kinds(text: str) -> list[type]:
    return [type(statement) for statement in parse("m", text).statements]


def test_kinds_of_statements():
    text = """\
# licence

$(eval $(call addlib,libx))
$(eval $(call no_arguments))
include $(LIBX_BASE)/more
X-$(call gcc_version_ge,8,0) += -Wall
define rule
$(1): $(2)
endef
$(LIBX_BUILD)/.done: $(LIBX_BUILD)/.origin
\t$(call verbose_cmd,CONFIG,libx, \\
\tcd x && ./configure)
ifeq ($(A),y)
else
endif
$(foreach i,a b,$(eval $(i) = 1))
"""
    expected = [Comment, Comment, Call, Call, Include, Assignment, Define, Rule]
    assert kinds(text) == [*expected, Branch, Branch, Branch, Opaque]


def test_a_call_keeps_its_nested_arguments():
    call = parse("m", "$(eval $(call patch,libx,$(A),x-$(subst .,_,$(V))))\n").statements[0]
    assert isinstance(call, Call)
    assert call.arguments == ("libx", "$(A)", "x-$(subst .,_,$(V))")


@pytest.mark.parametrize("text", ["endif\n", "else\n", "define x\nA = 1\n", "\tcp a b\n"])
def test_what_does_not_balance_is_opaque_with_its_line(text):
    statements = parse("m", f"A = 1\n{text}").statements
    assert isinstance(statements[1], Opaque)
    assert statements[1].line == 2
    assert statements[1].why


BRANCHES = """\
$(eval $(call addlib_s,libx,$(CONFIG_LIBX)))
ifeq ($(CONFIG_A),y)
V = 1
else ifeq ($(CONFIG_B),y)
V = 2
else
V = 3
S = abc
endif
D = $(LIBX_ORIGIN)/x-$(V)
LIBX_SRCS-y += $(D)/a.c
LIBX_SRCS-$(CONFIG_C) += $(LIBX_BASE)/own.c|v $(D)/b.c
"""


def scope(text: str, **more: str) -> evaluate.Scope:
    return evaluate.read("Makefile.uk", {"Makefile.uk": text, **more})


def test_a_value_in_each_branch():
    values = scope(BRANCHES).values("$(D)")
    assert sorted(value.text for value in values) == [f"origin:/x-{n}" for n in (1, 2, 3)]
    third = next(value for value in values if value.text.endswith("3"))
    assert [(c.line, c.branch) for c in third.held] == [(2, 2)]


def test_branches_that_exclude_each_other_never_meet():
    read = scope(BRANCHES)
    assert [(v.text, len(v.held)) for v in read.values("$(V)$(V)")] == [
        ("33", 1),
        ("22", 1),
        ("11", 1),
    ]
    first = next(v for v in read.values("$(V)") if v.text == "1")
    assert read.of("S", first.held) == ()
    third = next(v for v in read.values("$(V)") if v.text == "3")
    assert [value.text for value in read.of("S", third.held)] == ["abc"]


def test_items_with_their_place_and_guard():
    items = [i for i in scope(BRANCHES).items("LIBX_SRCS-y") if "origin:" not in i.text]
    assert [(i.text, i.origin.line, i.guards) for i in items] == [
        ("/own.c|v", 12, ("$(CONFIG_C)",))
    ]


def test_a_list_that_is_set_anew_in_a_branch():
    text = "L-y += a.c\nifeq ($(A),y)\nL-y =\nL-y += a.c b.c\nendif\nL-y += c.c\n"
    one, again, _, last = scope(text).items("L-y")
    assert (one.text, again.text, last.text) == ("a.c", "a.c", "c.c")
    assert not one.meets(again)
    assert one.meets(last)
    assert again.meets(last)


def test_lists_in_lists_includes_and_own_macros():
    text = """\
$(eval $(call addlib,libx))
include $(LIBX_BASE)/rules
PART-y += $(LIBX_BASE)/one.c
$(eval $(call take,$(PART-y)))
$(eval $(call take,$(NOTHING-y)))
"""
    read = scope(text, rules="define take\nLIBX_SRCS-y += $(1)\nendef\n")
    assert [(i.text, i.origin.line) for i in read.items("LIBX_SRCS-y")] == [("/one.c", 3)]
    assert read.left == ()


def test_what_cannot_be_evaluated_is_told_and_kept():
    text = "X = $(shell ls)\ninclude gone\n$(foreach i,a,$(eval $(i) = 1))\ninclude Makefile.uk\n"
    read = scope(text)
    assert [value.text for value in read.values("a $(X) b")] == ["a $(shell ls) b"]
    assert [statement.line for statement, _ in read.left] == [2, 3, 4]


def test_a_variable_that_names_itself_ends():
    read = scope("X = $(Y)\nY = $(X)\nL-y += $(L-y) a\n")
    assert all(not value.known for value in read.values("$(X)"))
    assert read.items("L-y")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$(subst .,_,1.2.3)", "1_2_3"),
        ("$(patsubst %.c,%.o,a.c b.h)", "a.o b.h"),
        ("$(notdir a/b c)", "b c"),
        ("$(addprefix x/,a b)", "x/a x/b"),
        ("$(addsuffix .c,a b)", "a.c b.c"),
        ("$(strip  a   b )", "a b"),
        ("$(firstword a b)", "a"),
        ("$(call uc,libx)", "LIBX"),
        ("${A}$(A)$$", "11$"),
    ],
)
def test_functions(text, value):
    assert [v.text for v in scope("A = 1\n").values(text)] == [value]
