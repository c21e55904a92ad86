"""``ukport list``."""

from pathlib import Path

from ukport.cli.options import Color, Directory, Json
from ukport.cli.places import project


def list_(json: Json = False, color: Color = "auto", directory: Directory = Path()) -> int:
    """The recipes here, each with its version and what it is pinned to."""
    from ukport.cli.show import Screen
    from ukport.workflow.list import recipes

    with Screen(json=json, color=color) as screen:
        return screen.finish_list(recipes(project(directory)))
