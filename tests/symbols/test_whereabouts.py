from ukport.symbols.whereabouts import definers, header


def test_who_has_a_header(tmp_path):
    core = tmp_path / "core"
    (core / "lib/uknet/include/uk").mkdir(parents=True)
    (core / "lib/uknet/Makefile.uk").write_text("$(eval $(call addlib_s,libuknet,$(CONFIG_X)))\n")
    (core / "lib/uknet/include/uk/net.h").touch()
    musl = tmp_path / "musl"
    (musl / "include").mkdir(parents=True)
    (musl / "include/net.h").touch()
    roots = {"unikraft": core, "musl": musl}
    assert header("uk/net.h", roots) == ("libuknet (unikraft/lib/uknet/include/uk/net.h)",)
    assert header("net.h", roots) == (
        "libuknet (unikraft/lib/uknet/include/uk/net.h)",
        "musl (musl/include/net.h)",
    )
    assert header("no.h", roots) == header("*", roots) == header("", roots) == ()


def test_a_source_that_is_not_compiled(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.c").write_text("int f(void) { return g(); }\n")
    (tmp_path / "src/b.c").write_text("int g(void) { return 1; }\n")
    assert definers({"g", "h"}, tmp_path, {"src/a.c"}) == {"g": "src/b.c"}
    assert definers({"f"}, tmp_path, {"src/a.c"}) == {}
