"""Which files belong together, by their symbols."""

from hypothesis import given
from hypothesis import strategies as st

from ukport.symbols.closure import Object, closure, outside


def made(**files: tuple[str, str]) -> dict[str, Object]:
    return {
        name.replace("_", "/") + ".c": Object(frozenset(d.split()), frozenset(n.split()))
        for name, (d, n) in files.items()
    }


def test_what_is_needed_and_no_more():
    files = made(a=("api", "help"), b=("help", "malloc deep"), c=("deep", ""), d=("other", "api"))
    assert closure(["api"], files) == ("a.c", "b.c", "c.c")
    assert outside(["a.c", "b.c", "c.c"], files) == {"malloc": ("b.c",)}
    assert outside(["a.c"], files) == {"help": ("a.c",)}


def test_of_two_the_preferred_then_the_nearest():
    files = made(lib_a=("api", "help"), lib_b=("help", ""), contrib_b=("help", ""))
    assert closure(["api"], files) == ("lib/a.c", "lib/b.c")
    assert closure(["api"], files, {"contrib/b.c"}) == ("contrib/b.c", "lib/a.c")


NAMES = st.frozensets(st.sampled_from("abcdefgh"), max_size=4)


@given(st.dictionaries(st.sampled_from(["x.c", "y/x.c", "z.c"]), st.builds(Object, NAMES, NAMES)))
def test_a_closure_needs_nothing_that_a_file_left_out_defines(files):
    chosen = closure("abc", files)
    left = {n for f, o in files.items() if f not in chosen for n in o.defines}
    assert not left & outside(chosen, files).keys()
