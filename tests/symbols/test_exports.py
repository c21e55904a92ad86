from ukport.symbols.declarations import read


def test_what_public_headers_declare(tmp_path):
    (tmp_path / "inner.h").write_text("int inner(void);\n")
    (tmp_path / "kit.h").write_text(
        '#include <stdlib.h>\n#include "inner.h"\ntypedef int fun(int);\n'
        "int kit_a(void); extern int kit_b; static int no(void) { return 0; }\n"
        'inline int neither(void) { return 0; } fun kit_c; int kit_d(void) __asm__("kit_e");\n'
    )
    (tmp_path / "more.h").write_text("int more(void);\n")
    told = read(["kit.h", "more.h"], [tmp_path], [], ["kit.h"])
    assert told.exported == ("kit_a", "kit_b", "kit_c", "kit_e")
    assert read(["kit.h"], [tmp_path], []).exported == ()
