"""``ukport man``: the manual page, made from the command line itself."""

import sys
from collections.abc import Iterator
from textwrap import wrap

import click
import typer

from ukport import __version__

_COLUMNS = 68  # what is escaped gets longer
_ENVIRONMENT = {
    "UKPORT_CACHE": "The folder for everything that is fetched and built; else the user's cache.",
    "UKPORT_MIRROR": "Places that are asked for sources first, as with --mirror.",
    "NO_COLOR": "Where it is set, nothing is coloured.",
}
_FILES = {
    "recipes/NAME/recipe.toml": "A recipe, with its lock, its glue and its test beside it.",
    "patches/TREE/RANGE/": "A series.",
    "reports/": "What verify, upgrade and the matrix found.",
    "~/.config/ukport/config.toml": "The user's mirrors.",
}


def man() -> int:
    """Print the manual page.

    To read it: ukport man | man -l -
    """
    from ukport.cli.app import app

    sys.stdout.write(page(typer.main.get_command(app)))
    return 0


def page(command: click.Command) -> str:
    """The page of a program and all its commands, as roff."""
    context = click.Context(command, info_name="ukport", **command.context_settings)
    lines = [
        f'.TH UKPORT 1 "" "ukport {__version__}" "User Commands"',
        ".SH NAME",
        "ukport \\- carry external libraries of Unikraft to new upstream versions",
        ".SH SYNOPSIS",
        *_usage(context),
        ".SH DESCRIPTION",
        *_words(command.help),
        ".SH OPTIONS",
        *_parameters(context),
        ".SH COMMANDS",
        *_commands(context),
        ".SH EXIT STATUS",
        *_words((command.epilog or "").partition(": ")[2]),
        ".SH ENVIRONMENT",
        *_list(_ENVIRONMENT | dict(_variables(context))),
        ".SH FILES",
        *_list(_FILES),
    ]
    return "\n".join(lines) + "\n"


def _commands(context: click.Context) -> Iterator[str]:
    for inner in _inner(context):
        if isinstance(inner.command, click.Group):
            yield from _commands(inner)
            continue
        yield f".SS {_text(inner.command_path.partition(' ')[2])}"
        yield from _usage(inner)
        yield ".PP"
        yield from _words(inner.command.help)
        yield from _parameters(inner)


def _inner(context: click.Context) -> Iterator[click.Context]:
    """A context for each command of a group."""
    group = context.command
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            if (command := group.get_command(context, name)) and not command.hidden:
                yield click.Context(command, parent=context, info_name=name)


def _usage(context: click.Context) -> Iterator[str]:
    pieces = " ".join(context.command.collect_usage_pieces(context))
    yield f".B {_text(context.command_path)}"
    yield _text(pieces)


def _parameters(context: click.Context) -> Iterator[str]:
    for parameter in context.command.get_params(context):
        told = parameter.get_help_record(context)
        if told and parameter.name != "help":
            yield from _list({told[0]: told[1]})


def _variables(context: click.Context) -> Iterator[tuple[str, str]]:
    """Every variable that an option reads."""
    for inner in _inner(context):
        yield from _variables(inner)
        for parameter in inner.command.params:
            if isinstance(parameter.envvar, str):
                yield parameter.envvar, f"As {parameter.opts[0]}."


def _list(items: dict[str, str]) -> Iterator[str]:
    for term, words in items.items():
        yield ".TP"
        yield f".B {_text(term)}"
        yield from _words(words)


def _words(text: str | None) -> Iterator[str]:
    """Paragraphs; the lines of one are filled by the formatter."""
    for number, paragraph in enumerate((text or "").split("\n\n")):
        if number:
            yield ".PP"
        yield from map(_text, wrap(" ".join(paragraph.split()), _COLUMNS))


def _text(text: str) -> str:
    """Text in which roff finds nothing to obey."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
