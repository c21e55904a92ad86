"""``ukport doctor``."""

from ukport.cli.options import Color, Json, cache


def doctor(json: Json = False, color: Color = "auto") -> int:
    """What this machine has and lacks, and the line that installs what is missing."""
    from ukport.cli.show import Screen
    from ukport.workflow.doctor import examine

    with Screen(json=json, color=color) as screen:
        return screen.finish_doctor(examine(cache(offline=True)))
