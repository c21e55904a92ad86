"""The error of everything that is written in a recipe's folder."""

from ukport.errors import UsageError


class RecipeError(UsageError):
    """A recipe that cannot be used."""
