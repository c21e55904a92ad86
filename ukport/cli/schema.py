"""``ukport schema``."""

import sys


def schema() -> int:
    """Print the JSON Schema of a recipe."""
    import json

    from ukport.recipe import schema as recipe_schema

    sys.stdout.write(json.dumps(recipe_schema(), indent=2) + "\n")
    return 0
