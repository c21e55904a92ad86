"""Units of our own against what gcc's objects say."""

import subprocess
from pathlib import Path

import pytest

from ukport.symbols import analyse as engine
from ukport.symbols import objects
from ukport.symbols.command import Command, parse

GCC = subprocess.run(
    ["gcc", "-print-file-name=include"], capture_output=True, text=True, check=True
).stdout.strip()

DECLARED = """\
int g(int); int h(void); void sink(void *); extern int outer; extern int table[];
typedef unsigned long size; typedef long word; typedef int (*handler)(int);
enum level { LOW = 0, HIGH = LOW + 2 };
struct pair { int g; int h; };
"""
SNIPPETS = {
    "calls": "int f(void) { return g(1) + outer; }",
    "unused static": "static int f(void) { return h(); }",
    "unused static inline": "static inline int f(void) { return h(); }",
    "used static inline": "static inline int f(void) { return h(); } int k(void) { return f(); }",
    "inline without extern": "inline int f(void) { return h(); } int k(void) { return f(); }",
    "extern inline": "extern inline int f(void) { return h(); }",
    "inline declared extern": "inline int f(void) { return h(); } int f(void);",
    "gnu inline": "extern inline __attribute__((gnu_inline)) int f(void) { return h(); }",
    "gnu inline placed": (
        "extern inline __attribute__((gnu_inline, always_inline)) int f(void) { return h(); }"
        " int k(void) { return f(); }"
    ),
    "parameter hides": "int f(int h) { return h; }",
    "local hides": "int f(void) { int outer = 1; { int g = 2; outer += g; } return outer; }",
    "scope ends": "int f(void) { { int outer = 1; sink(&outer); } return outer; }",
    "loop scope": "int f(void) { for (int g = 0; g < 3; g++) sink(&g); return g(1); }",
    "extern inside": "int f(void) { int x = 0; { extern int x; return x; } }",
    "member": "int f(struct pair *p) { return p->g + p->h; }",
    "designator": "struct pair p = { .g = 1, .h = 2 }; int a[] = { [HIGH] = 1 };",
    "sizeof": "size f(void) { return sizeof(h()) + sizeof(outer) + _Alignof(int); }",
    "typeof": "int f(void) { __typeof__(h()) x = 1; return x; }",
    "dead if": "int f(void) { if (0) return g(1); else return h(); }",
    "dead enum": "int f(void) { if (HIGH == 2) return g(1); return h(); }",
    "dead sizeof": "int f(void) { if (sizeof(void *) == 4) return g(1); return 0; }",
    "dead cast": "int f(void) { if ((size)1 > 2) return g(1); return 0; }",
    "dead and": "int f(int x) { if (x && 0) return g(x); return 0; }",
    "called and dead": "int f(int x) { if (h() && 0) return g(x); return 0; }",
    "or": "int f(int x) { if (1 || h()) return g(x); return 0; }",
    "choice": "int f(void) { return LOW ? g(1) : h(); }",
    "while 0": "int f(void) { while (0) h(); do g(1); while (0); return 0; }",
    "after return": "int f(void) { return 0; h(); }",
    "after endless": "int f(void) { for (;;) g(1); h(); }",
    "endless with break": "int f(int x) { for (;;) { if (x) break; } return h(); }",
    "label revives": "int f(int x) { if (x) goto out; return 0; out: return h(); }",
    "dead with label": "int f(int x) { if (x) goto in; if (0) { in: return h(); } return 0; }",
    "switch": "int f(int x) { switch (x) { case 1: return h(); default: break; } return g(x); }",
    "unreachable": "int f(int x) { if (x) return 1; __builtin_unreachable(); return h(); }",
    "out of range": "int f(word x) { if (x > 0x7fffffffffffffffL) return h(); return 0; }",
    "in range": "int f(size x) { if (x > 0x7fffffffffffffffL) return h(); return 0; }",
    "below zero": "int f(size x) { if (x < 0) return h(); return 0; }",
    "initializer": "handler hook = g; int *place = &outer; static void *kept = &table;",
    "tentative": "int t; int t; static int s; extern int e; extern int i = 1;",
    "thread": "__thread int t; extern __thread int u; int f(void) { return u; }",
    "weak": "__attribute__((weak)) int f(void) { return 1; } int k(void) { return f(); }",
    "alias": 'int f(void) { return 1; } int k(void) __attribute__((alias("f")));',
    "weak alias": "static int f(void) { return 1; }"
    ' extern __typeof__(f) k __attribute__((__weak__, __alias__("f")));',
    "label": 'int renamed(int) __asm__("other"); int f(void) { return renamed(1); }',
    "constructor": "static __attribute__((constructor)) void f(void) { h(); }",
    "kept inline": "static inline __attribute__((used)) int f(void) { return h(); }",
    "asm": 'void f(int x) { __asm__ volatile("addl %1, %0" : "+r"(x) : "m"(outer) : "memory"); }',
    "asm in else": 'void f(int x) { if (x) h(); else __asm__ volatile("nop"); }',
    "register": 'int f(void) { register int x __asm__("ebx") = outer; return x; }',
    "statement expression": "int f(void) { return ({ int g = 1; g + outer; }); }",
    "cleanup": "static void done(int *x) { h(); } void f(void) {"
    " __attribute__((cleanup(done))) int x = 1; sink(&x); }",
    "old style": "int f(a, b) int a; handler b; { return a + g(1); }",
    "va_arg": "int f(int n, ...) { __builtin_va_list l; __builtin_va_start(l, n);"
    " int x = __builtin_va_arg(l, int); __builtin_va_end(l); return x; }",
    "blocks": "int f(char *a, char *b, size n) { __builtin_memcpy(a, b, n);"
    " __builtin_memmove(a, b, n + 1); __builtin_memset(a, 0, n);"
    " return __builtin_memcmp(a, b, n); }",
    "small block": "void f(int *a, int *b) { __builtin_memcpy(a, b, sizeof(int)); }",
    "offsetof": "size f(void) { return __builtin_offsetof(struct pair, h); }",
    "attribute on struct": "struct __attribute__((packed)) tight { char c; int h; } t;",
    "auto type": "int f(void) { __auto_type x = outer; return x; }",
    "function type": "typedef int fun(int); fun later; int f(void) { return later(1); }",
    "array of functions": "static handler all[] = { g, 0 }; int f(void) { return all[0](1); }",
    "popcount": "int f(size x) { return __builtin_popcountl(x); }",
    "compatible": "int f(void) { return __builtin_types_compatible_p(int, size) ? 1 : h(); }",
    "string with braces": 'const char *f(void) { return "})" ";{"; } int k(void) { return h(); }',
    "bool": "_Bool b; int f(void) { return !b; }",
    "typedef before its struct": "typedef struct one one; struct one { one *next; int h; };"
    " struct two { one first; }; one *f(struct one *x) { return x->next; }"
    " int k(one *x) { if (sizeof(one) == 16) return x->h; return h(); }",
    "typedef behind its struct": "struct one { int g; }; typedef struct one one; one x;"
    " int f(void) { if (sizeof(one) != 4) return g(1); return x.g; }",
    "typedef and enum": "typedef enum one one; enum one { A = 1 }; one x; int f(void)"
    " { if (A == 2) return h(); return x; }",
    "generic": "int f(word x) { return _Generic(x, word: h(), default: h()); }",
}


