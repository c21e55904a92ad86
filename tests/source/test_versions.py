import pytest
from hypothesis import given
from hypothesis import strategies as st

from ukport.errors import ExitCode, UsageError
from ukport.source.versions import NoSuchVersionError, Version, nearest, releases, resolve, within

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
    shuffled = sorted(ordered[::-1], key=Version.parse)
    assert shuffled == ordered


def test_trailing_zeros_do_not_matter():
    assert Version.parse("2.1") == Version.parse("2.1.0")
    assert hash(Version.parse("2.1")) == hash(Version.parse("2.1.0"))


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
    if a == b:
        assert hash(a) == hash(b)


@given(st.lists(texts, unique=True))
def test_every_release_resolves_to_itself_when_fully_named(texts_):
    known = releases([f"v{t}" for t in texts_], "v{version}")
    for version in known:
        if len(version.numbers) > 2:
            assert resolve(version.text, known) == version


@given(st.text())
def test_any_text_is_a_version_or_a_usage_error(text):
    try:
        Version.parse(text)
    except UsageError:
        assert not text[:1].isascii() or not text[:1].isdigit()
