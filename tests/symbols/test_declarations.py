import pytest

from ukport.symbols.declarations import DeclarationError, parse, read, strip_extensions

HEADER = """\
#pragma once
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#define KIT_VERSION 219 // 2.1.9
#define KIT_MAX(a, b) ((a) > (b) ? (a) : (b))
typedef enum kit_option_e { kit_slow, kit_fast = 3 } kit_option_t;
typedef struct kit_config_s { size_t page_size; bool has_overcommit; } kit_config_t;
int kit_alloc(size_t size, bool *is_zero, void **addr)
	__attribute__((nonnull(2), warn_unused_result));
extern __thread int kit_slot;
static inline const char *kit_name(void) { const char *s = ")}"; return __extension__ ({ s; }); }
bool kit_env(const char *name);
void *(*kit_hook(int which))(size_t);
uint64_t kit_ticks(void);
"""


@pytest.fixture
def declared(tmp_path):
    (tmp_path / "kit.h").write_text(HEADER)
    return read(["kit.h"], [tmp_path], [])


def test_functions_with_their_parameters(declared):
    assert declared.functions["kit_alloc"].parameters == ("size", "is_zero", "addr")
    assert declared.functions["kit_alloc"].returns == "int"
    assert declared.functions["kit_env"].returns == "_Bool"
    assert declared.functions["kit_name"].returns == "const char *"
    assert "kit_slot" not in declared.functions


def test_structs_by_tag_and_typedef(declared):
    assert declared.structs["kit_config_t"] == ("page_size", "has_overcommit")
    assert declared.structs["kit_config_s"] == declared.structs["kit_config_t"]


def test_enumerators(declared):
    assert {"kit_slow", "kit_fast"} <= declared.enumerators


def test_macros(declared):
    assert declared.macros["KIT_VERSION"].split()[0] == "219"
    assert "KIT_MAX" in declared.macros


def test_system_headers_are_read_too(declared):
    assert declared.functions["malloc"].returns == "void *"


def test_a_header_that_the_preprocessor_rejects_is_named(tmp_path):
    (tmp_path / "bad.h").write_text("#include <there/is/no/such.h>\n")
    with pytest.raises(DeclarationError, match=r"there/is/no/such\.h"):
        read(["bad.h"], [tmp_path], [])


def test_what_cannot_be_parsed_is_an_error_of_ours():
    with pytest.raises(DeclarationError, match="could not be read"):
        parse("int f(;", {})


@pytest.mark.parametrize("text", ["int f(", "}", "__attribute__((", "struct s {", '"', ")("])
def test_unbalanced_text_does_not_hang(text):
    assert isinstance(strip_extensions(text), str)


def test_types_of_the_compilers_own_headers():
    declared = parse("typedef _Float16 half;\ntypedef __bf16 brain;\nvoid f(half h);", {})
    assert "f" in declared.functions
