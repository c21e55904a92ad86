"""What is tried, and asked, where a patch does not land by one jump."""

from itertools import pairwise
from pathlib import Path

import pytest

from tests.series.lab import Lab, function
from ukport.series import Fate, Outcome, PatchResult
from ukport.series.decide import Decision, carry
from ukport.series.explain import names_in
from ukport.series.rebase import rebase

ONE, TWO, THREE = (function(name) for name in ("one", "two", "three"))
LONG = b"".join(function(f"long{n}") for n in range(4))


def edited(data: bytes, old: str, new: str) -> bytes:
    assert data.count(old.encode()) == 1
    return data.replace(old.encode(), new.encode())


def moved_then_changed(lab: Lab, *, tags: bool) -> tuple[str, str]:
    """Upstream moves a function at v1, and changes a line near the patch at v2."""
    old = lab.commit({"a.c": ONE + TWO + LONG}, "v0")
    first = lab.commit({"a.c": ONE + LONG + TWO}, "move two to the end")
    if tags:
        lab.git("tag", "v1", first)
    second = edited(ONE + LONG + TWO, "int two_1 = 1;", "int two_1 = 11;")
    return old, lab.commit({"a.c": second}, "v2")


def test_a_patch_lands_by_way_of_the_tags(lab: Lab, tmp_path: Path) -> None:
    old, new = moved_then_changed(lab, tags=True)
    mine = lab.commit({"a.c": edited(ONE + TWO + LONG, "two_3 = 3", "two_3 = 33")}, "mine", old)
    data = edited(ONE + TWO + LONG, "two_3 = 3", "two_3 = 33")
    more = lab.commit({"a.c": edited(data, "two_3 = 33", "two_3 = 333")}, "on top of it")
    series = [lab.patch(old, mine), lab.patch(mine, more, "0002-y.patch")]
    done = rebase(lab.repo, series, old, new, scratch=tmp_path / "scratch")
    assert [r.outcome for r in done.results] == [Outcome.ADJUSTED, Outcome.ADJUSTED]
    assert done.results[0].evidence[0].kind == "hops"
    assert "v1" in done.results[0].evidence[0].detail
    assert "landed by way of the tags" in done.results[0].reason
    tree = done.repo.read(done.tree, "a.c")
    assert tree == edited(lab.file(new, "a.c"), "two_3 = 3", "two_3 = 333")
    lab.git("checkout", "-q", "-f", "--detach", new)
    for patch in done.series:
        lab.git("apply", "--index", "-", input=patch.raw)
    assert lab.git("write-tree").decode().strip() == done.tree


def test_tags_and_history_serve_after_a_decision(lab: Lab, tmp_path: Path) -> None:
    data = {"a.c": ONE + TWO + LONG, "b.c": THREE}
    old = lab.commit(data, "v0")
    first = lab.commit({**data, "a.c": ONE + LONG + TWO}, "move two to the end")
    lab.git("tag", "v1", first)
    second = edited(ONE + LONG + TWO, "int two_1 = 1;", "int two_1 = 11;")
    second = edited(second, "int one_3 = 3;", "int one_3 = 30;")
    taken = edited(THREE, "int three_3 = 3", "int three_3 = 33")
    lab.commit({"a.c": second, "b.c": taken}, "take a change")
    rewritten = edited(taken, "int three_3 = 33", "int three_3 = 3300")
    new = lab.commit({"a.c": second, "b.c": rewritten}, "v2")
    clash = edited(ONE + TWO + LONG, "one_3 = 3", "one_3 = 33")
    theirs = lab.commit({**data, "a.c": clash}, "clash", old)
    hops = edited(clash, "two_3 = 3", "two_3 = 33")
    mine = lab.commit({**data, "a.c": hops}, "by the tags")
    last = lab.commit({"a.c": hops, "b.c": taken}, "upstream took it")
    series = [
        lab.patch(old, theirs, "0001-clash.patch"),
        lab.patch(theirs, mine, "0002-hops.patch"),
        lab.patch(mine, last, "0003-taken.patch"),
    ]
    asked = carry(lab.repo, series, old, new, scratch=tmp_path / "ask", decisions={})
    assert asked.standing
    assert asked.standing.patch.name == "0001-clash.patch"
    answer = lab.commit(
        {"a.c": edited(second, "one_3 = 30", "one_3 = 33"), "b.c": rewritten}, "by hand", new
    )
    decided = Decision(lab.patch(new, answer, "0001-clash.patch"), "resolved by hand")
    decisions = {"0001-clash.patch": decided}
    done = carry(lab.repo, series, old, new, scratch=tmp_path / "go", decisions=decisions)
    assert done.standing is None
    results = done.rebase.results
    assert [r.outcome for r in results] == [Outcome.ADJUSTED, Outcome.ADJUSTED, Outcome.UPSTREAMED]
    assert [one.kind for one in results[1].evidence] == ["hops"]
    assert results[2].evidence[0].commit == lab.git("rev-parse", f"{new}~1").decode().strip()
    tree = done.rebase.repo.read(done.rebase.tree, "a.c")
    assert b"one_3 = 33" in tree
    assert b"two_3 = 33" in tree


