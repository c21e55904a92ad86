import json
import re
import tomllib
from contextlib import suppress
from functools import reduce
from operator import getitem
from pathlib import Path

import jsonschema
import msgspec
import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import toy as toys
from ukport.recipe import Recipe, RecipeError, edit, files, load, names, parse, schema
from ukport.recipe.load import extend, line_of
from ukport.recipe.model import Upstream
from ukport.recipe.pattern import VERSION, file_name

TEXT = (
    (toys.HERE / "recipe.toml")
    .read_text()
    .replace("@UPSTREAM@", "https://example.org/toy")
    .replace("@CORE@", "https://example.org/core")
)
ARCHIVE = "https://toy.example.org/archive/{tag}.tar.gz"
PATH = Path("recipes/toy/recipe.toml")


def test_a_recipe_is_read():
    recipe = parse(TEXT.encode(), PATH)
    assert recipe.name == "toy"
    assert recipe.backends[0].base == "1.0.0"


def test_the_schema_accepts_what_the_reader_accepts():
    jsonschema.validate(tomllib.loads(TEXT), schema())
    json.dumps(schema())


BAD = [
    ("memory = 16", 'memory = "much"', "test.memory", "expected `int`"),
    ("memory = 16", "memory = 1", "test.memory", ">= 2"),
    ("timeout = 2", "timeuot = 2", "test.timeuot", "unknown field"),
    ('sources = ["main.c"]', 'sources = ["../../etc/passwd"]', "test.sources[0]", "matching"),
    ('sources = ["main.c"]', 'sources = ["/etc/passwd"]', "test.sources[0]", "matching"),
    ('pin = "v1"', 'pin = "--upload-pack=touch x"', "core.pin", "matching"),
    ('url = "https://example.org/core"', 'url = "ext::sh -c id"', "core.url", "matching"),
    ('flags = ["-O2"]', 'flags = ["-O2; $(shell id)"]', "glue.flags[0]", "matching"),
    ('name = "LIBTOY_DEBUG"', 'name = "lower case"', "glue.options[0].name", "matching"),
    ('series = "toy/1.0"', 'series = "../../.."', "backends[0].series", "matching"),
    ('tag = "v{version}"', 'tag = "v1"', "upstream.tag", "matching"),
    ("schema = 1", "schema = 2", "schema", "<= 1"),
    ("[glue]", '[glue]\nsources = ["a.c"]', "glue", "either source_list or sources"),
    ('source_list = "src/static.c"', 'sources = ["../x.c"]', "glue.sources[0]", "matching"),
]


BAD += [
    (f"{name} = {good}", f"{name} = {bad}", field, expected)
    for name, good, bad, field, expected in [
        # Format strings would be evaluated, or crash.
        ("archive", f'"{ARCHIVE}"', '"https://x/{foo}"', "upstream.archive", "matching"),
        ("archive", f'"{ARCHIVE}"', '"https://x/{0}"', "upstream.archive", "matching"),
        ("archive", f'"{ARCHIVE}"', '"https://x/{tag.__class__}"', "upstream.archive", "matching"),
        ("archive", f'"{ARCHIVE}"', '"https://x/;id;{tag}"', "upstream.archive", "matching"),
        ("archive", f'"{ARCHIVE}"', '"https://x/.{tag}"', "upstream.archive", "file's name"),
        ("tag", '"v{version}"', '"../{version}"', "upstream.tag", "matching"),
        ("tag", '"v{version}"', '"-{version}"', "upstream.tag", "matching"),
        ("versions", '[">=1.0, <3"]', '[">=1.0, !2"]', "backends[0].versions[0]", "matching"),
        ("versions", '[">=1.0, <3"]', '[">=1.0,, <3"]', "backends[0].versions[0]", "matching"),
        ("versions", '[">=1.0, <3"]', '["~1"]', "backends[0].versions[0]", "matching"),
        ("version", '"1.0.0"', '"latest"', "version", "matching"),
        ("version", '"1.0.0"', '"1.12345678901"', "version", "matching"),
        ("base", '"1.0.0"', '"v1.0.0"', "backends[0].base", "matching"),
        ("name", '"toycore"', '"toy"', "core.name", "another tree's"),
        ("name", '"toycore"', '"lib-toy"', "core.name", "another tree's"),
    ]
]


