"""The commands, one module each, imported when it is asked for; only help asks for all."""

from collections.abc import Callable
from importlib import import_module

import click
import typer
from typer.core import TyperGroup

from ukport import __version__
from ukport.cli.edge import at_edge

# Help is plain here. Where it knows of rich, typer escapes brackets for it, which then are seen,
# and loads all of it, which takes longer than everything else.
vars(typer.core)["rich"] = None


class Commands(TyperGroup):
    """The commands by name; each is made when it is asked for, since making all costs 10 ms."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        # A command is the function, or the group, of its module's own name.
        name = _MODULES.get(cmd_name, cmd_name)
        command: Callable[..., int] | typer.Typer
        command = getattr(import_module(f"ukport.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            return typer.main.get_command(command)
        one = typer.Typer(
            add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
        )
        one.command(cmd_name)(at_edge(command))
        return typer.main.get_command(one)


app = typer.Typer(
    name="ukport",
    cls=Commands,
    help="Carry Unikraft's external libraries to new upstream versions, and prove it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 fine, 1 findings or regression, 2 usage, 3 a conflict is waiting,"
    " 4 something is missing on this machine, 5 fetch or verification failed, 130 interrupted.",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"ukport {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    pass


COMMANDS = (
    "upgrade",
    "verify",
    "matrix",
    "sweep",
    "bench",
    "fetch",
    "bundle",
    "demo",
    "list",
    "status",
    "symbols",
    "glue",
    "rebase",
    "check",
    "dev",
    "refresh",
    "series",
    "diff",
    "release",
    "outdated",
    "watch",
    "lint",
    "import",
    "new",
    "doctor",
    "schema",
    "man",
    "report",
)
# Python keeps these names for itself.
_MODULES = {"import": "import_", "list": "list_"}
