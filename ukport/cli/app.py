"""The commands, one module each; none of them imports what it works with before it is called."""

from collections.abc import Callable, Mapping

import click
import typer
from typer.core import TyperGroup

from ukport import __version__
from ukport.cli import (
    bundle,
    check,
    demo,
    dev,
    diff,
    doctor,
    fetch,
    glue,
    import_,
    lint,
    list_,
    matrix,
    new,
    outdated,
    rebase,
    refresh,
    release,
    report,
    schema,
    series,
    status,
    sweep,
    symbols,
    upgrade,
    verify,
    watch,
)
from ukport.cli.edge import at_edge


class Commands(TyperGroup):
    """The commands by name; each is made when it is asked for, since making all costs 10 ms."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = COMMANDS.get(cmd_name)
        if command is None:
            return super().get_command(ctx, cmd_name)
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


COMMANDS: Mapping[str, Callable[..., int]] = {
    "upgrade": upgrade.upgrade,
    "verify": verify.verify,
    "matrix": matrix.matrix,
    "sweep": sweep.sweep,
    "fetch": fetch.fetch,
    "bundle": bundle.bundle,
    "demo": demo.demo,
    "list": list_.list_,
    "status": status.status,
    "symbols": symbols.symbols,
    "glue": glue.glue,
    "rebase": rebase.rebase,
    "check": check.check,
    "dev": dev.dev,
    "refresh": refresh.refresh,
    "series": series.series,
    "diff": diff.diff,
    "release": release.release,
    "outdated": outdated.outdated,
    "watch": watch.watch,
    "lint": lint.lint,
    "import": import_.import_,
    "new": new.new,
    "doctor": doctor.doctor,
    "schema": schema.schema,
}
reports = typer.Typer(
    name="report",
    help="Work with results that are there.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
reports.command("join")(at_edge(report.join))
app.add_typer(reports)


@reports.callback()
def _reports() -> None:
    """A group of commands, though it has one only."""
