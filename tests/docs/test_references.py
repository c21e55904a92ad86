"""The references in docs/ are made, and stay what they are made from."""

from pathlib import Path

import pytest

from ukport.recipe import schema, texts
from ukport.recipe.words import WORDS
from ukport.report import reference

ROOT = Path(__file__).parents[2]


def test_the_reference_of_recipes():
    page = (ROOT / "docs/recipe.md").read_text()
    assert page.endswith(f"\n\n{reference.recipe(schema(), texts())}"), (
        "run: ukport schema --markdown, and put it at the end of docs/recipe.md"
    )


def test_every_field_has_words_and_every_word_a_field():
    kinds = schema()["$defs"]
    fields = {(kind, name) for kind, told in kinds.items() for name in told["properties"]}
    assert fields == {(kind, name) for kind, told in WORDS.items() for name in told}


@pytest.mark.parametrize("kind", WORDS)
def test_words_fit_a_line(kind):
    for words in WORDS[kind].values():
        assert len(words) <= 90
        assert words.endswith(".")