def test_without_a_tag_there_is_no_other_way(lab: Lab, tmp_path: Path) -> None:
    old, new = moved_then_changed(lab, tags=False)
    mine = lab.commit({"a.c": edited(ONE + TWO + LONG, "two_3 = 3", "two_3 = 33")}, "mine", old)
    done = rebase(lab.repo, [lab.patch(old, mine)], old, new, scratch=tmp_path / "scratch")
    assert not done.clean


def test_a_hop_that_is_not_clean_lands_nothing(lab: Lab, tmp_path: Path) -> None:
    base = edited(ONE + TWO, "two_3 = 3", "two_3 = 3 + two_2")
    old = lab.commit({"a.c": base}, "v0")
    # At the tag the line is another one; it comes back together with a change of its surroundings.
    lab.git("tag", "v1", lab.commit({"a.c": edited(base, "two_3 = 3 + two_2", "two_3 = 9")}, "v1"))
    rewritten = edited(base, "two_3 = 3 + two_2", "two_3 = 4 + two_2")
    new = lab.commit({"a.c": rewritten}, "v2")
    mine = lab.commit({"a.c": edited(base, "3 + two_2", "33 * two_2")}, "mine", old)
    done = rebase(lab.repo, [lab.patch(old, mine)], old, new, scratch=tmp_path / "scratch")
    assert not done.clean
    assert done.series == ()


def test_an_unlanded_patch_names_those_that_it_stands_on(lab: Lab, tmp_path: Path) -> None:
    base = lab.commit({"a.c": ONE + TWO + THREE, "b.c": LONG}, "base")
    steps = [ONE + TWO + THREE]
    for before, after in (
        ("int one_1 = 1;", "int one_1 = 11;"),
        ("int two_3 = 3;", "int two_3 = 33;"),
        ("int three_3 = 3;", "int three_3 = 33;"),
        ("int two_3 = 33;", "int two_3 = 333;"),
    ):
        steps.append(edited(steps[-1], before, after))
    commits = [base]
    for number, data in enumerate(steps[1:], 1):
        commits.append(lab.commit({"a.c": data}, f"patch {number}", commits[-1]))
    series = [
        lab.patch(one, two, f"{number:04}-x.patch")
        for number, (one, two) in enumerate(pairwise(commits), 1)
    ]
    new = lab.commit({"a.c": edited(steps[0], "two_3 = 3;", "two_3 = 7;")}, "upstream", base)
    done = rebase(lab.repo, series, base, new, scratch=tmp_path / "scratch")
    assert [result.depends for result in done.results] == [(), (), (), ("0002-x.patch (conflict)",)]


def test_a_patch_that_stands_on_a_new_file_and_on_a_deletion(lab: Lab, tmp_path: Path) -> None:
    base = lab.commit({"a.c": ONE}, "base")
    first = lab.commit({"n.c": TWO, "a.c": ONE.replace(b"  int one_3 = 3;\n", b"")}, "one", base)
    both = {"n.c": edited(TWO, "two_3 = 3", "two_3 = 4"), "a.c": lab.file(first, "a.c")}
    second = lab.commit({"n.c": both["n.c"]}, "two", first)
    gap = edited(both["a.c"], "  int one_4 = 4;\n", "  int one_4 = 44;\n")
    third = lab.commit({"a.c": gap}, "three", second)
    series = [
        lab.patch(base, first),
        lab.patch(first, second, "0002-y.patch"),
        lab.patch(second, third, "0003-z.patch"),
    ]
    theirs = {"n.c": THREE, "a.c": edited(ONE, "int one_4 = 4;", "int one_4 = 5;")}
    new = lab.commit(theirs, "upstream", base)
    done = rebase(lab.repo, series, base, new, scratch=tmp_path / "scratch")
    assert [r.outcome.value for r in done.results] == ["partial", "conflict", "conflict"]
    assert done.results[1].depends == ("0001-x.patch (partial)",)
    assert done.results[2].depends == ("0001-x.patch (partial)",)


