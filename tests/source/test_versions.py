import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ukport.errors import ExitCode, UsageError
from ukport.source.versions import (
    NoSuchVersionError,
    Version,
    exact,
    nearest,
    releases,
    resolve,
    within,
)

TAGS = [
    *("v1.6.3", "v1.9.9", "v1.9.10", "v1.10.0", "v2.0.9", "v2.1.0", "v2.1.7", "v2.1.7a"),
    *("v2.1.9", "v2.2.2", "v3.0.0-alpha", "v3.0.2-beta", "v3.0.1", "win-m4", "M3", "list"),
]


@pytest.fixture
def known():
    return releases(TAGS, "v{version}")


def test_versions_are_ordered_as_numbers():
    ordered = [
        *("1.2", "1.9", "1.10", "2.0.0-dev", "2.0.0-alpha", "2.0.0-alpha2", "2.0.0-beta"),
        *("2.0.0-rc1", "2.0.0", "2.1.7", "2.1.7a", "2.1.8"),
    ]
    assert sorted(set(ordered), key=Version.parse) == ordered


def test_what_comes_behind_a_release_is_no_prerelease():
    ordered = [
        *("1.2.3-dev", "1.2.3M1", "1.2.3b2", "1.2.3-rc.1", "1.2.3-rc1", "1.2.3-rc1-2"),
        *(
            "1.2.3",
            "1.2.3-1",
            "1.2.3-2",
            "1.2.3-5-g1a2b3c",
            "1.2.3a-beta1",
            "1.2.3a",
            "1.2.3a-1",
            "1.2.3+build5",
        ),
        *("1.2.3.post1", "1.2.3w", "1.2.3zh", "1.2.3-motley"),
    ]
    assert [str(v) for v in sorted(map(Version.parse, set(ordered)))] == ordered
    at = ordered.index("1.2.3")
    assert [Version.parse(text).prerelease for text in ordered] == [
        i < at or "beta" in text for i, text in enumerate(ordered)
    ]


def test_a_version_is_its_text():
    assert Version.parse("2.1") != Version.parse("2.1.0")
    assert Version.parse("2.1").rank == Version.parse("2.1.0").rank


def test_two_spellings_of_one_number_keep_their_tags():
    known = releases(["v1.7", "v1.7.0"], "v{version}")
    assert {str(version): tag for version, tag in known.items()} == {
        "1.7": "v1.7",
        "1.7.0": "v1.7.0",
    }
    assert known[resolve("1.7.0", known)] == "v1.7.0"
    assert known[resolve("1.7", known)] == "v1.7"
    assert known[exact("1.7", known)] == "v1.7"
    alone = releases(["v1.7"], "v{version}")
    assert alone[resolve("1.7.0", alone)] == "v1.7"


def test_what_was_written_down_means_itself():
    known = releases(["v1.6", "v1.6.1"], "v{version}")
    assert str(resolve("1.6", known)) == "1.6.1"
    assert str(exact("1.6", known)) == "1.6"
    with pytest.raises(NoSuchVersionError) as caught:
        exact("1.6.0", known)
    assert "1.6" in caught.value.hint


def test_three_numbers_mean_themselves_alone():
    known = releases(["v1.2.5.1", "v1.2.6"], "v{version}")
    with pytest.raises(NoSuchVersionError) as caught:
        resolve("1.2.5", known)
    assert "1.2.5.1" in caught.value.hint


@pytest.mark.parametrize(
    "tag",
    [
        *("v1.4.0;id", "v1.5.0/x", "v\u00b2", "v\u0661", "v1.4.0$(id)", "v1.4.0\n", "v1 2"),
        *("v1.12345678901", "v1.2-rc12345678901", f"v1.{'9.' * 40}9", "v", "1.2"),
    ],
)
def test_hostile_and_endless_tags_are_no_releases(tag):
    assert releases([tag], "v{version}") == {}
    with pytest.raises(UsageError):
        resolve(tag.removeprefix("v"), releases(["v1.0"], "v{version}"))


@pytest.mark.parametrize(
    ("template", "separator", "tags"),
    [
        ("OpenSSL_{version}", "_", {"1.1.1w": "OpenSSL_1_1_1w", "1.1.1": "OpenSSL_1_1_1"}),
        ("STABLE-{version}_RELEASE", "_", {"2.2.0": "STABLE-2_2_0_RELEASE"}),
        ("curl-{version}", "_", {"8.5.0": "curl-8_5_0"}),
        ("r-{version}", "-", {"1.2": "r-1-2"}),
    ],
)
def test_other_separators(template, separator, tags):
    noise = ["OpenSSL_1.1_1", "STABLE-2_2_0_RC1", "r-1.2", "OpenSSL-engine-0_9_6"]
    known = releases([*noise, *tags.values()], template, separator)
    assert {str(version): tag for version, tag in known.items()} == tags


def test_the_newest_is_no_word_that_nobody_knows_where_there_is_another():
    known = releases(["v2.1.6", "v2.1.7", "v2.1.7a", "v2.1.7-win"], "v{version}")
    assert known[resolve("latest", known)] == "v2.1.7a"
    assert known[resolve("2", known)] == "v2.1.7a"
    only = releases(["v1.3.0", "v1.3.1.1-motley"], "v{version}")
    assert only[resolve("latest", only)] == "v1.3.1.1-motley"


