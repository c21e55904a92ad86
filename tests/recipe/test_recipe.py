import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from tests import toy as toys
from ukport.recipe import RecipeError, edit, load, names, parse, schema
from ukport.recipe.load import line_of

TEXT = (
    (toys.HERE / "recipe.toml")
    .read_text()
    .replace("@UPSTREAM@", "https://example.org/toy")
    .replace("@CORE@", "https://example.org/core")
)
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
]


@pytest.mark.parametrize(("good", "bad", "field", "expected"), BAD)
def test_an_error_names_file_line_field_and_what_was_expected(good, bad, field, expected):
    assert good in TEXT
    text = TEXT.replace(good, bad, 1)
    with pytest.raises(RecipeError) as caught:
        parse(text.encode(), PATH)
    message = caught.value.message
    line = text.count("\n", 0, text.index(bad)) + 1
    assert message.startswith(f"{PATH}:{line}: {field}: ")
    assert expected in message


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
