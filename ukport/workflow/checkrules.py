"""All rules of ``ukport check``, and which of them a project chose."""

from collections.abc import Sequence
from pathlib import Path

from ukport.check.rule import Check
from ukport.check.run import patch_checks
from ukport.check.settings import Settings, check_names, read_settings

# Named here, so that a check of patches does not load what reads recipes; a test compares them.
_OTHERS = (
    "recipe-schema",
    "recipe-lock",
    "recipe-version",
    "recipe-untried",
    "recipe-licence",
    "recipe-backend",
    "glue-stale",
    "glue-untried",
)


def names() -> tuple[str, ...]:
    """The name of every rule."""
    return (*(one.id for one in patch_checks()), *_OTHERS)


def all_checks() -> tuple[Check, ...]:
    """Every rule with all that is told about it."""
    from ukport.check import recipes

    return (*patch_checks(), *recipes.ALL, *recipes.GLUES)


def settings(here: Path, select: Sequence[str], ignore: Sequence[str]) -> Settings:
    """What pyproject.toml chooses, at or above ``here``, and the command line; UsageError."""
    known = names()
    places = (here, *here.parents)
    found = next((p for p in places if (p / "pyproject.toml").is_file()), here)
    told = read_settings(found, known)
    if select:
        told = told._replace(select=check_names("--select", select, known))
    return told._replace(ignore=(*told.ignore, *check_names("--ignore", ignore, known)))


def table() -> str:
    """A line a rule."""
    rows = [(one.id, str(one.rule.severity), one.rule.summary) for one in all_checks()]
    width = max(len(row[0]) for row in rows)
    return "".join(f"{name:<{width}}  {severity:<7}  {what}\n" for name, severity, what in rows)


def markdown() -> str:
    """The reference of all rules, which docs/rules.md holds."""
    parts = ["# Rules of `ukport check`\n\nMade from the rules themselves; a test compares them.\n"]
    for one in all_checks():
        fixed = ", mended by `--fix` where that is mechanical" if one.fixable else ""
        parts.append(
            f"## {one.id}\n\n{str(one.rule.severity).capitalize()}{fixed}. {one.rule.summary}\n\n"
            f"Found, for example:\n\n```\n{one.example}\n```\n\nCure: {one.cure}.\n"
        )
    return "\n".join(parts)
