"""Options and macros that upstream offers."""

import pytest

from ukport.glue import buildlists


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        (
            "CMakeLists.txt",
            'option(ONE "1" ON)\n# option(NO "" ON)\nOPTION( TWO "2" OFF)',
            ["ONE", "TWO"],
        ),
        ("meson_options.txt", "option('one-two', type: 'boolean')", ["one-two"]),
        (
            "lib/configure.ac",
            "AC_ARG_ENABLE([fast], x)\ndnl AC_ARG_WITH(no)\nAC_ARG_WITH(ssl)",
            ["fast", "ssl"],
        ),
        ("Kconfig", "menuconfig ONE\n\tbool\nconfig TWO\n", ["ONE", "TWO"]),
    ],
)
def test_options_of_a_build(path, text, names):
    assert buildlists.offers(path)
    assert list(buildlists.offered(path, text)) == names
    assert not buildlists.offers(f"x{path}.h/y")


def test_macros_that_are_left_to_others():
    text = """\
#ifndef KIT_H
#define KIT_H
#ifndef KIT_LEVEL
#define KIT_LEVEL 1
#endif
#if !defined(KIT_GUARDED) && KIT_LEVEL > 1
#define KIT_GUARDED 1
#endif
#endif
"""
    assert buildlists.guards(text) == {"KIT_H"}
    assert buildlists.open_macros(text) - buildlists.guards(text) == {"KIT_LEVEL", "KIT_GUARDED"}
