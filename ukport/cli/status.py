"""``ukport status``."""

from pathlib import Path

from ukport.cli.options import Color, Directory, Json
from ukport.cli.places import project


def status(json: Json = False, color: Color = "auto", directory: Directory = Path()) -> int:
    """What is waiting here: nothing, or an upgrade that a person has to decide about."""
    from ukport.cli.show import Screen
    from ukport.workflow.pending import Desk
    from ukport.workflow.transaction import recover

    with Screen(json=json, color=color) as screen:
        where = project(directory)
        recover(where)
        desk = Desk(where)
        return screen.finish_status(desk.load(), desk.work.folder)
