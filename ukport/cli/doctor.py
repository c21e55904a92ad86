"""``ukport doctor``."""

from typing import Annotated

import typer

from ukport.cli.options import Color, Json
from ukport.cli.places import cache


def doctor(
    install: Annotated[
        bool, typer.Option("--install", help="Install what is missing, with apt-get.")
    ] = False,
    json: Json = False,
    color: Color = "auto",
) -> int:
    """What this machine has and lacks, and the line that installs what is missing."""
    from ukport.cli.show import Screen
    from ukport.workflow import doctor as work

    with Screen(json=json, color=color) as screen:
        store = cache(offline=True)
        findings = work.examine(store)
        if install:
            work.install(findings, screen.tell)
            findings = work.examine(store)
        return screen.finish_doctor(findings)