def analyse(folder: Path, *sources: str, options: tuple[str, ...] = ("-w",)):
    commands = [Command("gcc", options, str(folder / s), f"{s}.o") for s in sources]
    place = engine.Place(folder / "kept", lambda path: path.rpartition("/")[2], (GCC,))
    return commands, engine.analyse(commands, place, "test")


def symbols(unit):
    return {d.name for d in unit.defines}, {n.name for n in unit.needs}


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_unit_is_what_its_object_is(tmp_path, name):
    (tmp_path / "unit.c").write_text(f"{DECLARED}{SNIPPETS[name]}\n")
    (command,), (unit,) = analyse(tmp_path, "unit.c")
    assert unit.parsed, unit.reason
    subprocess.run(command.compile(tmp_path / "unit.o"), check=True)
    defines, needs = objects.read(tmp_path / "unit.o")
    # Nothing is known of the types that __builtin_types_compatible_p compares: both ways count.
    more = {"h"} if name == "compatible" else set()
    assert symbols(unit) == (set(defines), set(needs) | more)


def test_places_headers_builtins_and_macros(tmp_path):
    (tmp_path / "own.h").write_text("int g(int);\n#define TWICE(x) ((x) * 2)\n")
    (tmp_path / "unit.c").write_text(
        '#include "own.h"\n#include <stdint.h>\n#include <immintrin.h>\n'
        "#if LEVEL > 1\nint more;\n#endif\n\n"
        "int f(int x)\n{\n\t_mm_pause();\n\treturn __builtin_expect(x, 1)\n"
        "\t\t? g(TWICE(x)) : 0;\n}\n"
    )
    _, (unit,) = analyse(tmp_path, "unit.c")
    (needed,) = unit.needs
    assert [(p.file, p.line, p.inside) for p in needed.places] == [("unit.c", 12, "f")]
    assert unit.defines[0].signature == "int (int x)"
    assert (unit.defines[0].file, unit.defines[0].line) == ("unit.c", 8)
    assert "own.h" in unit.headers
    assert [b.name for b in unit.builtins] == ["__builtin_expect"]
    assert [i.name for i in unit.intrinsics] == ["_mm_pause"]
    assert "LEVEL" in unit.missed
    assert "TWICE" in unit.used


