"""What changed between the symbols of two versions."""

import pytest

from ukport.symbols.difference import declaration, functions
from ukport.symbols.library import Symbols
from ukport.symbols.model import Defined, Unit


def version(name: str, *units: Unit) -> Symbols:
    return Symbols("kit", name, "libkit", units, (), ())


def unit(file: str, defines=(), local=()):
    made = [
        tuple(
            Defined(name, where, 1, function=True, signature=type_) for name, where, type_ in some
        )
        for some in (defines, local)
    ]
    return Unit(file, made[0], (), made[1])


def compare(old, new):
    return functions(version("1", *old), version("2", *new), {"a.c", "b.c", "a.h"})


def test_added_removed_moved():
    shared = ("twice", "a.h", "int (int x)")
    old = [unit("a.c", [("f", "a.c", "int (void)"), ("g", "a.c", "int (void)")], [shared])]
    new = [
        unit("a.c", [("h", "a.c", "void (void)")], [shared]),
        unit("b.c", [("g", "b.c", "int (void)")], [shared, ("core", "core.h", "int (void)")]),
    ]
    found = compare(old, new)
    assert [(one.name, one.file, one.static) for one in found.added] == [("h", "a.c", False)]
    assert [one.name for one in found.removed] == ["f"]
    assert [(one.name, one.before, one.after) for one in found.moved] == [("g", "a.c", "b.c")]
    assert found.changed == ()


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("int (int x)", "int (int y)", True),
        ("int (void)", "int (int y)", False),
        ("int (const char *a, ...)", "int (const char *b, ...)", True),
        ("int (char *argv[], size_t n)", "int (char *words[], size_t count)", True),
        ("int (void (*f)(int), long x)", "int (void (*g)(int), long x)", True),
        ("int (void (*f)(int))", "int (void (*f)(long))", False),
        ("int (unsigned x)", "int (unsigned long x)", False),
        ("char *(struct s *one)", "char *(struct s *two)", True),
        ("char *(struct s *one)", "char *(struct t *one)", False),
        ("int (T * const heap)", "int (T * const h)", True),
    ],
)
def test_names_of_parameters_are_no_types(before, after, same):
    found = compare([unit("a.c", [("f", "a.c", before)])], [unit("a.c", [("f", "a.c", after)])])
    assert (found.changed == ()) is same


def test_what_becomes_static_is_told():
    old, new = (
        [unit("a.c", [("f", "a.c", "int (void)")])],
        [unit("a.c", (), [("f", "a.c", "int (void)")])],
    )
    (changed,) = compare(old, new).changed
    assert (changed.before, changed.after) == ("int (void)", "static int (void)")


def test_a_declaration_has_its_name():
    assert declaration("f", "void *(size_t n)") == "void *f(size_t n)"
    assert declaration("f", "static int (void)") == "static int f(void)"
