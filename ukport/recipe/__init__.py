"""Recipes: the model, loading, the lock file, and edits that keep comments."""

from ukport.recipe.error import RecipeError
from ukport.recipe.load import edit, find_project, load, names, parse, schema, texts
from ukport.recipe.lock import Lock, LockedTree
from ukport.recipe.model import Backend, Cure, Feature, Recipe, Tree

__all__ = [
    "Backend",
    "Cure",
    "Feature",
    "Lock",
    "LockedTree",
    "Recipe",
    "RecipeError",
    "Tree",
    "edit",
    "find_project",
    "load",
    "names",
    "parse",
    "schema",
    "texts",
]
