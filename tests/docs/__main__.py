"""Print what is done with each documented command."""

from tests.docs.commands import shown
from tests.docs.ways import ELSEWHERE, REAL, TOY


def main() -> None:
    toy = {one.shown: one.arguments for one in TOY}
    for one in {command.text: command for command in shown() if command.ours}.values():
        ways = ["parsed"]
        if one.text in toy:
            ways.append(f"run on the toy: {toy[one.text]}")
        if one.text in REAL:
            ways.append("run as it is, on upstreams")
        if one.text in ELSEWHERE:
            ways.append(f"run by {ELSEWHERE[one.text]}")
        print(f"{one.page}:{one.line}: {one.text}\n    {'; '.join(ways)}")  # noqa: T201 - its use


main()