@pytest.mark.parametrize(("good", "bad", "field", "expected"), BAD)
def test_an_error_names_file_line_field_and_what_was_expected(good, bad, field, expected):
    assert good in TEXT
    text = TEXT.replace(good, bad, 1)
    with pytest.raises(RecipeError) as caught:
        parse(text.encode(), PATH)
    message = caught.value.message
    line = TEXT.count("\n", 0, TEXT.index(good)) + 1
    assert message.startswith(f"{PATH}:{line}: {field}: ")
    assert expected in message


@pytest.mark.parametrize(
    ("bad", "field", "expected"),
    [
        ("lower = {", "glue.features.lower", "matching"),
        ('"A B" = {', "glue.features.A B", "matching"),
        ('TOY_HINT = { struct = "s", ', "glue.features.TOY_HINT", "exactly one"),
        ("TOY_HINT = { no = 1, ", "glue.features.TOY_HINT.no", "unknown field"),
        ('TOY_HINT = { returns = "`", ', "glue.features.TOY_HINT.returns", "matching"),
    ],
)
def test_a_bad_feature_is_named_with_its_line(bad, field, expected):
    text = TEXT.replace("TOY_HINT = {", f'FINE = {{ function = "f" }}\n{bad}')
    with pytest.raises(RecipeError) as caught:
        parse(text.encode(), PATH)
    line = text.count("\n", 0, text.index(bad)) + 1
    assert caught.value.message.startswith(f"{PATH}:{line}: {field}: ")
    assert expected in caught.value.message


junk = st.recursive(
    st.text(max_size=4) | st.integers(-9, 9) | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.data())
def test_any_junk_in_a_recipe_is_a_recipe_error(data):
    recipe = tomllib.loads(TEXT)
    keys = data.draw(st.sampled_from([*_texts(recipe), ("glue", "features"), ("test",), ("x",)]))
    holder = reduce(getitem, keys[:-1], recipe)
    holder[keys[-1]] = data.draw(junk)
    with suppress(RecipeError):
        parse(tomlkit.dumps(recipe).encode(), PATH)


def _texts(data, keys=()):
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        if isinstance(value, str):
            yield (*keys, key)
        elif isinstance(value, dict | list):
            yield from _texts(value, (*keys, key))


@pytest.mark.parametrize("keys", list(_texts(tomllib.loads(TEXT))), ids=str)
def test_no_text_ends_with_a_newline(keys):
    data = tomllib.loads(TEXT)
    holder = reduce(getitem, keys[:-1], data)
    holder[keys[-1]] += "\n"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(data, Recipe)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema())


def test_the_ends_of_patterns_are_portable():
    """What JSON Schema recommends has neither \\A nor \\Z."""
    assert not re.search(r"\\\\[AZ]", json.dumps(schema()))


@given(
    st.from_regex(VERSION, fullmatch=True, alphabet=st.characters(codec="ascii")),
    st.sampled_from(["v{version}", "rel/{version}", "a-{version}_R"]),
    st.sampled_from(["{tag}.zip", "{version}", "x-{version}.tar.gz", "{tag}/{tag}"]),
)
def test_an_archives_name_is_a_plain_one_or_refused(version, tag, end):
    upstream = Upstream(name="x", url="https://x", tag=tag, archive=f"https://x/{end}")
    address = upstream.archive_at(version, upstream.tag_of(version))
    assert re.fullmatch(r"[A-Za-z0-9:/._+-]+", address)
    if len(address) < 64:
        assert "/" not in file_name(address)


@pytest.mark.parametrize(
    ("good", "bad", "field"),
    [
        ('glue = ["glue.c"]', 'glue = ["glue.c", "gone.c"]', "backends[0].glue[1]"),
        ('source_root = "src"', 'files = ["gone.c"]\nsource_root = "src"', "glue.files[0]"),
        ('sources = ["main.c"]', 'sources = ["gone.c"]', "test.sources[0]"),
    ],
)
def test_listed_files_have_to_be_there(toy, good, bad, field):
    text = toy.recipe.read_text().replace(good, bad)
    toy.recipe.write_text(text)
    line = text.count("\n", 0, text.index("gone.c")) + 1
    with pytest.raises(RecipeError) as caught:
        load(toy.project, "toy")
    assert caught.value.message.startswith(f"{PATH}:{line}: {field}: ")
    assert "gone.c" in caught.value.message