def test_what_cannot_be_parsed_is_read_from_its_object(tmp_path):
    (tmp_path / "odd.c").write_text(
        "int g(int); int f(int x) { int k(int y) { return g(x + y); } return k(1); }\n"
    )
    (tmp_path / "low.S").write_text(".globl low\nlow: call far\n")
    (tmp_path / "top.c").write_text('__asm__(".globl top\\ntop: ret");\n')
    _, (odd, low, top) = analyse(tmp_path, "odd.c", "low.S", "top.c")
    assert symbols(odd) == ({"f"}, {"g"})
    assert symbols(low) == ({"low"}, {"far"})
    assert symbols(top) == ({"top"}, set())
    assert [unit.parsed or unit.broken for unit in (odd, low, top)] == [False] * 3
    assert odd.reason.startswith("odd.c:1: not C that pycparser reads: ")
    assert "assembler" in top.reason


def test_a_missing_header_is_named(tmp_path):
    (tmp_path / "unit.c").write_text("#include <not/there.h>\nint f(void);\n")
    _, (unit,) = analyse(tmp_path, "unit.c")
    assert (unit.broken, unit.missing, unit.defines) == (True, "not/there.h", ())
    (tmp_path / "unit.c").write_text("#error no\n")
    _, (unit,) = analyse(tmp_path, "unit.c")
    assert unit.broken
    assert "#error no" in unit.reason


def test_the_same_text_means_what_the_types_before_it_mean(tmp_path):
    use = "int f(void) { if (sizeof(t) == 8) h(); return LIMIT ? g(1) : 0; }\n"
    head = "int g(int); int h(void); "
    (tmp_path / "a.c").write_text(f"{head}typedef long t; enum {{ LIMIT = 1 }};\n{use}")
    (tmp_path / "b.c").write_text(f"{head}typedef int t; enum {{ LIMIT = 0 }};\n{use}")
    for _ in range(2):  # the second time from what was kept
        _, (a, b) = analyse(tmp_path, "a.c", "b.c")
        assert symbols(a)[1] == {"g", "h"}
        assert symbols(b)[1] == set()


@pytest.mark.parametrize("content", [b"", b"\x81", b"no msgpack", b"\x93\x01\x02\x03"])
def test_a_damaged_cache_is_no_cache(tmp_path, content):
    (tmp_path / "unit.c").write_text("int f(void) { return 1; }\n")
    _, first = analyse(tmp_path, "unit.c")
    (kept,) = (tmp_path / "kept").iterdir()
    kept.write_bytes(content)
    assert analyse(tmp_path, "unit.c")[1] == first


def test_a_build_s_line_is_a_command():
    line = 'gcc -O2 -DX="a b" -D__BASENAME__=a.c -c /s//a.c -o /b/a.v.o -Wp,-MD,/b/.a.o.d'
    command = parse(line, ("gcc",))
    assert command == Command("gcc", ("-O2", "-DX=a b", "-D__BASENAME__=a.c"), "/s/a.c", "a.v.o")
    assert "-O2" in command.preprocess
    assert "-O2" not in command.compile(Path("o"))
    assert parse("ld -r a.o", ("gcc",)) is None
    assert parse("gcc a.o -o a", ("gcc",)) is None


def test_what_is_no_object(tmp_path):
    (tmp_path / "x.o").write_text("nothing")
    with pytest.raises(objects.ObjectError, match=r"x\.o is no object"):
        objects.read(tmp_path / "x.o")
