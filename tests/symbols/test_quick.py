"""What is read without a parser against what pycparser reads."""

import pytest

from ukport.symbols import quick
from ukport.symbols.declare import Reader

QUICK = [
    "int f(void);",
    "extern char *f(const char *a, size_t n);",
    "static inline __attribute__((always_inline)) int f(int x);",
    "extern int f(int x) __attribute__((noreturn, weak));",
    "unsigned long long f(int a[], ...);",
    'extern int f(int x) __asm__("" "g");',
    'int f(void) __attribute__((weak, alias("g")));',
    "_Noreturn void f(void);",
    "const struct s *const *f(struct s *x, enum e y);",
    "__extension__ extern __inline int f(int x);",
    "static int\n\nf(int x);",
]
ELSEWHERE = [
    "int x;",
    "int (f)(int x);",
    "extern int (f);",
    "static const T (name);",
    "void (*f(int x))(int);",
    "int f(int x), g(int y);",
    "int f(void (*g)(int));",
    "typedef int f(int);",
    "int f(int x) = 3;",
    "struct s { int a; } f(void);",
    "f(int x);",
    "extern f(int x);",
    '_Static_assert(1, "x");',
    "_Alignas(8) int x;",
    '__asm__(".text");',
    "int a[sizeof(int)];",
]


@pytest.mark.parametrize("text", QUICK)
def test_the_same_as_the_parser_says(text):
    record = Reader().read(text, ["size_t"], {}, {})
    found = quick.function(text)
    assert found is not None
    assert found.declared == record.declared


@pytest.mark.parametrize("text", ELSEWHERE)
def test_the_parser_looks_at_the_rest(text):
    assert quick.function(text) is None


def test_a_body_is_left_unread():
    found = quick.function("static inline int f(int x) { int y = x; return g(y) + 1; }")
    (one,) = found.declared
    assert (one.name, one.unread, one.static, one.inline, one.references) == (
        *("f", True, True, True, ()),
    )
