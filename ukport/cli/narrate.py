"""A narrator on the terminal: words in the width there is, commands as they would be typed."""

from textwrap import wrap

from rich.console import Console
from rich.text import Text

from ukport.cli.lines import say
from ukport.cli.show import Screen
from ukport.report.result import Result
from ukport.workflow.events import Event

_WIDTH = 100
_INDENT = 2


class Narrator:
    """Tells a demonstration on a screen's stdout."""

    def __init__(self, screen: Screen, out: Console) -> None:
        self._screen = screen
        self._out = out
        self._apart = True  # whether the last line printed is an empty one

    @property
    def _width(self) -> int:
        return min(self._out.width, _WIDTH) if self._out.is_terminal else _WIDTH

    def tell(self, event: Event) -> None:
        self._apart = False
        self._screen.tell(event)

    def words(self, text: str) -> None:
        if not self._apart:
            self._out.print()
        for line in wrap(text, self._width):
            say(self._out, Text(line))
        self._out.print()
        self._apart = True

    def command(self, line: str) -> None:
        self._apart = False
        say(self._out, Text(f"$ {line}", style="bold cyan"))

    def output(self, text: str) -> None:
        """Line for line; one that is too long goes on below, farther in."""
        self._apart = False
        for line in text.split("\n"):
            begin = " " * (len(line) - len(line.lstrip()) + _INDENT)
            parts = [f"{begin}{line.lstrip()}"]
            if len(parts[0]) > self._width:
                parts = wrap(
                    line.lstrip(),
                    self._width,
                    initial_indent=begin,
                    subsequent_indent=begin + " " * _INDENT,
                )
            for part in parts:
                say(self._out, Text(part))

    def result(self, result: Result) -> None:
        self._apart = False
        self._screen.finish(result)
