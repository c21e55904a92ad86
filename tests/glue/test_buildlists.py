"""Upstream's build files are read for names, against the files that there are."""

import pytest

from ukport.glue import buildlists
from ukport.glue.propose import licence_of

FILES = (
    *("lib/one.c", "lib/two.c", "lib/deep/three.c", "lib/deep/fast.S", "lib/x.h", "lib/y.h"),
    *("tests/test.c", "programs/cli.c", "contrib/z/one.c", "include/x/z.h"),
)
SOURCES = buildlists.candidates(FILES)
HEADERS = tuple(f for f in FILES if f.endswith(".h"))


def test_candidates_are_no_tests_and_no_programs():
    assert SOURCES == ("lib/one.c", "lib/two.c", "lib/deep/three.c", "lib/deep/fast.S")


CMAKE = """\
project(x C) # one.c
option(X_FAST "Be fast, (really)" ON)
option(X_SLOW "Be slow" OFF)
set(LIB_DIR ${CMAKE_CURRENT_SOURCE_DIR}/lib)
set(X_PUBLIC_HDRS ${LIB_DIR}/x.h)
file(GLOB MORE ${LIB_DIR}/deep/*.c)
add_library(x ${LIB_DIR}/one.c
    ${UNKNOWN}/two.c ${MORE})
add_executable(t tests/test.c)
set(X_TEST_SRCS lib/two.c)
"""


def test_cmake():
    known = buildlists.variables({"CMakeLists.txt": CMAKE})
    assert known["LIB_DIR"] == "//lib"
    read = buildlists.read("CMakeLists.txt", CMAKE, SOURCES, HEADERS, known)
    assert sorted(read.sources) == ["lib/deep/three.c", "lib/one.c", "lib/two.c"]
    assert read.headers == ("lib/x.h",)
    assert [(s.name, s.help, s.on) for s in read.switches] == [
        ("X_FAST", "Be fast, (really)", True),
        ("X_SLOW", "Be slow", False),
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("lib/Makefile", "OBJS = one.o two.o deep/three.o \\\n\tdeep/fast.o\nTEST_OBJS = gone.o\n"),
        ("Makefile.am", "x_SOURCES = lib/one.c lib/two.c lib/deep/*.c lib/deep/fast.S\n"),
        (
            "meson.build",
            "s = files('lib/one.c', 'lib/two.c', 'lib/deep/three.c',\n'lib/deep/fast.S')",
        ),
        ("build/x.mk", "SRCS := $(D)/one.c $(D)/two.c $(D)/deep/three.c $(D)/deep/fast.S\n"),
    ],
)
def test_other_build_files(path, text):
    assert set(buildlists.read(path, text, SOURCES, HEADERS).sources) == set(SOURCES)


def test_any_text_is_no_error():
    for text in ("set(", "option(A", "a = $(", "'", "\0", "set(A ${A})\nfile(GLOB B ${A}/*.c)"):
        for path in ("CMakeLists.txt", "Makefile", "meson.build"):
            buildlists.read(path, text, SOURCES, HEADERS, buildlists.variables({path: text}))


def test_macros():
    text = "#ifdef X_A\n# if defined(X_B) && \\\n  X_C > 1\n#define X_D 1\nint X_E;\n"
    text += "#elif X_F\n#endif\n"
    assert buildlists.tested_macros(text) == {"X_A", "X_B", "X_C", "X_F"}
    assert buildlists.defined_macros(text) == {"X_D"}


def test_licences():
    assert licence_of("Permission is hereby granted, free\n of charge, to any person") == "MIT"
    assert licence_of("provided 'as-is' ... must not be misrepresented") == "Zlib"
    assert licence_of("all rights reserved") == ""