def one(
    lab: Lab, mine: dict[str, bytes], theirs: dict[str, bytes | None], base: str
) -> PatchResult:
    patched = lab.commit(mine, "mine", base)
    new = lab.commit(theirs, "upstream", base)
    done = rebase(lab.repo, [lab.patch(base, patched)], base, new)
    assert not done.clean
    assert done.series == ()
    return done.results[0]


def proposed(lab: Lab, result: PatchResult, path: str) -> bytes:
    """The file after the proposal was applied to upstream, where the work tree is."""
    assert result.outcome is Outcome.PARTIAL
    assert result.output is not None
    assert result.rejects
    lab.git("apply", "-", input=result.output.raw)
    return (lab.path / path).read_bytes()


def test_words_of_one_line_are_merged_as_a_proposal_only(lab: Lab) -> None:
    line = "  if (first_value(one_1) && second_value(one_2)) return compute(one_3, one_4);"
    text = edited(ONE, "  int one_5 = 5;", line)
    base = lab.commit({"a.c": text}, "base")
    mine = {"a.c": edited(text, "first_value(one_1)", "first_value(one_1 + 1)")}
    theirs: dict[str, bytes | None] = {"a.c": edited(text, "one_3, one_4", "one_4, one_3")}
    result = one(lab, mine, theirs, base)
    assert [hunk.fate for hunk in result.hunks] == [Fate.OPEN]
    assert "word by word" in result.hunks[0].proposal
    merged = edited(lab.file("HEAD", "a.c"), "first_value(one_1)", "first_value(one_1 + 1)")
    assert proposed(lab, result, "a.c") == merged
    assert result.verdict.startswith("partial")


def test_what_both_sides_add_is_proposed_in_a_row(lab: Lab) -> None:
    base = lab.commit({"a.c": ONE}, "base")
    here = "  int one_3 = 3;\n"
    mine = {"a.c": edited(ONE, here, here + "  mine_first(one_3);\n  mine_second();\n")}
    theirs: dict[str, bytes | None] = {"a.c": edited(ONE, here, here + "  theirs();\n")}
    result = one(lab, mine, theirs, base)
    wanted = "  theirs();\n  mine_first(one_3);\n  mine_second();\n"
    assert proposed(lab, result, "a.c") == edited(ONE, here, here + wanted)


def test_what_both_sides_add_is_not_proposed_where_it_is_nearly_the_same(lab: Lab) -> None:
    base = lab.commit({"a.c": ONE}, "base")
    here = "  int one_3 = 3;\n"
    mine = {"a.c": edited(ONE, here, here + "  check_it(one_3);\n  then_that();\n")}
    theirs: dict[str, bytes | None] = {
        "a.c": edited(ONE, here, here + "  check_it(one_3);\n  then_other();\n")
    }
    assert one(lab, mine, theirs, base).outcome is Outcome.CONFLICT


def test_a_function_in_another_file_is_found_and_proposed(lab: Lab) -> None:
    base = lab.commit({"a.c": ONE + TWO + THREE}, "base")
    text = edited(ONE + TWO + THREE, "int two_3 = 3;", "int two_3 = 33;")
    mine = {"a.c": edited(text, "int one_3 = 3;", "int one_3 = 33;")}
    there = edited(TWO, "int two_1 = 1;", "long two_1 = 11;")
    result = one(lab, mine, {"a.c": ONE + THREE, "b/new.c": there + LONG}, base)
    assert [hunk.fate for hunk in result.hunks] == [Fate.EXACT, Fate.OPEN]
    assert "two() is now in b/new.c" in result.hunks[1].proposal
    patched = proposed(lab, result, "b/new.c")
    assert patched == edited(there, "int two_3 = 3;", "int two_3 = 33;") + LONG
    assert (lab.path / "a.c").read_bytes() == edited(ONE, "one_3 = 3;", "one_3 = 33;") + THREE


def test_a_function_of_a_deleted_file_is_found(lab: Lab) -> None:
    base = lab.commit({"a.c": TWO, "keep.c": LONG}, "base")
    mine = {"a.c": edited(TWO, "int two_3 = 3;", "int two_3 = 33;")}
    result = one(lab, mine, {"a.c": None, "keep.c": LONG + TWO}, base)
    assert proposed(lab, result, "keep.c") == LONG + edited(TWO, "two_3 = 3;", "two_3 = 33;")


