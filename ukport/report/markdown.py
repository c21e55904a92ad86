"""The report that goes into a pull request."""

from ukport.report.explained import told
from ukport.report.result import Result


def render(result: Result) -> str:
    """The result as Markdown, short where all is well."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ukport.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Markdown, not HTML; `cell` escapes what a cell may hold
    )
    environment.filters |= {"cell": cell, "compared": _compared}
    tail = result.console.rstrip().split("\n")[-40:]
    lines = told(result.explanation) if result.explanation else ()
    explained = [" ".join(line.splitlines()) for line in lines]
    return environment.get_template("report.md.jinja").render(
        r=result, console_tail=tail, explained=explained
    )


def _compared(range_diff: str) -> str:
    """git's range-diff: a table of all patches, and what changed in each to open."""
    from ukport.series.branch import as_markdown

    return as_markdown(range_diff).rstrip()


def cell(text: str) -> str:
    """Text that stays inside a table's cell."""
    one_line = " ".join(text.split())
    return one_line.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
