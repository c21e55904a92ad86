"""Lines of text on a terminal, and everywhere else."""

from rich.console import Console
from rich.text import Text


def say(out: Console, line: Text) -> None:
    """On a terminal a line breaks between words; a file or a pipe gets it whole."""
    out.print(line, soft_wrap=not out.is_terminal)