def test_latest_where_nothing_is_finished():
    with pytest.raises(NoSuchVersionError, match="no finished release") as caught:
        resolve("latest", releases(["v1.0.0-alpha", "v1.0.0-rc1"], "v{version}"))
    assert "1.0.0-rc1" in caught.value.hint
    with pytest.raises(NoSuchVersionError) as caught:
        resolve("latest", {})
    assert "upstream.tag" in caught.value.hint


def test_tags_of_other_shapes_are_no_releases(known):
    assert "win-m4" not in known.values()
    assert len(known) == len(TAGS) - 3


@pytest.mark.parametrize(
    ("request_", "tag"),
    [
        ("2.1", "v2.1.9"),
        ("2.1.7", "v2.1.7"),
        ("v2.1.7", "v2.1.7"),
        ("2.1.7a", "v2.1.7a"),
        ("2", "v2.2.2"),
        ("1.9", "v1.9.10"),
        ("latest", "v3.0.1"),
        ("3.0", "v3.0.1"),
        ("3.0.0-alpha", "v3.0.0-alpha"),
    ],
)
def test_what_a_request_means(known, request_, tag):
    assert known[resolve(request_, known)] == tag


@pytest.mark.parametrize("request_", ["2.1.8", "9", "0.1", "3.0.0"])
def test_a_version_that_is_not_there_names_the_nearest(known, request_):
    with pytest.raises(NoSuchVersionError) as caught:
        resolve(request_, known)
    assert caught.value.exit_code == ExitCode.USAGE
    assert any(near in caught.value.hint for near in nearest(Version.parse(request_), known))


def test_nearest_are_the_neighbours(known):
    assert nearest(Version.parse("2.1.8"), known) == ["2.1.7", "2.1.7a", "2.1.9", "2.2.2"]


@pytest.mark.parametrize("text", ["", "latest", "x1", "..", "-1"])
def test_no_version_at_all(known, text):
    if text == "latest":
        with pytest.raises(UsageError):
            resolve(text, {})
    else:
        with pytest.raises(UsageError):
            resolve(text, known)


@pytest.mark.parametrize(
    ("version", "inside"),
    [("1.6.3", True), ("1.8", False), ("1.7.9", True), ("2.0.9", True), ("2.1", False)],
)
def test_ranges(version, inside):
    assert within(Version.parse(version), [">=1.6, <1.8", ">=2.0, <2.1"]) is inside


@pytest.mark.parametrize(
    ("version", "ranges", "inside"),
    [
        ("2.0.0-beta", [">=1.0, <2"], False),
        ("2.1.0-alpha", ["<2.1"], False),
        ("2.1.0-alpha", ["<2.1.0-beta"], True),
        ("2.0.0-beta", ["<2.1"], True),
        ("2.0.9", ["<2.1"], True),
        ("1.7.0", ["==1.7"], True),
        ("1.7.0", ["<=1.7"], True),
        ("1.7.0", [">1.7"], False),
    ],
)
def test_ranges_at_their_ends(version, ranges, inside):
    assert within(Version.parse(version), ranges) is inside


def test_a_range_that_is_not_one():
    with pytest.raises(UsageError, match="not a range"):
        within(Version.parse("1"), ["~1.2"])


numbers = st.lists(st.integers(0, 99), min_size=1, max_size=4).map(lambda p: ".".join(map(str, p)))
suffixes = st.sampled_from(["", "a", "b", "-alpha", "-beta2", "-rc1", "p1"])
texts = st.tuples(numbers, suffixes).map("".join)


@given(texts, texts)
def test_order_is_total_and_agrees_with_equality(one, other):
    a, b = Version.parse(one), Version.parse(other)
    assert (a < b) + (b < a) + (a == b) == 1
    assert (a == b) == (one == other)
    if a == b:
        assert hash(a) == hash(b)


@given(st.lists(texts, unique=True))
def test_every_release_resolves_to_itself_when_fully_named(texts_):
    known = releases([f"v{t}" for t in texts_], "v{version}")
    for version in known:
        if len(version.numbers) > 2:
            assert resolve(version.text, known) == version


@given(st.text() | st.from_regex(r"[0-9][0-9A-Za-z._+-]*", fullmatch=True))
def test_any_text_is_a_version_or_a_usage_error(text):
    try:
        Version.parse(text)
    except UsageError:
        assert not re.fullmatch(r"[0-9][0-9A-Za-z._+-]{0,63}", text) or re.search(r"\d{10}", text)


separators = st.sampled_from([".", "_", "-"])


@given(st.lists(texts, unique=True), separators)
def test_a_tag_and_its_version_lead_to_each_other(texts_, separator):
    tags = [f"r{text.replace('.', separator)}" for text in texts_]
    known = releases([*tags, "list"], "r{version}", separator)
    assert sorted(known.values()) == sorted(set(tags))
    for version, tag in known.items():
        assert f"r{version.text.replace('.', separator)}" == tag
        assert exact(version.text, known).text == version.text
