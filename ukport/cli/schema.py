"""``ukport schema``."""

import sys
from typing import Annotated

import typer


def schema(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="As the reference that docs/recipe.md ends with.")
    ] = False,
) -> int:
    """Print the JSON Schema of a recipe."""
    import json

    from ukport.recipe import schema as recipe_schema

    if markdown:
        from ukport.recipe import texts
        from ukport.report import reference

        sys.stdout.write(reference.recipe(recipe_schema(), texts()))
        return 0

    sys.stdout.write(json.dumps(recipe_schema(), indent=2) + "\n")
    return 0