PUBLISHED = """
[published]
name = "lib-toy"
url = "https://toy.example.org/lib-toy"
pin = "v1"
whole = true
"""
ORIGIN = """
[published.origin]
name = "toy-archive"
url = "https://toy.example.org/toy"
pin = "v1.0.0"
archive = "https://toy.example.org/archive/v1.0.0.tar.gz"
folder = "toy-1.0.0"
"""


@pytest.mark.parametrize(
    ("source_list", "more", "told"),
    [
        (True, PUBLISHED + ORIGIN, "glue: expected no sources, since the published library"),
        (False, "", "glue: expected either source_list or sources or source_objects"),
        (False, PUBLISHED, "published: expected origin, the archive that its Makefile.uk fetches"),
        (False, PUBLISHED + ORIGIN, ""),
    ],
)
def test_a_published_library_as_it_is_names_its_own_sources(toy, source_list, more, told):
    text = toy.recipe.read_text()
    if not source_list:
        text = text.replace('source_list = "src/static.c"\n', "")
    toy.recipe.write_text(f"{text}\n{more}")
    if not told:
        assert load(toy.project, "toy").published.whole
        return
    with pytest.raises(RecipeError) as caught:
        load(toy.project, "toy")
    assert told in caught.value.message


@pytest.mark.parametrize(
    "part",
    [
        *("recipes", "recipes/toy", "recipes/toy/recipe.toml", "recipes/toy/glue"),
        *("recipes/toy/test", "recipes/toy/glue/glue.c"),
    ],
)
def test_links_are_refused(toy, tmp_path, part):
    path, elsewhere = toy.project / part, tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(RecipeError, match=f"^{part} is a symbolic link"):
        load(toy.project, "toy")


def test_a_project_may_be_reached_through_a_link(toy, tmp_path):
    (tmp_path / "link").symlink_to(toy.project)
    assert load(tmp_path / "link", "toy").name == "toy"
    assert set(files.read(tmp_path / "link", "toy", "glue")) == {"glue.c"}


def test_a_missing_field_is_named_with_its_table():
    text = TEXT.replace('headers = ["toy.h"]\n', "").replace('library = "libtoy"\n', "")
    with pytest.raises(RecipeError, match=r"glue.library: object missing required field"):
        parse(text.encode(), PATH)


def test_two_subjects_in_a_feature():
    text = TEXT.replace('function = "toy_answer"', 'function = "f", struct = "s"')
    with pytest.raises(RecipeError, match="exactly one of function"):
        parse(text.encode(), PATH)


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"x = ", b"[[", b"name = 1\nname = 2"])
def test_what_is_not_toml_is_a_recipe_error(raw):
    with pytest.raises(RecipeError, match=r"recipe\.toml"):
        parse(raw, PATH)


def test_edit_keeps_every_comment():
    changed = edit(TEXT, {("version",): "1.1.0", ("backends", 0, "base"): "1.1.0"})
    assert changed == TEXT.replace(
        'version = "1.0.0"  # moved', 'version = "1.1.0"  # moved'
    ).replace('base = "1.0.0"', 'base = "1.1.0"')


def test_line_of_falls_back_to_the_table_around():
    assert line_of(TEXT, ["test", "nothing"]) == line_of(TEXT, ["test"])


def test_no_such_recipe_names_those_there_are(toy):
    assert names(toy.project) == ("toy",)
    with pytest.raises(RecipeError) as caught:
        load(toy.project, "toi")
    assert "there is: toy" in caught.value.hint


def test_a_recipe_is_named_like_its_folder(toy):
    toy.recipe.write_text(toy.recipe.read_text().replace('name = "toy"', 'name = "boy"', 1))
    with pytest.raises(RecipeError, match="the folder's name"):
        load(toy.project, "toy")


def test_a_list_grows_where_it_is_or_below_its_tables_fields():
    text = """[glue]
source = "a.c" # the only one

# What is declared how.
[glue.features]
selects = "another table's"
"""
    once = extend(text, ("glue", "selects"), ("LIBA", "LIBB"))
    added = 'selects = ["LIBA", "LIBB"]\n'
    assert once == text.replace("only one\n", f"only one\n{added}")
    assert extend(once, ("glue", "selects"), ("LIBC",)) == once.replace('LIBB"', 'LIBB", "LIBC"')
