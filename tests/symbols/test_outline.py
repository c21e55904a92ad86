"""Functions of sources as they are written, before any preprocessor."""

from hypothesis import given
from hypothesis import strategies as st

from ukport.symbols import outline

SOURCE = """\
/* int no(void) { } */
#include <stddef.h>
struct s { int a; };
static const int table[] = { 1, 2 };
extern "C" {
ATTRIBUTE(64) static int plain(int x) // {
{
	return x ? '{' : "}"[0];
}
}
#if A
int two(int a) {
#else
int two(int a, int b) {
#endif
	return a;
}
enum e {
	ONE, /* , NOT */
#if X
	TWO = 2,
#endif
	THREE
};
#ifdef B
#endif
void *pointer(size_t n) MACRO
{
#define LOCAL {
	while (n--) { n++; }
	return 0;
}
"""


def test_where_functions_are():
    found = {one.name: (one.first, one.last) for one in outline.functions(SOURCE)}
    assert found == {"plain": (6, 9), "two": (14, 17), "pointer": (27, 32)}


def test_comments_and_white_space_are_no_code():
    (one,) = outline.functions("int f(void)\n{\n\treturn 1; // one\n}\n")
    (other,) = outline.functions("int f(void) {   return 1;\n\n/* */ }\n")
    (third,) = outline.functions('int f(void) { return "//"[0]; }')
    assert one.text == other.text == "int f(void) { return 1; }"
    assert one.head == "int f(void)"
    assert '"//"' in third.text


def test_enumerators():
    assert outline.enumerators(SOURCE) == {"ONE", "TWO", "THREE"}


@given(st.text(alphabet="{}();#\"'/*\\\n aif", max_size=60))
def test_any_text_has_an_outline(text):
    lines = text.count("\n") + 1
    assert outline.plain(text).count("\n") == text.count("\n")
    for one in outline.functions(text):
        assert 1 <= one.first <= one.last <= lines
