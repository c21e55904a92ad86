"""Which one document a command prints on stdout, if any."""

from collections.abc import Callable

from ukport.errors import UsageError
from ukport.report import junit as xml
from ukport.report.html import Page, render, title_of
from ukport.report.result import Result, to_json


def one_document(*, json: bool, junit: bool, html: bool) -> Callable[[Result], str] | None:
    """What makes the document that was asked for; raises UsageError for more than one."""
    asked = {"--json": json, "--junit": junit, "--html": html}
    given = [option for option, wanted in asked.items() if wanted]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)}: stdout holds one document", "ask for one of them")
    makers: dict[str, Callable[[Result], str]] = {
        "--json": to_json,
        "--junit": lambda result: xml.render([result]).rstrip(),
        "--html": lambda result: render(Page(title_of(result), (result,))),
    }
    return makers[given[0]] if given else None
