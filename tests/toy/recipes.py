"""Recipes for tests that need no repository."""

import tempfile
from pathlib import Path

from tests.toy import HERE
from ukport.recipe import Recipe, load


def parsed(more: str) -> Recipe:
    """The toy's recipe with ``more`` behind it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "recipes/toy"
        (folder / "test").mkdir(parents=True)
        (folder / "glue").mkdir()
        text = (HERE / "recipe.toml").read_text()
        text = text.replace("@UPSTREAM@", "file:///toy").replace("@CORE@", "file:///core")
        (folder / "recipe.toml").write_text(f"{text}\n{more}")
        (folder / "test/main.c").touch()
        (folder / "glue/glue.c").touch()
        return load(Path(name), "toy")
