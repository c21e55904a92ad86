"""Looking for a line or a word finds what listing them all finds."""

from tests.series.lab import Lab
from ukport.git.difference import differences
from ukport.series.gained import Gained, words

OLD = b"int kept(void);\n"
NEW = b"int kept(void);\n  long  added_word(12years, a-hyphen-ed);\n\n++counter;\n"
NEW += b"-7 x1y2z3w4 7seven\n"
QUERIES = (
    *(b"longadded_word(12years,a-hyphen-ed);", b"++counter;", b"-7x1y2z3w47seven"),
    *(b"intkept(void);", b"added_word", b"longadded_word(12years,a-hyphen-ed)"),
)
NAMES = (
    b"added_word",
    b"added",
    b"word",
    b"years",
    b"a-hyphen-ed",
    b"hyphen-ed",
    b"seven",
    b"long",
)


def test_few_and_many_looks_agree(lab: Lab) -> None:
    old = lab.commit({"a.c": OLD}, "old")
    new = lab.commit({"a.c": NEW, "sub/b.c": b"another_file();\n"}, "new")
    compared = [differences(lab.repo, old, new) for _ in range(2)]
    few, many = Gained(compared[0], 1000), Gained(compared[1], 0)
    assert [few.line(q) for q in QUERIES] == [many.line(q) for q in QUERIES]
    assert [few.line(q) for q in QUERIES] == [True, True, True, False, False, False]
    asked = [*NAMES, b"another_file", *sorted(words(OLD + NEW))]
    assert [few.word(name) for name in asked] == [many.word(name) for name in asked]
    assert few.word(b"years")
    assert not few.word(b"word")
    for one in compared:
        one.job.close()
