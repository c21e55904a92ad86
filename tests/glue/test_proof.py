from ukport.glue.proof import Ground, promised, prove
from ukport.symbols.library import Double, Outside, Provider, Source, Symbols
from ukport.symbols.model import Defined, Place, Unit

MAKEFILE = "A = 1\nLIBTOY_SRCS-y += $(LIBTOY)/src/a.c\nLIBTOY_SRCS-y += $(LIBTOY_BASE)/glue.c\n"
GROUND = Ground(MAKEFILE, {"LIBUKALLOC"}, {"LIBUKALLOC", "LIBUKSCHED", "LIBUKMMAP"}, None)
USED = (Place("src/a.c", 7, "f"),)


UNITS = (Unit("src/a.c", (), ()),)


def symbols(*outside, units=UNITS, doubles=()):
    return Symbols("toy", "1.0", "libtoy", units, outside, doubles)


def found(told, ground=GROUND):
    return [(one.rule, one.line, one.message) for one in prove(told, ground)]


def library(name):
    return Provider(Source.LIBRARY, name, "x.c")


def test_all_is_provided():
    told = symbols(Outside("uk_malloc", library("libukalloc"), USED))
    assert found(told) == []


def test_a_library_of_the_platform_has_no_option():
    assert found(symbols(Outside("ukplat_halt", library("libkvmplat"), USED))) == []


def test_nobody_provides_it():
    told = symbols(Outside("lost", Provider(Source.NOBODY), USED))
    ((rule, _, message),) = found(told)
    assert rule == "missing-symbol"
    assert message == "lost: nobody provides it; used at src/a.c:7"


def test_a_library_that_is_not_selected_is_named():
    outside = Outside("uk_map", Provider(Source.UNSELECTED, "libukmmap", "x"), USED)
    (one,) = prove(symbols(outside), GROUND)
    assert "libukmmap" in one.message
    assert one.cure == "add LIBUKMMAP to glue.selects in the recipe"


def test_a_library_that_only_this_configuration_has():
    told = symbols(Outside("uk_sched_yield", library("libuksched"), USED))
    ((rule, _, message),) = found(told)
    assert (rule, "LIBUKSCHED" in message) == ("unselected-provider", True)
    asked = Unit("glue.c", (), (), used=("CONFIG_LIBUKSCHED",))
    assert found(symbols(*told.outside, units=(asked,))) == []


def test_sources_that_do_not_go_together():
    twice = Double("f", ("src/a.c", "lib-toy/glue.c"))
    broken = Unit("src/a.c", (), (), parsed=False, broken=True, reason="no", missing="x.h")
    low = Unit("lib-toy/glue.c", (), (), parsed=False, reason="assembler")
    rules = [
        (rule, line) for rule, line, _ in found(symbols(units=(broken, low), doubles=(twice,)))
    ]
    assert rules == [("broken-source", 2), ("unparsed-source", 3), ("symbol-twice", 3)]


def test_an_export_that_nobody_defines():
    unit = Unit("src/a.c", (Defined("f", "src/a.c", 1, function=True),), ())
    ground = Ground(MAKEFILE, (), (), ("g",), promised("# head\nf\ng # why\nh\n\n"))
    assert found(symbols(units=(unit,)), ground) == [
        ("hidden-symbol", 3, "no source defines g"),
        ("declared-only", 4, "no source defines h"),
    ]