def test_two_functions_of_that_name_are_no_proposal(lab: Lab) -> None:
    base = lab.commit({"a.c": TWO, "keep.c": LONG}, "base")
    mine = {"a.c": edited(TWO, "int two_3 = 3;", "int two_3 = 33;")}
    theirs: dict[str, bytes | None] = {"a.c": None, "keep.c": LONG + TWO, "x.c": THREE + TWO}
    assert one(lab, mine, theirs, base).outcome is Outcome.CONFLICT


def guarded(name: str, *extra: str) -> bytes:
    return function(name, f"int got = accept_it({name});", "if (got < 0) {", *extra, "report(got);")


CHECK = ("if (failure_needs_retry(got))", "  continue;")


@pytest.mark.parametrize(
    ("there", "outcome"),
    [
        (guarded("other", *CHECK), Outcome.UPSTREAMED),
        (guarded("other", *CHECK) + guarded("left"), Outcome.CONFLICT),  # it is missing in one
        (guarded("other", "log_it();", *CHECK), Outcome.CONFLICT),  # not in the same place
    ],
)
def test_a_hunk_that_upstream_has_where_the_code_went(
    lab: Lab, there: bytes, outcome: Outcome
) -> None:
    base = lab.commit({"a.c": LONG + guarded("one")}, "base")
    patched = lab.commit({"a.c": LONG + guarded("one", *CHECK)}, "mine", base)
    new = lab.commit({"a.c": LONG, "b.c": there}, "upstream", base)
    trees = [lab.repo.tree(rev) for rev in (base, new)]
    done = rebase(lab.repo, [lab.patch(base, patched)], trees[0], trees[1])
    assert done.results[0].outcome is outcome
    if outcome is Outcome.UPSTREAMED:
        assert "upstream has it in b.c, line 4" in done.results[0].evidence[0].detail


def test_code_that_was_there_before_is_no_sign_of_the_patch(lab: Lab) -> None:
    base = lab.commit({"a.c": LONG + guarded("one"), "b.c": guarded("old", *CHECK)}, "base")
    patched = lab.commit({"a.c": LONG + guarded("one", *CHECK)}, "mine", base)
    new = lab.commit({"a.c": LONG}, "upstream", base)
    trees = [lab.repo.tree(rev) for rev in (base, new)]
    done = rebase(lab.repo, [lab.patch(base, patched)], trees[0], trees[1])
    assert done.results[0].outcome is Outcome.CONFLICT


def test_two_places_need_two_fixes(lab: Lab) -> None:
    base = lab.commit({"a.c": LONG + guarded("one") + guarded("two")}, "base")
    patched = lab.commit({"a.c": LONG + guarded("one", *CHECK) + guarded("two", *CHECK)}, "m", base)
    new = lab.commit({"a.c": LONG, "b.c": guarded("other", *CHECK)}, "upstream", base)
    trees = [lab.repo.tree(rev) for rev in (base, new)]
    done = rebase(lab.repo, [lab.patch(base, patched)], trees[0], trees[1])
    assert done.results[0].outcome is Outcome.CONFLICT


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("a.c", "int real = other(\"in a string\", 'word'); // a comment", "real other"),
        (
            "a.c",
            "words of a tail */\ncall_me(with); /* more\nof it */ last();",
            "call_me with last",
        ),
        ("a.c", " * starred words\n\t*pointer = value; /* left open", "pointer value"),
        ("a.h", "#ifdef CONFIG_ANY // why", "ifdef CONFIG_ANY"),
        ("Makefile", "VALUE = $(other) # why not", "VALUE other"),
    ],
)
def test_words_of_comments_and_strings_are_no_names(path: str, text: str, names: str) -> None:
    assert b" ".join(names_in(path, text.encode())).decode() == names


def test_a_comment_does_not_keep_a_name_alive(lab: Lab) -> None:
    old = lab.commit({"a.c": function("one", "old_name(1); // its words"), "b.c": TWO}, "v0")
    after = {"a.c": function("one", "brand_new(1);"), "b.c": b"// was old_name\n" + TWO}
    new = lab.commit(after, "v1")
    data = function("one", "old_name(2); // its words")
    mine = lab.commit({"a.c": data, "b.c": TWO}, "mine", old)
    (result,) = rebase(lab.repo, [lab.patch(old, mine)], old, new).results
    assert result.hunks[0].missing == ("old_name",)
